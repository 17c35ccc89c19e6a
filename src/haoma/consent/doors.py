"""The customer's own door: whoever shows by a code that they hold a number sees what is theirs, and ends it.

Rules held here:
- Anybody may ask for a code to any mobile number, known here or not: what is done and what is told is the same.
- A code is good once, for five minutes and five tries; how many are sent, to a number, to whoever asks and in all, is
  counted (messages.py), and so are the wrong ones: beyond so many in an hour no code opens anything. Nobody who asks
  uses up what others need.
- A door and a session are 128 random bits each, kept as digests; those of the session are made when the code was right.
- Who has the code comes in once the carrier has told since when the number is theirs; as long as it does not, nobody.
- A session is for a quarter of an hour, and for the holder of that number alone; one that came of a yes is for that
  one consent. One that was found over stays so.
- A row is vouched for by the key store; no number is in it that could be read without the door (door_rows.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.consent.answers import Given
from haoma.consent.code import ATTEMPTS, CODE_LIFE, code_text, new_code
from haoma.consent.door_rows import DoorRow, added, changed, found, sealed_number, unsealed_number
from haoma.consent.hands import held_from
from haoma.consent.links import digest_of, new_handle
from haoma.consent.messages import WRONG, Sending, Stranger, is_spent, note, note_wrong, pressed, sound_spent
from haoma.consent.office import HOLDER, Office
from haoma.consent.reach import require_reachable
from haoma.consent.reasons import refusal
from haoma.errors import NotFound, Tampered, Unavailable
from haoma.ledger.commitment import Commitment
from haoma.numbers import Number, parse
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["SESSION_LIFE", "Doors", "Inside", "door_message"]

SESSION_LIFE = timedelta(minutes=15)
CODES_PER_HOUR = 300
_SPENT, _PRESSED = "spent", "pressed"
_OVER = {"state": "over", "code": None, "sealed": None}


@dataclass(frozen=True, slots=True)
class Inside:
    """Who is inside, until then: the holder of a number, of what is kept of it from `since` on.

    `grant_id` is the one consent they may see, None for all.
    """

    subject: SubjectToken
    grant_id: str | None
    since: datetime
    until: datetime


class Doors:
    """The doors of one store, which send so many codes in a tenant and hour, and take as many wrong ones."""

    def __init__(self, office: Office, codes_per_hour: int = CODES_PER_HOUR) -> None:
        self._office = office
        self._most = codes_per_hour

    def knock(self, tenant: str, number: Number, language: str, network: str) -> str:
        """Send a code to a number, for somebody of a network; the door that it opens.

        One that was sent too many is sent none, and is given a door that no code opens. Raises BadInput for what is no
        mobile number, Refused for a tenant that is not there, Unavailable where the message was not taken.
        """
        office, at = self._office, self._office.now()
        require_reachable(number, office.countries)
        subject, by = office.subject(tenant, number), Stranger.of(office, tenant, network)
        door, code = new_handle(), new_code()
        committed = str(office.vault.commitments.commit("consentcode", code_text(digest_of(door), code)))
        asked = DoorRow(digest_of(door), str(subject), at, at + CODE_LIFE, at, "asked", code=committed)
        sealed = replace(asked, sealed=sealed_number(office, door, number))

        def work(tx: sa.Connection) -> str:
            if is_spent(tx, by, Sending.DOOR, self._most, at):
                return _SPENT
            if pressed(tx, office, tenant, number, at, by):
                return _PRESSED
            note(tx, office, subject, Sending.DOOR, at, by)
            added(tx, office, sealed)
            return ""

        why = office.store.write(work)
        if why == _SPENT:
            sound_spent(office, tenant, Sending.DOOR, at)
        elif not why:
            office.sms.send(number, door_message(code, language))
        return door

    def enter(self, door: str, code: str, network: str) -> str:
        """The session of whoever has the code, at some network; recorded.

        Raises Refused (`code-wrong`), the same way for all else; Unavailable where nobody knows whether the number has
        had another holder, and Tampered where the row was changed by hand. The try is counted before anything is asked.
        """
        office, at, session = self._office, self._office.now(), new_handle()
        row = self._tried(digest_of(door), code, network, at)
        if row is None or row.sealed is None:
            raise refusal("code-wrong")
        subject = SubjectToken.of_row(row.subject)
        try:
            since = held_from(office, subject.tenant, parse(unsealed_number(office, door, row.sealed)), at)
        except Unavailable:
            office.store.write(lambda tx: self._record(tx, subject, "holder-unchecked", at))
            raise
        opened = {"digest": digest_of(session), "state": "open", "code": None, "sealed": None, "since": since}

        def work(tx: sa.Connection) -> bool:
            here = found(tx, office, row.digest, lock=True)
            if here is None or here.state != "asked" or not here.asked_at <= office.now() < here.expires_at:
                return False
            changed(tx, office, here, **opened, asked_at=at, expires_at=at + SESSION_LIFE)
            self._record(tx, subject, "code-right", at)
            return True

        if not office.store.write(work):
            raise refusal("code-wrong")
        return session

    def after_yes(self, given: Given) -> str:
        """A session for the one consent that was just given by its code."""
        office, at, session = self._office, self._office.now(), new_handle()
        until = at + SESSION_LIFE
        row = DoorRow(digest_of(session), str(given.subject), at, until, at, "open", grant_id=given.grant_id)
        office.store.write(lambda tx: added(tx, office, row))
        return session

    def inside(self, session: str) -> Inside:
        """Who is inside; raises NotFound where the session is over, which it stays whatever the clock says next.

        Raises Tampered where it is not what was opened.
        """
        office, at, name = self._office, self._office.now(), digest_of(session)
        with self._watched(name), office.store.read() as tx:
            row = found(tx, office, name)
        if row is not None and row.state == "open" and at >= row.expires_at:
            self.leave(session)
        if row is None or row.state != "open" or not row.asked_at <= at < row.expires_at:
            raise NotFound("this session is over", hint="ask for a new code")
        return Inside(SubjectToken.of_row(row.subject), row.grant_id, row.since, row.expires_at)

    def leave(self, session: str) -> None:
        """End a session; a second time changes nothing."""
        office = self._office

        def work(tx: sa.Connection) -> None:
            row = found(tx, office, digest_of(session), lock=True)
            if row is not None and row.state == "open":
                changed(tx, office, row, state="over")

        office.store.write(work)

    def _tried(self, name: str, code: str, network: str, at: datetime) -> DoorRow | None:
        """The door that a code opens, None where it opens none; the try is counted, and one that is over ends."""
        office, spent = self._office, list[str]()

        def work(tx: sa.Connection) -> DoorRow | None:
            spent.clear()
            row = found(tx, office, name, lock=True)
            if row is None or row.state != "asked" or row.code is None:
                return None
            subject = SubjectToken.of_row(row.subject)
            by = Stranger.of(office, subject.tenant, network)
            if is_spent(tx, by, WRONG, self._most, at):
                spent.append(subject.tenant)
                return None
            takes = row.asked_at <= at < row.expires_at and row.attempts < ATTEMPTS
            right = takes and self._opens(name, row.code, code)
            if at >= row.expires_at:
                changed(tx, office, row, **_OVER)
            if not takes:
                return None
            left = not right and row.attempts + 1 >= ATTEMPTS
            after = changed(tx, office, row, attempts=row.attempts + 1, **(_OVER if left else {}))
            if not right:
                note_wrong(tx, office, by, at)
                self._record(tx, subject, "code-wrong", at)
            return after if right else None

        with self._watched(name):
            opened = office.store.write(work)
        for tenant in spent:
            sound_spent(office, tenant, WRONG, at)
        return opened

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """Sound an alarm where a row is not what was written."""
        try:
            yield
        except Tampered:
            with suppress(Unavailable):
                self._office.alarms.sound("door-tampered", name, self._office.now())
            raise

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
