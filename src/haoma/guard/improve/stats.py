"""Shares, rates and their comparison, by exact tests where there is one.

Rules held here:
- An interval of a share is Wilson's (1927), of a rate Garwood's (1936); both hold where nothing was seen.
- Two shares are compared by Fisher's exact test, two rates by the exact conditional test: of all events as many in the
  first arm as a binomial gives (Przyborowski and Wilenski 1940), its interval Clopper and Pearson's (1934).
- A test is two-sided, and adds up everything that is no likelier than what was seen.
- What sample would be needed is an estimate by the normal approximation, rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

from haoma.errors import BadInput

__all__ = [
    "Compared",
    "Interval",
    "compare_rates",
    "compare_shares",
    "fisher",
    "garwood",
    "needed_for_rates",
    "needed_for_shares",
    "poisson_ratio",
    "wilson",
]

MOST = 100_000  # an exact test adds up as many chances
_SLACK = 1 + 1e-9  # two probabilities that are the same but for rounding
_STEPS = 200
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the true figure as often as `level` says; `high` may be infinite."""

    low: float
    high: float
    level: float = 0.95


def wilson(events: int, of: int, level: float = 0.95) -> Interval:
    """The interval of a share.

    >>> found = wilson(0, 10)
    >>> round(found.low, 3), round(found.high, 3)
    (0.0, 0.278)
    """
    _share(events, of)
    z = _z(level)
    middle, spread = events + z * z / 2, z * math.sqrt(events * (of - events) / of + z * z / 4)
    low, high = (middle - spread) / (of + z * z), (middle + spread) / (of + z * z)
    return Interval(max(0.0, low) if events else 0.0, min(1.0, high) if events < of else 1.0, level)


def garwood(events: int, exposure: float, level: float = 0.95) -> Interval:
    """The interval of a rate: events in an exposure of months, calls or pages, per one of these.

    >>> found = garwood(0, 1)
    >>> found.low, round(found.high, 3)
    (0.0, 3.689)
    """
    _rate(events, exposure)
    tail = (1 - level) / 2
    most = events + 20 * math.sqrt(events + 1) + 20
    low = 0.0 if not events else _root(lambda mean: 1 - _poisson_below(events - 1, mean) - tail, 0.0, most)
    high = _root(lambda mean: tail - _poisson_below(events, mean), 0.0, most)
    return Interval(low / exposure, high / exposure, level)


def fisher(events_a: int, of_a: int, events_b: int, of_b: int) -> float:
    """The p-value of Fisher's exact test: how often chance alone makes two shares differ as much.

    >>> round(fisher(3, 4, 1, 4), 4)
    0.4857
    """
    _share(events_a, of_a)
    _share(events_b, of_b)
    events = events_a + events_b
    low, high = max(0, events - of_b), min(events, of_a)

    def likely(first: int) -> float:
        return math.exp(_choose(of_a, first) + _choose(of_b, events - first) - _choose(of_a + of_b, events))

    seen = likely(events_a) * _SLACK
    return min(1.0, math.fsum(chance for first in range(low, high + 1) if (chance := likely(first)) <= seen))


def poisson_ratio(events_a: int, exposure_a: float, events_b: int, exposure_b: float) -> tuple[float, Interval]:
    """The p-value of two equal rates, and the interval of the ratio of the second to the first.

    >>> p, ratio = poisson_ratio(20, 100, 5, 100)
    >>> round(p, 4), round(ratio.low, 3), round(ratio.high, 3)
    (0.0041, 0.073, 0.686)
    """
    _rate(events_a, exposure_a)
    _rate(events_b, exposure_b)
    events = events_a + events_b
    if not events:
        return 1.0, Interval(0.0, math.inf)
    expected = exposure_b / (exposure_a + exposure_b)
    seen = _binomial(events_b, events, expected) * _SLACK
    chances = (_binomial(one, events, expected) for one in range(events + 1))
    part = _clopper_pearson(events_b, events)
    return min(1.0, math.fsum(one for one in chances if one <= seen)), Interval(
        _odds(part.low) * exposure_a / exposure_b, _odds(part.high) * exposure_a / exposure_b
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """Two arms: their figures, the difference or ratio of the second to the first, and how likely chance makes it."""

    figure_a: float
    figure_b: float
    effect: float
    interval: Interval
    p_value: float


def compare_shares(events_a: int, of_a: int, events_b: int, of_b: int) -> Compared:
    """Two shares, their difference with Newcombe's interval (1998, method 10), and Fisher's p-value.

    >>> found = compare_shares(56, 70, 48, 80)
    >>> round(-found.interval.high, 4), round(-found.interval.low, 4)
    (0.0524, 0.3339)
    """
    a, b = events_a / of_a if of_a else 0.0, events_b / of_b if of_b else 0.0
    in_a, in_b = wilson(events_a, of_a), wilson(events_b, of_b)
    below = math.hypot(b - in_b.low, in_a.high - a)
    above = math.hypot(in_b.high - b, a - in_a.low)
    return Compared(a, b, b - a, Interval(b - a - below, b - a + above), fisher(events_a, of_a, events_b, of_b))


def compare_rates(events_a: int, exposure_a: float, events_b: int, exposure_b: float) -> Compared:
    """Two rates, their ratio with its exact interval, and the exact p-value."""
    p_value, interval = poisson_ratio(events_a, exposure_a, events_b, exposure_b)
    a, b = events_a / exposure_a, events_b / exposure_b
    return Compared(a, b, b / a if a else math.inf if b else math.nan, interval, p_value)


def needed_for_shares(share_a: float, share_b: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """How many each arm needs to show this difference as often as `power`; None where there is no difference.

    >>> needed_for_shares(0.10, 0.05)
    432
    """
    if share_a == share_b:
        return None
    both = _z(1 - alpha) + _NORMAL.inv_cdf(power)
    return math.ceil(both**2 * (share_a * (1 - share_a) + share_b * (1 - share_b)) / (share_a - share_b) ** 2 - 1e-9)


def needed_for_rates(ratio: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """How many events both arms of one size need together to show this ratio; None where there is no difference.

    >>> needed_for_rates(0.5)
    66
    """
    if ratio <= 0 or ratio == 1 or not math.isfinite(ratio):
        return None
    both = _z(1 - alpha) + _NORMAL.inv_cdf(power)
    return math.ceil((2 * both / math.log(ratio)) ** 2)


def _clopper_pearson(events: int, of: int, level: float = 0.95) -> Interval:
    tail = (1 - level) / 2

    def below(most: int, share: float) -> float:
        return math.fsum(_binomial(one, of, share) for one in range(most + 1))

    low = 0.0 if not events else _root(lambda share: 1 - below(events - 1, share) - tail, 0.0, 1.0)
    high = 1.0 if events == of else _root(lambda share: tail - below(events, share), 0.0, 1.0)
    return Interval(low, high, level)


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def _choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _binomial(events: int, of: int, share: float) -> float:
    if share in {0.0, 1.0}:
        return float(events == (of if share else 0))
    return math.exp(_choose(of, events) + events * math.log(share) + (of - events) * math.log1p(-share))


def _poisson_below(most: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    return math.fsum(math.exp(one * math.log(mean) - mean - math.lgamma(one + 1)) for one in range(most + 1))


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _z(level: float) -> float:
    return _NORMAL.inv_cdf((1 + level) / 2)


def _share(events: int, of: int) -> None:
    if not 0 <= events <= of or not 0 < of <= MOST:
        raise BadInput(f"{events} events of {of}; 0 to all of them, of 1 to {MOST:,}")


def _rate(events: int, exposure: float) -> None:
    if not 0 <= events <= MOST or not 0 < exposure < math.inf:
        raise BadInput(f"{events} events in an exposure of {exposure}; 0 to {MOST:,}, in more than none")
