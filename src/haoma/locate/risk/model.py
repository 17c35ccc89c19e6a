"""Does a story add up: signals with reasons, a score, and an alarm that nobody raises by having moved.

Rules held here:
- Attribution is left out of everything that may raise an alarm. Where a number was issued moves the score a little,
  together with the network, and never the alarm: with or without it the alarm is the same.
- An alarm needs a strong signal of at least half its strength, and the score of the strong signals alone to reach the
  threshold, however a calibration was fitted.
- A declared region is weighed against what else is known, and what people say of themselves is left out of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from haoma.errors import BadInput
from haoma.locate.fusion.causes import Cause, causes_of
from haoma.locate.fusion.cities import Cities
from haoma.locate.fusion.joint import joint
from haoma.locate.fusion.model import evidence
from haoma.locate.fusion.observation import (
    CarrierCircle,
    CarrierVerdict,
    Device,
    IpCity,
    Issued,
    Observation,
    Radio,
    Stated,
)
from haoma.locate.fusion.priors import Priors
from haoma.locate.fusion.says import counted
from haoma.locate.risk.calibration import IDENTITY, Calibration
from haoma.locate.risk.signals import BASE, Signal
from haoma.locate.risk.trajectory import Fix, check_trail

__all__ = ["Assessed", "Story", "assess"]

ALARM = 0.5
LEAST_STRENGTH = 0.01
ALARMING = 0.5
TRUE_AS_DECLARED = 0.95
FAR_M = 50_000.0
FLIGHT_M_PER_S = 300.0
SWAP_HALF_LIFE_DAYS = 7.0
BREAK, OFF, ENOUGH = 6.0, 6.0, 3


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a case; None for what nobody asked. `declared` is where somebody says they are (adcode)."""

    observations: tuple[Observation, ...] = ()
    declared: str | None = None
    sim_swapped_at: datetime | None = None
    recycled: bool | None = None
    roaming: bool | None = None
    trail: tuple[Fix, ...] = ()
    radio_trail: tuple[Fix, ...] = ()

    def __repr__(self) -> str:
        return f"Story({len(self.observations)} observations, {len(self.trail)} fixes)"


@dataclass(frozen=True, slots=True)
class Assessed:
    """A score from 0 to 1, whether it is an alarm, and the signals, those that weigh most first.

    `log_odds` is the score before calibration: what a calibration is fitted on.
    """

    score: float
    alarm: bool
    signals: tuple[Signal, ...]
    log_odds: float


def assess(
    story: Story,
    at: datetime,
    cities: Cities,
    priors: Priors,
    *,
    calibration: Calibration = IDENTITY,
    alarm: float = ALARM,
) -> Assessed:
    """How risky a story is, with its reasons.

    >>> from datetime import UTC
    >>> from haoma.locate.fusion import cities_of, shipped_priors
    >>> two = cities_of(["310000", "440100"], [31.2, 23.1], [121.5, 113.3], [1, 1], {"31": "华东", "44": "华南"})
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> found = assess(Story(recycled=True, sim_swapped_at=now), now, two, shipped_priors())
    >>> round(found.score, 2), found.alarm, [signal.code for signal in found.signals]
    (0.88, True, ['number-recycled', 'sim-swapped'])

    Raises BadInput for a time without a zone.
    """
    if at.tzinfo is None or (story.sim_swapped_at and story.sim_swapped_at.tzinfo is None):
        raise BadInput("a story's times have no zone", hint="use aware times: datetime.now(UTC)")
    found = [signal for signal in _signals(story, at, cities, priors) if signal.strength >= LEAST_STRENGTH]
    log_odds = BASE + sum(signal.log_odds for signal in found)
    strong = [signal for signal in found if signal.strong]
    strongly = calibration.probability(BASE + sum(signal.log_odds for signal in strong))
    return Assessed(
        calibration.probability(log_odds),
        strongly >= alarm and any(signal.strength >= ALARMING for signal in strong),
        tuple(sorted(found, key=lambda signal: (-signal.log_odds, signal.code))),
        log_odds,
    )


def _signals(story: Story, at: datetime, cities: Cities, priors: Priors) -> Iterator[Signal]:
    yield from _of_trail(story)
    yield from _of_device(story.observations, at, cities, priors)
    if story.declared is not None:
        yield Signal("declared-contradicted", _contradiction(story.declared, story.observations, at, cities, priors))
    if story.sim_swapped_at is not None:
        days = max((at - story.sim_swapped_at).total_seconds() / 86_400, 0.0)
        yield Signal("sim-swapped", 0.5 ** (days / SWAP_HALF_LIFE_DAYS))
    if story.recycled:
        yield Signal("number-recycled", 1.0)
    if story.roaming:
        yield Signal("roaming", 1.0)
    yield from _of_network(story.observations, at, cities, priors)


def _of_trail(story: Story) -> Iterator[Signal]:
    if story.trail:
        found = check_trail(story.trail, story.radio_trail)
        speed = found.speed_m_per_s
        yield Signal("impossible-travel", 1 / (1 + (FLIGHT_M_PER_S / speed) ** 6) if speed > 1 else 0.0)
        yield Signal("trail-breaks", _step(found.surprise, BREAK))
        if found.offset is not None:
            share = min(found.compared / ENOUGH, 1.0)  # a single access point may have moved, and alarms nobody
            yield Signal("trail-off-radio", share * _step(found.offset, OFF))


def _of_device(seen: Iterable[Observation], at: datetime, cities: Cities, priors: Priors) -> Iterator[Signal]:
    """How likely the device lies, by radio and by the carrier, each for itself, and beyond what is usual."""
    kept = list(seen)
    device = [one for one in kept if isinstance(one, Device)]
    others = {"radio": (Radio,), "carrier": (CarrierCircle, CarrierVerdict)}
    for name, of in others.items():
        against = [one for one in kept if isinstance(one, of)]
        if device and against:
            lies = _causes([*device, *against], at, cities, priors)[Cause.SPOOFED_DEVICE]
            yield Signal(f"device-against-{name}", max(lies - priors["device.wrong"], 0.0))


def _of_network(seen: Iterable[Observation], at: datetime, cities: Cities, priors: Priors) -> Iterator[Signal]:
    kept = list(seen)
    nets = [one for one in kept if isinstance(one, IpCity) and cities.members(one.adcode).size]
    if not nets:
        return
    yield Signal("relayed", _causes(kept, at, cities, priors)[Cause.RELAYED])
    issued = [one for one in kept if isinstance(one, Issued) and cities.members(one.adcode).size]
    if issued:
        far = min(_apart(issued[-1], net, cities) for net in nets) > FAR_M
        yield Signal("issued-far-from-network", float(far))


def _contradiction(declared: str, seen: Iterable[Observation], at: datetime, cities: Cities, priors: Priors) -> float:
    """How likely a declaration is false that is true in 95 of 100 cases, after what else is known of the place."""
    there = cities.members(declared)
    kept = [one for one in counted(seen) if not isinstance(one, Issued | Stated)]
    if not there.size or there.size == len(cities) or not kept:
        return 0.0
    here = joint(evidence(kept, at, cities, priors), cities, priors).here
    usual = float(cities.weight[there].sum())
    inside = float(here[there].sum() / here.sum())
    odds = TRUE_AS_DECLARED / (1 - TRUE_AS_DECLARED) * inside * (1 - usual) / max((1 - inside) * usual, 1e-12)
    return max(1 / (1 + odds) - (1 - TRUE_AS_DECLARED), 0.0)


def _causes(seen: Iterable[Observation], at: datetime, cities: Cities, priors: Priors) -> dict[Cause, float]:
    heard = evidence(counted(seen), at, cities, priors)
    return causes_of(heard, joint(heard, cities, priors), cities, priors)


def _apart(issued: Issued, net: IpCity, cities: Cities) -> float:
    """Metres between the nearest cities that two regions may mean."""
    ones, others = cities.members(issued.adcode), cities.members(net.adcode)
    return min(float(cities.distance_m(cities.lat[one], cities.lon[one])[others].min()) for one in ones)


def _step(value: float, middle: float) -> float:
    return 1 / (1 + math.exp(-min(max(value - middle, -50.0), 50.0)))
