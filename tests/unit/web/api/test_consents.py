"""A customer who is asked, answers, is shown and withdraws, through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.api import Client, publish
from haoma.consent import verify_deletion, verify_receipt
from haoma.consent.jws import jwks_of
from haoma.vault.location_tokens import PREFIX

ASKED = {"purpose": "customer-care", "recipient": "acme-desk"}


@pytest.fixture(scope="module")
def ready(api: Client) -> Client:
    """Notice and assessment of the purpose."""
    publish(api)
    return api


def test_a_customer_is_asked_says_yes_is_shown_and_takes_it_back(ready: Client) -> None:
    number = "13800138201"
    subject = ready.number_case(number)
    asked = ready.post("/v1/consents/requests", {**ASKED, "number": number}, by="agent")
    assert asked.status_code == 201, asked.text
    assert asked.json()["subject"] == subject
    path = f"/v1/consents/requests/{asked.json()['request']}/answer"
    wrong = ready.post(path, {"answer": "yes", "code": "x"}, by="agent")
    assert (wrong.status_code, wrong.json()["reason"]) == (403, "code-wrong")
    given = ready.post(path, {"answer": "yes", "code": ready.code}, by="agent").json()
    keys = jwks_of(ready.services.custody)
    assert verify_receipt(given["receipt"], keys)["record_id"] == f"urn:uuid:{given['consent']}"

    for body in ({"number": number}, {"subject": subject}):
        shown = ready.post("/v1/consents/show", body, by="agent").json()
        assert [(one["consent"], one["state"]) for one in shown["consents"]] == [(given["consent"], "given")]
    receipt = ready.get(f"/v1/consents/{given['consent']}/receipt", by="agent")
    assert receipt.json() == {"receipt": given["receipt"]}

    taken = ready.post(f"/v1/consents/{given['consent']}/withdraw", by="agent").json()
    assert taken["consents"] == [given["consent"]]
    assert verify_deletion(taken["proofs"][0], keys)["why"] == "withdrawn"
    shown = ready.post("/v1/consents/show", {"subject": subject}, by="agent").json()
    assert [one["state"] for one in shown["consents"]] == ["withdrawn"]


def test_a_no_is_remembered_and_tells_what_may_be_offered(ready: Client) -> None:
    number = "13800138202"
    subject = ready.number_case(number)
    asked = ready.post("/v1/consents/requests", {**ASKED, "number": number}, by="agent").json()
    said = ready.post(f"/v1/consents/requests/{asked['request']}/answer", {"answer": "no"}, by="agent").json()
    assert said["answer"] == "no"
    assert said["offer_zh"]
    again = ready.post("/v1/consents/requests", {**ASKED, "number": number}, by="agent")
    assert (again.status_code, again.json()["reason"]) == (403, "refused-before")
    shown = ready.post("/v1/consents/show", {"subject": subject}, by="agent").json()
    assert [(one["consent"], one["state"]) for one in shown["consents"]] == [(None, "refused")]


def test_outside_a_case_nobody_is_asked_shown_or_withdrawn(ready: Client) -> None:
    number = "13800138203"
    refused = [
        ready.post("/v1/consents/requests", {**ASKED, "number": number}, by="agent"),
        ready.post("/v1/consents/show", {"number": number}, by="agent"),
    ]
    assert [(one.status_code, one.json()["reason"]) for one in refused] == [(403, "policy")] * 2


def test_a_question_that_makes_no_sense_is_bad_input_and_tells_no_number(ready: Client) -> None:
    number = "13800138204"
    for more in (
        {"number": "12"},
        {"guardian": number},
        {"holder": "under-14"},
        {"channel": "ivr"},
        {"channel": "agent", "call": number},
        {"purpose": 1},
        {"granularity": "street"},
        {"days": 0},
    ):
        told = ready.post("/v1/consents/requests", {**ASKED, "number": number, **more}, by="agent")
        assert (told.status_code, told.json()["code"]) == (400, "bad-input"), more
        assert number not in told.text


def test_a_location_token_resolves_for_whom_it_was_made_and_inside_their_case(ready: Client) -> None:
    from haoma.consent.office import actor_of
    from haoma.vault.model import SubjectToken

    number = "13800138205"
    services, subject = ready.services, SubjectToken.parse(ready.number_case(number))
    agent = actor_of(services.sign_in.asker(ready.tokens["agent"], datetime.now(UTC)))
    until = datetime.now(UTC) + timedelta(hours=1)
    issue = services.vault.locations.issue
    token = services.store.write(
        lambda tx: issue(tx, subject, "customer-care", agent, b'"East"', until, actor="system:locate")
    )
    told = ready.post("/v1/tokens/resolve", {"token": token}, by="agent")
    assert (told.status_code, told.json()["value"], told.json()["subject"]) == (200, "IkVhc3Qi", str(subject))
    for by in ("risk-analyst", "agent@other", "dpo"):
        refused = ready.post("/v1/tokens/resolve", {"token": token}, by=by)
        assert refused.status_code == 403
        assert token not in refused.text
    never = ready.post("/v1/tokens/resolve", {"token": PREFIX + "a" * 64}, by="agent")
    assert never.status_code == 403
    case = next(
        one for one in ready.get("/v1/cases?limit=100", by="agent").json()["cases"] if one["subject"] == str(subject)
    )
    ready.post(f"/v1/cases/{case['case']}/close", by="agent")
    assert ready.post("/v1/tokens/resolve", {"token": token}, by="agent").json()["reason"] == "limit-need-to-know"
