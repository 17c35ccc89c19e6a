"""Every route asked by every role, by the same role of another tenant, and by nobody."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from contracts.api import Client, client_in, publish
from contracts.routing import rules_in
from haoma.access import Role
from haoma.consent.office import actor_of
from haoma.vault.model import SubjectToken
from haoma.web.api.described import document

NUMBER = "13800138401"
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}
ALL = frozenset(map(str, Role))
ADMINS = frozenset({"system-admin", "security-admin", "audit-admin"})


@dataclass(frozen=True)
class Things:
    """What of acme's the routes are asked about."""

    subject: str
    case: str
    request: str
    consent: str
    token: str
    approval: str
    disclosure: str


@dataclass(frozen=True)
class Cell:
    """One route: how it is asked, which roles of acme it lets through, and whether others get what is theirs."""

    method: str
    path: str
    let: frozenset[str]
    body: Callable[[Things, str], object] | None = None
    elsewhere: bool = False


def one(*names: str) -> frozenset[str]:
    return frozenset(names)


def vote(things: Things, role: str) -> object:
    return {"vote": "approve", "role": role, "digest": "0" * 64}


CELLS = (
    Cell("POST", "/v1/numbers/parse", ALL, lambda *_: {"text": "95588"}, elsewhere=True),
    Cell("POST", "/v1/numbers/batch", ALL, lambda *_: {"texts": ["95588"]}, elsewhere=True),
    Cell("POST", "/v1/numbers/lookup", ALL, lambda *_: {"number": "95588"}, elsewhere=True),
    Cell("POST", "/v1/cases", one("agent"), lambda it, _: {"subject": it.subject}),
    Cell("GET", "/v1/cases", one("agent", "dpo"), elsewhere=True),
    Cell("GET", "/v1/cases/due", one("agent", "dpo"), elsewhere=True),
    Cell("POST", "/v1/cases/{case_id}/verify", one("agent", "dpo"), lambda *_: {"order": "A-1"}),
    Cell("POST", "/v1/cases/{case_id}/confirm", one("agent", "dpo"), lambda *_: {"code": "123456"}),
    Cell("POST", "/v1/cases/{case_id}/decline", one("agent", "dpo")),
    Cell("POST", "/v1/cases/{case_id}/ask", one("agent", "dpo"), lambda *_: {**CARE, "order": "A-1"}),
    Cell("POST", "/v1/cases/{case_id}/close", one("agent")),
    Cell(
        "POST", "/v1/consents/requests", one("agent"),
        lambda *_: {**CARE, "number": NUMBER},
    ),
    Cell(
        "POST", "/v1/consents/requests/{request_id}/answer", one("agent"),
        lambda *_: {"answer": "yes", "code": "x"},
    ),
    Cell("POST", "/v1/consents/show", one("agent", "dpo"), lambda it, _: {"subject": it.subject}),
    Cell("GET", "/v1/consents/{consent_id}/receipt", one("agent", "dpo")),
    Cell("POST", "/v1/consents/{consent_id}/withdraw", one("agent", "dpo")),
    Cell("POST", "/v1/consents/replies", frozenset(), lambda *_: {"number": NUMBER, "text": "N"}),
    Cell(
        "POST", "/v1/emergencies", one("agent"),
        lambda it, _: {"subject": it.subject, "recipient": "police", "reason": "fire", "reference": "fire-1"},
    ),
    Cell("GET", "/v1/emergencies", one("dpo"), elsewhere=True),
    Cell("POST", "/v1/emergencies/{disclosure_id}/review", one("dpo"), lambda *_: {"verdict": "justified"}),
    Cell("POST", "/v1/tokens/resolve", one("agent"), lambda it, _: {"token": it.token}),
    Cell(
        "POST", "/v1/locations/verify", one("agent"),
        lambda it, _: {**CARE, "subject": it.subject, "region": "华东"},
    ),
    Cell("POST", "/v1/locations/region", one("agent"), lambda it, _: {**CARE, "subject": it.subject}),
    Cell("POST", "/v1/locations/place", one("agent"), lambda it, _: {**CARE, "subject": it.subject}),
    Cell(
        "POST", "/v1/risk", one("risk-analyst"),
        lambda it, _: {"subject": it.subject, "purpose": "fraud-prevention", "recipient": "acme-risk"},
    ),
    Cell("POST", "/v1/routes/desk", ALL, lambda *_: {"language": "en"}, elsewhere=True),
    Cell("POST", "/v1/routes", one("agent"), lambda it, _: {**CARE, "subject": it.subject, "language": "en"}),
    Cell(
        "POST", "/v1/approvals", one("agent", "risk-analyst"),
        lambda it, _: {
            "action": "reveal-number",
            "payload": {"subject": it.subject, "purpose": "customer-care", "reason": "call-back"},
        },
    ),
    Cell("GET", "/v1/approvals", ADMINS | one("approver", "dpo"), elsewhere=True),
    Cell("GET", "/v1/approvals/{approval_id}", ADMINS | one("approver", "dpo", "hotline-editor")),
    Cell("POST", "/v1/approvals/{approval_id}/votes", one("approver", "dpo", "security-admin"), vote),
    Cell("POST", "/v1/approvals/{approval_id}/run", ALL),
    Cell("POST", "/v1/approvals/{approval_id}/withdraw", one("hotline-editor")),
    Cell(
        "POST", "/v1/watch/counts", one("hotline-editor"),
        lambda *_: {"counts": [{"hotline": "east", "timestamp": "2026-11-22T09:31Z", "inquiries": 3}]}, elsewhere=True,
    ),
    Cell("POST", "/v1/watch/prometheus", one("hotline-editor"), elsewhere=True),
    Cell("GET", "/v1/watch/hotlines", one("hotline-editor", "approver", "dpo"), elsewhere=True),
    Cell("GET", "/v1/watch/hotlines/{hotline}/explain", one("hotline-editor", "approver", "dpo")),
    Cell("GET", "/v1/watch/alerts", one("hotline-editor", "approver", "dpo"), elsewhere=True),
    Cell("GET", "/v1/watch/alerts/{alert_id}/explain", one("hotline-editor", "approver", "dpo")),
    Cell("GET", "/v1/ledger/entries", one("audit-admin", "dpo"), elsewhere=True),
)  # fmt: skip
PUBLIC = {
    "/healthz", "/readyz", "/v1/ledger/checkpoint", "/v1/ledger/tile/{path}",
    "/v1/ledger/proofs/inclusion/{index}/{size}", "/v1/ledger/proofs/consistency/{old}/{new}",
}  # fmt: skip
OWN_KEY = {"/metrics"}  # tests/unit/web/api/test_figures.py


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    place = tmp_path_factory.mktemp("matrix")
    with client_in(place, route_rules=rules_in(place / "rules"), api_rate_per_min=1_000_000) as client:
        publish(client)
        yield client


@pytest.fixture(scope="module")
def things(house: Client) -> Things:
    subject = SubjectToken.parse(house.number_case(NUMBER))
    asked = {**CARE, "number": NUMBER}
    first = house.post("/v1/consents/requests", asked, by="agent").json()["request"]
    answer = {"answer": "yes", "code": house.code}
    consent = house.post(f"/v1/consents/requests/{first}/answer", answer, by="agent").json()["consent"]
    second = house.post("/v1/consents/requests", asked, by="agent").json()["request"]
    company = {"name": "安盈基金", "aliases": [], "domains": []}
    change = {"do": "add-organisation", "uid": str(uuid.uuid4()), "version": 0, "fields": company}
    hotline = {"action": "change-hotline", "payload": {"reason": "founded", "changes": [change]}}
    agent = actor_of(house.services.sign_in.asker(house.tokens["agent"], datetime.now(UTC)))
    emergency = {"subject": str(subject), "recipient": "police", "reason": "fire", "reference": "fire-1"}
    until, issue = datetime.now(UTC) + timedelta(hours=1), house.services.vault.locations.issue
    return Things(
        subject=str(subject),
        case=house.get("/v1/cases", by="agent").json()["cases"][0]["case"],
        request=second,
        consent=consent,
        token=house.services.store.write(
            lambda tx: issue(tx, subject, "risk-control", agent, b"East", until, actor="system:locate")
        ),
        approval=house.post("/v1/approvals", hotline, by="hotline-editor").json()["approval"],
        disclosure=house.post("/v1/emergencies", emergency, by="agent").json()["disclosure"],
    )


def asked(house: Client, cell: Cell, things: Things, by: str | None) -> tuple[int, str, str]:
    """Status, reason and text of an answer."""
    ids = {"case_id": str(uuid.uuid4()), "request_id": things.request, "consent_id": things.consent}
    ids["disclosure_id"] = things.disclosure
    path = cell.path.format(**ids, approval_id=things.approval, hotline="east", alert_id=str(uuid.uuid4()))
    role = "agent" if by == "narrow" else str(by).partition("@")[0]
    body = None if cell.body is None else cell.body(things, role)
    told = house.ask(cell.method, path, body, by=by)
    problem = told.json() if told.status_code >= 400 else {}
    return told.status_code, str(problem.get("reason", "")), told.text


def let_through(status: int, reason: str) -> bool:
    """Whether the policy let it through, whatever came of it then."""
    behind = {"code-wrong", "request-over", "too-often", "withdrawn", "not-assessed", "granularity"}
    return status != 401 and (status != 403 or reason in behind)


def test_the_matrix_has_every_route(house: Client) -> None:
    described = {
        (method.upper(), path)
        for path, operations in document(house.app._app)["paths"].items()
        for method in operations
        if path not in PUBLIC | OWN_KEY
    }
    assert described == {(cell.method, cell.path) for cell in CELLS}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.method} {cell.path}")
def test_a_route_lets_through_whom_the_policy_lets_and_nobody_of_another_tenant(
    house: Client, things: Things, cell: Cell
) -> None:
    assert asked(house, cell, things, None)[0] == 401
    last = sorted(ALL, key=lambda role: role in cell.let)  # who changes it comes last
    told = {role: asked(house, cell, things, role)[:2] for role in last}
    assert {role for role in last if let_through(*told[role])} == cell.let, {role: told[role] for role in cell.let}
    for role in sorted(ALL):
        status, _, text = asked(house, cell, things, f"{role}@other")
        assert cell.elsewhere or status in {403, 404}, role
        known = {
            things.case,
            things.approval,
            things.disclosure,
        }  # such ids stand in the log, which is one for all tenants
        assert cell.elsewhere or not any(one in text for one in known)
        assert NUMBER not in text


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_what_is_public_is_asked_by_anybody(house: Client, path: str) -> None:
    house.services.ledger.integrate(wait_s=5)
    house.services.publisher.checkpoint()
    told = house.get(path.format(path="0/000.p/2", index=1, size=2, old=1, new=2))
    assert told.status_code == 200


def test_a_machine_does_nothing_that_its_key_was_not_made_for(house: Client, things: Things) -> None:
    house.machine("narrow", "agent", Role.AGENT, "score")
    for cell in CELLS:
        status, reason, text = asked(house, cell, things, "narrow")
        own = cell.path.endswith(("/votes", "/run", "{approval_id}/withdraw")) or "{case_id}" in cell.path
        assert status in {403, 404} or (own and status == 409), (cell.path, text)
        assert reason != "code-wrong"
