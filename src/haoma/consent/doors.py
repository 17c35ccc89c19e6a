"""The customer's own door: whoever shows by a code that they hold a number sees what is theirs, and ends it.

Rules held here:
- Anybody may ask for a code to any mobile number, known here or not: what is done and what is told is the same.
- A code is good once, for five minutes and five tries; a number is sent three in ten minutes, six in a day.
- A door and a session are 128 random bits each, kept as digests; those of the session are made when the code was right.
- A session is for a quarter of an hour, and for the holder of that number alone; one that came of a yes is for that
  one consent.
- No number is in a row: it is where the code goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.answers import Given
from haoma.consent.code import ATTEMPTS, CODE_LIFE, code_text, new_code
from haoma.consent.keeping import kept_until
from haoma.consent.links import digest_of, new_handle
from haoma.consent.office import HOLDER, Office
from haoma.consent.reach import require_reachable
from haoma.consent.reasons import refusal
from haoma.consent.requests import PER_SUBJECT
from haoma.errors import NotFound
from haoma.ledger.commitment import Commitment
from haoma.numbers import Number
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["SESSION_LIFE", "Doors", "Inside", "door_message"]

SESSION_LIFE = timedelta(minutes=15)
SESSION = "self.session"


@dataclass(frozen=True, slots=True)
class Inside:
    """Who is inside: the holder of a number, until then; `grant_id` is the one consent they may see, None for all."""

    subject: SubjectToken
    grant_id: str | None
    until: datetime


class Doors:
    """The doors of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def knock(self, tenant: str, number: Number, language: str) -> str:
        """Send a code to a number; the door that it opens.

        One that was sent too many is sent none, and is given a door that no code opens. Raises BadInput for what is no
        mobile number, Refused for a tenant that is not there, Unavailable where the message was not taken.
        """
        require_reachable(number)
        office, at = self._office, self._office.now()
        subject = office.subject(tenant, number)
        door, code = new_handle(), new_code()
        committed = str(office.vault.commitments.commit("consentcode", code_text(digest_of(door), code)))

        def work(tx: sa.Connection) -> bool:
            if _pressed(tx, [str(one) for one in office.vault.aliases(tx, subject)], at):
                return False
            row = _row_of(door, subject, at, at + CODE_LIFE) | {"code": committed, "state": "asked"}
            tx.execute(sa.insert(tables.doors).values(**row))
            return True

        if office.store.write(work):
            office.sms.send(number, door_message(code, language))
        return door

    def enter(self, door: str, code: str) -> str:
        """The session of whoever has the code; recorded. Raises Refused (`code-wrong`), the same way for all else."""
        office, at, session = self._office, self._office.now(), new_handle()
        name = digest_of(door)
        with office.store.read() as tx:
            row = _found(tx, name)
        right = row is not None and row.code is not None and self._opens(name, row.code, code)

        def work(tx: sa.Connection) -> bool:
            found = _found(tx, name, lock=True)
            if found is None or not _takes_codes(found, at):
                return False
            last = found.attempts + 1 >= ATTEMPTS
            wrong = {"attempts": found.attempts + 1, "state": "over" if last else "asked"}
            opened = {"digest": digest_of(session), "state": "open", "code": None, "expires_at": at + SESSION_LIFE}
            mine = sa.update(tables.doors).where(tables.doors.c.digest == name)
            tx.execute(mine.values(**(opened if right else wrong)))
            self._record(tx, SubjectToken.of_row(found.subject), "code-right" if right else "code-wrong", at)
            return right

        if not office.store.write(work):
            raise refusal("code-wrong")
        return session

    def after_yes(self, given: Given) -> str:
        """A session for the one consent that was just given by its code."""
        office, at, session = self._office, self._office.now(), new_handle()
        row = _row_of(session, given.subject, at, at + SESSION_LIFE) | {"state": "open", "grant_id": given.grant_id}
        office.store.write(lambda tx: tx.execute(sa.insert(tables.doors).values(**row)).rowcount)
        return session

    def inside(self, session: str) -> Inside:
        """Who is inside; raises NotFound where the session is over."""
        at = self._office.now()
        with self._office.store.read() as tx:
            row = _found(tx, digest_of(session))
        if row is None or row.state != "open" or not row.asked_at <= at < row.expires_at:
            raise NotFound("this session is over", hint="ask for a new code")
        return Inside(SubjectToken.of_row(row.subject), row.grant_id, row.expires_at)

    def leave(self, session: str) -> None:
        """End a session; a second time changes nothing."""
        mine = sa.update(tables.doors).where(tables.doors.c.digest == digest_of(session))
        self._office.store.write(lambda tx: tx.execute(mine.values(state="over", code=None)).rowcount)

    def _opens(self, name: str, committed: str, code: str) -> bool:
        given = code_text(name, code.strip()[:20])
        try:
            return self._office.vault.commitments.opens(Commitment.parse(committed), given)
        except NotFound:
            return False  # the key of the codes was destroyed: none of them is good any more

    def _record(self, tx: sa.Connection, subject: SubjectToken, reason: str, at: datetime) -> None:
        decision = "allowed" if reason == "code-right" else "refused"
        event = Event(subject.tenant, HOLDER, "consent.enter", decision, reason, at, subject)
        self._office.vault.audit.record(tx, event)


def door_message(code: str, language: str) -> str:
    """The text of the short message.

    >>> door_message("123456", "en")
    'Code to see and withdraw what you allowed: 123456 (5 min). You did not ask for it? Do nothing, and tell nobody.'
    """
    minutes = CODE_LIFE // timedelta(minutes=1)
    if language == "zh":
        return f"查看和撤回您的位置授权，验证码 {code}（{minutes}分钟内有效）。非本人操作请忽略，切勿告知他人。"
    asked = f"Code to see and withdraw what you allowed: {code} ({minutes} min)."
    return f"{asked} You did not ask for it? Do nothing, and tell nobody."


def _row_of(handle: str, subject: SubjectToken, at: datetime, until: datetime) -> dict[str, object]:
    when = {"asked_at": at, "expires_at": until, "kept_until": kept_until(SESSION, at)}
    return {"digest": digest_of(handle), "subject": str(subject), "attempts": 0, **when}


def _found(tx: sa.Connection, name: str, *, lock: bool = False) -> sa.Row[Any] | None:
    query = sa.select(tables.doors).where(tables.doors.c.digest == name)
    return tx.execute(query.with_for_update() if lock else query).one_or_none()


def _takes_codes(row: sa.Row[Any], at: datetime) -> bool:
    return bool(row.state == "asked" and row.asked_at <= at < row.expires_at and row.attempts < ATTEMPTS)


def _pressed(tx: sa.Connection, names: Sequence[str], at: datetime) -> bool:
    c = tables.doors.c
    mine = sa.select(sa.func.count()).where(c.subject.in_(names), c.grant_id.is_(None))
    return any(int(tx.scalar(mine.where(c.asked_at > at - within)) or 0) >= most for most, within in PER_SUBJECT)
