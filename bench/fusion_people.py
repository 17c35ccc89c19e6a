"""People who do not exist, and what sources say of them: a world for figures of fusion, apart from its model.

Rules held here:
- Nothing is taken from the model's likelihoods: people move by distance, addresses are old because of when they were
  given, gateways sit in the largest city, and errors have heavier tails than a normal distribution.
- How many of those who move stay in their province is a knob, as how many move is; where they then go is by distance
  and size. Where a number is bought and where people travel goes the same way.
- The knobs of a `World` say how often things go wrong. They are no measurement of any real one: a figure taken here is
  never an accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from haoma.locate.fusion import (
    Address,
    CarrierCircle,
    CarrierVerdict,
    Circle,
    Cities,
    Device,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Stated,
    Verdict,
)

__all__ = ["NOW", "Person", "World", "people"]

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KM = 111.2
YEAR = 365.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """How often things go wrong, and how often each source speaks at all."""

    movers: float = 0.2
    stays_near: float = 0.55
    errs_largest: float = 0.35
    away: float = 0.05
    bought_elsewhere: float = 0.03
    updates_address: float = 0.6
    others_address: float = 0.04
    vpn: float = 0.05
    mobile: float = 0.6
    mobile_right: float = 0.48
    fixed_right: float = 0.75
    home_routed: float = 0.1
    spoofers: float = 0.02
    copies_address: float = 0.0
    radio_moved: float = 0.01
    carrier_slips: float = 0.005
    leaves_per_day: float = 0.03
    tails: float = 0.05
    speaks: tuple[float, ...] = (0.97, 0.9, 0.55, 0.2, 0.15, 0.45, 0.25, 0.08, 0.12)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: the position of their city in the table, where they are, and what sources say."""

    city: int
    lat: float
    lon: float
    observations: tuple[Observation, ...]
    moved: bool
    spoofs: bool


@dataclass(slots=True)
class _Making:
    """One world in the making."""

    world: World
    cities: Cities
    rng: np.random.Generator
    km: Floats
    attraction: Floats
    largest: dict[str, int]

    def yes(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def any_city(self) -> int:
        return int(self.rng.choice(len(self.cities), p=self.cities.weight))

    def another(self, city: int) -> int:
        """A city that somebody of `city` goes to: a large one, or a near one."""
        return int(self.rng.choice(len(self.cities), p=self.attraction[city]))

    def neighbour(self, city: int) -> int:
        """A wrong city as databases have it: the largest of the province, one of the five nearest, or any."""
        if self.yes(self.world.errs_largest):
            return self.largest[self.cities.adcode[city][:2]]
        return int(self.rng.choice(np.argsort(self.km[city])[1:6])) if self.yes(0.46) else self.any_city()

    def place_in(self, city: int) -> tuple[float, float]:
        """Somewhere in a city: around its point, thinning out, and nearer to it than to any other."""
        scale = 0.3 * float(np.sort(self.km[city])[1])
        for _ in range(20):
            far, turn = self.rng.exponential(scale), self.rng.uniform(0, 2 * math.pi)
            lat, lon = self.shift(float(self.cities.lat[city]), float(self.cities.lon[city]), far, turn)
            away = (self.cities.lat - lat) ** 2 + ((self.cities.lon - lon) * math.cos(math.radians(lat))) ** 2
            if int(away.argmin()) == city:
                return lat, lon
        return float(self.cities.lat[city]), float(self.cities.lon[city])

    def shift(self, lat: float, lon: float, km: float, turn: float) -> tuple[float, float]:
        return lat + km * math.cos(turn) / KM, lon + km * math.sin(turn) / KM / math.cos(math.radians(lat))

    def wandered(self, lat: float, lon: float, days: float) -> tuple[float, float]:
        """Where somebody was so long ago who has not left their city: at a walk, and not always."""
        return self.shift(lat, lon, min(days * 24 * self.rng.exponential(0.3), 8.0), self.rng.uniform(0, 2 * math.pi))

    def seen(self, lat: float, lon: float, radius_m: float, stated: float, real: float) -> Circle:
        """A circle that holds the truth in the share `real` of cases, and says `stated`; some errors are far larger."""
        sigma = radius_m / math.sqrt(-2 * math.log(1 - real))
        error = self.rng.rayleigh(sigma) * (4.0 if self.yes(self.world.tails) else 0.92)
        lat, lon = self.shift(lat, lon, error / 1000, self.rng.uniform(0, 2 * math.pi))
        return Circle(lat, lon, radius_m, stated)


def people(world: World, cities: Cities, count: int, seed: int) -> Iterator[Person]:
    """So many people, each with what the sources of this world say of them at `NOW`."""
    making = _making(world, cities, np.random.default_rng(seed))
    return (_person(making) for _ in range(count))


def _making(world: World, cities: Cities, rng: np.random.Generator) -> _Making:
    middle = np.radians((cities.lat[:, None] + cities.lat[None]) / 2)
    km = KM * np.hypot(
        cities.lat[:, None] - cities.lat[None], (cities.lon[:, None] - cities.lon[None]) * np.cos(middle)
    )
    pull = _pull(cities, km, world.stays_near)
    largest: dict[str, int] = {}
    for place in np.argsort(cities.weight):
        largest[cities.adcode[place][:2]] = int(place)
    return _Making(world, cities, rng, km, pull, largest)


def _pull(cities: Cities, km: Floats, near: float) -> Floats:
    """How many of those who leave a city go to each other one: rows that sum to 1."""
    pull = cities.weight / (km + 100.0)
    np.fill_diagonal(pull, 0.0)
    inside = np.where(cities.province[:, None] == cities.province[None], pull, 0.0)
    outside = pull - inside
    share = np.where(cities.alone > 0, 0.0, near)[:, None]
    result: Floats = share * _rows(inside) + (1 - share) * _rows(outside)
    return result


def _rows(pull: Floats) -> Floats:
    result: Floats = pull / np.maximum(pull.sum(axis=1, keepdims=True), 1e-300)
    return result


def _person(m: _Making) -> Person:
    w, rng = m.world, m.rng
    origin = m.any_city()
    moved = m.yes(w.movers)
    moved_days = rng.exponential(4 * YEAR)
    home = m.another(origin) if moved else origin
    city = m.another(home) if m.yes(w.away) else home
    lat, lon = m.place_in(city)
    issued = m.another(origin) if m.yes(w.bought_elsewhere) else origin
    spoofs = m.yes(w.spoofers)
    addresses = [_address(m, kind, origin, home, moved_days if moved else math.inf) for kind in Address]
    told: list[list[Observation]] = [
        [_issued(m, issued)],
        list(_traffic(m, origin, city)),
        [addresses[0]],
        [addresses[1]],
        [addresses[2]],
        [_device(m, home, city, lat, lon, addresses[0].adcode if spoofs else None)],
        [_radio(m, lat, lon)],
        [_carrier(m, lat, lon)],
        [_verdict(m, city, lat, lon)],
    ]
    kept = [one for some, chance in zip(told, w.speaks, strict=True) if m.yes(chance) for one in some]
    return Person(city, lat, lon, tuple(kept), moved, spoofs)


def _ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _issued(m: _Making, city: int) -> Issued:
    adcode = m.cities.adcode[city]
    return Issued(f"{adcode[:2]}0000" if m.yes(0.05) else adcode, 0.998, "segment", NOW)


def _address(m: _Making, kind: Address, origin: int, home: int, moved_days: float) -> Stated:
    days = m.rng.exponential(YEAR * (2 if kind is Address.BILLING else 1))
    updates = m.world.updates_address - (0.3 if kind is Address.BILLING else 0)
    city = origin if days > moved_days and not m.yes(updates) else home
    if m.yes(m.world.others_address):
        city = m.neighbour(home)
    return Stated(m.cities.adcode[city], kind, "crm", _ago(days))


def _traffic(m: _Making, origin: int, city: int) -> Iterator[IpCity]:
    w = m.world
    mobile, relayed = m.yes(w.mobile), m.yes(w.vpn)
    leaves = m.largest[m.cities.adcode[origin][:2]] if mobile and m.yes(w.home_routed) else city
    leaves = m.any_city() if relayed else leaves
    right = w.mobile_right if mobile else w.fixed_right
    network = Network.MOBILE if mobile else Network.FIXED
    network = Network.HOSTING if relayed and m.yes(0.5) else network
    first = leaves if m.yes(right) else m.neighbour(leaves)
    yield IpCity(m.cities.adcode[first], network, "ip-one", NOW)
    if m.yes(0.2):
        second = leaves if m.yes(right) else m.neighbour(leaves)
        yield IpCity(m.cities.adcode[second], network, "ip-two", NOW)


def _device(m: _Making, home: int, city: int, lat: float, lon: float, address: str | None) -> Device:
    days = m.rng.exponential(0.01) if m.yes(0.7) else m.rng.exponential(1.0)
    if m.yes(1 - math.exp(-m.world.leaves_per_day * days)):
        lat, lon = m.place_in(m.another(city) if city == home else home)
    if address is not None:
        false = m.cities.index[address] if m.yes(m.world.copies_address) else m.any_city()
        lat, lon = m.place_in(false)
    radius = float(np.clip(m.rng.lognormal(3.2, 0.8), 5, 2000))
    if address is None:
        lat, lon = m.wandered(lat, lon, days)
    return Device(m.seen(lat, lon, radius, 0.68, 0.66), "browser", _ago(days))


def _radio(m: _Making, lat: float, lon: float) -> Radio:
    days = m.rng.exponential(0.02)
    circle = m.seen(*m.wandered(lat, lon, days), 50, 0.95, 0.92)
    return Radio(_moved(m, circle, m.world.radio_moved), "wifi", _ago(days))


def _carrier(m: _Making, lat: float, lon: float) -> CarrierCircle:
    days = m.rng.exponential(0.01)
    circle = m.seen(*m.wandered(lat, lon, days), float(m.rng.uniform(500, 3000)), 0.9, 0.78)
    return CarrierCircle(_moved(m, circle, m.world.carrier_slips), "carrier", _ago(days))


def _moved(m: _Making, circle: Circle, chance: float) -> Circle:
    """A circle of somewhere else, as access points make it that were carried to another city."""
    if not m.yes(chance):
        return circle
    return Circle(*m.place_in(m.any_city()), circle.radius_m, circle.coverage)


def _verdict(m: _Making, city: int, lat: float, lon: float) -> CarrierVerdict:
    slips = m.yes(m.world.carrier_slips)
    if m.yes(0.5):
        asked = city if m.yes(0.7) else m.neighbour(city)
        true = (asked == city) != slips
        return CarrierVerdict(m.cities.adcode[asked], Verdict.TRUE if true else Verdict.FALSE, "carrier", NOW)
    far = float(m.rng.exponential(4.0)) if m.yes(0.7) else 300.0
    turn = m.rng.uniform(0, 2 * math.pi)
    store_lat, store_lon = m.shift(lat, lon, far, turn)
    about = Circle(store_lat, store_lon, 3000.0, 0.5)
    share = min(max((3.0 + 1.0 - far) / 2.0, 0.0), 1.0)  # the carrier knows to about a kilometre
    if 0.01 < share < 0.99 and not slips:
        return CarrierVerdict(about, Verdict.PARTIAL, "carrier", NOW, round(100 * share))
    return CarrierVerdict(about, Verdict.TRUE if (share > 0.5) != slips else Verdict.FALSE, "carrier", NOW)
