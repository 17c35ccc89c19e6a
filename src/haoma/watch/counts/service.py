"""Take counts: checked row by row, merged into the hours, told to the log, in one transaction.

Rules held here:
- Over HTTP the gate decides (`record-counts`), and a batch, its decision and its entry are one transaction; whoever
  runs the store fills it on the command line.
- Whatever a batch holds, its good rows are taken; it is bounded before anything is looked at.
- Of a name that is refused nothing is kept, and the log has no digest of it.
- What comes over HTTP may be late by `late_days`; what is filled in from files, by as much as counts are kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from haoma.access import Asker, Gate, Thing
from haoma.errors import BadInput
from haoma.ledger.entry import Entry
from haoma.watch.counts.arrivals import delays_s
from haoma.watch.counts.checking import checked
from haoma.watch.counts.entries import COUNTED
from haoma.watch.counts.flow import Flow
from haoma.watch.counts.keeping import COUNTS_KEPT
from haoma.watch.counts.merging import Buckets, merge
from haoma.watch.counts.model import (
    LARGEST_REVISION,
    MOST_ROWS,
    MOST_SIGNALS,
    Batch,
    Reason,
    Refusal,
    Taken,
)
from haoma.watch.counts.months import Months
from haoma.watch.counts.series import free_name, is_uid, series_of, signals_of
from haoma.watch.model import minute_of

__all__ = ["ACTION", "Counts"]

ACTION = "record-counts"
FILE = "file"
FILLED = 20_000  # rows of a file in one transaction
TOLD = 100
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one store; `flow` bounds what comes over HTTP."""

    gate: Gate
    months: Months
    flow: Flow
    late_days: int

    def record(self, asker: Asker, batch: Batch, now: datetime, way: str = "http") -> Taken:
        """Take what somebody sends for their tenant; raises Refused where they may not, BadInput for too many rows."""
        ready = self._ready(batch, now, min(self.late_days, COUNTS_KEPT.days) * _DAY_MIN, MOST_ROWS)
        work = self._work(asker.tenant, asker.person, ready, now, way)
        return self.gate.change(asker, ACTION, Thing("counts", asker.tenant), now, work)

    def fill(self, tenant: str, batch: Batch, now: datetime, way: str = FILE) -> Taken:
        """Take what whoever runs the store has in a file or another database, for a tenant by its id."""
        ready = self._ready(batch, now, COUNTS_KEPT.days * _DAY_MIN, FILLED)
        return self.gate.store.write(self._work(tenant, None, ready, now, way))

    def _ready(self, batch: Batch, now: datetime, late_min: int, most: int) -> _Checked:
        if len(batch) > most or len(batch.counts) > MOST_SIGNALS:
            message = f"{len(batch):,} rows of {len(batch.counts)} counts; {most:,} of {MOST_SIGNALS} are allowed"
            raise BadInput(message, hint="send several batches")
        if not 0 <= batch.revision <= LARGEST_REVISION:
            raise BadInput("a revision is a whole number from 0 on", hint="a greater one than what is corrected has")
        reasons = checked(batch, minute_of(now), late_min)
        good = [is_uid(name) or free_name(name) for name in batch.hotlines]
        reasons[~np.array(good, np.bool_)[batch.codes]] = Reason.NAME
        self.months.ensure({int(one) for one in np.unique(batch.minutes[reasons == Reason.TAKEN] // 1440 * 1440)}, now)
        return _Checked(batch, reasons)

    def _work(
        self, tenant: str, by: str | None, ready: _Checked, now: datetime, way: str
    ) -> Callable[[sa.Connection], Taken]:
        digest = _digest(ready)

        def work(tx: sa.Connection) -> Taken:
            taken = _take(tx, tenant, ready, now, timed=way != FILE)
            told = {"tenant": tenant, "way": way, "batch": digest, **({} if by is None else {"by": by})}
            counts = {"rows": taken.rows, "changed": taken.changed, "refused": sum(taken.refused.values())}
            self.gate.log.append(tx, Entry(COUNTED, now, {**told, **counts}))
            return taken

        return work


@dataclass(frozen=True, slots=True)
class _Checked:
    """A batch, and what is wrong with each row as far as it tells itself."""

    batch: Batch
    reasons: np.ndarray[tuple[int], np.dtype[np.int8]]


def _take(tx: sa.Connection, tenant: str, ready: _Checked, now: datetime, *, timed: bool) -> Taken:
    batch, reasons = ready.batch, ready.reasons.copy()
    used = np.unique(batch.codes[reasons == Reason.TAKEN]).tolist()
    names = [batch.hotlines[code] for code in used]
    known = series_of(tx, tenant, names)
    ids = np.zeros(len(batch.hotlines), np.int64)
    ids[used] = [known.get(name, 0) for name in names]
    # What has no number by now is a UID of nobody's or another tenant's, or one too many.
    unknown = (reasons == Reason.TAKEN) & (ids[batch.codes] == 0)
    uids = np.array([is_uid(name) for name in batch.hotlines], np.bool_)[batch.codes]
    reasons[unknown & uids], reasons[unknown & ~uids] = Reason.NAME, Reason.FULL
    good = reasons == Reason.TAKEN
    places = signals_of(tx, tenant, batch.counts)
    given = Buckets(
        ids[batch.codes[good]],
        batch.minutes[good],
        [places[name] for name in batch.counts],
        batch.values[good],
        batch.said[good],
        batch.revision,
        timed,
    )
    changed = merge(tx, given, now)
    bad = np.nonzero(~good)[0].tolist()
    refused = Counter(Reason(int(reasons[row])) for row in bad)
    refusals = [Refusal(row, Reason(int(reasons[row]))) for row in bad[:TOLD]]
    return Taken(int(good.sum()), changed, refused, refusals, delays_s(np.unique(given.minutes), now).tolist())


def _digest(ready: _Checked) -> str:
    """What a batch says, as 64 digits: the same batch has the same ones.

    A name that is refused is not in it: who reads the log could try phone numbers until one gives these digits.
    """
    batch = ready.batch
    good = set(batch.codes[ready.reasons != Reason.NAME].tolist())
    names = [name if code in good else "" for code, name in enumerate(batch.hotlines)]
    digest = hashlib.sha256(
        "\n".join((*names, "", *batch.counts, "", str(batch.revision))).encode(errors="surrogatepass")
    )
    for part in (batch.codes, batch.minutes, batch.values, batch.said):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
