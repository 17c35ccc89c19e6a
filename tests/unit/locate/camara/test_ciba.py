"""Tokens: for one consent and one purpose, asked for once, polled as slowly as the carrier says, not kept for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from contracts.carrier import BEGIN, CLIENT, META, PEM, POLL, REQUEST, SIM_SWAP, TOKEN, Carrier, Desk, Reply, Ticks
from contracts.consent import NUMBER, OTHER
from haoma.errors import HaomaError, Refused, Unavailable
from haoma.locate.camara import Camara, ClientKey, NotKnown, SimSwap, Why
from haoma.numbers import Number

PENDING = Reply({"error": "authorization_pending"}, 400)
SLOW_DOWN = Reply({"error": "slow_down"}, 400)
GRANTED = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}
Reveal = Callable[[], Number]


@pytest.fixture(autouse=True)
def swapped(carrier: Carrier) -> None:
    carrier.says(SIM_SWAP, {"latestSimChange": None})


def test_the_number_goes_in_one_form_with_one_purpose_and_an_assertion_for_the_issuer(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    assert camara.sim_swap(desk.require(), reveal) == SimSwap(None)
    (begin,), (poll,) = carrier.asked(BEGIN), carrier.asked(POLL)
    asked, polled = begin.form, poll.form
    keys = KeySet.import_key_set({"keys": [dict(ClientKey(PEM).jwk)]})
    claims = [jwt.decode(one.pop("client_assertion"), keys, algorithms=["ES256"]).claims for one in (asked, polled)]
    assert [one["aud"] for one in claims] == [carrier.url, carrier.url]
    assert [one["sub"] for one in claims] == [CLIENT, CLIENT]
    assert claims[0]["jti"] != claims[1]["jti"]
    bearer = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    scope = "openid dpv:CustomerCare sim-swap:retrieve-date"
    assert asked == bearer | {"scope": scope, "login_hint": "tel:+8613800138000"}
    assert polled == bearer | {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": REQUEST}
    assert [NUMBER in str((one.path, one.headers)) for one in carrier.heard] == [False] * 4


def test_a_token_is_kept_for_the_same_consent_and_the_number_is_not_opened_again(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    opened: list[int] = []

    def counting() -> Number:
        opened.append(1)
        return reveal()

    for _ in range(3):
        camara.sim_swap(desk.require(), counting)
    assert (len(carrier.asked(BEGIN)), len(carrier.asked(META)), len(opened)) == (1, 1, 1)
    assert len(carrier.asked(SIM_SWAP)) == 3


def test_a_token_serves_no_other_interface_and_no_later_consent(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    camara.sim_swap(desk.require(), reveal)
    carrier.says("/device-roaming-status/v1/retrieve", {"roaming": False, "lastStatusTime": "2026-11-22T08:00:00Z"})
    camara.roaming(desk.require(), reveal)
    assert [one.form["scope"].split()[-1] for one in carrier.asked(BEGIN)] == [
        "sim-swap:retrieve-date",
        "device-roaming-status:read",
    ]
    desk.consents += 1
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == 3


@pytest.mark.parametrize(
    ("life_s", "later_s", "times"), [(300, 280, 1), (300, 295, 2), (86_400, 599, 1), (86_400, 601, 2), (5, 0, 2)]
)
def test_a_token_is_kept_until_shortly_before_its_end_and_ten_minutes_at_the_most(
    carrier: Carrier,
    camara: Camara,
    desk: Desk,
    reveal: Reveal,
    *,
    ticks: Ticks,
    life_s: int,
    later_s: float,
    times: int,
) -> None:
    carrier.says(POLL, GRANTED | {"expires_in": life_s})
    camara.sim_swap(desk.require(), reveal)
    ticks.s += later_s
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == times


def test_a_token_without_an_end_is_used_once(carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal) -> None:
    carrier.says(POLL, {"access_token": TOKEN, "token_type": "bearer"})
    camara.sim_swap(desk.require(), reveal)
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == 2


def test_no_token_is_kept_beyond_the_consent(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    grant = desk.require()
    desk.clock[0] = grant.ends_at - timedelta(seconds=20)
    camara.sim_swap(desk.require(), reveal)
    ticks.s += 21
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == 2


def test_polls_are_as_far_apart_as_the_carrier_says_and_farther_when_it_says_so(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    carrier.says(POLL, PENDING, SLOW_DOWN, GRANTED)
    camara.sim_swap(desk.require(), reveal)
    assert ticks.slept == [2.0, 7.0]


def test_without_an_interval_it_is_five_seconds(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    carrier.says(BEGIN, {"auth_req_id": REQUEST, "expires_in": 120})
    carrier.says(POLL, PENDING, GRANTED)
    camara.sim_swap(desk.require(), reveal)
    assert ticks.slept == [5.0]


def test_whom_the_carrier_still_asks_is_not_asked_again_by_the_next_question(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    carrier.says(POLL, PENDING)
    with pytest.raises(Unavailable, match="has not answered the carrier yet"):
        camara.sim_swap(desk.require(), reveal)
    assert sum(ticks.slept) < camara.answer_s
    ticks.s += 20
    carrier.says(POLL, GRANTED)
    assert camara.sim_swap(desk.require(), reveal) == SimSwap(None)
    assert len(carrier.asked(BEGIN)) == 1


def test_a_poll_that_gets_no_answer_loses_nothing(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    carrier.says(POLL, Reply(b"<html>", 502))
    with pytest.raises(Unavailable, match="out of order"):
        camara.sim_swap(desk.require(), reveal)
    ticks.s += 5
    carrier.says(POLL, GRANTED)
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == 1


@pytest.mark.parametrize("error", ["expired_token", "invalid_grant", "invalid_request"])
def test_a_request_that_is_over_is_unavailable_and_the_next_question_begins_anew(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, error: str
) -> None:
    carrier.says(POLL, Reply({"error": error}, 400), GRANTED)
    with pytest.raises(Unavailable, match="did not answer the carrier in time"):
        camara.sim_swap(desk.require(), reveal)
    camara.sim_swap(desk.require(), reveal)
    assert len(carrier.asked(BEGIN)) == 2


@pytest.mark.parametrize(("path", "status"), [(BEGIN, 403), (POLL, 400)])
def test_a_customer_or_carrier_who_says_no_is_a_refusal_and_nothing_is_asked(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, path: str, status: int
) -> None:
    carrier.says(path, Reply({"error": "access_denied", "error_description": "13800138000 said no"}, status))
    with pytest.raises(Refused) as error:
        camara.sim_swap(desk.require(), reveal)
    assert error.value.reason == "carrier-refused"
    assert NUMBER not in f"{error.value} {error.value.hint}"
    assert carrier.asked(SIM_SWAP) == []


def test_a_number_that_the_carrier_does_not_have_is_an_answer(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.says(BEGIN, Reply({"error": "unknown_user_id"}, 400))
    assert camara.sim_swap(desk.require(), reveal) == NotKnown(Why.NO_SUBSCRIBER)


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        (META, Reply({}, 500)),
        (META, Reply({"issuer": "https://another.example"})),
        (META, Reply({"issuer": None})),
        (BEGIN, Reply({"error": "invalid_client"}, 401)),
        (BEGIN, Reply({"error": "unauthorized_client"}, 400)),
        (BEGIN, Reply({"error": "invalid_scope"}, 400)),
        (BEGIN, Reply({"error": ["access_denied"]}, 400)),
        (BEGIN, Reply({}, 302, {"location": "https://another.example"})),
        (BEGIN, Reply({"auth_req_id": REQUEST})),
        (BEGIN, Reply({"auth_req_id": "", "expires_in": 120})),
        (BEGIN, Reply({"auth_req_id": "a b", "expires_in": 120})),
        (BEGIN, Reply({"auth_req_id": "a" * 1025, "expires_in": 120})),
        (BEGIN, Reply({"auth_req_id": REQUEST, "expires_in": 0})),
        (BEGIN, Reply({"auth_req_id": REQUEST, "expires_in": "120"})),
        (BEGIN, Reply({"auth_req_id": REQUEST, "expires_in": 120, "interval": -1})),
        (BEGIN, Reply({"auth_req_id": REQUEST, "expires_in": 120, "interval": 1e9})),
        (POLL, Reply(GRANTED | {"access_token": "a\r\nx: y"})),
        (POLL, Reply(GRANTED | {"access_token": "a" * 8193})),
        (POLL, Reply(GRANTED | {"access_token": ""})),
        (POLL, Reply(GRANTED | {"access_token": None})),
        (POLL, Reply(GRANTED | {"token_type": "DPoP"})),
        (POLL, Reply({"access_token": TOKEN})),
        (POLL, Reply(GRANTED | {"expires_in": -1})),
        (POLL, Reply(GRANTED | {"expires_in": True})),
        (POLL, Reply(GRANTED | {"scope": ["openid"]})),
    ],
    ids=lambda value: str(getattr(value, "body", value))[:60],
)
def test_what_breaks_the_interface_is_unavailable_and_nothing_is_asked(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, path: str, reply: Reply
) -> None:
    carrier.says(path, reply)
    with pytest.raises(Unavailable):
        camara.sim_swap(desk.require(), reveal)
    assert carrier.asked(SIM_SWAP) == []


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "openid",
        "dpv:CustomerCare",
        "sim-swap:retrieve-date",
        "dpv:Marketing sim-swap:retrieve-date",
        "dpv:CustomerCare dpv:Marketing sim-swap:retrieve-date",
    ],
)
def test_a_token_for_less_or_for_another_purpose_is_none(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, scope: str
) -> None:
    carrier.says(POLL, GRANTED | {"scope": scope})
    with pytest.raises(Refused):
        camara.sim_swap(desk.require(), reveal)
    assert carrier.asked(SIM_SWAP) == []


def test_a_token_for_what_was_asked_is_taken(carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal) -> None:
    carrier.says(POLL, GRANTED | {"scope": "dpv:CustomerCare sim-swap:retrieve-date sim-swap:check"})
    assert camara.sim_swap(desk.require(), reveal) == SimSwap(None)


@pytest.mark.parametrize(
    "more",
    [
        {"token_endpoint": "http://carrier.example/token"},
        {"token_endpoint": "https://carrier.example/token?to=me"},
        {"backchannel_authentication_endpoint": None},
        {"backchannel_authentication_endpoint": ["https://carrier.example"]},
        {"backchannel_token_delivery_modes_supported": ["ping"]},
        {"backchannel_token_delivery_modes_supported": "poll"},
    ],
    ids=str,
)
def test_end_points_without_tls_or_without_polling_are_not_used(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, more: dict[str, object]
) -> None:
    ends = {"backchannel_authentication_endpoint": carrier.url + BEGIN, "token_endpoint": carrier.url + POLL}
    carrier.says(META, {"issuer": carrier.url} | ends | more)
    with pytest.raises(Unavailable):
        camara.sim_swap(desk.require(), reveal)
    assert [one.path for one in carrier.heard] == [META]


def test_withdrawing_drops_tokens_and_what_is_waited_for(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    grant = desk.require()
    camara.sim_swap(grant, reveal)
    assert camara.forget(grant.subject, "fraud-prevention") == 0
    assert camara.forget(desk.subject(OTHER), "customer-care") == 0
    assert camara.forget(grant.subject, "customer-care") == 1
    assert camara.forget(grant.subject, "customer-care") == 0
    carrier.says(POLL, PENDING)
    with pytest.raises(Unavailable):
        camara.sim_swap(grant, reveal)
    assert camara.forget(grant.subject, "customer-care") == 1
    assert len(carrier.asked(BEGIN)) == 2


def test_a_token_that_arrives_after_the_withdrawal_is_not_used(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    grant = desk.require()

    def withdraw(heard: object) -> None:
        if getattr(heard, "path", "") == POLL:
            camara.forget(grant.subject, grant.purpose)

    carrier.on_request = withdraw
    with pytest.raises(Refused) as error:
        camara.sim_swap(grant, reveal)
    assert error.value.reason == "withdrawn"
    assert carrier.asked(SIM_SWAP) == []


def test_two_who_ask_at_once_ask_the_customer_once(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    grant, found = desk.require(), []
    hold = threading.Event()
    carrier.on_request = lambda heard: None if heard.path != BEGIN else void(hold.wait(0.2))
    threads = [threading.Thread(target=lambda: found.append(camara.sim_swap(grant, reveal))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SimSwap(None)] * 4
    assert len(carrier.asked(BEGIN)) == 1


def void(_value: object) -> None:
    return


def test_nothing_that_is_kept_prints_itself(carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal) -> None:
    camara.sim_swap(desk.require(), reveal)
    carrier.says(POLL, PENDING)
    with pytest.raises(HaomaError):
        camara.roaming(desk.require(), reveal)
    shown = f"{camara} {camara.tokens} {vars(camara.tokens)!r} {camara.tokens._issuer}"
    for secret in (TOKEN, REQUEST, "13800138000", "PRIVATE"):
        assert secret not in shown
