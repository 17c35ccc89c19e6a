from __future__ import annotations

from datetime import UTC, datetime

import pytest

from haoma.errors import BadInput
from haoma.locate.given import AccessPoint, CellTower, IpAddress, SharedTrail, Surroundings, access_point
from haoma.locate.risk import Fix

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
MAC = "00:25:9c:00:00:01"


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "192.168.0.1", "127.0.0.1", "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fd00::1", "ff0e::1"]
)
def test_an_address_that_is_private_or_reserved_is_not_of_the_internet(text: str) -> None:
    assert not IpAddress(text, NOW).is_public


@pytest.mark.parametrize("text", ["114.114.114.114", "240e::1", "::ffff:114.114.114.114"])
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert IpAddress(text, NOW).is_public


@pytest.mark.parametrize("text", ["", "114.114.114", "114.114.114.114:80", "10.0.0.0/8", "example.com", "1" * 400])
def test_what_is_no_address_is_told_without_it(text: str) -> None:
    with pytest.raises(BadInput) as error:
        IpAddress(text, NOW)
    assert not text or text not in str(error.value)


@pytest.mark.parametrize("mac", [MAC, "00-25-9C-00-00-01", "00259c000001"])
def test_an_access_point_is_read_however_it_is_written(mac: str) -> None:
    assert access_point(mac) == AccessPoint("00259c000001")


@pytest.mark.parametrize(
    ("mac", "ssid"),
    [
        (MAC, "home_nomap"),
        (MAC, "HOME_NOMAP"),
        (MAC, "office_optout"),
        ("02:25:9c:00:00:01", None),
        ("da:a1:19:00:00:01", "phone"),
        ("01:00:5e:00:00:01", None),
        ("00:00:00:00:00:00", None),
        ("ff:ff:ff:ff:ff:ff", None),
    ],
)
def test_an_access_point_that_nobody_may_be_found_by_is_dropped(mac: str, ssid: str | None) -> None:
    assert access_point(mac, ssid) is None


@pytest.mark.parametrize("mac", ["", "00:25:9c:00:00", "00:25-9c:00:00:01", "00:25:9c:00:00:0g", f"{MAC}:02"])
def test_what_is_no_access_point_is_told(mac: str) -> None:
    with pytest.raises(BadInput):
        access_point(mac)


def test_one_access_point_tells_nothing_and_two_do() -> None:
    one, other = AccessPoint("00259c000001"), AccessPoint("00259c000002")
    assert not Surroundings((one,), (), NOW).tells
    assert not Surroundings((one, one), (), NOW).tells
    assert Surroundings((one, other), (), NOW).tells
    assert Surroundings((), (CellTower("lte", 460, 0, 4301, 20986),), NOW).tells


@pytest.mark.parametrize(
    "cell", [("nr", 460, 0, 1, 1), ("lte", 0, 0, 1, 1), ("lte", 460, 0, 1, 2**28), ("gsm", 460, 0, 0, 1)]
)
def test_what_is_no_cell_is_told(cell: tuple[str, int, int, int, int]) -> None:
    with pytest.raises(BadInput):
        CellTower(*cell)


def test_nothing_that_came_in_is_printed() -> None:
    heard = Surroundings((AccessPoint("00259c000001"),), (CellTower("lte", 460, 0, 4301, 20986),), NOW)
    shown = repr(heard) + repr(heard.access_points) + repr(heard.cells) + repr(IpAddress("114.114.114.114", NOW))
    assert not [one for one in ("259c", "4301", "20986", "114.114") if one in shown]


def test_a_trail_has_one_to_64_positions_and_shows_none() -> None:
    fix = Fix(NOW, 31.987, 121.876, 20.0)
    assert repr(SharedTrail((fix,) * 64)) == "SharedTrail(64 fixes)"
    for many in (0, 65):
        with pytest.raises(BadInput, match=f"not {many}") as error:
            SharedTrail((fix,) * many)
        assert "31.9" not in str(error.value)
