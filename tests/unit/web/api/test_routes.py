"""A customer who consented is sent to a store and a desk, as finely as they consented."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.api import Client, client_in, publish
from contracts.routing import RULES, rules_in

NUMBER, PATH = "13800138701", "/v1/routes"
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}
SHARED = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 60}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service with rules, and a customer who consented to a district."""
    place = tmp_path_factory.mktemp("routes")
    rules = rules_in(place / "rules")
    with client_in(place / "service", route_rules=rules, api_rate_per_min=1_000_000) as client:
        publish(client, fine="district")
        client.number_case(NUMBER)
        client.consent(NUMBER)
        yield client


def about(**more: object) -> dict[str, object]:
    return {**CARE, "number": NUMBER, **more}


def test_a_customer_is_sent_to_a_store_and_a_desk(ready: Client) -> None:
    said = ready.post(PATH, about(shared=SHARED), by="agent").json()
    assert said["store"] == {"id": "sh-1", "name": "上海人民广场店", "distance_m": 1000, "off_m": 3000}
    assert (said["desk"]["id"], said["desk"]["rule"], said["desk"]["open"]) == ("shanghai", "desks.shanghai", True)
    assert (said["no_store"], said["notice"], said["level"], said["silent"]) == (None, None, "city", [])
    assert "device-trusted" in [one["code"] for one in said["reasons"]]


def test_a_remote_area_has_its_notice_and_no_store(ready: Client) -> None:
    said = ready.post(PATH, about(stated={"region": "拉萨市"}), by="agent").json()
    assert (said["notice"]["extra_days"], said["notice"]["rule"]) == (5, "remote.tibet")
    assert (said["store"], said["no_store"]["code"]) == (None, "too-coarse")


def test_the_language_is_what_the_caller_says(ready: Client) -> None:
    rules = [
        ready.post(PATH, about(shared=SHARED, language=one), by="agent").json()["desk"]["rule"] for one in ("en", "bo")
    ]
    assert rules == ["desks.east-en", "fallback"]


def test_a_consent_to_yes_or_no_never_becomes_a_place(ready: Client) -> None:
    publish(ready, "identity-verification", "acme-door", "yes-no", 1)
    number = "13800138702"
    ready.number_case(number)
    ready.consent(number, "identity-verification", "acme-door")
    asked = {"number": number, "purpose": "identity-verification", "recipient": "acme-door"}
    said = [
        ready.post(PATH, {**asked, "shared": {**SHARED, **place}}, by="agent").json()
        for place in ({}, {"lat": 29.65, "lon": 91.14})
    ]
    assert [[one[key] for key in ("store", "notice", "level")] for one in said] == [[None, None, None]] * 2
    assert [one["desk"]["rule"] for one in said] == ["desks.national"] * 2


def test_nothing_is_told_before_a_consent_after_its_end_and_elsewhere(ready: Client) -> None:
    number = "13800138703"
    subject = ready.number_case(number)
    asked = {**CARE, "number": number, "shared": SHARED}
    assert ready.post(PATH, asked, by="agent").json()["reason"] == "no-grant"
    consent = ready.consent(number)
    assert ready.post(PATH, asked, by="agent").status_code == 200
    elsewhere = ready.post(PATH, {**CARE, "subject": subject}, by="agent@other")
    assert (elsewhere.status_code, elsewhere.json()["reason"]) == (403, "policy")
    ready.post(f"/v1/consents/{consent}/withdraw", by="agent")
    assert ready.post(PATH, asked, by="agent").json()["reason"] == "withdrawn"


def test_who_says_no_is_served_all_the_same(ready: Client) -> None:
    def picked(**asked: str) -> tuple[str, object]:
        said = ready.post(f"{PATH}/desk", asked, by="risk-analyst").json()
        return said["desk"]["rule"], said["notice"] and said["notice"]["rule"]

    before = ready.services.ledger.queued()
    assert picked() == ("desks.national", None)
    assert picked(language="EN-GB") == ("desks.national", None)
    assert picked(language="en", region="上海市") == ("desks.east-en", None)
    assert picked(language="bo", region="西藏") == ("fallback", "remote.tibet")
    assert ready.services.ledger.queued() == before, "nothing is kept of it"
    for wrong, status in (({"region": "亚特兰蒂斯"}, 404), ({"region": "330106"}, 400), ({"number": NUMBER}, 400)):
        assert ready.post(f"{PATH}/desk", wrong, by="agent").status_code == status


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"language": "no language"}, 400),
        ({"language": "z" * 40}, 400),
        ({"language": 3}, 400),
        ({"within_m": 10}, 400),
        ({"stated": {"region": "亚特兰蒂斯"}}, 404),
    ],
)
def test_what_is_no_question_is_told(ready: Client, more: dict[str, object], status: int) -> None:
    assert ready.post(PATH, about(**more), by="agent").status_code == status


def test_without_rules_that_can_be_used_nobody_is_sent_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("wrong")
    rules = rules_in(place / "rules", RULES.replace('fallback = "national"', "fallback = 3"))
    with client_in(place / "service", route_rules=rules) as client:
        client.number_case(NUMBER)
        told = client.post(PATH, about(), by="agent")
        assert (told.status_code, str(place) in told.text) == (503, False)
