"""Laws of routing: the first rule that matches answers, what is not known decides nothing, and garbage is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.routing import RULES
from haoma.errors import BadInput
from haoma.locate.routing import Desk, Remote, Rules, examine, read_stores
from haoma.locate.routing.hours import Hours, is_open
from haoma.locate.routing.model import covers
from haoma.places import blur, cities, distance_m, macro_region, provinces
from haoma.places.regions import Level

REGIONS = [*(one.region for one in cities()), *provinces(), *(macro_region(one.adcode) for one in provinces())]
regions = st.sampled_from(REGIONS)
languages = st.sampled_from(["zh", "zh-cn", "en", "en-gb", "yue", "bo"])
hours = st.builds(
    lambda days, start, length: Hours(frozenset(days), start, start + length),
    st.sets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(1, 1440),
)  # fmt: skip
desks = st.lists(
    st.builds(
        lambda spoken, where, when: (tuple(spoken), tuple(where), tuple(when)),
        st.lists(st.sampled_from(["*", "zh", "en", "yue"]), min_size=1, max_size=2),
        st.lists(regions, max_size=3),
        st.lists(hours, max_size=1),
    ),
    max_size=6,
).map(lambda made: tuple(Desk(f"d{at}", "d", "d", *one) for at, one in enumerate(made)))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LAST = Desk("last", "l", "l")


@given(desks, st.none() | regions, languages, moments)
def test_the_first_desk_that_takes_the_call_answers_and_says_so(
    made: tuple[Desk, ...], region: object, language: str, at: datetime
) -> None:
    said = Rules(made, LAST, (), "zh").choose(region, language, at)
    taking = [one for one in made if one.takes(region, language, at)]
    assert said.desk is (taking[0] if taking else LAST)
    assert said.desk_rule == (f"desks.{taking[0].id}" if taking else "fallback")


@given(desks, languages, moments)
def test_who_is_nowhere_known_meets_no_rule_of_a_region(made: tuple[Desk, ...], language: str, at: datetime) -> None:
    remote = (Remote("all", "a", "a", 1, tuple(REGIONS)),)
    said = Rules(made, LAST, remote, "zh").choose(None, language, at)
    assert said.desk.regions == ()
    assert said.notice is None


@given(regions, regions, st.sampled_from(list(Level)))
def test_a_rule_that_covers_what_is_known_coarsely_covers_what_is_known_finely(
    rule: object, known: object, level: Level
) -> None:
    assert not covers(rule, blur(known, level)) or covers(rule, known)


@given(st.lists(hours, max_size=3), moments)
def test_hours_come_back_every_week(made: list[Hours], at: datetime) -> None:
    assert is_open(made, at) == is_open(made, at + timedelta(days=7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.builds(
        lambda at, length, put: RULES.encode()[:at] + put + RULES.encode()[at + length :],
        st.integers(0, len(RULES.encode())), st.integers(0, 20), st.binary(max_size=6) | st.sampled_from([b"[", b'"']),
    )
)  # fmt: skip
def test_whatever_the_bytes_are_a_file_gives_rules_or_flaws(folder: Path, data: bytes) -> None:
    file = folder / "rules.toml"
    file.write_bytes(data)
    rules, flaws = examine(file)
    assert (rules is None) == bool(flaws)
    for line, key, why in flaws:
        assert why
        assert line is None or 1 <= line <= data.count(b"\n") + data.count(b"\r") + 1 or key == ""


def test_a_file_that_is_a_directory_is_told(folder: Path) -> None:
    with pytest.raises(BadInput):
        examine(folder)


cells = (
    st.text(st.characters(codec="utf-8"), max_size=8)
    | st.floats(-200, 200).map(str)
    | st.sampled_from(["", '"', "gcj02"])
)


@given(
    st.binary(max_size=60)
    | st.lists(st.lists(cells, max_size=6), max_size=8).map(
        lambda rows: "\n".join(",".join(row) for row in rows).encode()
    )
)
def test_whatever_the_bytes_are_each_row_is_a_store_or_named(folder: Path, data: bytes) -> None:
    file = folder / "stores.csv"
    file.write_bytes(b"id,name,lat,lon,coordinates\n" + data)
    try:
        found = read_stores(file, "bd09")
    except BadInput:
        assert b"\x00" in data or b"\x1f\x8b" in data
        return
    assert len(found) + found.wrong_rows == found.rows
    assert all(1 < one.row <= found.rows + 1 and one.why for one in found.wrong)


@given(
    st.lists(st.tuples(st.floats(18, 53), st.floats(73, 134)), min_size=1, max_size=30),
    st.floats(18, 53),
    st.floats(73, 134),
)
def test_the_nearest_store_is_the_nearest_row(
    folder: Path, rows: list[tuple[float, float]], lat: float, lon: float
) -> None:
    file = folder / "near.csv"
    lines = [f"s{at},S {at},{y:.9f},{x:.9f}" for at, (y, x) in enumerate(rows)]
    file.write_text("\n".join(["id,name,lat,lon", *lines]))
    stores = read_stores(file, "wgs84")
    near = stores.nearest(lat, lon, within_m=1e9)
    away = {line.split(",")[0]: distance_m(lat, lon, *map(float, line.split(",")[2:])) for line in lines}
    kept = {name: metres for name, metres in away.items() if int(name[1:]) + 2 not in {one.row for one in stores.wrong}}
    assert (near is None) == (not kept)
    assert near is None or abs(near.distance_m - min(kept.values())) < 1e-3
    assert near is None or near.name == f"S {near.id[1:]}"
