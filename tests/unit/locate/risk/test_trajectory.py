from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from contracts.fusion import auc
from contracts.trails import FIXES, START, seen, tampered, walk
from haoma.errors import BadInput
from haoma.locate.risk import Fix, check_trail

WIFI_M, CELL_M, GPS_M = 15.0, 400.0, 8.0
MANY = 60


def still(count: int = 20) -> list[Fix]:
    return [Fix(START + timedelta(minutes=n), 30.0, 120.0, 10.0) for n in range(count)]


def test_who_stays_does_not_move_and_surprises_nobody() -> None:
    found = check_trail(still())
    assert (found.speed_m_per_s, found.surprise, found.offset) == (0.0, 0.0, None)


def test_nothing_is_said_of_no_trail_and_little_of_one_fix() -> None:
    assert check_trail([]).speed_m_per_s == check_trail(still(1)).surprise == 0.0


def test_the_order_of_fixes_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    trail = seen(walk(rng), GPS_M, rng)
    assert check_trail(trail[::-1], trail) == check_trail(trail, trail[::-1])


def test_a_flight_is_not_impossible_and_a_leap_across_the_country_is() -> None:
    shanghai, beijing = (31.23, 121.47), (39.90, 116.41)
    hours = [Fix(START, *shanghai, 20.0), Fix(START + timedelta(hours=2), *beijing, 20.0)]
    minutes = [Fix(START, *shanghai, 20.0), Fix(START + timedelta(minutes=10), *beijing, 20.0)]
    assert check_trail(hours).speed_m_per_s < 200
    assert check_trail(minutes).speed_m_per_s > 1000


def test_wide_fixes_are_no_speed() -> None:
    wide = [Fix(START, 30.0, 120.0, 3000.0), Fix(START + timedelta(seconds=10), 30.05, 120.0, 3000.0)]
    assert check_trail(wide).speed_m_per_s == 0.0


def test_radio_of_another_time_says_nothing() -> None:
    assert check_trail(still(2), [Fix(START + timedelta(hours=3), 31.0, 120.0, 10.0)]).offset is None


def test_a_trail_across_the_date_line_is_no_leap() -> None:
    trail = [Fix(START + timedelta(minutes=n), 0.0, lon, 10.0) for n, lon in enumerate((179.999, -179.999))]
    assert check_trail(trail).speed_m_per_s < 10
    assert math.isfinite(check_trail(trail).surprise)


def test_only_independent_radio_sees_a_constant_offset() -> None:
    rng = np.random.default_rng(8)
    paths = [walk(rng) for _ in range(MANY)]
    found: dict[str, dict[str, list[float]]] = {}
    for how in ("none", "teleport", "drift", "offset"):
        rows = found.setdefault(how, {"filter": [], "cell": [], "wifi": []})
        for path in paths:
            trail = seen(tampered(path, how, rng), GPS_M, rng)
            for name, sigma, every in (("cell", CELL_M, 8), ("wifi", WIFI_M, 4)):
                offset = check_trail(trail, seen(path, sigma, rng, every)).offset
                assert offset is not None
                rows[name].append(offset)
            rows["filter"].append(check_trail(trail).surprise)

    def told(how: str, by: str) -> float:
        return auc(found["none"][by], found[how][by])

    assert told("teleport", "filter") > 0.9
    assert 0.35 < told("offset", "filter") < 0.65
    assert 0.7 < told("offset", "cell") <= told("offset", "wifi")
    assert told("offset", "wifi") > 0.97
    assert told("drift", "wifi") > told("drift", "filter")


@pytest.mark.parametrize(
    "given", [(91.5, 0.0, 5.0), (0.0, 181.5, 5.0), (0.0, 0.0, 0.0), (math.nan, 0.0, 5.0), (0.0, 0.0, math.nan)]
)
def test_a_fix_that_is_none_is_refused_without_quoting_it(given: tuple[float, float, float]) -> None:
    with pytest.raises(BadInput) as caught:
        Fix(START, *given)
    assert not any(text in str(caught.value) for text in ("91.5", "181.5", "nan"))


def test_a_fix_has_an_aware_time_and_shows_no_place() -> None:
    with pytest.raises(BadInput):
        Fix(datetime(2026, 11, 22), 30.0, 120.0, 5.0)  # noqa: DTZ001 - what is refused
    assert repr(still(1)[0]) == "Fix(10 m)"
    assert FIXES > 2
