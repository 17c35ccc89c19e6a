from __future__ import annotations

import json
from math import exp
from pathlib import Path

import numpy as np
import pytest

from contracts.nab import Labelled, Profile, best, halves, normalised, ours, profiles, read, windowed_gaussian

STANDARD = Profile("standard", tp=1.0, fp=0.11, fn=1.0)
FEW_FALSE = Profile("reward_low_FP_rate", tp=1.0, fp=0.22, fn=1.0)
FEW_MISSED = Profile("reward_low_FN_rate", tp=1.0, fp=0.11, fn=2.0)


def series(rows: int, *windows: tuple[int, int], name: str = "folder/a.csv") -> Labelled:
    return Labelled(name, tuple(map(str, range(rows))), np.zeros(rows), windows)


def alarms(rows: int, *at: int) -> np.ndarray:
    scores = np.zeros(rows)
    scores[list(at)] = 1.0
    return scores


def worth(place: float) -> float:
    return 2 / (1 + exp(5 * place)) - 1


@pytest.mark.parametrize("profile", [STANDARD, FEW_FALSE, FEW_MISSED], ids=lambda profile: profile.name)
def test_a_detector_that_never_alarms_has_0_and_a_perfect_one_100(profile: Profile) -> None:
    corpus = [series(1000, (300, 399), (700, 799)), series(500, (200, 249))]
    perfect = [alarms(1000, 300, 700), alarms(500, 200)]
    assert best(corpus, [np.full(1000, 0.5), np.full(500, 0.5)], profile)[0] == pytest.approx(0)
    assert best(corpus, perfect, profile) == (pytest.approx(100), 1.0)


def test_an_alarm_is_worth_less_the_later_it_is_in_its_window() -> None:
    # 100 rows, the alarm at the 51st: 50 rows are left, so that its place is -0.5. One window: 100 * (w + 1) / 2.
    corpus = [series(1000, (300, 399))]
    assert normalised(corpus, [alarms(1000, 350)], STANDARD, 1.0) == pytest.approx(
        100 * (worth(-0.5) / worth(-1) + 1) / 2
    )
    assert normalised(corpus, [alarms(1000, 399)], STANDARD, 1.0) == pytest.approx(
        100 * (worth(-0.01) / worth(-1) + 1) / 2
    )


def test_only_the_earliest_alarm_in_a_window_counts() -> None:
    corpus = [series(1000, (300, 399))]
    assert normalised(corpus, [alarms(1000, 350, 351, 399)], STANDARD, 1.0) == normalised(
        corpus, [alarms(1000, 350)], STANDARD, 1.0
    )


def test_an_alarm_outside_costs_less_just_behind_a_window() -> None:
    # Before the window: -0.11. At row 410, 11 rows behind 399 in a window of 100 rows: its place is 11 / 99.
    corpus = [series(2000, (400, 499))]
    hit = alarms(2000, 400)
    assert normalised(corpus, [hit + alarms(2000, 310)], STANDARD, 1.0) == pytest.approx(100 * (2 - 0.11) / 2)
    assert normalised(corpus, [hit + alarms(2000, 510)], STANDARD, 1.0) == pytest.approx(
        100 * (2 + 0.11 * worth(11 / 99)) / 2
    )
    # Three widths behind it is as bad as anywhere; low_FP pays twice for it, low_FN shares it among 3.
    far = [hit + alarms(2000, 1500)]
    assert normalised(corpus, far, STANDARD, 1.0) == pytest.approx(100 * (2 - 0.11) / 2)
    assert normalised(corpus, far, FEW_FALSE, 1.0) == pytest.approx(100 * (2 - 0.22) / 2)
    assert normalised(corpus, far, FEW_MISSED, 1.0) == pytest.approx(100 * (3 - 0.11) / 3)


def test_the_first_rows_are_not_scored() -> None:
    corpus = [series(1000, (140, 239))]  # 150 rows of probation
    assert normalised(corpus, [alarms(1000, 10, 145)], STANDARD, 1.0) == pytest.approx(0)
    # The window keeps its place: row 150 is 90 rows from its end.
    assert normalised(corpus, [alarms(1000, 150)], STANDARD, 1.0) == pytest.approx(
        100 * (worth(-0.9) / worth(-1) + 1) / 2
    )
    assert series(10_000).probation == 750


def test_the_threshold_is_one_for_all_series_and_the_best_there_is() -> None:
    corpus = [series(1000, (300, 399)), series(1000, (300, 399), name="folder/b.csv")]
    first, second = alarms(1000, 300), 0.5 * alarms(1000, 300, *range(600, 640))
    # Down to 0.5 wins the second window (2) and pays 40 false alarms (4.4): better to leave it.
    assert best(corpus, [first, second], STANDARD) == (pytest.approx(50), 1.0)
    fewer = 0.5 * alarms(1000, 300, *range(600, 603))
    assert best(corpus, [first, fewer], STANDARD)[1] == 0.5


def test_scores_that_are_too_few_are_no_scores() -> None:
    with pytest.raises(ValueError, match="3 scores for 1000 rows"):
        best([series(1000)], [np.zeros(3)], STANDARD)


def test_the_halves_alternate_in_each_folder() -> None:
    corpus = [series(9, name=name) for name in ("a/1", "a/2", "a/3", "b/1", "b/2")]
    assert [[one.name for one in half] for half in halves(corpus)] == [["a/1", "a/3", "b/1"], ["a/2", "b/2"]]


def test_series_windows_and_profiles_are_read_as_nab_keeps_them(tmp_path: Path) -> None:
    for folder in ("data/real", "labels", "config"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/real/a.csv").write_text("timestamp,value\n2014-01-01 00:00:00,1\n2014-01-01 00:05:00,2.5\n")
    window = ["2014-01-01 00:05:00.000000", "2014-01-01 00:05:00.000000"]
    (tmp_path / "labels/combined_windows.json").write_text(json.dumps({"real/a.csv": [window], "real/gone.csv": []}))
    costs = {"CostMatrix": {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11, "tnWeight": 1.0}}
    (tmp_path / "config/profiles.json").write_text(json.dumps({"standard": costs}))
    (found,) = read(tmp_path)
    assert (found.name, found.values.tolist(), found.windows) == ("real/a.csv", [1.0, 2.5], ((1, 1),))
    assert profiles(tmp_path) == [STANDARD]


def test_what_nab_has_published_for_a_series_comes_out_to_the_last_digit(shared: Path) -> None:
    # results/windowedGaussian/windowedGaussian_standard_scores.csv of numenta/NAB: the raw score at threshold 1.0.
    place = shared / "watch" / "nab"
    corpus = [one for one in read(place) if one.name == "realKnownCause/ec2_request_latency_system_failure.csv"]
    scores = [windowed_gaussian(one.values) for one in corpus]
    score = normalised(corpus, scores, profiles(place)[0], 1.0)
    assert score * 6 / 100 - 3 == pytest.approx(-0.06591011872780705, abs=1e-14)  # three windows: from -3 to 3


@pytest.mark.slow
def test_one_configuration_does_well_on_both_halves_of_the_series(shared: Path) -> None:
    place = shared / "watch" / "nab"
    standard, corpus = profiles(place)[0], read(place)
    scores = {one.name: ours(one.values) for one in corpus}
    for series, least in zip((corpus, *halves(corpus)), (69, 70, 66), strict=True):
        assert best(series, [scores[one.name] for one in series], standard)[0] >= least
