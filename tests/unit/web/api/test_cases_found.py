from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from contracts.api import Client, client_in, publish
from haoma.access import Role
from haoma.locate.cases.example import make_example

ORDER = {"order": "A-2026-0001"}
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("found")
    with client_in(folder / "house", crm_map=make_example(folder / "crm.db", "acme")) as client:
        publish(client)
        yield client


def test_a_customer_is_found_by_an_order_and_their_number_shown_by_code(place: Client) -> None:
    made = place.post("/v1/cases", ORDER, by="agent")
    assert made.status_code == 201, made.text
    case = made.json()
    assert (case["number"], case["joined"], case["shown"]) == ("138****8201", False, None)
    assert [way["way"] for way in case["ways"]] == ["e-mail", "in-app", "call-back"]
    at = f"/v1/cases/{case['case']}"
    assert place.post(f"{at}/verify", {**ORDER, "language": "en"}, by="agent").json()["code_until"]
    assert place.post(f"{at}/confirm", {"code": "x"}, by="agent").json()["reason"] == "code-wrong"
    shown = place.post(f"{at}/confirm", {"code": place.code}, by="agent").json()["shown"]
    assert shown["shown_by"] == "code"
    listed = place.get("/v1/cases", by="agent").json()["cases"]
    assert [one["shown"] for one in listed if one["case"] == case["case"]] == [shown]
    assert place.get("/v1/cases/due", by="dpo").json() == {"over": 0, "soon": 0, "later": 1}
    again = place.post("/v1/cases", {"order": "A-2026-0002"}, by="agent").json()
    assert (again["case"], again["joined"]) == (case["case"], True)


def test_a_customer_is_asked_by_their_order_and_a_no_tells_what_reaches_them(place: Client) -> None:
    reference = {"order": "A-2026-0003"}
    case = place.post("/v1/cases", reference, by="agent").json()["case"]
    request = place.post(f"/v1/cases/{case}/ask", {**reference, **CARE, "call": "call-1"}, by="agent").json()["request"]
    said = place.post(f"/v1/consents/requests/{request}/answer", {"answer": "no"}, by="agent").json()
    assert [way["way"] for way in said["ways"]] == ["e-mail", "call-back"]
    assert place.post(f"/v1/cases/{case}/decline", by="agent").json()["ways"] == said["ways"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"order": "A-1", "customer": "C-1"}, 400),
        ({"order": "A-1", "number": "13800138000"}, 400),
        ({"order": ""}, 400),
        ({"order": "x" * 129}, 400),
        ({"order": "A\n1"}, 400),
        ({"order": 1}, 400),
        ({"order": "A-2026-9999"}, 404),
        ({"order": "' OR '1'='1"}, 404),
        ({"customer": "C-1004"}, 409),
    ],
)
def test_what_names_nobody_opens_no_case_and_is_told_nowhere(
    place: Client, body: dict[str, object], status: int
) -> None:
    told = place.post("/v1/cases", body, by="agent")
    assert told.status_code == status
    assert "case" not in told.json()
    assert not any(str(value) in told.text for value in body.values() if value and len(str(value)) > 2)


def test_another_tenant_a_machine_made_for_less_and_who_is_no_agent_find_nobody(place: Client) -> None:
    other = place.post("/v1/cases", ORDER, by="agent@other")
    assert other.status_code == 503
    assert not any(one in other.text for one in ("138", "crm.toml"))
    place.machine("caller", "agent", Role.AGENT, "open-case", "see")
    assert place.post("/v1/cases", ORDER, by="caller").json()["reason"] == "limit-scope"
    assert place.post("/v1/cases", ORDER, by="dpo").status_code == 403
    case = f"/v1/cases/{uuid.uuid4()}"
    assert place.post(f"{case}/verify", ORDER, by="agent").status_code == 404


def test_no_order_and_no_number_is_in_the_services_log_or_files(place: Client) -> None:
    place.post("/v1/cases", {"order": "A-2026-0003"}, by="agent")
    log = place.log.getvalue()
    assert '"/v1/cases"' in log
    kept = [path.read_bytes() for path in place.services.settings.store_dir.rglob("*") if path.is_file()]
    for secret in ("A-2026-000", "C-1001", "13800138201", "13800138202", "customers.example"):
        assert secret not in log
        assert not any(secret.encode() in data for data in kept)
