"""Laws of fusion and risk: order, sums, silence about places, and what may never raise an alarm."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.fusion import CITIES, NOW, PRIORS
from haoma.locate.fusion import (
    Address,
    CarrierCircle,
    CarrierVerdict,
    Circle,
    Device,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Stated,
    Verdict,
    fuse,
)
from haoma.locate.fusion.kept import Fusion
from haoma.locate.risk import Calibration, Fix, Story, assess

SHARES = st.floats(0.01, 0.99)
CODES = st.sampled_from([*CITIES.adcode, *CITIES.provinces, "310115", "999999"])
NAMES = st.sampled_from(["one", "two", "three"])
TIMES = st.integers(-3600, 10**8).map(lambda seconds: NOW - timedelta(seconds=seconds))
LATS, LONS = st.floats(-90, 90), st.floats(-180, 180)
CIRCLES = st.builds(Circle, LATS, LONS, st.floats(0.5, 2e7), SHARES) | st.builds(
    Circle, st.floats(20, 50), st.floats(80, 130), st.floats(5, 50_000), SHARES
)
ISSUED = st.builds(Issued, CODES, st.floats(0, 1), NAMES, TIMES)
NETS = st.builds(IpCity, CODES, st.sampled_from(Network), NAMES, TIMES)
ABOUT = CODES | CIRCLES
VERDICTS = st.builds(
    CarrierVerdict, ABOUT, st.sampled_from([Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN]), NAMES, TIMES
) | st.builds(CarrierVerdict, ABOUT, st.just(Verdict.PARTIAL), NAMES, TIMES, st.integers(1, 99))
OTHERS = (
    NETS
    | st.builds(Stated, CODES, st.sampled_from(Address), NAMES, TIMES)
    | st.builds(Device, CIRCLES, NAMES, TIMES)
    | st.builds(CarrierCircle, CIRCLES, NAMES, TIMES)
    | st.builds(Radio, CIRCLES, NAMES, TIMES)
    | VERDICTS
)
SEEN = st.lists(ISSUED | OTHERS, max_size=8)
FIXES = st.lists(st.builds(Fix, TIMES, LATS, LONS, st.floats(1, 5000)), max_size=5).map(tuple)
STORIES = st.builds(
    Story,
    st.lists(OTHERS, max_size=6).map(tuple),
    st.none() | CODES,
    st.none() | TIMES,
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    FIXES,
    FIXES,
)
CALIBRATIONS = st.builds(Calibration, st.tuples(st.floats(-5, 5)), st.tuples(st.floats(-9, 9)), st.floats(0, 3))


@given(st.lists(st.lists(ISSUED, max_size=2) | SEEN, max_size=4), TIMES)
def test_what_was_fused_before_is_answered_as_if_it_were_fused_anew(
    asked: list[list[Observation]], at: datetime
) -> None:
    fusion = Fusion(CITIES, PRIORS)
    for seen in [*asked, *asked]:
        found, anew = fusion.fuse(seen, at), fuse(seen, at, CITIES, PRIORS)
        assert np.array_equal(found.ppm, anew.ppm)
        assert all(getattr(found, name) == getattr(anew, name) for name in ("circle", "causes", "reasons", "why"))
        assert (found.cities, found.least_ppm) == (anew.cities, anew.least_ppm)


@given(SEEN, st.randoms())
def test_any_observations_in_any_order_give_one_answer_that_sums_to_a_million(
    seen: list[Observation], shuffled: random.Random
) -> None:
    answer = fuse(seen, NOW, CITIES, PRIORS)
    other = list(seen)
    shuffled.shuffle(other)
    again = fuse(other, NOW, CITIES, PRIORS)
    assert answer.ppm.tolist() == again.ppm.tolist()
    assert (answer.circle, answer.causes, answer.reasons) == (again.circle, again.causes, again.reasons)
    assert answer.ppm.min() >= 0
    sums = [answer.ppm.sum(), sum(answer.provinces.values()), sum(answer.macro_regions.values())]
    assert sums == [1_000_000] * 3
    assert all(0 <= share <= 1_000_000 for share in answer.causes.values())
    assert answer.circle is None or (answer.circle.radius_m > 0 and answer.circle.coverage >= 0.9 - 1e-9)
    assert (answer.city is None) == answer.abstained


@given(SEEN, st.floats(0.05, 0.95))
def test_a_higher_threshold_never_says_a_city_that_a_lower_one_kept_back(seen: list[Observation], least: float) -> None:
    strict, loose = (fuse(seen, NOW, CITIES, PRIORS, least=share) for share in (min(least + 0.04, 0.99), least))
    assert strict.ppm.tolist() == loose.ppm.tolist()
    assert strict.abstained or not loose.abstained


@given(SEEN, st.sampled_from(CITIES.adcode))
def test_a_true_verdict_on_a_city_never_makes_it_less_likely(seen: list[Observation], adcode: str) -> None:
    assume(not any(isinstance(one, CarrierCircle | CarrierVerdict) for one in seen))
    before = fuse(seen, NOW, CITIES, PRIORS).share(adcode)
    after = fuse([*seen, CarrierVerdict(adcode, Verdict.TRUE, "carrier", NOW)], NOW, CITIES, PRIORS).share(adcode)
    assert after >= before - 1


@given(SEEN)
def test_nothing_that_is_printed_or_told_holds_a_place(seen: list[Observation]) -> None:
    answer = fuse(seen, NOW, CITIES, PRIORS)
    told = " ".join([*map(repr, seen), repr(answer), *(f"{one!r} {one.zh} {one.en}" for one in answer.reasons)])
    codes = {getattr(one, "adcode", None) for one in seen} | {answer.likeliest}
    circles = [one.circle for one in seen if isinstance(one, Device | Radio | CarrierCircle)]
    degrees = {f"{value:.3f}" for one in circles for value in (one.lat, one.lon) if value % 1}
    assert not any(text in told for text in {*codes, *degrees} if text)


@given(ISSUED, NETS, st.booleans(), CALIBRATIONS)
def test_attribution_and_network_alone_never_raise_an_alarm(
    issued: Issued, net: IpCity, roaming: bool, calibration: Calibration
) -> None:
    story = Story((issued, net), roaming=roaming)
    assert not assess(story, NOW, CITIES, PRIORS, calibration=calibration, alarm=1e-6).alarm


@settings(max_examples=60)
@given(STORIES, ISSUED, ISSUED, CALIBRATIONS, st.floats(0.01, 0.99))
def test_where_a_number_was_issued_changes_no_alarm_and_nothing_that_may_raise_one(
    story: Story, one: Issued, other: Issued, calibration: Calibration, alarm: float
) -> None:
    found = set()
    for more in ((), (one,), (other,), (one, other)):
        whole = replace(story, observations=(*more, *story.observations))
        answer = assess(whole, NOW, CITIES, PRIORS, calibration=calibration, alarm=alarm)
        found.add((answer.alarm, tuple(sorted((s.code, s.strength) for s in answer.signals if s.strong))))
    assert len(found) == 1


@given(STORIES)
def test_a_score_is_a_share_and_signals_have_strengths(story: Story) -> None:
    found = assess(story, NOW, CITIES, PRIORS)
    assert 0 <= found.score <= 1
    assert all(0 < signal.strength <= 1 for signal in found.signals)
    assert np.isfinite(found.log_odds)
