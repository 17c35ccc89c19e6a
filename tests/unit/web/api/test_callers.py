"""Who is recognised, and how the others are answered."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.api import Client, client_in
from haoma.access import Role, draft_key
from haoma.access.rfc9421 import Request, sign_request
from haoma.web.api.app import api as application
from haoma.web.api.callers import FAILURE_S
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log

PATH = "/v1/numbers/parse"
BODY = b'{"text": "95588"}'


def unlike(told: object) -> dict[str, object]:
    """An answer without what names the request."""
    return {name: value for name, value in told.json().items() if name != "request_id"}


def test_whoever_is_not_recognised_gets_one_answer_after_the_same_time(api: Client) -> None:
    api.machine("gone", "agent", Role.AGENT, "read-number")
    key_id = next(
        key.id for key in api.services.api_keys.all(asker(api, "security-admin"), now()) if key.name == "gone"
    )
    api.services.api_keys.revoke(asker(api, "security-admin"), key_id, now())
    over = api.services.sign_in
    ended = api.services.store.write(
        lambda tx: over.open_session(tx, api.people["agent"], frozenset({"password", "totp"}), now())
    )
    over.sign_out(ended, now())
    shown = [
        None, "", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", f"Bearer {api.tokens['gone']}", f"Bearer {ended}",
        f"Token {api.tokens['agent']}", f"Bearer {api.tokens['agent'][:-1]}", "Bearer \xe9",
    ]  # fmt: skip
    answers = []
    for said in shown:
        begun = time.monotonic()
        told = api.post(PATH, content=BODY, headers={} if said is None else {"Authorization": said.encode("latin-1")})
        assert time.monotonic() - begun >= FAILURE_S
        answers.append((told.status_code, told.headers["WWW-Authenticate"], unlike(told)))
    assert answers[0][:2] == (401, 'Bearer realm="haoma"')
    assert all(one == answers[0] for one in answers)


def test_a_session_of_one_factor_is_known_and_may_do_nothing(api: Client) -> None:
    weak = api.services.store.write(
        lambda tx: api.services.sign_in.open_session(tx, api.people["agent"], frozenset({"password"}), now())
    )
    told = api.post(PATH, content=BODY, headers={"Authorization": f"Bearer {weak}"})
    assert (told.status_code, told.json()["reason"]) == (403, "limit-two-factors")


@pytest.fixture
def secret(api: Client) -> tuple[str, bytes]:
    """A shared key that signs requests: its id, and the secret."""
    draft = draft_key(api.people["agent"], "signer", "hmac-sha256", Role.AGENT, ["read-number"], now())
    key, text = api.services.api_keys.make(asker(api, "security-admin"), draft, now())
    return key.id, bytes.fromhex(str(text))


def signed(
    secret: tuple[str, bytes], nonce: str, at: datetime, url: str = f"http://haoma.test{PATH}"
) -> dict[str, str]:
    plain = Request("POST", url, [("Content-Type", "application/json")], BODY)
    return dict(sign_request(plain, secret[0], "hmac-sha256", secret[1], nonce, at).headers)


def test_a_signed_request_is_let_in_once(api: Client, secret: tuple[str, bytes]) -> None:
    headers = signed(secret, "a-nonce-used-once-only", now())
    assert api.post(PATH, content=BODY, headers=headers).status_code == 200
    assert api.post(PATH, content=BODY, headers=headers).status_code == 401


def test_a_signed_request_that_was_altered_is_not_let_in(api: Client, secret: tuple[str, bytes]) -> None:
    headers = signed(secret, "another-nonce-used-once", now())
    assert api.post(PATH, content=BODY.replace(b"95588", b"95566"), headers=headers).status_code == 401
    assert api.post("/v1/numbers/lookup", content=BODY, headers=headers).status_code == 401
    assert api.post(f"{PATH}?a=b", content=BODY, headers=headers).status_code == 401
    old = signed(secret, "a-nonce-of-an-hour-ago", now() - timedelta(hours=1))
    assert api.post(PATH, content=BODY, headers=old).status_code == 401
    elsewhere = signed(secret, "a-nonce-for-another-host", now(), f"http://elsewhere.test{PATH}")
    assert api.post(PATH, content=BODY, headers=elsewhere).status_code == 401


def test_a_signature_beside_a_token_is_no_way_in(api: Client, secret: tuple[str, bytes]) -> None:
    headers = signed(secret, "a-nonce-beside-a-token", now())
    assert api.post(PATH, content=BODY, headers=headers, by="agent").status_code == 401


def test_behind_a_proxy_a_signature_names_the_origin_in_the_settings(tmp_path: object) -> None:
    with client_in(tmp_path, api_origin="https://haoma.example") as client:
        draft = draft_key(client.people["agent"], "signer", "hmac-sha256", Role.AGENT, ["read-number"], now())
        key, text = client.services.api_keys.make(asker(client, "security-admin"), draft, now())
        secret = key.id, bytes.fromhex(str(text))
        headers = signed(secret, "a-nonce-through-a-proxy", now(), f"https://haoma.example{PATH}")
        assert client.post(PATH, content=BODY, headers=headers).status_code == 200


def test_who_asks_too_often_is_told_when_to_ask_again(tmp_path: object) -> None:
    with client_in(tmp_path, api_rate_per_min=12) as client:
        for path in (PATH, "/v1/numbers/lookup"):
            who = "agent" if path == PATH else "dpo"
            body = {"text": "95588"} if path == PATH else {"number": "95588"}
            codes = [client.post(path, body, by=who).status_code for _ in range(3)]
            assert codes == [200, 200, 429]
            told = client.post(path, body, by=who)
            assert 1 <= int(told.headers["Retry-After"]) <= 5
            assert told.json()["reason"] == "too-often"
        assert client.post(PATH, {"text": "95588"}, by="approver").status_code == 200


def test_each_process_has_rates_of_its_own(tmp_path: object) -> None:
    with client_in(tmp_path, api_rate_per_min=12) as one:
        two = replace(one, app=Edge(application(one.services), Log(one.log)))
        asked = [client.post(PATH, {"text": "95588"}, by="agent").status_code for client in [one, two] * 3]
        assert asked == [200] * 4 + [429] * 2


def asker(api: Client, login: str) -> object:
    return api.services.sign_in.asker(api.tokens[login], now())


def now() -> datetime:
    return datetime.now(UTC)
