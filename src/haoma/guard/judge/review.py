"""What waits for a person: mentions that the rules cannot tell, and what a person says of them.

Rules held here:
- A cause is asked about once. It is held by one person at a time, for a quarter of an hour, and goes to another then.
- A decision is a vote of that person's own, beside what the site and others say; the log is told who said it.
- What a person finds wrong is an incident at once; what they find right is quiet, as long as the limits say.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, NotFound
from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.incidents import close, holding, of_causes, open_one
from haoma.guard.judge.left import telling
from haoma.guard.judge.looks import hold_evidence, quieten
from haoma.guard.judge.model import BAD, Act, Finding, Seen, Shown, SourceKind, Verdict, Voice, cause_of
from haoma.guard.judge.votes import Ballot, cast
from haoma.ledger.forms import is_word
from haoma.lineage.rows import insert_new

__all__ = ["Review", "ask", "decide", "hold_next", "review", "waiting"]

HELD = timedelta(minutes=15)
LONGEST_WHY = 32
SAID = "a-person-said"
_c = tables.reviews.c


@dataclass(frozen=True, slots=True)
class Review:
    """A question to a person: is this number on this source the organisation's? `rule` says why it is asked."""

    id: str
    organisation: str
    hotline: str | None
    source: str
    kind: SourceKind
    verdict: Verdict
    rule: str
    shown: str
    asked_at: datetime
    state: str
    url: str
    xpath: str
    owner: str | None
    snapshot: str


def ask(tx: sa.Connection, seen: Seen, cause: str, finding: Finding, entry_id: int) -> None:
    """Put a mention into the queue, where it has not been before."""
    row = {
        "review_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"review {cause}")),
        "cause": cause,
        "organisation": seen.organisation,
        "hotline": finding.hotline,
        "source": seen.source,
        "place": seen.place,
        "kind": str(seen.kind),
        "verdict": str(finding.verdict),
        "rule": finding.rule,
        "token": finding.shown.token if finding.shown else "",
        "shown": finding.shown.text if finding.shown else "",
        "asked_at": seen.at,
        "state": "waiting",
    }
    if tx.execute(insert_new(tx, tables.reviews), [row]).rowcount:
        hold_evidence(tx, cause, "newest", seen, finding, entry_id)


def waiting(tx: sa.Connection, organisations: Collection[str], at: datetime, *, limit: int = 200) -> list[Review]:
    """What waits about these organisations and is held by nobody, the oldest first."""
    theirs = sa.and_(_free(at), _c.organisation.in_(organisations))
    rows = tx.execute(sa.select(tables.reviews).where(theirs).order_by(_c.asked_at, _c.review_id).limit(limit))
    return [_read(tx, row) for row in rows]


def hold_next(tx: sa.Connection, organisations: Collection[str], by: str, at: datetime) -> Review | None:
    """The question that a person has in hand, or else the oldest that nobody has, which is theirs now."""
    mine = sa.and_(_c.state == "waiting", _c.held_by == by, _c.held_until > at)
    order = sa.case((mine, 0), else_=1)
    query = (
        sa.select(tables.reviews)
        .where(sa.or_(mine, _free(at)), _c.organisation.in_(organisations))
        .order_by(order, _c.asked_at, _c.review_id)
    )
    row = tx.execute(query.limit(1).with_for_update()).one_or_none()
    if row is None:
        return None
    held = sa.update(tables.reviews).where(_c.review_id == row.review_id)
    tx.execute(held.values(held_by=by, held_until=at + HELD))
    return _read(tx, row)


def review(tx: sa.Connection, review_id: str) -> Review:
    """The question of this id; raises NotFound."""
    return _read(tx, _one(tx, review_id))


def decide(tx: sa.Connection, desk: Desk, review_id: str, verdict: Verdict, act: Act) -> Review:
    """Say what a mention is.

    Raises Conflict where it was decided or another person has it in hand, BadInput for a reason that is no word.
    """
    if not is_word(act.why) or len(act.why) > LONGEST_WHY:
        raise BadInput("a reason is one word of a-z, 0-9, . _ and -", hint="for example called-and-asked")
    row = _one(tx, review_id, lock=True)
    if row.state != "waiting":
        raise Conflict("this was decided already", hint="haoma review next shows what waits")
    if row.held_by not in {None, act.by} and row.held_until > act.at:
        raise Conflict("another person has this in hand", hint="haoma review next gives you another one")
    done = {"state": "decided", "decided": str(verdict), "decided_at": act.at, "held_by": act.by, "held_until": None}
    tx.execute(sa.update(tables.reviews).where(_c.review_id == review_id).values(**done))
    desk.tell(tx, "guard.reviewed", act.at, review=review_id, by=act.by, verdict=str(verdict), reason=act.why)
    found = _read(tx, row)
    # A person who says whose number it is does not make it a public one: its page stays out of packs.
    shown = Shown(row.shown, row.token, _newest(tx, row.cause).personal)
    place = (row.organisation, row.place, Voice.HUMAN)
    said = Ballot(*place, shown, verdict, act.why, found.snapshot, act.at, row.hotline, by=act.by)
    cast(tx, desk, [said], act.at)
    every = [cause_of(row.organisation, row.source, Finding(one, SAID, row.hotline, shown)) for one in sorted(BAD)]
    with telling(tx, desk, act.at, every), holding(tx, desk, row.source):
        if verdict in BAD:
            finding = Finding(verdict, SAID, row.hotline, shown, xpath=found.xpath, owner=found.owner)
            _is_wrong(tx, desk, row, finding, act)
        elif verdict is Verdict.MATCH:
            _is_right(tx, desk, every, act)
    return found


def _is_wrong(tx: sa.Connection, desk: Desk, row: sa.Row[Any], finding: Finding, act: Act) -> None:
    """Open the incident of what a person found wrong, where it is not open."""
    seen = _seen(tx, row, act.at)
    cause = cause_of(row.organisation, row.source, finding)
    entry_id = _newest(tx, row.cause).entry_id
    for role in ("first", "opening", "newest"):
        hold_evidence(tx, cause, role, seen, finding, entry_id)
    _alert(tx, cause, row.place, seen, finding, entry_id)
    if not of_causes(tx, [cause]):
        open_one(tx, desk, seen, cause, finding, row.asked_at, replace(act, why=SAID))


def _is_right(tx: sa.Connection, desk: Desk, causes: Sequence[str], act: Act) -> None:
    """Close and quieten everything that alerts, or could, of a number on a source: these causes."""
    for cause in causes:
        quieten(tx, cause, act.at + timedelta(days=desk.limits.quiet_days))
    for one in of_causes(tx, causes):
        close(tx, desk, one, replace(act, why=SAID))


def _alert(tx: sa.Connection, cause: str, place: str, seen: Seen, finding: Finding, entry_id: int) -> None:
    """Let good looks close what a person opened."""
    row = {
        "cause": cause,
        "organisation": seen.organisation,
        "hotline": finding.hotline,
        "place": place,
        "verdict": str(finding.verdict),
        "bad": 1,
        "good": 0,
        "alert": True,
        "quiet_until": None,
        "first_at": seen.at,
        "last_at": seen.at,
        "first_check": entry_id,
    }
    tx.execute(insert_new(tx, tables.looks), [row])
    here = sa.and_(tables.looks.c.cause == cause, tables.looks.c.place == place)
    tx.execute(sa.update(tables.looks).where(here).values(alert=True, quiet_until=None))


def _seen(tx: sa.Connection, row: sa.Row[Any], at: datetime) -> Seen:
    shows = _newest(tx, row.cause)
    kind = SourceKind(row.kind)
    place = (shows.snapshot, row.source, kind, row.organisation, shows.url, at, shows.digest)
    return Seen(*place, rendered_digest=shows.rendered_digest, screenshot=shows.screenshot)


def _one(tx: sa.Connection, review_id: str, *, lock: bool = False) -> sa.Row[Any]:
    query = sa.select(tables.reviews).where(_c.review_id == review_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("there is no such question", hint="haoma review list shows them")
    return row


def _newest(tx: sa.Connection, cause: str) -> sa.Row[Any]:
    e = tables.evidence.c
    return tx.execute(sa.select(tables.evidence).where(e.cause == cause, e.role == "newest")).one()


def _read(tx: sa.Connection, row: sa.Row[Any]) -> Review:
    shows = _newest(tx, row.cause)
    place = (row.review_id, row.organisation, row.hotline, row.source, SourceKind(row.kind), Verdict(row.verdict))
    asked = (row.rule, row.shown, row.asked_at, row.state)
    return Review(*place, *asked, shows.url, shows.xpath, shows.owner, shows.snapshot)


def _free(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_c.state == "waiting", sa.or_(_c.held_by.is_(None), _c.held_until <= at))
