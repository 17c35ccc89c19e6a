"""How likely each source is to say what it said, for each city that somebody may be in: vectors over cities.

Rules held here:
- A source that names a city is right, or names another city of the province, or any city: three shares that sum to 1.
- Of databases of addresses, some errors name the largest city of the province, where blocks are registered.
- Of each source the newest word counts, and of each kind of circle the newest: repeated words are no new evidence.
- The order in which observations are given changes nothing, not even a last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np

from haoma.locate.fusion.cities import Cities, Floats, Ints
from haoma.locate.fusion.observation import (
    CarrierCircle,
    Circle,
    Device,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Stated,
)
from haoma.locate.fusion.priors import Priors

__all__ = ["Net", "Said", "Word", "age_days", "counted", "issued_by", "nets_of", "said_of"]

MOST_STATED = 3
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Word:
    """One statement: `chance` of it for each true city, and the parts of it in which the source is right or near.

    `largest` is the share of what is near that names a city because it is the largest of its province.
    """

    seen: Observation
    chance: Floats
    right: Floats
    near: Floats
    largest: float


@dataclass(frozen=True, slots=True)
class Said:
    """An address: its word, and how likely it is to be from before a move."""

    word: Word
    stale: float


@dataclass(frozen=True, slots=True)
class Net:
    """What databases say of the addresses of one kind of network, and the ways traffic takes to it.

    `exit` is the chance of it all for each city in which the traffic leaves; `direct` the share that leaves where
    somebody is, `home_routed` in the province of their number, `relayed` anywhere. `gateway` is the share of what is
    home-routed that leaves in the largest city of that province.
    """

    network: Network
    words: tuple[Word, ...]
    exit: Floats
    direct: float
    home_routed: float
    relayed: float
    outdated: float
    gateway: float

    def home(self, cities: Cities) -> Floats:
        """The chance of it for each city that a number may be from, where the traffic leaves in its province."""
        sums = np.bincount(cities.province, cities.weight * self.exit)[cities.province] / cities.province_weight
        result: Floats = (1 - self.gateway) * sums + self.gateway * self.exit[cities.largest]
        return result

    def anywhere(self, cities: Cities) -> float:
        """The chance of it where the traffic leaves anywhere."""
        return float(cities.weight @ self.exit)


def counted(observations: Iterable[Observation]) -> list[Observation]:
    """Those that count, the newest of each source, in an order that does not depend on the one given."""
    newest: dict[tuple[object, ...], Observation] = {}
    for seen in sorted(observations, key=_order):
        newest.pop(_key(seen), None)
        newest[_key(seen)] = seen
    kept = list(newest.values())
    stated = [seen for seen in kept if isinstance(seen, Stated)][:-MOST_STATED]
    return [seen for seen in kept if seen not in stated]


def age_days(seen: Observation, at: datetime) -> float:
    """How old an observation is; one of the future is new, for clocks differ."""
    return max((at - seen.observed_at).total_seconds(), 0.0) / DAY_S


def issued_by(seen: Issued, cities: Cities, priors: Priors) -> Word | None:
    """Where a number was issued, for each city that its holder may have lived in then."""
    right = max(seen.confidence, 0.01) * (1 - priors["issued.elsewhere"])
    return _word(seen, seen.adcode, cities, right, priors["issued.near"])


def said_of(seen: Stated, cities: Cities, priors: Priors, at: datetime) -> Said | None:
    """An address, and how likely one of its age is to be from before a move."""
    right = 1 - priors[f"stated.{seen.kind}.elsewhere"]
    word = _word(seen, seen.adcode, cities, right, priors["stated.near"])
    old = 1 - 0.5 ** (age_days(seen, at) / priors["stated.half_life_days"])
    return Said(word, priors[f"stated.{seen.kind}.stale"] * old) if word else None


def nets_of(heard: Iterable[IpCity], cities: Cities, priors: Priors, at: datetime) -> list[Net]:
    """One for each kind of network that was heard of."""
    found: dict[Network, list[Word]] = {}
    errors = priors["ip.near"], priors["ip.largest"]
    for seen in heard:
        word = _word(seen, seen.adcode, cities, priors[f"ip.{seen.network}.right"], *errors)
        if word:
            found.setdefault(seen.network, []).append(word)
    return [_net(network, words, priors, at) for network, words in found.items()]


def _net(network: Network, words: list[Word], priors: Priors, at: datetime) -> Net:
    exits = np.prod([word.chance for word in words], axis=0)
    outdated = gone(min(age_days(word.seen, at) for word in words), priors)
    home, relayed = priors[f"ip.{network}.home_routed"], priors[f"ip.{network}.relayed"]
    home, relayed = home / max(home + relayed, 1), relayed / max(home + relayed, 1)
    elsewhere = relayed + (1 - home - relayed) * outdated
    direct = max(1 - home - elsewhere, 1e-9)
    return Net(network, tuple(words), exits, direct, home, elsewhere, outdated, priors["ip.gateway"])


def gone(days: float, priors: Priors) -> float:
    """How likely somebody has left the city they were in so many days ago."""
    return float(1 - np.exp(-priors["leaving_per_day"] * days))


def _word(
    seen: Observation, adcode: str, cities: Cities, right: float, near: float, largest: float = 0.0
) -> Word | None:
    there = cities.members(adcode)
    if not there.size:
        return None
    near, far = (1 - right) * near, (1 - right) * (1 - near)
    correct = np.zeros(len(cities))
    correct[there] = right
    first, rest = _named(there, largest, cities)
    around = np.where(cities.province == cities.province[there[0]], near * (first + rest), 0.0)
    chance = correct + far * cities.weight[there].sum() + around
    return Word(seen, chance, correct, around, first / (first + rest))


def _named(there: Ints, largest: float, cities: Cities) -> tuple[float, float]:
    """The chance that a wrong word of a province names this of it: for being its largest city, and by weight."""
    if there.size > 1:
        return largest, 1 - largest
    place = int(there[0])
    share = float(cities.weight[place] / cities.province_weight[place])
    return largest * (cities.largest[place] == place), (1 - largest) * share


def _key(seen: Observation) -> tuple[object, ...]:
    if isinstance(seen, Device | Radio | CarrierCircle):
        return (type(seen),)
    more = (
        seen.kind
        if isinstance(seen, Stated)
        else seen.network
        if isinstance(seen, IpCity)
        else getattr(seen, "about", "")
    )
    return type(seen), seen.source, more


def _order(seen: Observation) -> tuple[datetime, str, str]:
    return seen.observed_at, type(seen).__name__, " ".join(_texts(seen))


def _texts(seen: object) -> Iterator[str]:
    """All that a value holds, to order by and never to show: its repr leaves out what is personal."""
    for field in fields(seen):  # type: ignore[arg-type]  # a dataclass
        value = getattr(seen, field.name)
        yield from _texts(value) if isinstance(value, Circle) else [str(value)]
