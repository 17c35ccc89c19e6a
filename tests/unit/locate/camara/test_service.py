"""Six interfaces, each asked under a Grant, and nothing of the customer where it does not belong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from contracts.carrier import (
    BEGIN,
    NUMBER_VERIFY,
    RECYCLING,
    RETRIEVE,
    ROAMING,
    SIM_SWAP,
    TOKEN,
    VERIFY,
    Carrier,
    Desk,
    Reply,
    Ticks,
)
from contracts.consent import NOW, NUMBER, OTHER
from haoma.consent import Granularity, Source
from haoma.errors import BadInput, HaomaError, Refused, Unavailable
from haoma.locate.camara import Camara, Circle, Located, NotKnown, Roaming, SimSwap, Verdict, Verified, Why, scope_of
from haoma.locate.camara.interfaces import INTERFACES
from haoma.numbers import Number, parse
from haoma.wire.breaker import FAILURES

Reveal = Callable[[], Number]
HERE = Circle(39.913579, 116.402468, 3000)
SEEN = "2026-11-22T07:59:00Z"
SEEN_AT = datetime(2026, 11, 22, 7, 59, tzinfo=UTC)
AREA = {"areaType": "CIRCLE", "center": {"latitude": 39.913579, "longitude": 116.402468}, "radius": 800}


def test_a_circle_is_verified_and_nobody_is_named_beside_the_token(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.says(VERIFY, {"verificationResult": "PARTIAL", "matchRate": 74, "lastLocationTime": SEEN})
    assert camara.verify_location(desk.require(), reveal, HERE, max_age_s=120) == Verified(Verdict.PARTIAL, 74, SEEN_AT)
    (asked,) = carrier.asked(VERIFY)
    center = {"latitude": 39.913579, "longitude": 116.402468}
    assert asked.json == {"area": {"areaType": "CIRCLE", "center": center, "radius": 3000}, "maxAge": 120}
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert len(asked.headers["x-correlator"]) == 32
    assert "cookie" not in asked.headers


def test_a_place_is_retrieved_for_a_grant_that_shows_one(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.says(RETRIEVE, {"area": AREA, "lastLocationTime": SEEN})
    grant = desk.require(fine=Granularity.CITY)
    found = camara.retrieve_location(grant, reveal, max_age_s=600, max_surface_m2=10**6)
    assert found == Located(Circle(39.913579, 116.402468, 800), SEEN_AT)
    assert carrier.asked(RETRIEVE)[0].json == {"maxAge": 600, "maxSurface": 10**6}
    with pytest.raises(Refused) as error:
        camara.retrieve_location(desk.require(), reveal)
    assert error.value.reason == "granularity"
    assert len(carrier.asked(RETRIEVE)) == 1


def test_a_device_proves_its_number_by_a_token_of_its_own_that_is_not_kept(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.says(NUMBER_VERIFY, {"devicePhoneNumberVerified": False})
    for _ in range(2):
        assert camara.verify_number(desk.require("identity-verification"), reveal, "ts43-token") is False
    assert [one.form["login_hint"] for one in carrier.asked(BEGIN)] == ["operatortoken:ts43-token"] * 2
    assert carrier.asked(NUMBER_VERIFY)[0].json == {"phoneNumber": "+8613800138000"}
    carrier.error(NUMBER_VERIFY, 403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")
    grant = desk.require("identity-verification")
    assert camara.verify_number(grant, reveal, "ts43-token") == NotKnown(Why.NOT_BY_NETWORK)
    for wrong in ("", "a b", "a\r\nb", "a" * 4097):
        with pytest.raises(BadInput):
            camara.verify_number(grant, reveal, wrong)


def test_a_sim_swap_and_roaming_are_told(carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal) -> None:
    carrier.says(SIM_SWAP, {"latestSimChange": "2026-11-21T00:00:00+08:00", "monitoredPeriod": 120})
    swap = SimSwap(datetime(2026, 11, 20, 16, tzinfo=UTC), 120)
    assert camara.sim_swap(desk.require("fraud-prevention"), reveal) == swap
    assert carrier.asked(SIM_SWAP)[0].json == {}
    assert "dpv:FraudPreventionAndDetection" in carrier.asked(BEGIN)[0].form["scope"].split()
    carrier.says(ROAMING, {"roaming": True, "lastStatusTime": SEEN, "countryCode": 450, "countryName": ["KR"]})
    assert camara.roaming(desk.require(), reveal) == Roaming(True, SEEN_AT, 450, ("KR",))
    assert carrier.asked(ROAMING)[0].json == {}


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (404, "IDENTIFIER_NOT_FOUND", Why.NO_SUBSCRIBER),
        (422, "SERVICE_NOT_APPLICABLE", Why.NOT_SERVED),
        (422, "UNSUPPORTED_IDENTIFIER", Why.NOT_SERVED),
        (422, "LOCATION_VERIFICATION.AREA_NOT_COVERED", Why.NOT_COVERED),
        (422, "LOCATION_VERIFICATION.INVALID_AREA", Why.AREA_TOO_SMALL),
        (422, "LOCATION_VERIFICATION.UNABLE_TO_FULFILL_MAX_AGE", Why.TOO_OLD),
        (422, "LOCATION_VERIFICATION.UNABLE_TO_LOCATE", Why.UNLOCATED),
    ],
)
def test_what_the_carrier_cannot_tell_is_unknown_with_its_reason_and_no_failure(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, status: int, code: str, why: Why
) -> None:
    carrier.error(VERIFY, status, code)
    for _ in range(FAILURES + 1):
        assert camara.verify_location(desk.require(), reveal, HERE) == Verified(Verdict.UNKNOWN, why=why)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("LOCATION_RETRIEVAL.UNABLE_TO_FULFILL_MAX_AGE", Why.TOO_OLD),
        ("LOCATION_RETRIEVAL.UNABLE_TO_FULFILL_MAX_SURFACE", Why.TOO_COARSE),
        ("LOCATION_RETRIEVAL.UNABLE_TO_LOCATE", Why.UNLOCATED),
    ],
)
def test_a_place_that_the_carrier_cannot_tell_is_none(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, code: str, why: Why
) -> None:
    carrier.error(RETRIEVE, 422, code)
    assert camara.retrieve_location(desk.require(fine=Granularity.POINT), reveal) == NotKnown(why)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "INVALID_ARGUMENT", "does not take the question"),
        (400, "OUT_OF_RANGE", "does not take the question"),
        (401, "UNAUTHENTICATED", "its own token"),
        (404, "NOT_FOUND", "does not take the question"),
        (405, "METHOD_NOT_ALLOWED", "does not take the question"),
        (422, "MISSING_IDENTIFIER", "stands for no subscriber"),
        (422, "UNNECESSARY_IDENTIFIER", "names its subscriber twice"),
        (422, "LOCATION_VERIFICATION.SOMETHING_NEW", "does not take the question"),
        (429, "QUOTA_EXCEEDED", "no more questions"),
        (429, "TOO_MANY_REQUESTS", "no more questions"),
        (500, "INTERNAL", "out of order"),
        (503, "UNAVAILABLE", "out of order"),
        (302, "IDENTIFIER_NOT_FOUND", "does not take the question"),
    ],
)
def test_every_other_error_is_unavailable_and_what_the_carrier_says_is_not_repeated(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, status: int, code: str, message: str
) -> None:
    carrier.says(VERIFY, Reply({"status": status, "code": code, "message": "13800138000 at 39.913579"}, status))
    with pytest.raises(Unavailable, match=message) as error:
        camara.verify_location(desk.require(), reveal, HERE)
    assert not any(secret in f"{error.value} {error.value.hint}" for secret in (NUMBER, "39.9", code))


def test_an_error_of_another_status_than_its_answer_is_no_reason(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.says(VERIFY, Reply({"status": 404, "code": "LOCATION_VERIFICATION.UNABLE_TO_LOCATE"}, 422))
    with pytest.raises(Unavailable):
        camara.verify_location(desk.require(), reveal, HERE)


def test_who_is_not_allowed_is_refused_and_the_token_is_dropped(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    carrier.error(VERIFY, 403, "PERMISSION_DENIED")
    for times in (1, 2):
        with pytest.raises(Refused) as error:
            camara.verify_location(desk.require(), reveal, HERE)
        assert error.value.reason == "carrier-refused"
        assert len(carrier.asked(BEGIN)) == times


def test_a_token_that_the_carrier_has_forgotten_is_fetched_anew_by_the_next_question(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    true = {"verificationResult": "TRUE", "lastLocationTime": SEEN}
    carrier.says(VERIFY, Reply(true), Reply(b"", 401, {"content-type": "text/plain"}), Reply(true))
    camara.verify_location(desk.require(), reveal, HERE)
    with pytest.raises(Unavailable):
        camara.verify_location(desk.require(), reveal, HERE)
    assert camara.verify_location(desk.require(), reveal, HERE).verdict is Verdict.TRUE
    assert len(carrier.asked(BEGIN)) == 2


def test_an_answer_older_than_was_asked_for_or_to_come_is_no_place(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    for at in (NOW - timedelta(seconds=300), NOW + timedelta(seconds=300)):
        carrier.says(VERIFY, {"verificationResult": "TRUE", "lastLocationTime": at.isoformat()})
        with pytest.raises(Unavailable):
            camara.verify_location(desk.require(), reveal, HERE, max_age_s=120)


@pytest.mark.parametrize("max_age_s", [-1, 86_401])
def test_the_age_of_a_place_is_bounded(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, max_age_s: int
) -> None:
    with pytest.raises(BadInput):
        camara.verify_location(desk.require(), reveal, HERE, max_age_s=max_age_s)
    assert carrier.heard == []


def test_nothing_is_sent_without_a_live_grant_for_the_carrier(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    grant = desk.require()
    with pytest.raises(Refused) as other_source:
        camara.sim_swap(desk.require(source=Source.STATED), reveal)
    desk.clock[0] += timedelta(seconds=61)
    with pytest.raises(Refused) as over:
        camara.sim_swap(grant, reveal)
    with pytest.raises(Refused) as over_too:
        camara.verify_number(grant, reveal, "ts43-token")
    assert [one.value.reason for one in (other_source, over, over_too)] == ["source", "expired", "expired"]
    assert carrier.heard == []


def test_a_grant_that_ends_while_the_customer_is_asked_is_not_used(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    grant = desk.require()

    def wait(_heard: object) -> None:
        desk.clock[0] = NOW + timedelta(seconds=61)

    carrier.on_request = wait
    with pytest.raises(Refused) as error:
        camara.sim_swap(grant, reveal)
    assert error.value.reason == "expired"
    assert carrier.asked(SIM_SWAP) == []


def test_the_number_of_somebody_else_is_refused_and_not_sent(carrier: Carrier, camara: Camara, desk: Desk) -> None:
    for ask in (camara.sim_swap, lambda grant, reveal: camara.verify_number(grant, reveal, "ts43-token")):
        with pytest.raises(Refused) as error:
            ask(desk.require(), lambda: parse(OTHER))
        assert error.value.reason == "other-number"
        assert OTHER not in f"{error.value} {error.value.hint}"
    assert [one.path for one in carrier.heard] == []


def test_marketing_is_refused_before_anything_is_sent_and_every_purpose_is_one_scope(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal
) -> None:
    for purpose in ("marketing", "dpv:Advertising", "direct-marketing"):
        with pytest.raises(Refused) as error:
            camara.sim_swap(desk.require(purpose), reveal)
        assert error.value.reason == "purpose-never"
    with pytest.raises(BadInput):
        camara.sim_swap(desk.require("anything"), reveal)
    assert carrier.heard == []
    for purpose in ("customer-care", "delivery", "emergency"):
        for interface in INTERFACES:
            words = scope_of(purpose, interface).split()
            assert [words[0], len(words), words[1][:4]] == ["openid", 3, "dpv:"]


def test_one_interface_that_is_down_leaves_the_others_open(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, ticks: Ticks
) -> None:
    carrier.says(VERIFY, Reply({}, 500))
    for _ in range(FAILURES):
        with pytest.raises(Unavailable, match="out of order"):
            camara.verify_location(desk.require(), reveal, HERE)
    with pytest.raises(Unavailable, match="location-verification is not asked"):
        camara.verify_location(desk.require(), reveal, HERE)
    assert len(carrier.asked(VERIFY)) == FAILURES
    carrier.says(SIM_SWAP, {"latestSimChange": None})
    assert camara.sim_swap(desk.require(), reveal) == SimSwap(None)
    ticks.s += 30
    carrier.says(VERIFY, {"verificationResult": "FALSE", "lastLocationTime": SEEN})
    assert camara.verify_location(desk.require(), reveal, HERE).verdict is Verdict.FALSE


def test_garbage_counts_as_no_answer(carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal) -> None:
    carrier.says(VERIFY, {"verificationResult": "PERHAPS"})
    for _ in range(FAILURES):
        with pytest.raises(Unavailable, match="not what its interface says"):
            camara.verify_location(desk.require(), reveal, HERE)
    with pytest.raises(Unavailable, match="is not asked"):
        camara.verify_location(desk.require(), reveal, HERE)


@pytest.mark.parametrize("status", [200, 302, 401, 403, 422, 429, 500])
def test_number_token_and_coordinates_are_in_no_url_log_error_or_repr(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Reveal, *, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.says(RETRIEVE, Reply({"area": AREA, "lastLocationTime": SEEN}, status))
    carrier.says(RECYCLING, Reply({"phoneNumberRecycled": True}, status))
    seen: list[object] = [camara, camara.tokens, HERE]
    for ask in (
        lambda: camara.retrieve_location(desk.require(fine=Granularity.POINT), reveal),
        lambda: camara.recycled(parse(NUMBER), "2026-11-21", "identity-verification"),
    ):
        try:
            seen.append(ask())
        except HaomaError as error:
            seen += [error, error.hint, error.__cause__]
    shown = " ".join([repr(seen), str(seen), caplog.text, *(one.path for one in carrier.heard)])
    for secret in (NUMBER, TOKEN, "39.91", "116.4", "eyJ"):
        assert secret not in shown
