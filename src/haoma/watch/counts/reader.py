"""Up to which minute somebody looks at counts: said before they look, read by whoever writes counts.

Rules held here:
- Who writes a count of a minute that somebody has said they look at tells them of it. So nothing is missed whatever
  the clocks of both say: what was written before the reader said so is there when they look, and what comes behind it
  knows of them.
- Both touch one row, so that of two at the same time the database makes one of them wait or begin anew.
- It never goes back.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.errors import Conflict
from haoma.lineage.rows import insert_new
from haoma.storage import Store, quick
from haoma.watch.counts import tables

__all__ = ["look", "looked_up_to"]

NAME = "counts"
NOBODY = -1
_R = tables.readers.c
_SAID = "SELECT minute FROM watch_readers WHERE name = ?"
_HELD = f"{_SAID} FOR SHARE"
_FIRST = "INSERT INTO watch_readers (name, minute) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"


def look(store: Store, minute: int) -> None:
    """Say that counts up to a minute are looked at from now on."""
    with store.read() as tx:
        said = tx.scalar(sa.select(_R.minute).where(_R.name == NAME))
    if said is None or said < minute:
        store.write(lambda tx: _say(tx, minute))


def looked_up_to(tx: sa.Connection) -> int:
    """Up to which minute anybody looks, as long as this transaction lasts; -1 where nobody does."""
    held = tx.dialect.name == "postgresql"
    rows = quick(tx, _HELD if held else _SAID, NAME, kinds=(int,))
    if not rows and held:
        quick(tx, _FIRST, NAME, NOBODY)  # whoever is first to look has to wait for this row
    return int(rows[0][0]) if rows else NOBODY


def _say(tx: sa.Connection, minute: int) -> None:
    there = tx.execute(sa.update(tables.readers).where(_R.name == NAME).values(minute=minute)).rowcount
    if not there and not tx.execute(insert_new(tx, tables.readers), [{"name": NAME, "minute": minute}]).rowcount:
        raise Conflict("another process looks at these counts", hint="one at a time does")
