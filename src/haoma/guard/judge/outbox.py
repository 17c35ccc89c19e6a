"""News on its way: written with what it tells of, told until it is heard, each under an id that never changes.

Rules held here:
- A piece of news is written in the transaction of what it tells of, which the log hears too, with a commitment to
  what it says: none goes without a trace, and none comes to say another thing. One process at a time tells it, in
  order of time.
- It is told at least once: a channel that was killed between hearing and noting hears it again, under the same id.
- A channel that is down is tried ever more rarely, for three days; then the news waits as `failed` for a person, who
  has it told again. None is dropped.
- One channel that is down holds up no other one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from haoma.consent.webhook import RETRIES_S
from haoma.errors import HaomaError
from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.keeping import kept_until
from haoma.guard.judge.left import SCOPE, news_left
from haoma.guard.judge.model import Severity
from haoma.ledger.canonical import canonical
from haoma.lineage.rows import insert_new
from haoma.storage import json_in

__all__ = ["WRITTEN", "Channel", "Message", "Sent", "again", "messages", "post", "send_due"]

NAMESPACE = uuid.UUID("0b0c4d6a-6a2b-5d0b-8c1f-7a0f4b9e2d33")
AT_ONCE = 200
LONGEST_TROUBLE = 200
WRITTEN = "written"
_c = tables.messages.c


class Channel(Protocol):
    """A way to tell people news."""

    def send(self, message_id: str, news: Mapping[str, str], at: datetime) -> None:
        """Tell it; returns when it was heard, and raises a HaomaError where it was not. No number may be in that."""


@dataclass(frozen=True, slots=True)
class Message:
    """A piece of news for one channel, and how far it is."""

    id: str
    channel: str
    news: Mapping[str, str]
    state: str
    attempts: int
    due_at: datetime
    told_at: datetime | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of what was due: heard, to be tried again, given up for a person to see to."""

    done: int
    again: int
    failed: int


def post(
    tx: sa.Connection, desk: Desk, severity: Severity, event: str, at: datetime, news: Mapping[str, str]
) -> list[str]:
    """Write news for every channel that takes it; `event` names what it tells of, once. The ids of what was written."""
    made = []
    payload = canonical(dict(news)).decode()
    for channel, least in sorted(desk.channels.items()):
        if severity.rank >= least.rank:
            message_id = str(uuid.uuid5(NAMESPACE, f"{channel} {event}"))
            row = {"message_id": message_id, "channel": channel, "payload": payload, "state": "due", "attempts": 0}
            if tx.execute(insert_new(tx, tables.messages).values(**row, due_at=at)).rowcount:
                says = str(desk.commitments.commit(SCOPE, news_left(channel, payload)))
                desk.tell(tx, "guard.told", at, message=message_id, state=WRITTEN, attempts=0, news=says)
            made.append(message_id)
    return made


def send_due(desk: Desk, channels: Mapping[str, Channel]) -> Sent:
    """Tell what is due now; returns at once where another process is at it."""
    states = list[str]()
    if not _due(desk):
        return Sent(0, 0, 0)
    with desk.store.leader("guard-messages", wait_s=0) as leads:
        if leads:
            down = set[str]()
            states = [_tell(desk, channels, one, down) for one in _due(desk)]
    return Sent(states.count("done"), states.count("due"), states.count("failed"))


def messages(tx: sa.Connection, *, state: str | None = None, limit: int = 200) -> Iterator[Message]:
    """News, the newest first."""
    query = sa.select(tables.messages)
    query = query if state is None else query.where(_c.state == state)
    for row in tx.execute(query.order_by(_c.due_at.desc(), _c.message_id).limit(limit)):
        yield _of_row(row)


def again(tx: sa.Connection, at: datetime) -> int:
    """Have all that was given up told anew; how many there are."""
    failed = sa.update(tables.messages).where(_c.state == "failed")
    return tx.execute(failed.values(state="due", attempts=0, due_at=at, kept_until=None)).rowcount


def _due(desk: Desk) -> list[Message]:
    query = sa.select(tables.messages).where(_c.state == "due", _c.due_at <= desk.now())
    with desk.store.read() as tx:
        return [_of_row(row) for row in tx.execute(query.order_by(_c.due_at, _c.message_id).limit(AT_ONCE))]


def _tell(desk: Desk, channels: Mapping[str, Channel], one: Message, down: set[str]) -> str:
    """Tell one piece; a channel that did not hear the one before is not tried again in this round."""
    at, trouble = desk.now(), None
    channel = channels.get(one.channel)
    if one.channel in down:
        trouble = "the channel did not hear the one before"
    elif channel is None:
        trouble = "no channel of this name is set"
    else:
        try:
            channel.send(one.id, one.news, at)
        except HaomaError as error:
            trouble = str(error)[:LONGEST_TROUBLE]
            down.add(one.channel)
    state = "done" if trouble is None else "failed" if one.attempts >= len(RETRIES_S) else "due"
    desk.store.write(lambda tx: _note(tx, desk, one, state, trouble, at))
    return state


def _note(tx: sa.Connection, desk: Desk, one: Message, state: str, trouble: str | None, at: datetime) -> None:
    wait_s = RETRIES_S[min(one.attempts, len(RETRIES_S) - 1)]
    told = {
        "state": state,
        "attempts": one.attempts + 1,
        "due_at": at if state == "done" else at + timedelta(seconds=wait_s),
        "told_at": at if state == "done" else None,
        "trouble": trouble,
        "kept_until": kept_until(at) if state == "done" else None,
    }
    same = sa.and_(_c.message_id == one.id, _c.attempts == one.attempts, _c.state == "due")
    if tx.execute(sa.update(tables.messages).where(same).values(**told)).rowcount and state != "due":
        desk.tell(tx, "guard.told", at, message=one.id, state=state, attempts=one.attempts + 1)


def _of_row(row: sa.Row[Any]) -> Message:
    news = {str(name): str(value) for name, value in json_in(row.payload, dict).items()}
    return Message(row.message_id, row.channel, news, row.state, row.attempts, row.due_at, row.told_at, row.trouble)
