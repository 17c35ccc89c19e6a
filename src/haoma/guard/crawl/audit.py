"""Whether what is kept of drawing pages later stands as the log was told.

Rules held here:
- A picture that was drawn, and a page that could not be drawn, is one entry of the log, with its row: one that was made
  or changed by hand is told. The picture is the one whose digest the row has.
- A row that is gone went with its snapshot, when that was over and nothing held it; that a page could not be drawn goes
  too when it was tried anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.guard.crawl import tables
from haoma.guard.crawl.snapshots import drawn_of
from haoma.ledger.entry import Entry

__all__ = ["TYPES", "hold_drawings"]

DRAWN, UNDRAWN, HELD = "crawl.drawn", "crawl.undrawn", "crawl.held"
TYPES = frozenset({DRAWN, UNDRAWN, HELD})


def hold_drawings(tx: sa.Connection, told: Mapping[int, Entry]) -> int:
    """Hold drawn pictures and failures to these entries, in the order of the log; how many there are.

    Reads each picture. Raises Tampered with the first that differs.
    """
    left = {key: one for key, one in told.items() if one.type in {DRAWN, UNDRAWN}}
    last = {str(one.body["snapshot"]): key for key, one in left.items()}
    count = _pictures(tx, left) + _failures(tx, left)
    held = {str(one.body["snapshot"]): one.body["change"] == "held" for one in told.values() if one.type == HELD}
    for key, one in left.items():
        snapshot = str(one.body["snapshot"])
        if one.type == UNDRAWN and last[snapshot] != key:
            continue
        if held.get(snapshot) or _is_there(tx, snapshot):
            what = "the picture drawn of it" if one.type == DRAWN else "that it could not be drawn"
            raise _differs(f"of snapshot {snapshot} {what} is gone")
    return count


def _pictures(tx: sa.Connection, left: dict[int, Entry]) -> int:
    count = 0
    for row in tx.execute(sa.select(tables.drawings).order_by(tables.drawings.c.snapshot_id)).all():
        said = {"snapshot": row.snapshot_id, "picture": row.digest}
        if not _is(left.pop(row.entry_id, None), DRAWN, said, row.drawn_at) or not _is_whole(tx, row.snapshot_id):
            raise _differs(f"the picture drawn of snapshot {row.snapshot_id} is not what was recorded")
        count += 1
    return count


def _failures(tx: sa.Connection, left: dict[int, Entry]) -> int:
    count = 0
    for row in tx.execute(sa.select(tables.undrawn).order_by(tables.undrawn.c.snapshot_id)).all():
        said = {"snapshot": row.snapshot_id, "why": row.why}
        if not _is(left.pop(row.entry_id, None), UNDRAWN, said, row.tried_at):
            raise _differs(f"that snapshot {row.snapshot_id} could not be drawn is not what was recorded")
        count += 1
    return count


def _is(entry: Entry | None, kind: str, said: Mapping[str, object], at: datetime) -> bool:
    return entry is not None and (entry.type, dict(entry.body), entry.at) == (kind, said, at)


def _is_whole(tx: sa.Connection, snapshot: str) -> bool:
    try:
        return drawn_of(tx, snapshot) is not None
    except Tampered:
        return False


def _is_there(tx: sa.Connection, snapshot: str) -> bool:
    c = tables.snapshots.c.snapshot_id
    return tx.execute(sa.select(c).where(c == snapshot)).first() is not None


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
