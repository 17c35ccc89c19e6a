"""Who works at the demo's desk, what they may ask a customer for, and how a customer answers.

Rules held here:
- People come in as people do: brought in and given their roles by two administrators.
- Codes are read where a customer would read them: out of the messages that were sent.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from haoma.access import Asker, Role
from haoma.access.rows import asker_of
from haoma.app import Services
from haoma.cli.stage import Stage
from haoma.consent.answers import Given
from haoma.consent.notice import make_notice
from haoma.consent.requests import Channel, Question
from haoma.errors import Refused
from haoma.numbers import Number

__all__ = ["CARE", "RISK", "TENANT", "Desk", "Job", "open_desk", "reason_of", "staffed"]

TENANT = "acme"


@dataclass(frozen=True, slots=True)
class Job:
    """What a customer is asked for, and who is to know."""

    purpose: str
    recipient: str


CARE, RISK = Job("customer-care", "acme-desk"), Job("fraud-prevention", "acme-risk")


@dataclass(frozen=True, slots=True)
class Desk:
    """The stage of this chapter, and who works there."""

    stage: Stage
    agent: Asker
    analyst: Asker
    officer: Asker

    def question(self, number: Number, job: Job = CARE, *more: str) -> Question:
        """What a customer is asked."""
        return Question(TENANT, number, (job.purpose, *more), job.recipient, Channel.AGENT, call_id="call-of-the-demo")

    def agreed(self, number: Number, job: Job = CARE) -> Given:
        """A customer's yes, by the code in the message that they got."""
        consent = self.stage.services.consent
        asked = consent.requests.ask(self.agent, self.question(number, job))
        text = (self.stage.services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()[-1]
        return consent.answers.yes(asked.request_id, re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1], self.agent)


def open_desk(stage: Stage) -> Desk:
    """The desk with its people, notices and assessments."""
    people = staffed(stage.services, {"an": Role.AGENT, "rui": Role.RISK_ANALYST, "dai": Role.DPO})
    desk, notices = Desk(stage, *people), stage.services.consent.notices
    until = datetime.now(UTC) + timedelta(days=365)
    for job in (CARE, RISK):
        sources = ["carrier", "stated", "browser"]
        notice = make_notice(job.purpose, job.recipient, "安客", "privacy@acme.example", sources, "city", 30)
        notices.publish(desk.officer, TENANT, notice)
        notices.assess(desk.officer, TENANT, job.purpose, "0" * 64, until)
    return desk


def reason_of(call: Callable[[], object]) -> str:
    """Why something is refused."""
    try:
        call()
    except Refused as refused:
        return refused.reason
    return "allowed"


def staffed(services: Services, roles: Mapping[str, Role]) -> list[Asker]:
    """People of these logins and roles, brought in by two administrators.

    A login has a letter beyond f: passwords are made of the others, and hold no login.
    """
    password = secrets.token_hex(24)
    system = _come_in(services, "root", password, None)
    security = _come_in(services, "safe", password, system, (system, Role.SECURITY_ADMIN))
    return [_come_in(services, login, password, system, (security, role)) for login, role in roles.items()]


def _come_in(services: Services, login: str, password: str, by: Asker | None, *roles: tuple[Asker, Role]) -> Asker:
    people, now = services.people, datetime.now(UTC)
    if by is None:
        person, token = people.add_first(login, login, TENANT, now)
    else:
        person, token = people.add(by, login, login, now)
    for giver, role in roles:
        people.grant(giver, person.id, role, now)
    services.sign_in.enrol(token, password, now)
    return services.store.write(lambda tx: asker_of(tx, person.id, frozenset({"password", "totp"})))
