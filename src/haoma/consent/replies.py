"""What comes back by short message: yes with its code, no, or taking everything back.

Rules held here:
- The sender's number is no proof: a yes needs the code that was sent. A no, and a withdrawal, need nothing.
- Who is under 14, or holds that number, objects by the same words to what somebody else is asked as their guardian: a
  question that waits is refused, and a consent that stands is withdrawn.
- What is not understood changes nothing, and says so.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.answers import Answers, Given, SaidNo
from haoma.consent.code import Answer, read_reply
from haoma.consent.office import Office
from haoma.consent.withdrawal import Withdrawals, Withdrawn
from haoma.errors import NotFound, Refused
from haoma.numbers import Number

__all__ = ["Heard", "Replies", "heard"]


class Heard(NamedTuple):
    """What a message said (yes, no, withdraw, or unclear), and the consents that were given by it or have ended."""

    said: str
    consents: tuple[str, ...]


def heard(done: Given | SaidNo | Withdrawn | None) -> Heard:
    """What is told of a message that was read: nothing that whoever carried it is not to know."""
    match done:
        case Given():
            return Heard("yes", (done.grant_id,))
        case Withdrawn():
            return Heard("withdraw", tuple(done.grant_ids))
        case SaidNo():
            return Heard("no", ())
    return Heard("unclear", ())


@dataclass(frozen=True, slots=True)
class Replies:
    """Reads replies for one store."""

    office: Office
    answers: Answers
    withdrawals: Withdrawals

    def read(self, tenant: str, number: Number, text: str) -> Given | SaidNo | Withdrawn | None:
        """Do what a message from a number says; None where it says nothing that is understood.

        Raises NotFound where a yes or no has no question, Refused as `Answers.yes` does.
        """
        answer, code = read_reply(text)
        if answer is Answer.UNCLEAR:
            return None
        objected = [] if answer is Answer.YES else self._object(tenant, number)
        if answer is Answer.WITHDRAW:
            return self.withdrawals.by_number(tenant, number)
        if objected:
            return objected[-1]
        request_id = self._open(tenant, number)
        return self.answers.yes(request_id, code) if answer is Answer.YES else self.answers.no(request_id)

    def _object(self, tenant: str, number: Number) -> list[SaidNo]:
        """Refuse what somebody is being asked as the guardian of whoever has this number."""
        names = [str(one) for one in self.office.vault.known_as(tenant, number)]
        c = tables.requests.c
        about = sa.select(c.request_id).where(c.subject.in_(names), c.guardian.is_not(None), c.state == "asked")
        with self.office.store.read() as tx:
            waiting = list(tx.scalars(about.order_by(c.asked_at)))
        refused = list[SaidNo]()
        for request_id in waiting:
            with suppress(Refused):  # it was answered meanwhile
                refused.append(self.answers.no(request_id))
        return refused

    def _open(self, tenant: str, number: Number) -> str:
        """The newest question that went to this number: its holder's own, or a guardian's."""
        names = [str(one) for one in self.office.vault.known_as(tenant, number)]
        c = tables.requests.c
        mine = sa.or_(sa.and_(c.guardian.is_(None), c.subject.in_(names)), c.guardian.in_(names))
        query = sa.select(c.request_id).where(mine, c.channel == "sms", c.state == "asked")
        with self.office.store.read() as tx:
            found = tx.scalar(query.order_by(c.asked_at.desc()).limit(1))
        if found is None:
            raise NotFound("nobody has asked this number anything", hint="the newest question counts")
        return str(found)
