"""The scoring rules of the Numenta Anomaly Benchmark, of its own and to the letter.

Rules held here (Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms", §III; NAB's wiki):
- A row in a window earns a share of `tp` by how early it is there, and only the earliest alarm in a window counts. A
  window without an alarm costs `fn`. An alarm outside costs up to `fp`, and less just behind a window.
- The first 15% of a series, 750 rows at most, are not scored.
- One threshold for all series, the best there is for each profile. It is found again for each detector, as NAB does:
  `at` scores one that was chosen elsewhere.
- A score is 0 for a detector that never alarms, and 100 for one that alarms at the first row of each window and nowhere
  else.
- Nothing is adjusted by points: an alarm late in a window is late.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Labelled", "Profile", "best", "halves", "normalised", "profiles", "read"]

PROBATION, PROBATION_ROWS = 0.15, 750
FAR = 3.0  # widths behind a window; from there on a false alarm costs all of `fp`
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One series with its windows, as first and last row of each, in order."""

    name: str
    times: tuple[str, ...]
    values: Floats
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """The rows at the beginning that are not scored."""
        return min(int(PROBATION * len(self.times)), PROBATION_ROWS)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit, a false alarm and a missed window are worth to somebody."""

    name: str
    tp: float
    fp: float
    fn: float


def read(place: Path) -> list[Labelled]:
    """The series below `place`/data that are there, sorted by name, with their windows out of `place`/labels."""
    windows = json.loads((place / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    return [
        _labelled(path, name, windows[name])
        for path in sorted((place / "data").glob("*/*.csv"))
        if (name := f"{path.parent.name}/{path.name}") in windows
    ]


def _labelled(path: Path, name: str, windows: Iterable[tuple[str, str]]) -> Labelled:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    times = tuple(row[0] for row in rows)
    # Windows have microseconds, which are always 0; the first row of that time is meant where the clock went back.
    places = tuple((times.index(first[:19]), times.index(last[:19])) for first, last in windows)
    return Labelled(name, times, np.array([float(row[1]) for row in rows]), places)


def profiles(place: Path) -> list[Profile]:
    """The profiles of `config/profiles.json`: standard, reward_low_FP_rate, reward_low_FN_rate."""
    kept = json.loads((place / "config" / "profiles.json").read_text(encoding="utf-8"))
    costs = {name: profile["CostMatrix"] for name, profile in kept.items()}
    return [Profile(name, cost["tpWeight"], cost["fpWeight"], cost["fnWeight"]) for name, cost in costs.items()]


def halves(corpus: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """The series at even and at odd places of each folder, in the order of their names."""
    first, second = list[Labelled](), list[Labelled]()
    for _, folder in itertools.groupby(corpus, lambda series: series.name.partition("/")[0]):
        series = list(folder)
        first += series[::2]
        second += series[1::2]
    return first, second


def best(corpus: Sequence[Labelled], scores: Sequence[Floats], profile: Profile) -> tuple[float, float]:
    """The best score that any threshold gives, and that threshold; rows whose score reaches it are alarms."""
    thresholds, found = _sweep(corpus, scores, profile)
    at = int(np.argmax(found))
    return float(found[at]), float(thresholds[at])


def normalised(corpus: Sequence[Labelled], scores: Sequence[Floats], profile: Profile, threshold: float) -> float:
    """The score at a threshold that was chosen before."""
    thresholds, found = _sweep(corpus, scores, profile)
    return float(found[np.searchsorted(-thresholds, -threshold, side="right") - 1])


def _sweep(corpus: Sequence[Labelled], scores: Sequence[Floats], profile: Profile) -> tuple[Floats, Floats]:
    """All thresholds at which something changes, falling, and the normalised score at each."""
    parts = [_changes(series, score, profile) for series, score in zip(corpus, scores, strict=True)]
    at = np.concatenate([where for where, _ in parts])
    order = np.argsort(-at, kind="stable")
    windows = sum(len(series.windows) for series in corpus)
    missed = -profile.fn * sum(last >= series.probation for series in corpus for _, last in series.windows)
    at, total = at[order], missed + np.cumsum(np.concatenate([change for _, change in parts])[order])
    last = np.append(at[1:] != at[:-1], True)
    none, all_of_it = -profile.fn * windows, profile.tp * windows
    raw = np.concatenate([[missed], total[last]])
    return np.concatenate([[np.inf], at[last]]), 100 * (raw - none) / (all_of_it - none)


def _changes(series: Labelled, scores: Floats, profile: Profile) -> tuple[Floats, Floats]:
    """The thresholds at which the raw score of one series changes when the threshold sinks, and by how much.

    An alarm outside counts as soon as the threshold reaches it. In a window an alarm counts in the place of a later
    one, so that only rows above all before them in the window change anything.
    """
    if len(scores) != len(series.times):
        raise ValueError(f"{series.name}: {len(scores)} scores for {len(series.times)} rows")
    worth, inside = _worth(series)
    outside = ~inside
    outside[: series.probation] = False
    at, change = [scores[outside]], [worth[outside] * profile.fp]
    for first, last in series.windows:
        rows = np.arange(max(first, series.probation), last + 1)
        if len(rows):
            above = np.maximum.accumulate(scores[rows])
            records = rows[np.append(True, scores[rows][1:] > above[:-1])]
            earned = worth[records] * profile.tp
            at.append(scores[records])
            change.append(earned - np.append(earned[1:], -profile.fn))
    return np.concatenate(at), np.concatenate(change)


def _worth(series: Labelled) -> tuple[Floats, NDArray[np.bool_]]:
    """What an alarm at each row is worth, from 1 to -1 before a profile weighs it, and whether it is in a window."""
    n = len(series.times)
    worth, inside = np.full(n, -1.0), np.zeros(n, np.bool_)
    ends = [*(first for first, _ in series.windows), n][1:]
    for (first, last), end in zip(series.windows, ends, strict=True):
        width = last - first + 1
        rows = np.arange(first, end)
        places = np.where(rows <= last, -(last - rows + 1) / width, (rows - last) / max(width - 1, 1))
        worth[first:end] = _sigmoid(places)
        worth[first : last + 1] /= _sigmoid(np.array([-1.0]))[0]
        inside[first : last + 1] = True
    return worth, inside


def _sigmoid(places: Floats) -> Floats:
    """What a place is worth: -1 is the first row of a window, 0 its end, above 0 is behind it, in widths."""
    return np.where(places >= FAR, -1.0, 2 / (1 + np.exp(5 * np.minimum(places, FAR))) - 1)
