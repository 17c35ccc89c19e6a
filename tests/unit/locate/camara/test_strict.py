"""What a carrier sends is read to the letter, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haoma.errors import BadInput, Unavailable
from haoma.locate.camara import Circle, Located, NotKnown, Polygon, SimSwap, Verdict, Verified, Why
from haoma.locate.camara.interfaces import located, number_verified, recycled, roaming, sim_swap, verified
from haoma.wire.strict import moment, parsed

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SEEN = "2026-11-22T07:59:00Z"
AGE = timedelta(minutes=10)
CIRCLE = {"areaType": "CIRCLE", "center": {"latitude": 39.9, "longitude": 116.4}, "radius": 800}
CORNERS = [{"latitude": 39.9, "longitude": 116.4 + at / 10} for at in range(4)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"true",
        b'"TRUE"',
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 60_000,
        b'{"a":' * 9 + b"1" + b"}" * 9,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_object_of_eight_levels_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        parsed(body)


def test_eight_levels_are_read() -> None:
    assert parsed(b'{"a":' * 8 + b"1" + b"}" * 8)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-22T07:59:00Z", datetime(2026, 11, 22, 7, 59, tzinfo=UTC)),
        ("2026-11-22t07:59:00z", datetime(2026, 11, 22, 7, 59, tzinfo=UTC)),
        ("2026-11-22T15:59:00+08:00", datetime(2026, 11, 22, 7, 59, tzinfo=UTC)),
        ("2026-11-22T07:59:00.471829447Z", datetime(2026, 11, 22, 7, 59, 0, 471829, tzinfo=UTC)),
        ("2026-11-22T08:01:00Z", datetime(2026, 11, 22, 8, 1, tzinfo=UTC)),
        ("2026-11-22T07:49:00Z", datetime(2026, 11, 22, 7, 49, tzinfo=UTC)),
    ],
)
def test_a_moment_with_its_zone_is_read_with_a_minute_for_clocks_that_differ(text: str, at: datetime) -> None:
    assert moment({"at": text}, "at", NOW, AGE) == at


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T07:59:00",
        "2026-11-22 07:59:00Z",
        "2026-11-22",
        "20261122T075900Z",
        "2026-11-22T07:59:00+08",
        "2026-11-22T07:59:00+99:00",
        "2026-02-30T07:59:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "2026-11-22T07:59:00Z\n",
        "２026-11-22T07:59:00Z",
        "2026-11-22T08:01:01Z",
        "2026-11-22T07:48:59Z",
        1_795_334_400,
        None,
        ["2026-11-22T07:59:00Z"],
    ],
)
def test_a_moment_without_zone_to_come_or_too_long_ago_is_unavailable(value: object) -> None:
    with pytest.raises(Unavailable):
        moment({"at": value}, "at", NOW, AGE)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"verificationResult": "TRUE"}, (Verdict.TRUE, None)),
        ({"verificationResult": "FALSE"}, (Verdict.FALSE, None)),
        ({"verificationResult": "PARTIAL", "matchRate": 74}, (Verdict.PARTIAL, 74)),
    ],
)
def test_a_verdict_is_read(found: dict[str, object], wanted: tuple[Verdict, int | None]) -> None:
    said = verified(found | {"lastLocationTime": SEEN, "device": {"phoneNumber": "+123456789"}}, NOW, AGE)
    assert said == Verified(*wanted, datetime(2026, 11, 22, 7, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"verificationResult": True},
        {"verificationResult": "true"},
        {"verificationResult": "UNKNOWN"},
        {"verificationResult": ["TRUE"]},
        {"verificationResult": "PARTIAL"},
        {"verificationResult": "PARTIAL", "matchRate": 0},
        {"verificationResult": "PARTIAL", "matchRate": 100},
        {"verificationResult": "PARTIAL", "matchRate": 74.5},
        {"verificationResult": "PARTIAL", "matchRate": "74"},
        {"verificationResult": "PARTIAL", "matchRate": True},
        {"verificationResult": "TRUE", "matchRate": 74},
    ],
)
def test_a_verdict_that_contradicts_itself_is_unavailable(found: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        verified(found | {"lastLocationTime": SEEN}, NOW, AGE)


def test_circles_and_polygons_are_read() -> None:
    seen = datetime(2026, 11, 22, 7, 59, tzinfo=UTC)
    round_ = located({"area": CIRCLE, "lastLocationTime": SEEN}, NOW, AGE)
    assert round_ == Located(Circle(39.9, 116.4, 800), seen)
    cornered = located({"area": {"areaType": "POLYGON", "boundary": CORNERS}, "lastLocationTime": SEEN}, NOW, AGE)
    assert cornered == Located(Polygon(tuple((39.9, 116.4 + at / 10) for at in range(4))), seen)


@pytest.mark.parametrize(
    "area",
    [
        None,
        {},
        {"areaType": "SQUARE"},
        {"areaType": "CIRCLE"},
        CIRCLE | {"radius": -1},
        CIRCLE | {"radius": 0},
        CIRCLE | {"radius": 1e8},
        CIRCLE | {"radius": "800"},
        CIRCLE | {"radius": True},
        CIRCLE | {"radius": float("inf")},
        CIRCLE | {"radius": 10**400},
        CIRCLE | {"center": {"latitude": 90.1, "longitude": 0}},
        CIRCLE | {"center": {"latitude": 0, "longitude": -180.1}},
        CIRCLE | {"center": {"latitude": float("nan"), "longitude": 0}},
        CIRCLE | {"center": {"latitude": 39.9}},
        CIRCLE | {"center": [39.9, 116.4]},
        {"areaType": "POLYGON", "boundary": CORNERS[:2]},
        {"areaType": "POLYGON", "boundary": CORNERS[:1] * 4},
        {"areaType": "POLYGON", "boundary": CORNERS * 4},
        {"areaType": "POLYGON", "boundary": [*CORNERS, [39.9, 116.4]]},
        {"areaType": "POLYGON", "boundary": {"0": CORNERS[0]}},
        {"areaType": "POLYGON", "boundary": [*CORNERS, {"latitude": 91, "longitude": 0}]},
    ],
    ids=str,
)
def test_what_is_no_area_on_the_earth_is_unavailable(area: object) -> None:
    with pytest.raises(Unavailable):
        located({"area": area, "lastLocationTime": SEEN}, NOW, AGE)


@pytest.mark.parametrize("value", ["true", 1, 0, None, [], {}])
def test_yes_and_no_are_booleans(value: object) -> None:
    with pytest.raises(Unavailable):
        recycled({"phoneNumberRecycled": value})
    with pytest.raises(Unavailable):
        number_verified({"devicePhoneNumberVerified": value})
    with pytest.raises(Unavailable):
        roaming({"roaming": value, "lastStatusTime": SEEN}, NOW)


def test_a_sim_swap_has_a_moment_or_none_within_the_time_that_is_watched() -> None:
    assert sim_swap({"latestSimChange": "2009-01-01T00:00:00Z"}, NOW) == SimSwap(datetime(2009, 1, 1, tzinfo=UTC))
    assert sim_swap({"latestSimChange": None, "monitoredPeriod": 120}, NOW) == SimSwap(None, 120)
    assert sim_swap({"latestSimChange": None, "monitoredPeriod": None}, NOW) == SimSwap(None)
    for wrong in ({}, {"latestSimChange": ""}, {"latestSimChange": "2026-11-23T00:00:00Z"}):
        with pytest.raises(Unavailable):
            sim_swap(wrong, NOW)
    with pytest.raises(Unavailable):
        sim_swap({"latestSimChange": None, "monitoredPeriod": -1}, NOW)


def test_roaming_tells_the_country_and_what_is_a_week_old_tells_nothing() -> None:
    found = roaming({"roaming": True, "lastStatusTime": SEEN, "countryCode": 340, "countryName": ["BL", "GF"]}, NOW)
    assert not isinstance(found, NotKnown)
    assert (found.roaming, found.mcc, found.countries) == (True, 340, ("BL", "GF"))
    old = {"roaming": False, "lastStatusTime": "2026-11-15T07:59:00Z"}
    assert roaming(old, NOW) == NotKnown(Why.TOO_OLD)


@pytest.mark.parametrize(
    "more",
    [
        {"countryCode": "262"},
        {"countryCode": 1},
        {"countryName": "DE"},
        {"countryName": ["de"]},
        {"countryName": ["DE"] * 33},
        {"countryName": [{}]},
        {"lastStatusTime": "2027-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_a_roaming_status_that_breaks_its_interface_is_unavailable(more: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        roaming({"roaming": True, "lastStatusTime": SEEN} | more, NOW)


def test_no_place_prints_its_coordinates() -> None:
    place = located({"area": CIRCLE, "lastLocationTime": SEEN}, NOW, AGE)
    corners = Polygon(tuple((39.9, 116.4 + at / 10) for at in range(4)))
    for text in (repr(place), str(place), repr(corners), f"{place.area}"):
        assert "39.9" not in text
        assert "116" not in text
    with pytest.raises(BadInput) as error:
        Circle(139.987654, 116.4, 800)
    assert "139" not in f"{error.value} {error.value.hint}"
