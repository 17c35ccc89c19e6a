"""The demo's chapter on permission: one customer says no, another says yes, and takes it back.

Rules held here:
- Codes are read where a customer would read them: out of the messages that were sent.
- Receipt and proof are verified as the customer would, with public keys and nothing else.
- The desk has a store and a log of its own: people are made once in a store, and the demo may be run again.
- Nobody is located here: a Grant is what whoever locates has to hold.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from haoma.access import Asker, Role
from haoma.access.rows import asker_of
from haoma.app import Services
from haoma.cli.stage import Stage, Step
from haoma.consent import tables
from haoma.consent.erasing import verify_deletion
from haoma.consent.jws import jwks_of
from haoma.consent.notice import make_notice
from haoma.consent.receipt import verify_receipt
from haoma.consent.requests import Channel, Question
from haoma.errors import Refused
from haoma.numbers import Number, parse

__all__ = ["chapter"]

TENANT, DESK, PURPOSE = "acme", "acme-desk", "customer-care"
ONE, OTHER = "13800138000", "13800138001"


def chapter(stage: Stage) -> Iterator[Step]:
    """A no and what may be offered instead; a yes by code, its receipt, its use, its withdrawal, and the proof."""
    folder = stage.directory / f"desk-{secrets.token_hex(4)}"
    with Services(replace(stage.services.settings, store_dir=folder)) as services:
        yield from _played(replace(stage, services=services))


def _played(stage: Stage) -> Iterator[Step]:
    services = stage.services
    agent, officer = _staff(services)
    notice = make_notice(PURPOSE, DESK, "安客", "privacy@acme.example", ["carrier", "stated"], "city", 30)
    services.consent.notices.publish(officer, TENANT, notice)
    until = datetime.now(UTC) + timedelta(days=365)
    services.consent.notices.assess(officer, TENANT, PURPOSE, "0" * 64, until)
    for number in (ONE, OTHER):
        services.cases.open(agent, str(services.consent.office.subject(TENANT, parse(number))), datetime.now(UTC))
    yield from _said_no(stage, agent, parse(ONE))
    yield from _said_yes(stage, agent, parse(OTHER))


def _said_no(stage: Stage, agent: Asker, number: Number) -> Iterator[Step]:
    consent = stage.services.consent
    asked = consent.requests.ask(agent, _question(number))
    said = consent.answers.no(asked.request_id, agent)
    stage.show("The customer says no; the agent may", [{"zh": said.offer_zh, "en": said.offer_en}])
    yield Step("who said no cannot be located", "no-grant", _reason(lambda: _use(stage, agent, number)))
    again = _reason(lambda: consent.requests.ask(agent, _question(number)))
    yield Step("and is not asked again so soon", "refused-before", again)


def _said_yes(stage: Stage, agent: Asker, number: Number) -> Iterator[Step]:
    services, consent = stage.services, stage.services.consent
    keys = json.loads(json.dumps(jwks_of(services.custody)))
    bundled = _reason(lambda: consent.requests.ask(agent, _question(number, PURPOSE, "delivery")))
    yield Step("two purposes in one request are refused", "bundled", bundled)
    asked = consent.requests.ask(agent, _question(number))
    given = consent.answers.yes(asked.request_id, _code(stage), agent)
    said = verify_receipt(given.receipt, keys)
    yield Step("the receipt of a yes by code verifies offline", f"urn:uuid:{given.grant_id}", str(said["record_id"]))
    yield Step("with it the customer can be located", given.grant_id, _use(stage, agent, number))
    yield Step("for marketing never", "purpose-never", _reason(lambda: _use(stage, agent, number, "marketing")))
    done = consent.withdrawals.by_receipt(given.receipt)
    yield Step(
        "the customer takes it back: the next use is refused", "withdrawn", _reason(lambda: _use(stage, agent, number))
    )
    proof = verify_deletion(done.proofs[0], keys)
    yield Step("the proof of deletion verifies offline", f"urn:uuid:{given.grant_id}", str(proof["record_id"]))
    with services.store.read() as tx:
        kept = "".join(str(row) for table in (tables.grants, tables.requests) for row in tx.execute(table.select()))
    found = [number for number in (ONE, OTHER) if number in kept]
    yield Step("no number is kept of all this", "none", ", ".join(found) or "none")


def _question(number: Number, *purposes: str) -> Question:
    return Question(TENANT, number, purposes or PURPOSE, DESK, Channel.AGENT, call_id="call-of-the-demo")


def _use(stage: Stage, agent: Asker, number: Number, purpose: str = PURPOSE) -> str:
    consent = stage.services.consent
    subject = consent.office.subject(TENANT, number)
    return consent.require(agent, subject, purpose=purpose, recipient=DESK, source="carrier").grant_id


def _reason(call: Callable[[], object]) -> str:
    try:
        call()
    except Refused as refused:
        return refused.reason
    return "allowed"


def _code(stage: Stage) -> str:
    """The code in the newest message, as the customer reads it."""
    text = (stage.services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()[-1]
    return str(re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1])


def _staff(services: Services) -> tuple[Asker, Asker]:
    """An agent and a data-protection officer, as two administrators bring them in."""
    people, now = services.people, datetime.now(UTC)
    password = secrets.token_hex(24)

    def come_in(login: str, by: Asker | None, *roles: tuple[Asker, Role]) -> Asker:
        if by is None:
            person, token = people.add_first(login, login, TENANT, now)
        else:
            person, token = people.add(by, login, login, now)
        for giver, role in roles:
            people.grant(giver, person.id, role, now)
        services.sign_in.enrol(token, password, now)
        return services.store.write(lambda tx: asker_of(tx, person.id, frozenset({"password", "totp"})))

    system = come_in("root", None)
    security = come_in("safe", system, (system, Role.SECURITY_ADMIN))
    agent = come_in("an", system, (security, Role.AGENT))
    return agent, come_in("dai", system, (security, Role.DPO))
