"""What customers reply by short message, sent on by whoever receives it."""

from __future__ import annotations

import uuid

import httpx
import pytest

from contracts.api import Client, publish
from haoma.access import Role

PATH = "/v1/consents/replies"
ASKED = {"purpose": "customer-care", "recipient": "acme-desk", "channel": "sms"}


@pytest.fixture(scope="module", autouse=True)
def ready(api: Client) -> None:
    publish(api)
    api.machine("gateway", "agent", Role.AGENT, "take-reply")
    api.machine("gateway@other", "agent@other", Role.AGENT, "take-reply")


def asked(api: Client, number: str) -> str:
    """A question by message to a number; its code."""
    api.number_case(number)
    told = api.post("/v1/consents/requests", {**ASKED, "number": number}, by="agent")
    assert told.status_code == 201, told.text
    return api.code


def sent(api: Client, number: str, text: str, by: str = "gateway", **more: str) -> httpx.Response:
    return api.post(PATH, {"number": number, "text": text}, by=by, **more)


def state(api: Client, number: str) -> list[str]:
    shown = api.post("/v1/consents/show", {"number": number}, by="agent").json()
    return [one["state"] for one in shown["consents"]]


def test_a_yes_takes_its_code_and_a_withdrawal_takes_nothing(api: Client) -> None:
    number = "13800138701"
    code = asked(api, number)
    wrong = sent(api, number, f"同意 {(int(code) + 1) % 1_000_000:06}")
    assert (wrong.status_code, wrong.json()["reason"], state(api, number)) == (403, "code-wrong", [])
    yes = sent(api, number, f"同意 {code}")
    assert (yes.status_code, yes.json()["said"], state(api, number)) == (200, "yes", ["given"])
    taken = sent(api, number, "撤回").json()
    assert (taken, state(api, number)) == ({"said": "withdraw", "consents": yes.json()["consents"]}, ["withdrawn"])
    assert number not in f"{yes.text}{taken}{wrong.text}"


def test_a_no_is_taken_and_what_is_not_understood_changes_nothing(api: Client) -> None:
    number = "13800138702"
    asked(api, number)
    assert sent(api, number, "好的吧 13800138702").json() == {"said": "unclear", "consents": []}
    assert sent(api, number, "不同意").json() == {"said": "no", "consents": []}
    assert state(api, number) == ["refused"]
    nothing = sent(api, number, "N")
    assert (nothing.status_code, number in nothing.text) == (404, False)


def test_a_message_that_is_sent_again_with_its_id_is_read_once(api: Client) -> None:
    number, key = "13800138703", str(uuid.uuid4())
    text = f"Y {asked(api, number)}"
    first, again = (sent(api, number, text, key=key) for _ in range(2))
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert sent(api, number, "撤回", key=key).status_code == 422
    assert state(api, number) == ["given"]


def test_a_key_for_replies_alone_takes_them_and_for_its_own_tenant_alone(api: Client) -> None:
    number = "13800138704"
    code = asked(api, number)
    api.machine("asks", "agent", Role.AGENT, "ask-consent", "withdraw-consent")
    for by in ("agent", "dpo", "asks"):
        told = sent(api, number, "撤回", by=by)
        assert told.status_code == 403, by
    assert sent(api, number, f"同意 {code}", by="gateway@other").status_code == 404
    assert (sent(api, number, "撤回", by="gateway@other").json()["consents"], state(api, number)) == ([], [])
    for path, body in (
        ("/v1/consents/show", {"number": number}),
        ("/v1/locations/region", {**ASKED, "number": number}),
    ):
        body.pop("channel", None)
        assert api.post(path, body, by="gateway").status_code == 403
    with api.services.store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM access_decisions WHERE action = 'take-reply'").scalar() > 3


@pytest.mark.parametrize(
    "body",
    [
        {"number": "13800138705"},
        {"number": "12", "text": "N"},
        {"number": "13800138705", "text": "N" * 2001},
        {"number": "13800138705", "text": "N", "from": "13800138705"},
        {"number": 13800138705, "text": "N"},
    ],
)
def test_what_is_no_message_is_bad_input_and_not_told_back(api: Client, body: object) -> None:
    told = api.post(PATH, body, by="gateway")
    assert (told.status_code, "13800138705" in told.text) == (400, False)
    assert api.post(PATH, {"number": "13800138705", "text": "N"}, by="gateway", key=None).status_code == 400
