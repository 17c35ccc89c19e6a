"""Deleting on time: a runner that any number of processes may start, and that shows how far behind it is.

Rules held here:
- Nothing is deleted before its time, and what is over goes at the next run. A clock that went back, or has jumped far
  ahead of everything that was ever written, deletes nothing.
- Rows go in batches, each one transaction with its count and its entry in the log: a crash loses no count, and the next
  run goes on where it was. Memory is that of one batch.
- A data key goes when no row needs it: first nothing new is sealed under it, a minute later it is destroyed.
- A class that cannot be deleted does not keep the others; it is told at the end of the run.
- What the key store keeps of ends goes when nothing that ended so could come back: it lies apart from the data, so that
  the count of a batch is recorded behind it.
- Files that are over go from the folders of this machine, with the run of this machine.
- Audit rows go last, and only if the database's own clock agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import HaomaError, Refused, Unavailable
from haoma.ledger.tables import head
from haoma.lineage.tables import facts
from haoma.vault import tables
from haoma.vault.audit import time_text
from haoma.vault.ends import ENDS_KEPT
from haoma.vault.key_store import Kind
from haoma.vault.key_tables import ends as ends_table
from haoma.vault.key_tables import keys
from haoma.vault.retention_table import RETENTION, Rule, rule_of
from haoma.vault.service import Vault

__all__ = ["EXPIRING", "Due", "Expiring", "Ran", "Retention"]

BATCH = 5_000
GRACE = timedelta(minutes=1)
ORPHAN = timedelta(days=1)
BACK = timedelta(minutes=1)
PAUSE = timedelta(days=31)
ENDS = "vault.end"


@dataclass(frozen=True, slots=True)
class Expiring:
    """Where rows of a retention class lie, and which column says when they are over: `life` after what it says.

    `keys` holds the name of the data key that a row is sealed under, where it is; `which` says which rows of the table
    are of the class, where not all are; `months` what the scopes of the keys that commit to the rows begin with, and
    the column of the moment whose month (YYYYMM) follows, where a month has a key. `below` are columns of other tables
    that point to the key of a row: what points to it goes with it.
    """

    rule: str
    due: sa.Column[datetime]
    keys: sa.Column[str] | None = None
    which: sa.ColumnElement[bool] | None = None
    months: tuple[str, sa.Column[datetime]] | None = None
    life: timedelta = timedelta()
    below: tuple[sa.Column[str], ...] = ()

    @property
    def table(self) -> sa.Table:
        """The table of the rows."""
        return self.due.table

    def over(self, at: datetime) -> sa.ColumnElement[bool]:
        """What tells the rows that are over at a moment."""
        over = self.due <= at - self.life
        return over if self.which is None else sa.and_(self.which, over)


_AUDIT_MONTHS = ("audit", tables.audit.c.at)
EXPIRING: tuple[Expiring, ...] = (
    Expiring("number.sealed", tables.sealed.c.until, tables.sealed.c.key_id),
    Expiring("location.token", tables.tokens.c.until, tables.tokens.c.key_id),
    *(
        Expiring(rule.name, tables.audit.c.kept_until, None, tables.audit.c["class"] == rule.name, _AUDIT_MONTHS)
        for rule in RETENTION
        if rule.shortest is not None
    ),
)


@dataclass(frozen=True, slots=True)
class Due:
    """How a class stands in a table: rows there, rows over, since when the oldest is, and what was deleted ever."""

    rule: Rule
    table: str
    rows: int
    over: int
    oldest: datetime | None
    lag_s: int
    ran_at: datetime | None
    deleted: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run deleted: rows by class, and keys. `led` is false where another process was at it."""

    led: bool
    rows: dict[str, int]
    keys: int


class Retention:
    """Deletes what is over. `expiring` are the rows of every package; classes come in their order, audit last.

    `folders` are those of this machine that hold files of a class.
    """

    def __init__(
        self, vault: Vault, expiring: Sequence[Expiring], folders: Mapping[str, Path] = MappingProxyType({})
    ) -> None:
        self._vault = vault
        self._folders = folders
        self._expiring = sorted(expiring, key=lambda one: one.table is tables.audit)
        self._keys = [facts.c.sealed_key, *(one.keys for one in expiring if one.keys is not None)]
        self._months = {one.months for one in expiring if one.months is not None}

    def status(self, at: datetime | None = None) -> list[Due]:
        """How every class stands now, or how it would at another time if nothing came and nothing went."""
        now = at or self._vault.now()
        with self._vault.store.read() as tx:
            ran = {row[0]: (row.ran_at, row.deleted) for row in tx.execute(sa.select(tables.retention))}
            found = [self._due(tx, one, now, *ran.get(one.rule, (None, 0))) for one in self._expiring]
        files = [self._due_files(rule, now, *ran.get(rule, (None, 0))) for rule in self._folders]
        return [*found, *files, self._due_ends(now, *ran.get(ENDS, (None, 0)))]

    def run(self, *, after_pause: bool = False, advance: Callable[[int], None] = lambda _rows: None) -> Ran:
        """Delete what is over now; `advance` is told of the rows of each batch.

        Raises Unavailable where the clock is behind the last run; Refused where it is more than 31 days ahead of
        everything that was written, unless `after_pause` says that nothing ran for so long.
        """
        vault = self._vault
        with vault.store.leader("retention", wait_s=0) as leads:
            if not leads:
                return Ran(False, {}, 0)
            now = vault.now()
            self._check_clock(now, after_pause=after_pause)
            rows, failures = {one.rule: 0 for one in self._expiring}, list[HaomaError]()
            for one in self._expiring:
                try:
                    for count in self._batches(one, now):
                        rows[one.rule] += count
                        advance(count)
                except HaomaError as error:  # one class that cannot go must not keep the others
                    failures.append(error)
            swept = self._sweep_keys(now) + sum(self._forget_months(*months, now) for months in self._months)
            rows |= {rule: self._clear(rule, now) for rule in self._folders}
            rows[ENDS] = self._forget_ends(now)
            if failures:
                raise failures[0]
            return Ran(True, rows, swept)

    def _due(self, tx: sa.Connection, one: Expiring, now: datetime, ran_at: datetime | None, deleted: int) -> Due:
        query = sa.select(sa.func.count()).select_from(one.table)
        rows = int(tx.scalar(query if one.which is None else query.where(one.which)) or 0)
        over = tx.scalar(sa.select(sa.func.count()).where(one.over(now))) or 0
        since: datetime | None = tx.scalar(sa.select(sa.func.min(one.due)).where(one.over(now)))
        oldest = None if since is None else since + one.life
        return Due(rule_of(one.rule), one.table.name, rows, over, oldest, _lag_s(oldest, now), ran_at, deleted)

    def _due_ends(self, now: datetime, ran_at: datetime | None, deleted: int) -> Due:
        rows, over, since = self._vault.keys.ends.counted(now - ENDS_KEPT)
        oldest = None if since is None else since + ENDS_KEPT
        return Due(rule_of(ENDS), ends_table.name, rows, over, oldest, _lag_s(oldest, now), ran_at, deleted)

    def _check_clock(self, now: datetime, *, after_pause: bool) -> None:
        written = (tables.retention.c.ran_at, tables.audit.c.at, head.c.integrated_at)
        with self._vault.store.read() as tx:
            known: list[datetime | None] = [tx.scalar(sa.select(sa.func.max(column))) for column in written]
        ran = known[0]
        if ran is not None and now < ran - BACK:
            message = f"the clock says {now:%Y-%m-%d %H:%M}, and retention ran at {ran:%Y-%m-%d %H:%M} already"
            raise Unavailable(message, hint="nothing was deleted; set the clock")
        # A log that nothing was integrated into says 1970.
        newest = max((at for at in known if at is not None and at.timestamp()), default=now)
        if now - newest > PAUSE and not after_pause:
            message = f"the clock says {now:%Y-%m-%d}, and the newest thing written is of {newest:%Y-%m-%d}"
            raise Refused(message, hint="nothing was deleted; set the clock, or say --after-pause if nothing ran since")

    def _batches(self, one: Expiring, now: datetime) -> Iterator[int]:
        """Delete batch after batch, the keys of each retired behind it; how many rows each had."""
        while True:
            count, key_ids = self._vault.store.write(lambda tx: self._delete(tx, one, now))
            if key_ids:
                self._vault.keys.retire(self._unused(key_ids))
            if count:
                yield count
            if count < BATCH:
                return

    def _delete(self, tx: sa.Connection, one: Expiring, now: datetime) -> tuple[int, set[str]]:
        names = list(one.table.primary_key.columns)
        batch = sa.select(*names).where(one.over(now)).order_by(one.due).limit(BATCH)
        if tx.dialect.name == "postgresql":
            batch = batch.with_for_update(skip_locked=True)
        which = sa.tuple_(*names).in_(batch)
        if one.below:
            chosen = [row[0] for row in tx.execute(batch)]
            which = names[0].in_(chosen)
            for below in one.below:
                tx.execute(sa.delete(below.table).where(below.in_(chosen)))
        told = (one.due,) if one.keys is None else (one.due, one.keys)
        gone = tx.execute(sa.delete(one.table).where(which).returning(*told)).all()
        _count(tx, one.rule, len(gone), now)
        if gone:
            due = min(row[0] for row in gone) + one.life
            body: dict[str, str | int] = {"class": one.rule, "rows": len(gone), "due": time_text(due)}
            self._vault.append(tx, "retention.deleted", **body)
        return len(gone), {row[1] for row in gone} if one.keys is not None else set()

    def _due_files(self, rule: str, now: datetime, ran_at: datetime | None, deleted: int) -> Due:
        made = [at for at, _ in _files(self._folders[rule])]
        due = sorted(at + (rule_of(rule).longest or PAUSE) for at in made)
        over = sum(at <= now for at in due)
        oldest = due[0] if over else None
        name = f"{self._folders[rule].name}/"
        return Due(rule_of(rule), name, len(made), over, oldest, _lag_s(oldest, now), ran_at, deleted)

    def _clear(self, rule: str, now: datetime) -> int:
        """Delete the files of a class that are over; what cannot be deleted is there for the next run."""
        cleared = 0
        for made_at, path in _files(self._folders[rule]):
            if made_at + (rule_of(rule).longest or PAUSE) <= now:
                with suppress(OSError):
                    path.unlink()
                    cleared += 1
        if cleared:
            self._vault.store.write(partial(self._told, rule=rule, count=cleared, now=now))
        return cleared

    def _forget_ends(self, now: datetime) -> int:
        """Forget ends of which nothing could come back any more."""
        forgotten = 0
        while count := self._vault.keys.ends.forget(now - ENDS_KEPT, BATCH):
            self._vault.store.write(partial(self._told, rule=ENDS, count=count, now=now))
            forgotten += count
        return forgotten

    def _told(self, tx: sa.Connection, *, rule: str, count: int, now: datetime) -> None:
        _count(tx, rule, count, now)
        body: dict[str, str | int] = {"class": rule, "rows": count, "due": time_text(now)}
        self._vault.append(tx, "retention.deleted", **body)

    def _unused(self, key_ids: set[str] | list[str]) -> set[str]:
        """Those of these keys that no row needs any more."""
        wanted = sorted(key_ids)
        with self._vault.store.read() as tx:
            for column in self._keys:
                for at in range(0, len(wanted), 500):
                    part = wanted[at : at + 500]
                    key_ids = set(key_ids) - set(tx.scalars(sa.select(column).where(column.in_(part)).distinct()))
        return set(key_ids)

    def _sweep_keys(self, now: datetime) -> int:
        """Destroy the keys that were retired a minute ago and that nothing needs; retire those nothing came to use."""
        store, c = self._vault.keys, keys.c
        orphans = (c.retired_at.is_(None), c.created_at <= now - ORPHAN)
        for page in store.pages(*orphans):
            store.retire(self._unused(page))
        return sum(store.destroy(self._unused(page)) for page in store.pages(c.retired_at <= now - GRACE))

    def _forget_months(self, begin: str, at: sa.Column[datetime], now: datetime) -> int:
        """Destroy the keys that commit to rows of months of which none is left."""
        kept = f"{begin}{now - (rule_of('audit').shortest or PAUSE) - timedelta(days=31):%Y%m}"
        over = [scope for scope in self._vault.keys.scopes(Kind.COMMITMENT, begin) if scope < kept]
        gone = [scope for scope in over if not self._has_rows(at, scope.removeprefix(begin))]
        return sum(self._vault.commitments.destroy(scope) for scope in gone)

    def _has_rows(self, at: sa.Column[datetime], month: str) -> bool:
        first = datetime.strptime(month, "%Y%m").replace(tzinfo=UTC)
        after = (first + timedelta(days=32)).replace(day=1)
        with self._vault.store.read() as tx:
            return tx.scalar(sa.select(at).where(at >= first, at < after).limit(1)) is not None


def _files(folder: Path) -> list[tuple[datetime, Path]]:
    """The files of a folder, and when each was made; none where there is no folder."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    return [(datetime.fromtimestamp(path.stat().st_mtime, UTC), path) for path in found]


def _lag_s(oldest: datetime | None, now: datetime) -> int:
    return 0 if oldest is None else int((now - oldest).total_seconds())


def _count(tx: sa.Connection, rule: str, rows: int, now: datetime) -> None:
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    added = insert(tables.retention).values(**{"class": rule, "ran_at": now, "deleted": rows})
    more = {"ran_at": now, "deleted": tables.retention.c.deleted + rows}
    tx.execute(added.on_conflict_do_update(index_elements=["class"], set_=more))
