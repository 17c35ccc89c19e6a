"""What went wrong on the way, as probabilities, and the expected counts that priors are learned from.

Rules held here:
- A cause is a share of the same sums that the cities are shares of, and never a guess of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import numpy as np

from haoma.locate.fusion.cities import Cities, Floats
from haoma.locate.fusion.joint import Case, Evidence, Joint, Routing, kept_near
from haoma.locate.fusion.priors import Priors
from haoma.locate.fusion.says import Net, Word

__all__ = ["Cause", "causes_of", "expected", "lying"]


class Cause(StrEnum):
    """A hidden reason for sources to disagree."""

    MOVED = "moved"
    AWAY = "away"
    STALE_ADDRESS = "stale-address"
    HOME_ROUTED = "home-routed"
    RELAYED = "relayed"
    SPOOFED_DEVICE = "spoofed-device"
    WRONG_RADIO = "wrong-radio"
    WRONG_CARRIER = "wrong-carrier"


LIES = {Cause.SPOOFED_DEVICE: "device", Cause.WRONG_RADIO: "radio", Cause.WRONG_CARRIER: "carrier"}


def causes_of(seen: Evidence, sums: Joint, cities: Cities, priors: Priors) -> dict[Cause, float]:
    """The probability of each cause that the evidence can speak of; of several addresses or nets, of any."""
    found = {
        Cause.MOVED: sum(float(case.left @ case.back) for case in sums.cases) / sums.total,
        Cause.AWAY: sum(float(way.travels @ way.factor) for way in sums.routings) / sums.total,
    }
    if seen.stated:
        found[Cause.STALE_ADDRESS] = (
            sum(float(case.left @ case.back) for case in sums.cases if any(case.stale)) / sums.total
        )
    if seen.nets:
        routed = sum(float(case.at_home.sum()) for case in sums.cases if any(case.routed)) / sums.total
        found[Cause.HOME_ROUTED] = routed
        found[Cause.RELAYED] = max(_relayed(place, net, sums, cities) for place, net in enumerate(seen.nets))
    for cause, name in LIES.items():
        share = lying(name, seen, sums)
        if share is not None:
            found[cause] = share * _told(name, seen, priors)
    return {cause: min(max(share, 0.0), 1.0) for cause, share in found.items()}


def lying(name: str, seen: Evidence, sums: Joint) -> float | None:
    """How likely the circle of a kind is not where somebody is now, for whatever reason; None without one."""
    ways = [way for way in seen.trust if name in way.lying]
    if not ways:
        return None
    share = np.sum([way.weight for way in ways], axis=0) / np.maximum(sums.trust, 1e-300)
    return float(sums.here @ share) / sums.total


def _told(name: str, seen: Evidence, priors: Priors) -> float:
    """Of circles that are not where somebody is now, the share that was never right, and not just long ago."""
    return priors[f"{name}.wrong"] / next(way.lying[name] for way in seen.trust if name in way.lying)


def _relayed(place: int, net: Net, sums: Joint, cities: Cities) -> float:
    elsewhere = net.relayed * net.anywhere(cities)
    ways = [way for way in sums.routings if not way.routed[place]]
    found = sum(float(_there(way) @ (elsewhere / (net.direct * net.exit + elsewhere))) for way in ways)
    return found / sums.total * (net.relayed - net.direct * net.outdated) / net.relayed if net.relayed else 0.0


def _there(way: Routing) -> Floats:
    result: Floats = (way.stays + way.travels) * way.factor
    return result


def expected(seen: Evidence, sums: Joint, cities: Cities, priors: Priors) -> Iterator[tuple[str, float, float]]:
    """For each prior that the evidence speaks of: its name, how often it happened, out of how often (E step)."""
    found = causes_of(seen, sums, cities, priors)
    yield "moved", found[Cause.MOVED], 1.0
    yield "away", found[Cause.AWAY], 1.0
    yield "moved.near", *_moved_near(sums, cities, priors["moved.near"])
    yield "away.near", *_away_near(sums, cities, priors["away.near"])
    source = np.sum([case.from_city for case in sums.cases], axis=0) / sums.total
    for word in seen.issued:
        yield from _errs("issued.elsewhere", "issued.near", word, source)
    for place, said in enumerate(seen.stated):
        kind = f"stated.{said.word.seen.kind}"  # type: ignore[union-attr]  # an address is Stated
        yield from _address(kind, place, said.word, sums)
    for place, net in enumerate(seen.nets):
        yield from _net(place, net, sums, cities)
    for cause, name in LIES.items():
        if cause in found:
            yield f"{name}.wrong", found[cause], 1.0


def _moved_near(sums: Joint, cities: Cities, near: float) -> tuple[float, float]:
    ways = [(case.left * case.back, kept_near(case.source, near, cities)) for case in sums.cases]
    return _near(ways, sums.total)


def _away_near(sums: Joint, cities: Cities, near: float) -> tuple[float, float]:
    ways = [(way.travels * way.factor, kept_near(way.stays, near, cities)) for way in sums.routings]
    return _near(ways, sums.total)


def _near(ways: Iterable[tuple[Floats, tuple[Floats, Floats]]], total: float) -> tuple[float, float]:
    kept = [(float(weight @ chose), float(weight @ could)) for weight, (chose, could) in ways]
    return sum(chose for chose, _ in kept) / total, sum(could for _, could in kept) / total


def _right(word: Word, weight: Floats) -> float:
    return float(weight @ (word.right / word.chance))


def _errs(wrong: str, near: str, word: Word, weight: Floats) -> Iterator[tuple[str, float, float]]:
    """How often a word errs, and of that in the province."""
    missed = 1 - _right(word, weight)
    yield wrong, missed, 1.0
    yield near, float(weight @ (word.near / word.chance)), missed


def _address(kind: str, place: int, word: Word, sums: Joint) -> Iterator[tuple[str, float, float]]:
    of = np.sum([case.from_city if case.stale[place] else case.at_home for case in sums.cases], axis=0)
    yield from _errs(f"{kind}.elsewhere", "stated.near", word, of / sums.total)
    moved = [(float(case.left @ case.back), case) for case in sums.cases]
    yield (
        f"{kind}.stale",
        sum(share for share, case in moved if case.stale[place]) / sums.total,
        (sum(share for share, _ in moved) / sums.total),
    )


def _net(place: int, net: Net, sums: Joint, cities: Cities) -> Iterator[tuple[str, float, float]]:
    kind = f"ip.{net.network}"
    relayed = _relayed(place, net, sums, cities)
    home = [case for case in sums.cases if case.routed[place]]
    routed = sum(float(case.from_city.sum()) for case in home) / sums.total
    yield f"{kind}.home_routed", routed, 1.0
    yield f"{kind}.relayed", relayed, 1.0
    leaving = _exits(place, net, sums, cities)
    for word in net.words:
        near = float(leaving @ (word.near / word.chance))
        yield f"{kind}.right", _right(word, leaving), 1.0
        yield "ip.near", near, 1 - _right(word, leaving)
        yield "ip.largest", near * word.largest, near


def _exits(place: int, net: Net, sums: Joint, cities: Cities) -> Floats:
    """How likely the traffic leaves in each city."""
    elsewhere = net.relayed * net.anywhere(cities)
    exits = np.zeros(len(cities))
    for way in sums.routings:
        if not way.routed[place]:
            share = net.direct * net.exit / (net.direct * net.exit + elsewhere)
            exits += _there(way) * share
            exits += float(_there(way) @ (1 - share)) * cities.weight * net.exit / net.anywhere(cities)
    for case in sums.cases:
        if case.routed[place]:
            exits += _home_exits(case, net, cities)
    result: Floats = exits / sums.total
    return result


def _home_exits(case: Case, net: Net, cities: Cities) -> Floats:
    sums = np.bincount(cities.province, case.from_city / np.maximum(net.home(cities), 1e-300))[cities.province]
    result: Floats = (1 - net.gateway) * sums * cities.weight / cities.province_weight * net.exit
    largest = np.unique(cities.largest)
    result[largest] += net.gateway * sums[largest] * net.exit[largest]
    return result
