from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.fusion import CITIES, NOW, PRIORS, address, circle, device, issued, net
from contracts.trails import START
from haoma.errors import BadInput
from haoma.locate.fusion import CarrierVerdict, Network, Radio, Verdict
from haoma.locate.risk import SIGNALS, Assessed, Calibration, Fix, Story, assess

SHANGHAI, GUANGZHOU, CHENGDU = "310000", "440100", "510100"


def assessed(story: Story, calibration: Calibration | None = None) -> Assessed:
    if calibration is not None:
        return assess(story, NOW, CITIES, PRIORS, calibration=calibration)
    return assess(story, NOW, CITIES, PRIORS)


def strength(story: Story, code: str) -> float:
    return next((signal.strength for signal in assessed(story).signals if signal.code == code), 0.0)


def leap() -> tuple[Fix, ...]:
    return (Fix(START, 31.23, 121.47, 20.0), Fix(START + timedelta(minutes=5), 39.90, 116.41, 20.0))


def test_nothing_known_is_no_risk_that_is_known() -> None:
    found = assessed(Story())
    assert (found.alarm, found.signals) == (False, ())
    assert found.score < 0.05


def test_attribution_far_from_the_network_is_told_and_raises_no_alarm() -> None:
    found = assessed(Story((issued(GUANGZHOU), net(SHANGHAI))))
    assert "issued-far-from-network" in [signal.code for signal in found.signals]
    assert found.score < 0.1
    assert not found.alarm


@pytest.mark.parametrize("word", ["zh", "en"])
def test_every_signal_has_its_words_without_a_place(word: str) -> None:
    assert all(re.search(r"\d", getattr(kind, word)) is None and getattr(kind, word) for kind in SIGNALS.values())


def test_a_device_that_radio_and_carrier_contradict_is_an_alarm() -> None:
    seen = (
        device(GUANGZHOU),
        Radio(circle(SHANGHAI), "wifi", NOW),
        CarrierVerdict(SHANGHAI, Verdict.TRUE, "carrier", NOW),
    )
    found = assessed(Story(seen))
    assert found.alarm
    assert {signal.code for signal in found.signals} >= {"device-against-radio", "device-against-carrier"}


def test_a_device_that_radio_bears_out_is_none() -> None:
    seen = (device(SHANGHAI), Radio(circle(SHANGHAI), "wifi", NOW))
    assert strength(Story(seen), "device-against-radio") == 0.0


def test_a_declared_region_is_weighed_against_what_others_say_and_not_against_attribution() -> None:
    against = Story((device(GUANGZHOU), net(GUANGZHOU)), declared=SHANGHAI)
    only_issued = Story((issued(GUANGZHOU), address(GUANGZHOU)), declared=SHANGHAI)
    borne_out = Story((device(SHANGHAI), issued(GUANGZHOU)), declared=SHANGHAI)
    assert strength(against, "declared-contradicted") > 0.5
    assert strength(only_issued, "declared-contradicted") == 0.0
    assert strength(borne_out, "declared-contradicted") == 0.0


def test_a_weak_network_contradicts_a_declaration_less_than_a_device() -> None:
    network, sure = (Story((one,), declared=SHANGHAI) for one in (net(CHENGDU, Network.MOBILE), device(CHENGDU)))
    assert strength(network, "declared-contradicted") < strength(sure, "declared-contradicted") / 2


@pytest.mark.parametrize("declared", ["999999", "310115"])
def test_a_declared_region_that_is_not_known_or_a_district_is_weighed_as_its_city(declared: str) -> None:
    found = strength(Story((device(GUANGZHOU),), declared=declared), "declared-contradicted")
    assert (found > 0.3) == (declared == "310115")


def test_a_leap_across_the_country_is_an_alarm_and_a_flight_is_not() -> None:
    first, second = leap()
    flight = Fix(START + timedelta(hours=2), second.lat, second.lon, second.sigma_m)
    assert assessed(Story(trail=leap())).alarm
    assert strength(Story(trail=(first, flight)), "impossible-travel") < 0.1


def test_one_fix_of_radio_off_a_trail_is_told_and_three_are_an_alarm() -> None:
    still = [Fix(START + timedelta(minutes=minute), 31.23, 121.47, 20.0) for minute in range(3)]
    away = [Fix(fix.at, 31.33, 121.47, 30.0) for fix in still]
    one, three = (Story(trail=tuple(still), radio_trail=tuple(away[:count])) for count in (1, 3))
    assert strength(one, "trail-off-radio") == pytest.approx(1 / 3)
    assert not assessed(one).alarm
    assert strength(three, "trail-off-radio") > 0.99
    assert not assessed(Story(trail=tuple(still), radio_trail=tuple(still))).signals


def test_a_sim_swap_fades_with_its_age() -> None:
    found = [strength(Story(sim_swapped_at=NOW - timedelta(days=days)), "sim-swapped") for days in (0, 7, 90)]
    assert found == [1.0, pytest.approx(0.5), 0.0]


def test_one_sign_alone_is_no_alarm_and_several_are() -> None:
    assert not assessed(Story(recycled=True)).alarm
    assert not assessed(Story(roaming=True)).alarm
    assert assessed(Story(recycled=True, sim_swapped_at=NOW)).alarm


def test_the_score_is_the_calibrated_sum_of_the_signals_that_weigh_most_first() -> None:
    found = assessed(Story((issued(GUANGZHOU), net(SHANGHAI)), recycled=True, roaming=True))
    weights = [signal.log_odds for signal in found.signals]
    assert weights == sorted(weights, reverse=True)
    assert found.log_odds == pytest.approx(-3.5 + sum(weights))


def test_no_calibration_makes_an_alarm_of_weak_signals() -> None:
    everything_is_bad = Calibration((0.0,), (10.0,), 0.0)
    found = assessed(Story((issued(GUANGZHOU), net(SHANGHAI)), roaming=True), everything_is_bad)
    assert found.score > 0.99
    assert not found.alarm


def test_times_are_aware_and_stories_show_no_place() -> None:
    with pytest.raises(BadInput, match="no zone"):
        assess(Story(), datetime(2026, 11, 22), CITIES, PRIORS)  # noqa: DTZ001 - what is refused
    with pytest.raises(BadInput, match="no zone"):
        assessed(Story(sim_swapped_at=datetime(2026, 11, 22)))  # noqa: DTZ001
    assert repr(Story((device(SHANGHAI),), declared=SHANGHAI, trail=leap())) == "Story(1 observations, 2 fixes)"


def test_the_guide_lists_every_signal_with_its_weight(root: Path) -> None:
    page = (root / "docs" / "guide" / "fusion.md").read_text(encoding="utf-8")
    listed = {
        code: (float(weight), alarm == "yes")
        for code, weight, alarm in re.findall(r"^\| `([a-z-]+)` \| ([\d.]+) \| (yes|no) \|", page, re.MULTILINE)
    }
    assert listed == {code: (kind.weight, kind.strong) for code, kind in SIGNALS.items()}
