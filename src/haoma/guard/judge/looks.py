"""How looks at one cause add up, and the evidence that each leaves.

Rules held here:
- A cause has one row at each place, whoever looks and in whichever order; a look at a page is good for every cause that
  is not seen there any more, and says nothing of other pages.
- Evidence is kept of the first bad look, of the one that alerted, of the newest, and of the one that was right again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.guard.judge import tables
from haoma.guard.judge.hysteresis import Run, Turn, after
from haoma.guard.judge.model import BAD, Finding, Limits, Seen, Verdict
from haoma.guard.judge.shown import without_mobiles
from haoma.lineage.rows import insert_new

__all__ = ["good_again", "hold_evidence", "look", "quieten", "was_there"]

LONGEST_URL = 2_000
_c = tables.looks.c
_e = tables.evidence.c


def was_there(tx: sa.Connection, seen: Seen) -> bool:
    """Whether an earlier look at this page found a number of the organisation's there."""
    here = _of_place(seen)
    return tx.scalar(sa.select(sa.exists().where(here, _c.verdict == str(Verdict.MATCH)))) is True


def look(
    tx: sa.Connection, limits: Limits, seen: Seen, cause: str, finding: Finding, entry_id: int
) -> tuple[Turn, datetime]:
    """Count one look at a cause that is seen; what it brings about, and when it was first seen there."""
    rows = tx.execute(sa.select(tables.looks).where(_c.cause == cause).with_for_update()).all()
    if all(row.place != seen.place for row in rows):
        quiet = max((row.quiet_until for row in rows if row.quiet_until), default=None)
        first = {**_first_row(seen, cause, finding, entry_id), "quiet_until": quiet}
        tx.execute(insert_new(tx, tables.looks), [first])
    row = tx.execute(sa.select(tables.looks).where(_c.cause == cause, _c.place == seen.place).with_for_update()).one()
    turn = _turned(tx, row, seen.at, limits, bad=finding.bad)
    if finding.bad:
        known = any(row.bad or row.alert for row in rows)
        roles = ["newest", *([] if known else ["first"])]
        for role in [*roles, *(["opening"] if turn is Turn.OPENS else [])]:
            hold_evidence(tx, cause, role, seen, finding, entry_id)
    return turn, row.first_at


def good_again(
    tx: sa.Connection, limits: Limits, seen: Seen, causes: Sequence[str], entry_id: int
) -> list[sa.Row[Any]]:
    """Count a good look for every bad cause of a page that is not among these; the rows of those that alert no more.

    Those that alert at another place of the source are not among them.
    """
    here = _of_place(seen)
    pending = sa.and_(here, _c.verdict.in_([str(one) for one in BAD]), sa.or_(_c.alert, _c.bad > 0))
    rows = tx.execute(sa.select(tables.looks).where(pending).order_by(_c.cause).with_for_update()).all()
    closed = [
        row for row in rows if row.cause not in causes and _turned(tx, row, seen.at, limits, bad=False) is Turn.CLOSES
    ]
    closed = [row for row in closed if not _alerts_elsewhere(tx, row.cause)]
    for row in closed:
        finding = Finding(Verdict.MATCH, "not-there", row.hotline)
        hold_evidence(tx, row.cause, "right", seen, finding, entry_id)
    return closed


def quieten(tx: sa.Connection, cause: str, until: datetime) -> None:
    """Let a cause alert nobody until a moment."""
    here = sa.update(tables.looks).where(_c.cause == cause)
    tx.execute(here.values(quiet_until=until, alert=False, bad=0, good=0))


def hold_evidence(tx: sa.Connection, cause: str, role: str, seen: Seen, finding: Finding, entry_id: int) -> None:
    """Keep what shows a cause in this role, in the place of what showed it before."""
    tx.execute(sa.delete(tables.evidence).where(_e.cause == cause, _e.role == role))
    row = {
        "cause": cause,
        "role": role,
        "snapshot": seen.snapshot,
        "url": without_mobiles(seen.url)[:LONGEST_URL],
        "at": seen.at,
        "digest": seen.digest,
        "rendered_digest": seen.rendered_digest,
        "screenshot": seen.screenshot,
        "xpath": finding.xpath,
        "owner": finding.owner,
        "hidden": finding.hidden,
        "confidence": finding.confidence,
        "personal": finding.shown is not None and finding.shown.personal,
        "entry_id": entry_id,
    }
    tx.execute(sa.insert(tables.evidence).values(**row))


def _turned(tx: sa.Connection, row: sa.Row[Any], at: datetime, limits: Limits, *, bad: bool) -> Turn:
    run, turn = after(Run(row.bad, row.good, row.alert, row.quiet_until), at, limits, bad=bad)
    told = {"bad": run.bad, "good": run.good, "alert": run.alert, "last_at": at}
    tx.execute(sa.update(tables.looks).where(_c.cause == row.cause, _c.place == row.place).values(**told))
    return turn


def _alerts_elsewhere(tx: sa.Connection, cause: str) -> bool:
    i = tables.incidents.c
    # Two that end the last two alerts at once would each see the other's stand: a write that both make has one of them
    # run again (PostgreSQL, REPEATABLE READ).
    tx.execute(sa.update(tables.incidents).where(i.cause == cause).values(last_seen_at=i.last_seen_at))
    return tx.scalar(sa.select(sa.exists().where(_c.cause == cause, _c.alert))) is True


def _first_row(seen: Seen, cause: str, finding: Finding, entry_id: int) -> dict[str, object]:
    return {
        "cause": cause,
        "organisation": seen.organisation,
        "hotline": finding.hotline,
        "place": seen.place,
        "verdict": str(finding.verdict),
        "bad": 0,
        "good": 0,
        "alert": False,
        "quiet_until": None,
        "first_at": seen.at,
        "last_at": seen.at,
        "first_check": entry_id,
    }


def _of_place(seen: Seen) -> sa.ColumnElement[bool]:
    return sa.and_(_c.place == seen.place, _c.organisation == seen.organisation)
