"""How `haoma watch score` does on NAB's series, beside other streaming detectors, by NAB's own rules.

Rules held here:
- One configuration for all series. `--tune` chooses one by each half of the series and reports it on the other half,
  both ways round; a half is every second series of each folder.
- NAB finds the threshold for the series that it scores. Beside that stands what haoma's own alerts earn, whose
  threshold is frozen with the configuration.
- What is published is shown beside what is run here, and said to be so.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bench.figure import Figure
from bench.nab_peers import PUBLISHED, Floats, peers
from bench.nab_rules import Labelled, Profile, best, halves, normalised, profiles, read
from haoma.watch.series import TUNING, Series, Tuning

__all__ = ["nab", "ours"]

PLACE = Path(__file__).resolve().parents[2] / "shared" / "data" / "watch" / "nab"
LEVELS, RECENT, FLOORS, QUIET = (10, 20, 40), (50, 100, 200), (0.05, 0.1, 0.2), (200, 300)


@dataclass(frozen=True, slots=True)
class Scored:
    """What a detector gave for each series, and the CPU seconds it took."""

    corpus: Sequence[Labelled]
    scores: dict[str, Floats]
    seconds: float

    def best(self, series: Sequence[Labelled], profile: Profile) -> tuple[float, float]:
        """NAB's score over some of the series, and its threshold."""
        return best(series, [self.scores[one.name] for one in series], profile)

    def at(self, series: Sequence[Labelled], profile: Profile, threshold: float) -> float:
        """NAB's score over some of the series at a threshold chosen before."""
        return normalised(series, [self.scores[one.name] for one in series], profile, threshold)


def nab(*, quick: bool = False) -> Iterator[Figure]:
    """The standard score as what is missing of 100, for less is better in a table; haoma's rows a second."""
    if not PLACE.is_dir():
        return
    corpus, standard = read(PLACE), profiles(PLACE)[0]
    if quick:
        corpus = [series for series in corpus if series.name.startswith("artificialWithAnomaly")]
    found = _run(corpus, ours)
    what = f"NAB standard, {len(corpus)} series, short of 100"
    missing = 100 - found.best(corpus, standard)[0]
    for name, detect in peers():
        yield Figure(what, "points", missing, f"{name}, run here", 100 - _run(corpus, detect).best(corpus, standard)[0])
    for name, points in () if quick else PUBLISHED.items():
        yield Figure(what, "points", missing, f"{name}, published", 100 - points)
    for half, series in zip(("first", "second"), halves(corpus), strict=True):
        yield Figure(f"the same, the {half} half", "points", 100 - found.best(series, standard)[0])
    alerts = _run(corpus, partial(ours, alerts=True))
    yield Figure("the same, haoma's own alerts", "points", 100 - alerts.at(corpus, standard, 1.0))
    yield Figure("rows of a series scored", "rows/s", sum(len(one.values) for one in corpus) / found.seconds)


def ours(values: Floats, tuning: Tuning = TUNING, *, alerts: bool = False) -> Floats:
    """Haoma's scores of one series, or its alerts as 0 and 1."""
    series = Series(tuning)
    return np.array([series.step(value)[alerts] for value in values.tolist()], np.float64)


def _run(corpus: Sequence[Labelled], detect: Callable[[Floats], Floats]) -> Scored:
    began = time.process_time()
    scores = {series.name: detect(series.values) for series in corpus}
    return Scored(corpus, scores, time.process_time() - began)


def main() -> int:
    """Print the table, or what tuning on a half gives on the other."""
    options = argparse.ArgumentParser(prog="python -m bench.nab", description="Score detectors by NAB's rules.")
    options.add_argument("--tune", action="store_true", help="tune on each half and report on the other: two minutes")
    options.add_argument("--place", type=Path, default=PLACE, metavar="DIR", help="NAB's data, labels and config")
    given = options.parse_args()
    corpus, kinds = read(given.place), profiles(given.place)
    for line in _tuned(corpus, kinds[0]) if given.tune else _table(corpus, kinds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


def _table(corpus: Sequence[Labelled], kinds: Sequence[Profile]) -> Iterator[str]:
    parts = (corpus, *halves(corpus))
    yield f"| {len(corpus)} series | {' | '.join(kind.name for kind in kinds)} | standard, each half | rows/s |"
    yield "|---|" + "--:|" * (len(kinds) + 2)
    rows = sum(len(series.values) for series in corpus)
    for name, detect in (("**haoma**", ours), *((f"{name}, run here", detect) for name, detect in peers())):
        found = _run(corpus, detect)
        all_of_them = " | ".join(f"{found.best(corpus, kind)[0]:.1f}" for kind in kinds)
        each = ", ".join(f"{found.best(part, kinds[0])[0]:.1f}" for part in parts[1:])
        yield f"| {name} | {all_of_them} | {each} | {rows / found.seconds:,.0f} |"
    alerts = _run(corpus, partial(ours, alerts=True))
    cells = " | ".join(f"{alerts.at(corpus, kind, 1.0):.1f}" for kind in kinds)
    each = ", ".join(f"{alerts.at(part, kinds[0], 1.0):.1f}" for part in parts[1:])
    yield f"| haoma's own alerts, threshold frozen | {cells} | {each} | |"
    for name, points in PUBLISHED.items():
        yield f"| {name}, published | {points:.1f} |{' |' * (len(kinds) + 1)}"


def _tuned(corpus: Sequence[Labelled], profile: Profile) -> Iterator[str]:
    """For each half: the configuration that is best on it, and what that earns on the other."""
    both = halves(corpus)
    tried = [(tuning, _run(corpus, partial(ours, tuning=tuning))) for tuning in _grid()]
    yield f"{len(tried)} configurations"
    for name, tuned_on, other in (("first", both[0], both[1]), ("second", both[1], both[0])):
        tuning, found = max(tried, key=lambda pair: pair[1].best(tuned_on, profile)[0])
        inside, threshold = found.best(tuned_on, profile)
        chosen = f"{tuning.level_rows:g}, {tuning.recent_rows:g}, {tuning.floor:g}, {tuning.quiet_rows}"
        yield (
            f"tuned on the {name} half ({chosen}): {inside:.1f} here, {found.best(other, profile)[0]:.1f} on the other;"
            f" {found.at(other, profile, threshold):.1f} with the threshold of the first"
        )
    spread = sorted(found.best(corpus, profile)[0] for _, found in tried)
    yield f"all series, over all configurations: {spread[0]:.1f} to {spread[-1]:.1f}, median {np.median(spread):.1f}"


def _grid() -> list[Tuning]:
    return [
        replace(TUNING, level_rows=level, recent_rows=recent, floor=floor, quiet_rows=quiet)
        for level, recent, floor, quiet in itertools.product(LEVELS, RECENT, FLOORS, QUIET)
    ]


if __name__ == "__main__":
    sys.exit(main())
