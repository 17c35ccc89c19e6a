"""Asking a customer: once, for one purpose, in words they can read, and taking no for an answer.

Rules held here:
- Nobody is asked without a notice and an impact assessment of the purpose; staff ask as far as the policy lets them.
- Who has said no is not asked for the same purpose for 90 days, whoever would be told, but by themselves on the page
  (Network Data Regs art. 22 (5)).
- A number is sent so many messages at the most (messages.py), be it the customer's or a guardian's; one asker asks 120
  times an hour.
- Who is under 14 is asked through a parent or guardian, on another number than theirs (PIPL art. 31). Their own number
  is told so before, and how to object: nobody makes a consent about a customer who hears nothing of it.
- The link to the customer's own page goes where the code goes, and to nobody else: who asks does not see it.
- A number is where the code goes. It is sealed while the question is open (`intake`), and in no row of this package.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import tables
from haoma.consent.code import CODE_LIFE, code_text, message, new_code, ward_message
from haoma.consent.keeping import kept_until
from haoma.consent.links import digest_of, new_handle, with_link
from haoma.consent.messages import Sending, note, pressed
from haoma.consent.names import is_name
from haoma.consent.notice import LANGUAGES
from haoma.consent.notices import Published, is_published, newest
from haoma.consent.office import SYSTEM, Office, actor_of
from haoma.consent.purposes import Granularity, Holder, Purpose, one_purpose
from haoma.consent.reach import require_reachable
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, Refused
from haoma.numbers import Number
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["Asked", "Channel", "Question", "Requests"]

PER_ASKER = (120, timedelta(hours=1))


class Channel(StrEnum):
    """How a customer answers."""

    WEB = "web"
    SMS = "sms"
    IVR = "ivr"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Question:
    """What a customer is asked. `purposes` holds one; `granularity` and `days` ask for less than the notice does.

    `call_id` is the recorded call, for `ivr` and `agent`; `guardian` the number of a parent or guardian.
    """

    tenant: str
    number: Number = field(repr=False)
    purposes: Sequence[str] | str
    recipient: str
    channel: Channel = Channel.WEB
    language: str = "zh"
    holder: Holder = Holder.ADULT
    guardian: Number | None = field(default=None, repr=False)
    call_id: str | None = None
    granularity: Granularity | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is under way: what the customer is shown, and until when the code is good."""

    request_id: str
    subject: SubjectToken
    published: Published
    text: str
    expires_at: datetime


class _Asking(NamedTuple):
    by: Asker | None
    question: Question
    subject: SubjectToken
    guardian: SubjectToken | None
    purpose: Purpose
    at: datetime


class Requests:
    """The questions of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def ask(self, by: Asker | None, question: Question) -> Asked:
        """Ask, and send the code; `by` is None where the holder begins on the page by themselves.

        Raises Refused with a reason (recorded), BadInput for what cannot be asked at all, Unavailable where the message
        was not taken.
        """
        _check(question, self._office.countries)
        office, at = self._office, self._office.now()
        subject = office.subject(question.tenant, question.number)
        guardian = office.subject(question.tenant, question.guardian) if question.guardian else None
        asking = _Asking(by, question, subject, guardian, self._purpose(by, question, subject, at), at)
        office.vault.prepare(subject, asking.purpose.name)
        request_id, code = str(uuid.uuid4()), new_code()
        committed = str(office.vault.commitments.commit("consentcode", code_text(request_id, code)))
        handle = new_handle() if office.self_url and question.channel is Channel.WEB else None
        secret = {"code": committed, "handle": handle and digest_of(handle)}

        def work(tx: sa.Connection) -> Published | str:
            reason = self._reason(tx, asking)
            self._record(tx, asking, reason)
            if reason:
                return reason
            shown = newest(tx, subject.tenant, asking.purpose.name, question.recipient)
            tx.execute(sa.insert(tables.requests).values(request_id=request_id, **secret, **_row(asking, shown)))
            for to in {subject, guardian or subject}:
                note(tx, office, to, Sending.QUESTION, at)
            office.vault.seal(tx, subject, asking.purpose.name, question.number, at + CODE_LIFE, actor=SYSTEM)
            return shown

        shown = office.store.write(work)
        if isinstance(shown, str):
            raise refusal(shown, hint=asking.purpose.offer_en if shown == "refused-before" else None)
        notice = shown.notice
        text = message(notice, code, question.language, str(question.channel), guardian=guardian is not None)
        if handle:
            text = with_link(text, office.self_url, handle, question.language)
        if question.guardian:
            office.sms.send(question.number, ward_message(notice, question.tenant, office.self_url, question.language))
        office.sms.send(question.guardian or question.number, text)
        return Asked(request_id, subject, shown, notice.text(question.language), at + CODE_LIFE)

    def _purpose(self, by: Asker | None, question: Question, subject: SubjectToken, at: datetime) -> Purpose:
        try:
            return one_purpose(question.purposes)
        except Refused as error:
            event = _event(by, subject, None, error.reason, at)
            self._office.store.write(lambda tx: self._office.record(tx, event, "consent.tried", reason=event.reason))
            raise

    def _reason(self, tx: sa.Connection, asking: _Asking) -> str:
        """Why the customer is not asked, empty where they are."""
        office, question = self._office, asking.question
        tenant, purpose, at = asking.subject.tenant, asking.purpose.name, asking.at
        names = [str(one) for one in office.vault.aliases(tx, asking.subject)]
        on_page = asking.by is None and question.channel is Channel.WEB
        reasons: dict[str, Callable[[], bool]] = {
            "policy": lambda: not self._let(tx, asking),
            "not-assessed": lambda: not office.assessments.stands(tx, tenant, purpose, at),
            "guardian-needed": lambda: question.holder is Holder.UNDER_14 and asking.guardian in {None, asking.subject},
            "no-notice": lambda: not is_published(tx, tenant, purpose, question.recipient),
            "refused-before": lambda: not on_page and _said_no(tx, names, asking),
            "too-often": lambda: self._pressed(tx, asking),
        }
        return next((reason for reason, holds in reasons.items() if holds()), "")

    def _pressed(self, tx: sa.Connection, asking: _Asking) -> bool:
        question, at, c = asking.question, asking.at, tables.requests.c
        numbers = [one for one in (question.number, question.guardian) if one is not None]
        if any(pressed(tx, self._office, question.tenant, number, at) for number in numbers):
            return True
        most, within = PER_ASKER
        asked = sa.select(sa.func.count()).where(c.asker == actor_of(asking.by), c.asked_at > at - within)
        return asking.by is not None and int(tx.scalar(asked) or 0) >= most

    def _let(self, tx: sa.Connection, asking: _Asking) -> bool:
        if asking.by is None:
            return asking.question.channel is not Channel.AGENT
        subject = asking.subject
        return self._office.may(tx, asking.by, "ask-consent", "subject", subject.tenant, asking.at, subject)

    def _record(self, tx: sa.Connection, asking: _Asking, reason: str) -> None:
        event = _event(asking.by, asking.subject, asking.purpose.name, reason, asking.at)
        if reason:
            self._office.record(tx, event, "consent.tried", reason=reason)
        else:
            channel = str(asking.question.channel)
            self._office.record(tx, event, "consent.asked", purpose=asking.purpose.name, channel=channel)


def _event(by: Asker | None, subject: SubjectToken, purpose: str | None, reason: str, at: datetime) -> Event:
    decision = "refused" if reason else "allowed"
    return Event(subject.tenant, actor_of(by), "consent.ask", decision, reason or "asked", at, subject, purpose)


def _check(question: Question, countries: frozenset[int]) -> None:
    for number in (question.number, question.guardian):
        if number is not None:
            require_reachable(number, countries)
    if question.language not in LANGUAGES:
        raise BadInput("a customer is asked in zh or en", hint="--language zh")
    spoken = question.channel in {Channel.IVR, Channel.AGENT}
    if spoken != (question.call_id is not None):
        message = "a consent by telephone names its recorded call, and no other one does"
        raise BadInput(message, hint="--call ID with --channel ivr or agent")
    if question.days is not None and question.days < 1:
        raise BadInput("a consent lasts for a day at least", hint="--days 1")
    if question.call_id is not None and not is_name(question.call_id):
        message = "a call is named by 1 to 64 letters, digits, dots, dashes and colons, and not by a phone number"
        raise BadInput(message, hint="call-2026-11-22-0042")
    if question.guardian is not None and question.holder is not Holder.UNDER_14:
        raise BadInput("a guardian consents for whoever is under 14 alone", hint="--holder under-14")


def _said_no(tx: sa.Connection, names: Sequence[str], asking: _Asking) -> bool:
    c = tables.refusals.c
    same = (c.subject.in_(names), c.purpose == asking.purpose.name)
    return tx.execute(sa.select(c.refusal_id).where(*same, c.until > asking.at).limit(1)).first() is not None


def _row(asking: _Asking, shown: Published) -> dict[str, object]:
    question, notice = asking.question, shown.notice
    fine = min(question.granularity or notice.granularity, notice.granularity, key=lambda one: one.rank)
    return {
        "subject": str(asking.subject),
        "purpose": notice.purpose,
        "recipient": notice.recipient,
        "version": shown.version,
        "granularity": str(fine),
        "sources": " ".join(notice.sources),
        "days": min(question.days or notice.days, notice.days),
        "channel": str(question.channel),
        "call_id": question.call_id,
        "language": question.language,
        "holder": str(question.holder),
        "guardian": None if asking.guardian is None else str(asking.guardian),
        "asker": actor_of(asking.by),
        "asked_at": asking.at,
        "expires_at": asking.at + CODE_LIFE,
        "attempts": 0,
        "state": "asked",
        "kept_until": kept_until("consent.request", asking.at),
    }
