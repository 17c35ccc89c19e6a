"""The demo's chapter on permission: a customer is found; one says no; one says yes, is located, and takes it back.

Rules held here:
- Receipt and proof are verified as the customer would, with public keys and nothing else.
- The desk has a store and a log of its own: people are made once in a store, and the demo may be run again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from haoma.app import Services
from haoma.cli.demo_case import crm_of, found_by_order
from haoma.cli.demo_desk import CARE, TENANT, Desk, Job, open_desk, reason_of
from haoma.cli.demo_locate import asked_where, counted, located, scored, token_of
from haoma.cli.stage import Stage, Step
from haoma.consent import tables
from haoma.consent.erasing import verify_deletion
from haoma.consent.jws import jwks_of
from haoma.consent.receipt import verify_receipt
from haoma.locate.tables import disclosures
from haoma.numbers import Number, parse

__all__ = ["chapter"]

ONE, OTHER = "13800138000", "13800138001"
OFFER = "请客户说出所在城市，或自行从网点列表中选择"


def chapter(stage: Stage) -> Iterator[Step]:
    """A no and what may be offered instead; a yes by code, its receipt, its use, its withdrawal, and the proof."""
    folder = stage.directory / f"desk-{secrets.token_hex(4)}"
    settings = replace(stage.services.settings, store_dir=folder, crm_map=crm_of(folder))
    with Services(settings) as services:
        yield from _played(open_desk(replace(stage, services=services)))


def _played(desk: Desk) -> Iterator[Step]:
    services = desk.stage.services
    yield from found_by_order(desk)
    for number in (ONE, OTHER):
        subject = services.consent.office.subject(TENANT, parse(number))
        services.cases.open(desk.agent, str(subject), datetime.now(UTC))
    yield from _said_no(desk, parse(ONE))
    yield from _said_yes(desk, parse(OTHER))
    yield counted(desk)
    with services.store.read() as tx:
        kept = (tables.grants, tables.requests, disclosures)
        text = "".join(str(row) for table in kept for row in tx.execute(table.select()))
    found = [number for number in (ONE, OTHER) if number in text]
    yield Step("no number is kept of all this", "none", ", ".join(found) or "none")


def _said_no(desk: Desk, number: Number) -> Iterator[Step]:
    consent = desk.stage.services.consent
    asked = consent.requests.ask(desk.agent, desk.question(number))
    said = consent.answers.no(asked.request_id, desk.agent)
    desk.stage.show("The customer says no; the agent may", [{"zh": said.offer_zh, "en": said.offer_en}])
    yield Step("a customer says no: the agent sees what to offer instead", OFFER, said.offer_zh)
    yield Step("who said no is not located", "no-grant", reason_of(lambda: asked_where(desk, desk.agent, number)))
    again = reason_of(lambda: consent.requests.ask(desk.agent, desk.question(number)))
    yield Step("and is not asked again so soon", "refused-before", again)


def _said_yes(desk: Desk, number: Number) -> Iterator[Step]:
    services, consent, agent = desk.stage.services, desk.stage.services.consent, desk.agent
    keys = json.loads(json.dumps(jwks_of(services.custody)))
    bundled = reason_of(lambda: consent.requests.ask(agent, desk.question(number, CARE, "delivery")))
    yield Step("two purposes in one request are refused", "bundled", bundled)
    given = desk.agreed(number)
    said = verify_receipt(given.receipt, keys)
    yield Step("the receipt of a yes by code verifies offline", f"urn:uuid:{given.grant_id}", str(said["record_id"]))
    yield from located(desk, number)
    selling = Job("marketing", CARE.recipient)
    never = reason_of(lambda: asked_where(desk, agent, number, selling))
    yield Step("for marketing never", "purpose-never", never)
    yield from scored(desk, number)
    last = asked_where(desk, agent, number)
    done = consent.withdrawals.by_receipt(given.receipt)
    refused = reason_of(lambda: asked_where(desk, agent, number))
    yield Step("the customer takes it back: the next question is refused", "withdrawn", refused)
    yield Step("and the token of the last answer is dead", "refused", token_of(desk, agent, last))
    proof = verify_deletion(done.proofs[0], keys)
    yield Step("the proof of deletion verifies offline", f"urn:uuid:{given.grant_id}", str(proof["record_id"]))
