"""A witness of other logs: remembers the latest tree of each, and cosigns what extends it (C2SP tlog-witness).

Rules held here:
- Reading what was seen and storing what is seen now are one transaction, durable before anything is signed: after a
  crash a tree may be remembered that was never cosigned, and never one cosigned that is not remembered.
- A view that does not extend the one remembered is refused, whoever signed it.
- No time goes backwards: a cosignature is not dated before the one that went before it.
- What is remembered and cannot be what was stored is Tampered: such a log is not cosigned, and never begun anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import Conflict
from haoma.ledger import tables
from haoma.ledger.keys import SignerKey, VerifierKey
from haoma.ledger.merkle import require_hash, require_size
from haoma.ledger.witness import Seen, Verdict, cosign_accepted, judge
from haoma.ledger.written import as_bytes, as_written
from haoma.storage import Store

__all__ = ["WitnessService"]


class WitnessService:
    """A witness in one store. `logs` are the keys it trusts by origin, `keys` those it cosigns with."""

    def __init__(
        self,
        store: Store,
        logs: Mapping[str, Sequence[VerifierKey]],
        keys: Sequence[SignerKey],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._logs = logs
        self._keys = keys
        self._now = now

    def add_checkpoint(self, body: bytes) -> Verdict:
        """The answer to an add-checkpoint request; with status 200 its body is the cosignatures."""
        try:
            verdict, seen_at = self._store.write(lambda tx: self._judge(tx, body))
        except Conflict:  # two showed a new log at the same moment; this time it is known
            verdict, seen_at = self._store.write(lambda tx: self._judge(tx, body))
        if verdict.status != 200:
            return verdict
        lines, _ = cosign_accepted(verdict, self._keys, int(seen_at.timestamp()))
        return Verdict(200, verdict.reason, lines)

    def _judge(self, tx: sa.Connection, body: bytes) -> tuple[Verdict, datetime]:
        now = self._now()
        verdict = judge(body, lambda origin: self._logs.get(origin, ()), lambda origin: _seen(tx, origin))
        if verdict.checkpoint is not None:
            told = verdict.checkpoint
            before = _seen_at(tx, told.origin)
            now = now if before is None else max(now, before)
            row = {"origin": told.origin, "size": told.size, "root": told.root, "seen_at": now}
            if before is None:
                tx.execute(sa.insert(tables.witnessed).values(row))
            else:
                tx.execute(sa.update(tables.witnessed).where(tables.witnessed.c.origin == told.origin).values(row))
        return verdict, now


def _seen(tx: sa.Connection, origin: str) -> Seen | None:
    columns = tables.witnessed.c
    query = sa.select(columns.size, as_bytes(columns.root)).where(columns.origin == origin).with_for_update()
    with as_written("what this witness has seen of the log"):
        row = tx.execute(query).one_or_none()
        return None if row is None else Seen(require_size(row.size, "the size"), require_hash(row.root, "the root"))


def _seen_at(tx: sa.Connection, origin: str) -> datetime | None:
    columns = tables.witnessed.c
    with as_written("when this witness saw the log"):
        return tx.scalar(sa.select(columns.seen_at).where(columns.origin == origin))
