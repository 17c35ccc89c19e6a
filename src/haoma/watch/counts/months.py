"""A partition of PostgreSQL for each month of counts, made before the first count of that month is written.

Rules held here:
- One process at a time makes one. What came for a month before it had a partition is moved into it, in the same
  transaction.
- A month that is over and empty, for retention took what was in it, has its partition dropped.
- SQLite has one table, and nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from haoma.errors import Unavailable
from haoma.storage import Store, Time
from haoma.watch.counts.keeping import COUNTS_KEPT

__all__ = ["Months"]

WAIT_S = 20.0
_THERE = """SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = 'watch_hours' AND pg_table_is_visible(c.oid)"""


class Months:
    """The partitions of one store, as far as they were looked at."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[str] = set()

    def ensure(self, minutes: Iterable[int], now: datetime) -> None:
        """Have a partition for each month of these minutes; raises Unavailable where another process holds that up."""
        if self._store.dialect != "postgresql":
            return
        wanted = {_month(datetime.fromtimestamp(60 * minute, UTC)) for minute in minutes}
        if {_name(month) for month in wanted} <= self._known:
            return
        with self._store.leader("watch-months", wait_s=WAIT_S) as leads:
            if not leads:
                raise Unavailable("another process makes room for a month of counts", hint="send them again")
            with self._store.changing() as tx:
                there = {str(name) for name in tx.scalars(sa.text(_THERE))}
                for month in sorted(one for one in wanted if _name(one) not in there):
                    _make(tx, month)
                _drop_old(tx, there, now)
        self._known |= {_name(month) for month in wanted}


def _month(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _name(month: datetime) -> str:
    return f"watch_hours_{month:%Y_%m}"


def _make(tx: sa.Connection, month: datetime) -> None:
    """Make the partition of a month; names and bounds are made of a date alone."""
    name, bounds = _name(month), (Time.stored(month), Time.stored(_month(month + timedelta(days=32))))
    within = f"hour >= {bounds[0]} AND hour < {bounds[1]}"
    move = f"WITH moved AS (DELETE FROM watch_hours_other WHERE {within} RETURNING *)"  # noqa: S608 - see above
    for statement in (
        f"CREATE TABLE {name} (LIKE watch_hours INCLUDING DEFAULTS)",
        f"{move} INSERT INTO {name} SELECT * FROM moved",  # noqa: S608
        f"ALTER TABLE watch_hours ATTACH PARTITION {name} FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})",
    ):
        tx.execute(sa.text(statement))


def _drop_old(tx: sa.Connection, there: Iterable[str], now: datetime) -> None:
    oldest = _name(_month(now - COUNTS_KEPT))
    for name in sorted(one for one in there if one < oldest):
        if tx.scalar(sa.text(f"SELECT 1 FROM {name} LIMIT 1")) is None:  # noqa: S608 - a name out of the catalogue
            tx.execute(sa.text(f"DROP TABLE {name}"))
