"""DB-IP City Lite itself, as npm has it: fetched, held to its digest, and looked up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.carrier import Desk
from haoma.consent import Source
from haoma.locate.fusion import IpCity
from haoma.locate.given import IpAddress
from haoma.locate.sources.ip_fetch import fetch
from haoma.locate.sources.ip_files import held, intact
from haoma.locate.sources.network import NetworkAddress

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The newest database."""
    assert shutil.which("npm"), "npm fetches it: tests/peers/camara.sh installs Node"
    folder = tmp_path_factory.mktemp("ip")
    fetch(folder)
    yield folder
    shutil.rmtree(folder)  # 130 MB


def test_what_is_held_is_what_was_published(folder: Path) -> None:
    found = held(folder)
    assert found is not None
    assert found.integrity.startswith("sha512-")
    assert {*found.files} == {"4", "6"}
    assert intact(folder, found)


@pytest.mark.parametrize(
    ("text", "adcode"),
    [
        ("202.96.209.5", "310000"),
        ("202.106.0.20", "110000"),
        ("1.36.1.1", "810000"),
        ("8.8.8.8", None),
        ("2001:4860::1", None),
    ],
)
def test_well_known_addresses_are_where_everybody_knows_them(folder: Path, text: str, adcode: str | None) -> None:
    found = NetworkAddress(folder).read(Desk().require(source=Source.BROWSER), IpAddress(text, NOW))
    assert [one.adcode for one in found if isinstance(one, IpCity)] == ([adcode] if adcode else [])


def test_an_address_of_ipv6_has_a_city_too(folder: Path) -> None:
    [found] = NetworkAddress(folder).read(Desk().require(source=Source.BROWSER), IpAddress("240e::1", NOW))
    assert isinstance(found, IpCity)


def test_more_than_a_third_of_what_lies_in_networks_that_are_largely_chinese_has_a_city(folder: Path) -> None:
    reader, grant = NetworkAddress(folder), Desk().require(source=Source.BROWSER)
    found = [
        reader.read(grant, IpAddress(f"{first}.{at // 16}.{at % 16 * 16}.9", NOW))
        for first in (
            36,
            58,
            59,
            60,
            61,
            106,
            110,
            111,
            112,
            113,
            114,
            115,
            116,
            117,
            118,
            119,
            120,
            121,
            122,
            123,
            124,
        )
        for at in range(0, 4096, 64)
    ]
    assert sum(bool(one) for one in found) > len(found) / 3
