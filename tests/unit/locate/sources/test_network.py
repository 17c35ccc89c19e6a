from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contracts.carrier import Desk
from contracts.consent import NOW
from contracts.mmdb import SHANGHAI, write_mmdb
from haoma.consent import Grant, Source
from haoma.errors import BadInput, Refused, Tampered, Unavailable
from haoma.locate.fusion import IpCity, Network
from haoma.locate.given import IpAddress
from haoma.locate.sources.ip_files import held, intact, take_in
from haoma.locate.sources.network import NetworkAddress

CHENGDU = {"city": "Chengdu", "country_code": "CN", "latitude": 30.66, "longitude": 104.06}
HONG_KONG = {"city": "Kowloon", "country_code": "HK", "latitude": 22.31, "longitude": 114.17}
SEOUL = {"city": "Seoul", "country_code": "KR", "latitude": 37.56, "longitude": 126.97}
FOUR = {
    "114.114.0.0/16": CHENGDU, "180.76.0.0/16": {**SHANGHAI}, "1.36.0.0/16": HONG_KONG, "1.208.0.0/12": SEOUL,
    "223.5.5.0/24": {"country_code": "CN"},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with a database of both kinds of addresses."""
    files = [write_mmdb(tmp_path / "a.mmdb", FOUR), write_mmdb(tmp_path / "b.mmdb", {"240e::/20": SHANGHAI}, version=6)]
    take_in(tmp_path / "data", files, "1.0", "sha512-x")
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("text", "adcode"),
    [
        ("114.114.114.114", "510100"),
        ("::ffff:114.114.114.114", "510100"),
        ("180.76.1.1", "310000"),
        ("240e::1", "310000"),
        ("1.36.1.1", "810000"),
    ],
)
def test_an_address_is_in_the_city_nearest_to_where_the_database_puts_it(
    folder: Path, sharing: Grant, text: str, adcode: str
) -> None:
    [found] = NetworkAddress(folder).read(sharing, IpAddress(text, NOW))
    assert found == IpCity(adcode, Network.UNKNOWN, "ip-db", NOW)


@pytest.mark.parametrize("text", ["10.0.0.1", "1.208.1.1", "8.8.8.8", "223.5.5.5", "2001:db8::1", "2a00::1"])
def test_an_address_that_is_private_abroad_or_unknown_says_nothing(folder: Path, sharing: Grant, text: str) -> None:
    assert NetworkAddress(folder).read(sharing, IpAddress(text, NOW)) == []


def test_a_data_centre_says_nothing_and_a_mobile_network_is_told_as_one(folder: Path, sharing: Grant) -> None:
    reader = NetworkAddress(folder)
    assert reader.read(sharing, IpAddress("180.76.1.1", NOW, Network.HOSTING)) == []
    [found] = reader.read(sharing, IpAddress("180.76.1.1", NOW, Network.MOBILE))
    assert isinstance(found, IpCity)
    assert found.network is Network.MOBILE


def test_a_grant_for_another_source_looks_nothing_up(folder: Path) -> None:
    with pytest.raises(Refused):
        NetworkAddress(folder).read(Desk().require(source=Source.STATED), IpAddress("180.76.1.1", NOW))


def test_without_a_database_it_does_not_answer(tmp_path: Path, sharing: Grant) -> None:
    with pytest.raises(Unavailable) as error:
        NetworkAddress(tmp_path).read(sharing, IpAddress("180.76.1.1", NOW))
    assert error.value.hint == "haoma data fetch ip"


@pytest.mark.parametrize("damage", ["manifest", "file", "gone"])
def test_a_damaged_database_does_not_answer(folder: Path, sharing: Grant, damage: str) -> None:
    [file, *_] = folder.glob("*.mmdb")
    if damage == "manifest":
        (folder / "ip-city.json").write_text("{")
    for one in folder.glob("*.mmdb"):
        if damage == "gone":
            one.unlink()
        elif damage == "file":
            one.write_bytes(one.read_bytes()[: file.stat().st_size // 8])
    with pytest.raises(Unavailable):
        NetworkAddress(folder).read(sharing, IpAddress("180.76.1.1", NOW))


def test_what_is_held_says_where_it_is_from_and_how_old_it_is(folder: Path) -> None:
    found = held(folder)
    assert found is not None
    assert (found.licence, found.made_on, found.age_days(date(2026, 11, 22))) == ("CC-BY-4.0", "2026-11-01", 21)
    assert "DB-IP" in found.credit
    assert intact(folder, found)
    (folder / found.files["4"][0]).write_bytes(b"other")
    assert not intact(folder, found)


def test_a_new_database_takes_the_place_of_the_old_one(folder: Path, tmp_path: Path, sharing: Grant) -> None:
    take_in(folder, [write_mmdb(tmp_path / "c.mmdb", {"180.76.0.0/16": CHENGDU})], "2.0", "sha512-y")
    [found] = NetworkAddress(folder).read(sharing, IpAddress("180.76.1.1", NOW))
    assert isinstance(found, IpCity)
    assert found.adcode == "510100"
    assert len(list(folder.glob("*.mmdb"))) == 1
    with pytest.raises(Unavailable):
        NetworkAddress(folder).read(sharing, IpAddress("240e::1", NOW))


def test_what_is_no_database_of_cities_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = held(folder)
    (tmp_path / "d.mmdb").write_bytes(b"x" * 1000)
    for files in ([], [tmp_path / "d.mmdb"], [write_mmdb(tmp_path / "e.mmdb", FOUR, kind="asn")]):
        with pytest.raises(BadInput):
            take_in(folder, files, "3.0", "sha512-z")
    assert held(folder) == before


def test_a_manifest_that_says_nothing_is_tampered(folder: Path) -> None:
    (folder / "ip-city.json").write_text('{"files": {}}')
    with pytest.raises(Tampered):
        held(folder)
