from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.carrier import Carrier, Reply
from contracts.consent import NOW, NUMBER, OTHER, TENANT, World, open_world
from haoma.consent import Grant, Source, make_notice
from haoma.errors import BadInput, Refused, Unavailable
from haoma.locate.fusion import Device, Radio
from haoma.locate.sources.platform import Platform
from haoma.locate.sources.platform_file import read_platform
from haoma.places import distance_m, wgs84_to_bd09, wgs84_to_gcj02

PATH = "/v1/position"
SHANGHAI = (31.2304, 121.4737)
TEXT = """
name = "fleet"
url = "{url}/v1/position"
token_file = "fleet.token"
coordinates = "gcj02"

[ask]
number = "msisdn"

[answer]
latitude = "data.location.lat"
longitude = "data.location.lng"
accuracy_m = "data.accuracy"
observed_at = "data.time"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A customer who may be asked for their consent."""
    folder = tmp_path_factory.mktemp("world")
    with open_world(f"sqlite:///{folder}/haoma.db", folder / "keys") as world:
        world.assess()
        world.open_case()
        yield world


@pytest.fixture(scope="module")
def grant(world: World) -> Grant:
    """What a consent to another platform allows, to the customer's city."""
    return consent_to(world, "platform")


def consent_to(
    world: World, *sources: str, fine: str = "city", ask: Source = Source.PLATFORM, number: str = NUMBER
) -> Grant:
    """The Grant of a consent for a recipient of its own."""
    recipient = f"desk-{'-'.join(sources)}-{fine}"
    notice = make_notice("customer-care", recipient, "安客", "privacy@acme.example", list(sources), fine, 30)
    world.consent.notices.publish(world.people["dpo"], TENANT, notice)
    world.give(number, recipient=recipient)
    return world.require(number, recipient=recipient, source=ask)


def file_at(folder: Path, url: str, text: str = TEXT) -> Path:
    (folder / "fleet.token").write_text("a-token\n")
    (folder / "fleet.token").chmod(0o600)
    (folder / "platform.toml").write_text(text.replace("{url}", url))
    return folder / "platform.toml"


def platform(world: World, tmp_path: Path, server: Carrier, text: str = TEXT) -> Platform:
    return Platform(read_platform(file_at(tmp_path, server.url, text)), world.vault)


def said(lat: float, lng: float, **more: object) -> dict[str, object]:
    return {"data": {"location": {"lat": lat, "lng": lng}, "accuracy": 30, "time": NOW.isoformat(), **more}}


def test_what_a_platform_knows_becomes_a_circle_in_wgs84(
    world: World, grant: Grant, tmp_path: Path, server: Carrier
) -> None:
    server.says(PATH, said(*wgs84_to_gcj02(*SHANGHAI)))
    [found] = platform(world, tmp_path, server).observe(grant, None)
    assert isinstance(found, Device)
    assert (found.source, found.observed_at, found.circle.radius_m) == ("platform-fleet", NOW, 30)
    assert distance_m(found.circle.lat, found.circle.lon, *SHANGHAI) < 0.01
    [asked] = server.heard
    assert asked.json == {"msisdn": f"+86{NUMBER}"}
    assert (asked.path, asked.headers["authorization"]) == (PATH, "Bearer a-token")


def test_the_file_says_which_coordinates_and_what_kind_of_evidence(
    world: World, grant: Grant, tmp_path: Path, server: Carrier
) -> None:
    text = TEXT.replace('"gcj02"', '"bd09"\nkind = "radio"\ncoverage = 0.9')
    millis = int(NOW.timestamp() * 1000)
    server.says(PATH, said(*wgs84_to_bd09(*SHANGHAI), time=millis))
    [found] = platform(world, tmp_path, server, text).observe(grant, None)
    assert isinstance(found, Radio)
    assert found.circle.coverage == 0.9
    assert abs((found.observed_at - NOW).total_seconds()) < 0.01
    assert distance_m(found.circle.lat, found.circle.lon, *SHANGHAI) < 0.01


@pytest.mark.parametrize(
    "reply",
    [
        Reply({}, 404),
        Reply({"data": None}),
        Reply({"data": {"location": None}}),
        Reply(said(31.2, 121.4, time="2026-11-22T07:00:00Z")),
    ],
)
def test_what_it_does_not_know_or_knew_too_long_ago_is_no_observation(
    world: World, grant: Grant, tmp_path: Path, server: Carrier, reply: Reply
) -> None:
    server.says(PATH, reply)
    assert platform(world, tmp_path, server).observe(grant, None) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x"),
        Reply(said(91.0, 0.0)),
        Reply({"data": {"location": {"lat": "31.2", "lng": 121.4}, "accuracy": 1, "time": NOW.isoformat()}}),
        Reply(said(31.2, 121.4, accuracy=-1)),
        Reply(said(31.2, 121.4, accuracy=None)),
        Reply(said(31.2, 121.4, time=None)),
        Reply(said(31.2, 121.4, time=True)),
        Reply(said(31.2, 121.4, time="yesterday")),
        Reply(said(31.2, 121.4, time="2026-11-22T09:00:00Z")),
        Reply(said(31.2, 121.4, time=10**30)),
        Reply({}, 401),
        Reply({}, 302, {"location": "/elsewhere"}),
        Reply({}, 500),
    ],
)
def test_whatever_else_comes_is_no_answer(
    world: World, grant: Grant, tmp_path: Path, server: Carrier, reply: Reply
) -> None:
    server.says(PATH, reply)
    with pytest.raises(Unavailable) as error:
        platform(world, tmp_path, server).observe(grant, None)
    shown = f"{error.value} {error.value.hint}"
    assert not [one for one in (NUMBER, "31.2", "a-token") if one in shown]


def test_a_consent_to_the_carrier_is_none_to_a_platform(world: World) -> None:
    with pytest.raises(Refused) as error:
        consent_to(world, "carrier", "browser")
    assert error.value.reason == "source"


def test_no_position_is_fetched_for_yes_or_no_or_for_another_source(
    world: World, tmp_path: Path, server: Carrier
) -> None:
    asked = platform(world, tmp_path, server)
    world.open_case(OTHER)
    assert asked.observe(consent_to(world, "platform", fine="yes-no", number=OTHER), None) == []
    other = consent_to(world, "carrier", "platform", ask=Source.CARRIER, number=OTHER)
    assert asked.observe(other, None) == []
    assert server.heard == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "fleet"', 'name = "Fleet 1"'), "name"),
        (('name = "fleet"', ""), "name"),
        (('url = "{url}/v1/position"', 'url = "http://lbs.example/v1"'), "url"),
        (('"gcj02"', '"mars"'), "coordinates"),
        (('"gcj02"', '"gcj02"\nkind = "carrier"'), "kind"),
        (('"gcj02"', '"gcj02"\ncoverage = 1'), "coverage"),
        (('"gcj02"', '"gcj02"\nmax_age_s = 0'), "max_age_s"),
        (('"gcj02"', '"gcj02"\nretries = 3'), "retries"),
        (("[ask]", "[asking]"), "asking"),
        (('"data.accuracy"', '"data..accuracy"'), "accuracy_m"),
        (('observed_at = "data.time"', ""), "observed_at"),
        (('observed_at = "data.time"', 'observed_at = "data.time"\nspeed = "x"'), "speed"),
        (('"fleet.token"', '"none.token"'), "token_file"),
        (("[answer]", "[answer"), "TOML"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_told_with_its_key(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    path = file_at(tmp_path, "https://lbs.example", TEXT.replace(*change))
    with pytest.raises(BadInput) as error:
        read_platform(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = file_at(tmp_path, "https://lbs.example")
    assert "a-token" not in repr(read_platform(path))
    (tmp_path / "fleet.token").chmod(0o644)
    with pytest.raises(Refused):
        read_platform(path)
