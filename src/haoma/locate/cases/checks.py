"""Whether a number still belongs to its customer: by a code that they read back, or by their carrier.

Rules held here:
- The number is asked of the CRM again, and has to be the one that the case is about. It is kept nowhere.
- A carrier that knows answers first; a number that has changed hands gets no code, is due at once, and takes no consent
  with it.
- Codes are those of consent: six digits, five minutes, five tries, kept as a commitment, counted before anybody is told
  that one was wrong. A message to one number is counted whatever it is for (consent/messages.py).
- A customer who declines gets no other code in this case, and is offered what the CRM says reaches them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker, Case, Thing
from haoma.consent import Consent
from haoma.consent.code import ATTEMPTS, CODE_LIFE, code_text, new_code
from haoma.consent.messages import Sending, note, pressed
from haoma.consent.office import actor_of
from haoma.consent.reach import require_reachable
from haoma.consent.reasons import refusal
from haoma.consent.requests import PER_ASKER
from haoma.errors import NotFound, Unavailable
from haoma.ledger.commitment import Commitment
from haoma.locate.cases import tables
from haoma.locate.cases.keeping import kept_until
from haoma.locate.cases.numbers import PURPOSE, How, Shown, newest, overdue, show
from haoma.locate.cases.search import Found
from haoma.locate.cases.texts import message
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["Checks", "Sent"]

ACTION = "verify-number"
_SENT, _RIGHT, _OVER, _DECLINED = "sent", "right", "over", "declined"


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way, good until then; or `shown`, where a carrier knew and none was needed."""

    expires_at: datetime | None
    shown: Shown | None


class Checks:
    """The checks of one store; `due_days` is how long one is good."""

    def __init__(self, consent: Consent, due_days: int) -> None:
        self._consent = consent
        self._office = consent.office
        self._good_for = timedelta(days=due_days)

    def send(self, by: Asker, case: Case, found: Found, language: str) -> Sent:
        """Ask the carrier, or send a code; raises Refused (`recycled`, `too-often`, `request-over`), recorded."""
        require_reachable(found.number, self._office.countries)
        at = self._office.now()
        same = self._carrier(by, case, found, at)
        if same is not None:
            return Sent(None, self._by_carrier(by, case, found, at, same=same))
        self._by_code(by, case, found, at, language)
        return Sent(at + CODE_LIFE, None)

    def confirm(self, by: Asker, case: Case, code: str) -> Shown:
        """Take the code that the customer read back.

        Raises Refused (`code-wrong`, `request-over`), recorded; NotFound where none was sent in this case.
        """
        office, at = self._office, self._office.now()
        with office.store.read() as tx:
            asked = _newest(tx, case)
        right = self._opens(asked, code)
        shown = Shown(How.CODE, at, at + self._good_for)
        subject = SubjectToken.of_row(case.subject)
        if right:
            office.vault.prepare(subject, PURPOSE)

        def work(tx: sa.Connection) -> str:
            row = _newest(tx, case, lock=True)
            stands = row.state == _SENT and row.sent_at <= at < row.expires_at and row.attempts < ATTEMPTS
            stands = stands and row.code_id == asked.code_id
            reason = "request-over" if not stands else "" if right else "code-wrong"
            self._record(tx, by, case, at, reason, _RIGHT)
            if not stands:
                return reason
            spent = row.attempts + (not right)
            state = _RIGHT if right else _OVER if spent >= ATTEMPTS else _SENT
            here = tables.codes.c.code_id == row.code_id
            tx.execute(sa.update(tables.codes).where(here).values(attempts=spent, state=state))
            if right:
                show(tx, office, subject, shown)
            return reason

        self._change(by, case, at, work)
        return shown

    def decline(self, by: Asker, case: Case) -> None:
        """Remember, for this case, that the customer reads no code back."""
        at = self._office.now()

        def work(tx: sa.Connection) -> str:
            c = tables.codes.c
            if not tx.execute(sa.update(tables.codes).where(c.case_id == case.id).values(state=_DECLINED)).rowcount:
                row = {"code_id": str(uuid.uuid4()), "case_id": case.id, "subject": case.subject}
                when = {"sent_at": at, "expires_at": at, "kept_until": kept_until("case.search", at)}
                none = {"actor": actor_of(by), "code": "", "attempts": 0, "state": _DECLINED}
                tx.execute(sa.insert(tables.codes).values(**row, **when, **none))
            self._record(tx, by, case, at, "", _DECLINED)
            return ""

        self._change(by, case, at, work)

    def _by_code(self, by: Asker, case: Case, found: Found, at: datetime, language: str) -> None:
        office, code, code_id = self._office, new_code(), str(uuid.uuid4())
        text = message(found.subject.tenant, code, language)
        committed = str(office.vault.commitments.commit("casecode", code_text(code_id, code)))

        def work(tx: sa.Connection) -> str:
            reason = self._pressed(tx, by, case, found, at)
            self._record(tx, by, case, at, reason, _SENT)
            if not reason:
                row = {"code_id": code_id, "case_id": case.id, "subject": case.subject, "actor": actor_of(by)}
                when = {"sent_at": at, "expires_at": at + CODE_LIFE, "kept_until": kept_until("case.search", at)}
                tx.execute(sa.update(tables.codes).where(_under_way(case)).values(state=_OVER))
                tx.execute(sa.insert(tables.codes).values(**row, **when, code=committed, attempts=0, state=_SENT))
                note(tx, office, found.subject, Sending.CASE, at)
            return reason

        self._change(by, case, at, work)
        office.sms.send(found.number, text)

    def _carrier(self, by: Asker, case: Case, found: Found, at: datetime) -> bool | None:
        """Whether the number still has the holder it was last shown to be of; None where no carrier says.

        Raises Refused by the policy: no carrier is asked before that is decided, nor about who has declined.
        """
        office = self._office
        with office.store.read() as tx:
            before, declined = newest(tx, sorted(found.names)), _has_declined(tx, case)
        if office.recycling is None or before is None or declined:
            return None
        office.gate.ask(by, ACTION, Thing("subject", by.tenant, subject=case.subject), at).require()
        try:
            return not office.recycling.recycled(found.number, before.shown_at)
        except Unavailable:
            return None

    def _by_carrier(self, by: Asker, case: Case, found: Found, at: datetime, *, same: bool) -> Shown:
        office, subject = self._office, SubjectToken.of_row(case.subject)
        shown = Shown(How.CARRIER, at, at + self._good_for)
        office.vault.prepare(subject, PURPOSE)

        def work(tx: sa.Connection) -> str:
            reason = "" if same else "recycled"
            self._record(tx, by, case, at, reason, _RIGHT)
            if same:
                show(tx, office, subject, shown)
            else:
                overdue(tx, self._names(tx, case), at)
            return reason

        if not same:
            with suppress(Unavailable):  # what nobody has checked for 30 days is refused all the same
                self._consent.arrived(found.subject.tenant, found.number)
        self._change(by, case, at, work)
        return shown

    def _change(self, by: Asker, case: Case, at: datetime, work: Callable[[sa.Connection], str]) -> None:
        thing = Thing("subject", by.tenant, subject=case.subject)
        reason = self._office.gate.change(by, ACTION, thing, at, work)
        if reason:
            raise refusal(reason, hint=_HINTS.get(reason))

    def _opens(self, asked: sa.Row[Any], code: str) -> bool:
        if not asked.code:
            return False
        try:
            given = code_text(asked.code_id, code.strip()[:20])
            return self._office.vault.commitments.opens(Commitment.parse(asked.code), given)
        except NotFound:
            return False  # the key of the codes was destroyed: none of them is good any more

    def _pressed(self, tx: sa.Connection, by: Asker, case: Case, found: Found, at: datetime) -> str:
        """Why no code is sent, empty where one is."""
        c, (most, within) = tables.codes.c, PER_ASKER
        if _has_declined(tx, case):
            return "refused-before"
        if pressed(tx, self._office, found.subject.tenant, found.number, at):
            return "too-often"
        sent = sa.select(sa.func.count()).where(c.actor == actor_of(by), c.sent_at > at - within)
        return "too-often" if int(tx.scalar(sent) or 0) >= most else ""

    def _record(self, tx: sa.Connection, by: Asker, case: Case, at: datetime, reason: str, step: str) -> None:
        subject = SubjectToken.of_row(case.subject)
        decision = "refused" if reason else "allowed"
        event = Event(subject.tenant, actor_of(by), "case.number", decision, reason or step, at, subject, PURPOSE)
        self._office.record(tx, event, "case.number", step=reason or step)

    def _names(self, tx: sa.Connection, case: Case) -> Sequence[str]:
        return [str(one) for one in self._office.vault.aliases(tx, SubjectToken.of_row(case.subject))]


_HINTS = {
    "request-over": "send another one: haoma case verify",
    "refused-before": "the customer has declined in this case; haoma case list shows what to offer instead",
    "recycled": "do not call it or write to it; haoma case list shows what else reaches the customer",
}


def _has_declined(tx: sa.Connection, case: Case) -> bool:
    c = tables.codes.c
    query = sa.select(c.code_id).where(c.case_id == case.id, c.state == _DECLINED).limit(1)
    return tx.execute(query).first() is not None


def _under_way(case: Case) -> sa.ColumnElement[bool]:
    """The code that is out for a case: a new one takes its place."""
    return sa.and_(tables.codes.c.case_id == case.id, tables.codes.c.state == _SENT)


def _newest(tx: sa.Connection, case: Case, *, lock: bool = False) -> sa.Row[Any]:
    c = tables.codes.c
    sent_first = sa.case((c.state == _SENT, 0), else_=1)
    query = sa.select(tables.codes).where(c.case_id == case.id).order_by(sent_first, c.sent_at.desc()).limit(1)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("no code was sent in this case", hint="haoma case verify sends one")
    return row
