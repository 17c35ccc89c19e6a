from __future__ import annotations

import numpy as np
import pytest

from haoma.errors import BadInput
from haoma.locate.risk import IDENTITY, Calibration, calibration_from, ends_from, fit_isotonic, fit_platt


def cases(count: int, slope: float, level: float, seed: int = 4) -> tuple[list[float], list[bool]]:
    """Scores, and bad ends as often as a line in log-odds says."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, count)
    return scores.tolist(), (rng.random(count) < 1 / (1 + np.exp(-(slope * scores + level)))).tolist()


def test_platt_finds_the_line_that_made_the_cases() -> None:
    found = fit_platt(*cases(20_000, 0.7, -1.0))
    assert found.beyond == pytest.approx(0.7, abs=0.05)
    assert found.log_odds[0] == pytest.approx(-1.0, abs=0.08)


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
def test_a_calibrated_score_happens_as_often_as_it_says(fit: object) -> None:
    calibration = fit(*cases(8_000, 0.7, -1.0))  # type: ignore[operator]
    scores, bad = cases(8_000, 0.7, -1.0, seed=5)
    said = np.array([calibration.probability(score) for score in scores])
    bins = np.minimum((said * 10).astype(int), 9)
    off = sum(abs(said[bins == k].sum() - np.array(bad)[bins == k].sum()) for k in range(10)) / len(said)
    assert off < 0.02


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
def test_risk_never_falls_with_the_score_even_where_the_labels_say_so(fit: object) -> None:
    calibration = fit([0.0, 1.0, 2.0, 3.0] * 5, [True, True, False, False] * 5)  # type: ignore[operator]
    found = [calibration.probability(score) for score in (-100.0, 0.0, 1.5, 3.0, 100.0)]
    assert found == sorted(found)
    assert found[0] > 0
    assert found[-1] < 1


def test_isotonic_steps_follow_what_has_no_form() -> None:
    scores = [0.0] * 100 + [1.0] * 100 + [2.0] * 100
    bad = [n < 10 for n in range(100)] + [n < 11 for n in range(100)] + [n < 90 for n in range(100)]
    calibration = fit_isotonic(scores, bad)
    assert calibration.probability(1.0) < 0.13
    assert calibration.probability(2.0) == pytest.approx(0.9, abs=0.01)
    assert calibration.probability(50.0) == calibration.probability(2.0)


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
@pytest.mark.parametrize(
    ("scores", "bad"),
    [
        ([], []),
        ([1.0, 2.0], [True, True]),
        ([1.0, 2.0], [False, False]),
        ([1.0], [True, False]),
        ([float("nan"), 1.0], [True, False]),
    ],
)
def test_cases_that_teach_nothing_are_refused(fit: object, scores: list[float], bad: list[bool]) -> None:
    with pytest.raises(BadInput):
        fit(scores, bad)  # type: ignore[operator]


def test_a_calibration_comes_back_as_it_was_written() -> None:
    found = fit_isotonic(*cases(200, 1.0, 0.0))
    assert calibration_from(found.json()) == found


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"format": "another"}',
        IDENTITY.json().replace("[0.0]", "[]"),
        IDENTITY.json().replace("1.0", "-1.0"),
        IDENTITY.json().replace("[0.0]", "[1.0, 0.0]"),
        IDENTITY.json().replace("[0.0]", "[NaN, NaN]"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        calibration_from(text)


def test_a_score_as_it_comes_is_its_log_odds() -> None:
    assert IDENTITY.probability(np.log(3)) == pytest.approx(0.75)
    assert Calibration((0.0, 1.0), (-1.0, 1.0), 0.0).probability(0.5) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        "null",
        '{"log_odds": 1}',
        '{"log_odds": "1", "bad": true}',
        '{"log_odds": true, "bad": true}',
        '{"log_odds": 1, "bad": 1}',
        '{"log_odds": 1' + "0" * 400 + ', "bad": true}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_case_is_named(line: str) -> None:
    with pytest.raises(BadInput, match="line 3"):
        ends_from(['{"log_odds": 1, "bad": true}', "", line])
