from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from haoma.errors import BadInput
from haoma.guard.improve import Arm, Better, Judged, Measure, Month, Trial
from haoma.guard.improve.model import draw, frame_digest

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TRIAL = Trial("", "每周复核", Measure.SHARE, "页面", Better.LOWER, 400, NOW, NOW + timedelta(days=30))
FRAME = [
    (f"h{n}", channel) for n, channels in enumerate([("map", "web")] * 30 + [("map",)] * 30) for channel in channels
]


@pytest.mark.parametrize(
    ("arms", "judged"),
    [
        ({}, Judged.RUNNING),
        ({"a": Arm(60, 400)}, Judged.RUNNING),
        ({"a": Arm(60, 400), "b": Arm(20, 400)}, Judged.BETTER),
        ({"a": Arm(20, 400), "b": Arm(60, 400)}, Judged.WORSE),
        ({"a": Arm(30, 400), "b": Arm(28, 400)}, Judged.OPEN),
        ({"a": Arm(60, 300), "b": Arm(10, 400)}, Judged.EARLY),
        ({"a": Arm(30, 400), "b": Arm(30, 400)}, Judged.OPEN),
    ],
)
def test_a_trial_is_judged_by_its_plan(arms: dict[str, Arm], judged: Judged) -> None:
    assert replace(TRIAL, arms=arms).judged() is judged
    opposite = {Judged.BETTER: Judged.WORSE, Judged.WORSE: Judged.BETTER}
    assert replace(TRIAL, arms=arms, better=Better.HIGHER).judged() is opposite.get(judged, judged)


def test_an_undecided_trial_says_what_it_would_need() -> None:
    shares = replace(TRIAL, arms={"a": Arm(40, 400), "b": Arm(20, 400)})
    assert shares.needed() == 432
    rates = replace(TRIAL, measure=Measure.RATE, arms={"a": Arm(20, 100), "b": Arm(10, 100)})
    assert rates.needed() == 220  # 66 events in both arms, of which 0.3 come in one of each
    assert replace(TRIAL, arms={"a": Arm(20, 400), "b": Arm(20, 400)}).needed() is None


def test_the_plan_is_what_the_log_commits_to() -> None:
    assert TRIAL.plan_digest() == replace(TRIAL, id="x", arms={"a": Arm(1, 2)}).plan_digest()
    assert TRIAL.plan_digest() != replace(TRIAL, planned=100).plan_digest()


def test_each_channel_has_its_share_of_a_sample() -> None:
    found = draw(FRAME, 30, "2026-11")
    counts = {channel: sum(one.channel == channel for one in found) for channel in ("map", "web")}
    assert counts == {"map": 20, "web": 10}
    assert [one.place for one in found] == list(range(1, 31))
    assert len({(one.hotline, one.channel) for one in found}) == 30


def test_another_seed_draws_another_sample() -> None:
    assert draw(FRAME, 30, "a") != draw(FRAME, 30, "b")
    assert len(draw(FRAME, 900, "a")) == len(FRAME)


def test_a_sample_smaller_than_the_channels_or_of_nothing_is_refused() -> None:
    for frame, size in ((FRAME, 1), (FRAME, 0), (FRAME, 10**6), ([], 5)):
        with pytest.raises(BadInput):
            draw(frame, size, "a")


def test_a_frame_has_one_digest_in_any_order() -> None:
    assert frame_digest(FRAME) == frame_digest([*reversed(FRAME), FRAME[0]])


def test_a_month_is_shanghai_s() -> None:
    month = Month.read("2026-11")
    assert month.begins_at.isoformat() == "2026-10-31T16:00:00+00:00"
    assert (str(month.after(-11)), month.days) == ("2025-12", 30)
    for text in ("2026-13", "26-11", "2026-1", "", "2026-11 ", "١٢٣٤-11"):
        with pytest.raises(BadInput):
            Month.read(text)
