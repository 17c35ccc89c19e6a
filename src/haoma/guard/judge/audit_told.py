"""Whether tickets, questions for people and news stand as the log was told.

Rules held here:
- A ticket was made, sent and reminded of when its entries say so, and is done with when its incident was closed. One
  whose incident came back makes room for the next one on that platform.
- A question that was decided has one entry, with the verdict, the time and who decided; one that waits has none.
- News has an entry that it was written, and one when it was heard or given up. It says what it said when it
  was written. What was heard goes in its time; what was not is there still. News without an entry, or with one that
  does not tell what it says, is older than the first that has one: that was no part of the log before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.guard.judge import tables
from haoma.guard.judge.left import news_left
from haoma.guard.judge.outbox import WRITTEN
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.entry import Entry

__all__ = ["TYPES", "hold_messages", "hold_reviews", "hold_tickets"]

TYPES = frozenset({"guard.ticket", "guard.reviewed", "guard.told"})


def hold_tickets(tx: sa.Connection, told: Sequence[Entry]) -> int:
    """Hold tickets to these entries, in the order of the log; how many there are. Raises Tampered."""
    said = _by(told, "guard.ticket", "ticket")
    rows = tx.execute(sa.select(tables.tickets).order_by(tables.tickets.c.ticket_id)).all()
    closed = _closed(tx)
    for row in rows:
        if not _is_as_told(row, said.pop(row.ticket_id, [])) or not _is_over_with_its_incident(row, closed):
            raise _differs(f"ticket {row.ticket_id} is not what was recorded")
    there = {(row.incident_id, row.platform) for row in rows}
    for ticket_id, entries in said.items():
        if (entries[0].body["incident"], entries[0].body["platform"]) not in there:
            raise _differs(f"ticket {ticket_id} is gone")
    return len(rows)


def hold_reviews(tx: sa.Connection, told: Sequence[Entry]) -> int:
    """Hold questions to these entries; how many there are. Raises Tampered."""
    said = _by(told, "guard.reviewed", "review")
    rows = tx.execute(sa.select(tables.reviews).order_by(tables.reviews.c.review_id)).all()
    for row in rows:
        found = [(one.body["by"], one.body["verdict"], one.at) for one in said.pop(row.review_id, [])]
        decided = [(row.held_by, row.decided, row.decided_at)] if row.state != "waiting" else []
        if found != decided:
            raise _differs(f"question {row.review_id} is not what was recorded")
    if said:
        raise _differs(f"question {min(said)}, which was decided, is gone")
    return len(rows)


def hold_messages(tx: sa.Connection, told: Sequence[Entry], commitments: Commitments) -> int:
    """Hold news to these entries; how many pieces there are. Raises Tampered."""
    said = _by(told, "guard.told", "message")
    since = min((one.at for one in told if one.body.get("state") == WRITTEN), default=None)
    rows = tx.execute(sa.select(tables.messages).order_by(tables.messages.c.message_id)).all()
    for row in rows:
        entries = said.pop(row.message_id, [])
        of_old = since is None or row.attempts > 0 or row.due_at < since
        stands = _stands(row, entries[-1] if entries else None) and _says(row, entries, commitments)
        if not stands or not (entries or of_old):
            raise _differs(f"news {row.message_id} is not what was recorded")
    if lost := sorted(key for key, entries in said.items() if entries[-1].body["state"] != "done"):
        raise _differs(f"news {lost[0]}, which nobody has heard, is gone")
    return len(rows)


def _stands(row: sa.Row[Any], last: Entry | None) -> bool:
    """Whether a piece of news is as its last entry left it, if it has one."""
    if row.state == "due":
        return last is None or last.body["state"] in {WRITTEN, "failed"}
    ended = None if last is None else (last.body["state"], last.body["attempts"])
    return ended == (row.state, row.attempts) and (row.state != "done" or (last is not None and row.told_at == last.at))


def _says(row: sa.Row[Any], entries: Sequence[Entry], commitments: Commitments) -> bool:
    """Whether a piece of news says what it said when it was written, as far as the log heard that."""
    heard = [str(one.body["news"]) for one in entries if "news" in one.body]
    said = news_left(row.channel, row.payload)
    return all(commitments.opens(Commitment.parse(one), said) for one in heard)


def _by(told: Iterable[Entry], kind: str, name: str) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for one in told:
        if one.type == kind:
            found[str(one.body[name])].append(one)
    return found


def _is_as_told(row: sa.Row[Any], entries: Sequence[Entry]) -> bool:
    if any((one.body["incident"], one.body["platform"]) != (row.incident_id, row.platform) for one in entries):
        return False
    at = {to: [one.at for one in entries if one.body["to"] == to] for to in ("made", "sent", "reminded")}
    was_sent = [row.sent_at] if row.sent_at is not None else []
    return at["made"] == [row.made_at] and at["sent"] == was_sent and len(at["reminded"]) == row.reminders


def _is_over_with_its_incident(row: sa.Row[Any], closed: Mapping[tuple[str, object], bool]) -> bool:
    if row.closed_at is None:
        return bool(row.state == ("made" if row.sent_at is None else "sent"))
    by_hand = closed.get((row.incident_id, row.closed_at))
    return by_hand is not None and row.state == ("dropped" if by_hand else "fixed")


def _closed(tx: sa.Connection) -> dict[tuple[str, object], bool]:
    """When each incident was closed, and whether a person did it."""
    s = tables.steps.c
    rows = tx.execute(sa.select(s.incident_id, s.at, s.by).where(s.step == "closed"))
    return {(row.incident_id, row.at): row.by is not None for row in rows}


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
