"""Emergency disclosures over HTTP: the same gate, alarm and review as everywhere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from contracts.api import Client, client_in, publish
from haoma.access import Role, tables
from haoma.vault.tables import audit

PATH = "/v1/emergencies"
WHY = {"recipient": "police-pudong", "reason": "fire", "reference": "fire-2026-11-22"}
ASKED = {"purpose": "emergency", "recipient": "police-pudong"}
SHARED = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 60}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service with a second data-protection officer."""
    with client_in(tmp_path_factory.mktemp("emergencies"), api_rate_per_min=1_000_000) as client:
        publish(client)
        person, at = str(uuid.uuid4()), datetime.now(UTC)

        def second(tx: sa.Connection) -> str:
            mine = sa.select(tables.people.c.tenant_id).where(tables.people.c.person_id == client.people["dpo"])
            row = {"login": "second", "name": "X", "state": "active", "created_at": at, "version": 1}
            tenant = tx.scalar(mine)
            tx.execute(sa.insert(tables.people).values(person_id=person, tenant_id=tenant, **row))
            held = {"person_id": person, "role": "dpo", "granted_by": person, "granted_at": at}
            tx.execute(sa.insert(tables.roles).values(**held))
            factors = frozenset({"password", "totp"})
            return client.services.sign_in.open_session(tx, person, factors, at - timedelta(seconds=1))

        client.tokens["second"] = client.services.store.write(second)
        yield client


def disclosed(house: Client, number: str, by: str = "agent", **more: str) -> httpx.Response:
    return house.post(PATH, {**WHY, "number": number, **more}, by=by)


def reviewed(house: Client, disclosure: str, by: str, verdict: str = "justified") -> tuple[int, str]:
    told = house.post(f"{PATH}/{disclosure}/review", {"verdict": verdict}, by=by)
    said = told.json()
    return told.status_code, str(said.get("state") or said.get("reason"))


def placed(house: Client, number: str, **more: str) -> httpx.Response:
    return house.post("/v1/locations/place", {**ASKED, "number": number, "shared": SHARED, **more}, by="agent")


def waiting(house: Client, by: str = "dpo", query: str = "") -> list[str]:
    return [one["disclosure"] for one in house.get(f"{PATH}{query}", by=by).json()["disclosures"]]


def rows_of_audit(house: Client) -> list[str]:
    with house.services.store.read() as tx:
        return list(tx.scalars(sa.select(audit.c.action)))


@pytest.fixture(autouse=True)
def nothing_waits(house: Client) -> Iterator[None]:
    """Whatever a test disclosed is reviewed behind it."""
    yield
    for one in waiting(house):
        reviewed(house, one, "dpo")
        reviewed(house, one, "second")


def test_a_disclosure_opens_one_customer_wakes_somebody_and_is_reviewed_by_two(house: Client) -> None:
    number = "13800138801"
    subject = house.number_case(number)
    assert placed(house, number).status_code == 403
    told = disclosed(house, number)
    assert told.status_code == 201, told.text
    disclosure = told.json()["disclosure"]
    until = datetime.fromisoformat(told.json()["until"])
    assert (told.json()["subject"], until - datetime.now(UTC) < timedelta(minutes=30)) == (subject, True)
    alarms = (house.services.settings.store_dir / "alarms").read_text(encoding="utf-8")
    assert ("emergency-disclosure" in alarms, disclosure in alarms) == (True, True)
    found = placed(house, number)
    assert (found.status_code, found.json()["circle"]["radius_m"] < 3000) == (200, True)
    assert placed(house, number, purpose="customer-care").status_code == 403  # it is a basis for nothing else
    assert placed(house, number, recipient="acme-desk").status_code == 403
    (row,) = house.get(PATH, by="dpo").json()["disclosures"]
    assert {name: row[name] for name in ("disclosure", "reason", "reference")} == {
        "disclosure": disclosure, "reason": "fire", "reference": "fire-2026-11-22",
    }  # fmt: skip
    assert (number in str(row), subject in str(row)) == (False, False)
    assert reviewed(house, disclosure, "agent") == (403, "policy")
    assert reviewed(house, disclosure, "dpo") == (200, "due")
    assert reviewed(house, disclosure, "dpo") == (403, "own-review")
    assert reviewed(house, disclosure, "second") == (200, "justified")
    assert reviewed(house, disclosure, "second") == (403, "over")
    assert waiting(house) == []


def test_what_one_reviewer_finds_unjustified_ends_at_once(house: Client) -> None:
    number = "13800138802"
    house.number_case(number)
    disclosure = disclosed(house, number).json()["disclosure"]
    assert reviewed(house, disclosure, "dpo", "unjustified") == (200, "due")
    assert placed(house, number).json()["reason"] == "unjustified"
    assert reviewed(house, disclosure, "second") == (200, "unjustified")


def test_a_disclosure_that_is_sent_again_is_one_and_the_fourth_unreviewed_one_is_refused(house: Client) -> None:
    number, key = "13800138803", str(uuid.uuid4())
    house.number_case(number)
    body = {**WHY, "number": number}
    first, again = (house.post(PATH, body, by="agent", key=key) for _ in range(2))
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    made = [first.json()["disclosure"], *(disclosed(house, number).json()["disclosure"] for _ in range(2))]
    assert disclosed(house, number).json()["reason"] == "reviews-due"
    assert waiting(house) == made
    page = house.get(f"{PATH}?limit=2", by="dpo").json()
    assert waiting(house, query=f"?limit=2&cursor={page['next']}") == made[2:]


def test_an_emergency_lifts_no_policy(house: Client) -> None:
    number = "13800138804"
    house.number_case(number)
    house.machine("robot", "agent", Role.AGENT, "locate", "review-emergency")
    for by in ("dpo", "risk-analyst", "system-admin", "agent@other", "robot"):
        told = disclosed(house, number, by=by)
        assert (told.status_code, told.json()["reason"]) == (403, "policy"), by
    assert disclosed(house, "13800138805").json()["reason"] == "policy"  # outside a case
    assert disclosed(house, number, reason="curiosity").json()["reason"] == "not-emergency"
    for more in ({"reference": "138-0013-8804"}, {"recipient": "The Police"}, {"recipient": number}, {"subject": "x"}):
        told = disclosed(house, number, **more)
        assert (told.status_code, number in told.text) == (400, False), more
    disclosure = disclosed(house, number).json()["disclosure"]
    for by in ("robot", "approver"):
        assert reviewed(house, disclosure, by) == (403, "policy"), by
        assert house.get(PATH, by=by).status_code == 403 or waiting(house, by) == []
    assert house.post(f"{PATH}/{uuid.uuid4()}/review", {"verdict": "justified"}, by="dpo").status_code == 404


def test_a_disclosure_of_another_tenant_is_not_there_and_leaves_no_trace_in_its_audit(house: Client) -> None:
    house.number_case("13800138806")
    disclosure = disclosed(house, "13800138806").json()["disclosure"]
    kept = len(rows_of_audit(house))
    for one in (disclosure, str(uuid.uuid4())):
        told = house.post(f"{PATH}/{one}/review", {"verdict": "justified"}, by="dpo@other")
        assert (told.status_code, told.json()["detail"]) == (404, "there is no such disclosure"), told.text
    assert len(rows_of_audit(house)) == kept


def test_whom_the_policy_does_not_let_review_learns_not_how_a_disclosure_stands(house: Client) -> None:
    house.number_case("13800138807")
    disclosure = disclosed(house, "13800138807").json()["disclosure"]
    assert [reviewed(house, disclosure, by)[1] for by in ("dpo", "second")] == ["due", "justified"]
    assert reviewed(house, disclosure, "approver") == (403, "policy")
