from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.carrier import Carrier, Desk, Reply
from contracts.consent import NOW
from haoma.consent import Grant, Source
from haoma.errors import BadInput, Refused, Unavailable
from haoma.locate.fusion import Radio
from haoma.locate.given import AccessPoint, CellTower, Surroundings
from haoma.locate.sources.radio import RadioService, open_radio

PATH = "/v1/geolocate"
POINTS = (AccessPoint("00259c000001", -51), AccessPoint("00259c000002"))
CELL = CellTower("lte", 460, 0, 4301, 20986, -90)
HEARD = Surroundings(POINTS, (CELL,), NOW)
FOUND = {"location": {"lat": 31.2304, "lng": 121.4737}, "accuracy": 42.5}


def service(server: Carrier, key: str = "") -> RadioService:
    return RadioService(server.url + PATH, key)


def test_what_was_heard_becomes_a_circle(server: Carrier, sharing: Grant) -> None:
    server.says(PATH, FOUND)
    [found] = service(server).read(sharing, HEARD)
    assert isinstance(found, Radio)
    assert (found.circle.radius_m, found.circle.coverage, found.observed_at) == (42.5, 0.95, NOW)


def test_it_is_asked_in_the_form_that_everybody_speaks(server: Carrier, sharing: Grant) -> None:
    server.says(f"{PATH}?key=k%2F1", FOUND)
    service(server, "k/1").read(sharing, HEARD)
    [asked] = server.heard
    assert asked.path == f"{PATH}?key=k%2F1"
    assert asked.json == {
        "considerIp": False,
        "fallbacks": {"ipf": False, "lacf": False},
        "wifiAccessPoints": [
            {"macAddress": "00:25:9c:00:00:01", "signalStrength": -51},
            {"macAddress": "00:25:9c:00:00:02"},
        ],
        "cellTowers": [
            {
                "radioType": "lte", "mobileCountryCode": 460, "mobileNetworkCode": 0, "locationAreaCode": 4301,
                "cellId": 20986, "signalStrength": -90,
            }
        ],
    }  # fmt: skip
    assert "Authorization" not in asked.headers


def test_one_household_alone_is_not_asked_about(server: Carrier, sharing: Grant) -> None:
    server.says(PATH, FOUND)
    assert service(server).read(sharing, Surroundings(POINTS[:1], (), NOW)) == []
    assert server.heard == []
    service(server).read(sharing, Surroundings(POINTS[:1], (CELL,), NOW))
    assert "wifiAccessPoints" not in json.loads(server.heard[0].body)


def test_a_grant_for_another_source_sends_nothing(server: Carrier) -> None:
    with pytest.raises(Refused):
        service(server).read(Desk().require(source=Source.CARRIER), HEARD)
    assert server.heard == []


def test_what_it_does_not_know_is_no_observation(server: Carrier, sharing: Grant) -> None:
    error = {"error": {"code": 404, "message": "Not found", "errors": [{"reason": "notFound"}]}}
    server.says(PATH, Reply(error, 404))
    assert service(server).read(sharing, HEARD) == []


@pytest.mark.parametrize("fallback", ["ipf", "lacf"])
def test_a_guess_at_our_own_address_is_not_taken(server: Carrier, sharing: Grant, fallback: str) -> None:
    server.says(PATH, {**FOUND, "fallback": fallback})
    assert service(server).read(sharing, HEARD) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>", 200),
        Reply(b"[]", 200),
        Reply({}, 200),
        Reply({**FOUND, "accuracy": 0}),
        Reply({**FOUND, "accuracy": "42"}),
        Reply({**FOUND, "location": {"lat": 91, "lng": 0}}),
        Reply({**FOUND, "location": [31, 121]}),
        Reply(b'{"location": {"lat": NaN, "lng": 1}, "accuracy": 1}'),
        Reply({"error": {"code": 400, "message": "keyInvalid"}}, 400),
        Reply({"error": {"code": 403}}, 403),
        Reply({}, 302, {"location": "http://127.0.0.1:1/"}),
        Reply({}, 429, {"retry-after": "60"}),
        Reply({}, 500),
        Reply(b" " * 70_000),
    ],
)
def test_whatever_else_comes_is_no_answer(server: Carrier, sharing: Grant, reply: Reply) -> None:
    server.says(PATH, reply)
    with pytest.raises(Unavailable) as error:
        service(server).read(sharing, HEARD)
    shown = f"{error.value} {error.value.hint}"
    assert not [one for one in ("259c", "20986", "31.23", "127.0.0.1") if one in shown]


def test_a_service_that_fails_again_and_again_is_left_alone(server: Carrier, sharing: Grant) -> None:
    server.says(PATH, Reply({}, 500))
    asked = service(server)
    for _ in range(8):
        with pytest.raises(Unavailable):
            asked.read(sharing, HEARD)
    assert len(server.heard) == 5


@pytest.mark.parametrize("url", ["http://radio.example/v1/geolocate", "https://radio.example/v1?key=1", "radio", ""])
def test_what_is_no_url_of_a_service_is_told(url: str) -> None:
    with pytest.raises(BadInput):
        RadioService(url)


def test_the_key_lies_in_a_file_of_its_owner(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key\n")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(Refused):
        open_radio("https://radio.example/v1/geolocate", tmp_path / "key")
    (tmp_path / "key").chmod(0o600)
    assert "a-key" not in repr(open_radio("https://radio.example/v1/geolocate", tmp_path / "key"))
    with pytest.raises(BadInput):
        open_radio("https://radio.example/v1/geolocate", tmp_path / "none")
