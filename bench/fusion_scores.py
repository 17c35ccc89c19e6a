"""Two plain ways to join sources, and the figures that answers are compared by.

Rules held here:
- The plain ways get what they need from people of the same world whose city is known: how often each kind of source is
  right. Fusion gets nothing of it: its priors are those that haoma ships.
- Figures are of people who do not exist, and say nothing of how right any answer is outside.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.fusion_people import NOW, Person
from haoma.locate.fusion import (
    CarrierCircle,
    CarrierVerdict,
    Cities,
    Device,
    Fused,
    IpCity,
    Issued,
    Observation,
    Priors,
    Radio,
    Stated,
    Verdict,
    fuse,
)
from haoma.locate.fusion.joint import joint
from haoma.locate.fusion.model import evidence
from haoma.locate.fusion.says import counted

__all__ = ["Certainty", "Scores", "certainty", "log_loss", "most_precise", "naive_bayes", "rights", "scores"]

Floats = NDArray[np.float64]
PRECISE = ("CarrierCircle", "Radio", "Device", "CarrierVerdict", "Stated", "IpCity", "Issued")
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Certainty:
    """How right many answers are beside what they say: expected calibration error over ten bins.

    `sure` is the share stated at 0.9 or more, `sure_right` how many of those are right.
    """

    ece: float
    sure: float
    sure_right: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Of many answers: the share of right ones, log-loss (nats), and what `Certainty` says of them.

    `abstained`: without a city; `covered` and `stated`: how often people are inside the circle, and how often it says
    so.
    """

    right: float
    log_loss: float
    ece: float
    sure: float
    sure_right: float
    abstained: float
    covered: float
    stated: float


def scores(them: Sequence[Person], cities: Cities, priors: Priors) -> Scores:
    """How fusion does for people of a world."""
    answers = [fuse(one.observations, NOW, cities, priors) for one in them]
    right = np.array([one.ppm[who.city] == one.ppm.max() for one, who in zip(answers, them, strict=True)])
    found = _certainty(np.array([one.confidence for one in answers]), right)
    circles = [(one.circle, _inside(one, who)) for one, who in zip(answers, them, strict=True) if one.circle]
    return Scores(
        float(right.mean()),
        log_loss([np.maximum(one.ppm, 0.5) / 1e6 for one in answers], them),
        found.ece,
        found.sure,
        found.sure_right,
        sum(one.abstained for one in answers) / len(them),
        sum(inside for _, inside in circles) / len(circles),
        sum(circle.coverage for circle, _ in circles) / len(circles),
    )


def certainty(them: Sequence[Person], cities: Cities, priors: Priors) -> Certainty:
    """How sure fusion is of people of a world, and how right; without circles and reasons, in half the time."""
    heard = [evidence(counted(who.observations), NOW, cities, priors) for who in them]
    shares = [(here := joint(seen, cities, priors).here) / here.sum() for seen in heard]
    right = np.array([share[who.city] == share.max() for share, who in zip(shares, them, strict=True)])
    return _certainty(np.array([share.max() for share in shares]), right)


def _certainty(sure: Floats, right: NDArray[np.bool_]) -> Certainty:
    bins = np.minimum((sure * 10).astype(int), 9)
    ece = sum(abs(float(sure[bins == k].sum() - right[bins == k].sum())) for k in range(10)) / len(sure)
    stated = sure >= SURE
    return Certainty(ece, float(stated.mean()), float(right[stated].mean()) if stated.any() else 1.0)


def _inside(answer: Fused, who: Person) -> bool:
    circle = answer.circle
    if circle is None:
        return False
    y, x, up, across = map(math.radians, (circle.lat, circle.lon, who.lat, who.lon))
    half = math.sin((up - y) / 2) ** 2 + math.cos(y) * math.cos(up) * math.sin((across - x) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half)) <= circle.radius_m


def log_loss(shares: Sequence[Floats], them: Sequence[Person]) -> float:
    """The mean of -log of the probability that the true city was given."""
    return -float(np.mean([math.log(max(share[who.city], 1e-9)) for share, who in zip(shares, them, strict=True)]))


def rights(them: Sequence[Person], cities: Cities) -> Mapping[str, float]:
    """How often each kind of source names the right city, learned of people whose city is known."""
    said: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for who in them:
        for kind, city in _votes(who.observations, cities):
            said[kind] += 1
            right[kind] += city == who.city
    return {kind: (right[kind] + 1) / (said[kind] + 2) for kind in said}


def most_precise(who: Person, cities: Cities, right: Mapping[str, float]) -> Floats:
    """The most precise source alone: its city as often as it is right, and all others by weight."""
    votes = sorted(_votes(who.observations, cities), key=lambda vote: PRECISE.index(vote[0].split()[0]))
    return _vote(*votes[0], cities, right) if votes else cities.weight


def naive_bayes(who: Person, cities: Cities, right: Mapping[str, float]) -> Floats:
    """All sources multiplied, as if each erred for itself."""
    share = cities.weight.copy()
    for kind, city in _votes(who.observations, cities):
        share = share * _vote(kind, city, cities, right) / cities.weight
    result: Floats = share / share.sum()
    return result


def _vote(kind: str, city: int, cities: Cities, right: Mapping[str, float]) -> Floats:
    p = right.get(kind, 0.5)
    share = (1 - p) * cities.weight
    share[city] += p
    return share


def _votes(seen: Sequence[Observation], cities: Cities) -> Iterator[tuple[str, int]]:
    for one in seen:
        name = type(one).__name__
        if isinstance(one, Device | Radio | CarrierCircle):
            yield name, int(cities.distance_m(one.circle.lat, one.circle.lon).argmin())
        elif isinstance(one, CarrierVerdict):
            if isinstance(one.about, str) and one.verdict is Verdict.TRUE:
                yield name, cities.index[one.about]
        elif one.adcode in cities.index:
            more = one.network if isinstance(one, IpCity) else one.kind if isinstance(one, Stated) else ""
            yield f"{name} {more}".strip(), cities.index[one.adcode]
        elif not isinstance(one, Issued):
            raise SystemExit("bench: a source names a city that is not there")
