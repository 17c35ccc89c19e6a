"""What tests of fusion and risk share: a fixed time, shorthands, and the world that bench takes its figures in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from haoma.locate.fusion import Address, Circle, Device, IpCity, Issued, Network, Stated, known_cities, shipped_priors

_before = dict(os.environ)
from bench.fusion_people import Person, World, people  # noqa: E402
from bench.fusion_scores import Scores, certainty, scores  # noqa: E402

# The bench binds itself to one thread by the environment, which is not for the tests that run beside.
os.environ.clear()
os.environ.update(_before)

__all__ = [
    "CITIES",
    "NOW",
    "PRIORS",
    "Person",
    "Scores",
    "World",
    "address",
    "auc",
    "certainty",
    "circle",
    "device",
    "issued",
    "net",
    "people",
    "scores",
]

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CITIES = known_cities()
PRIORS = shipped_priors()


def circle(adcode: str, radius_m: float = 30.0, north_m: float = 0.0) -> Circle:
    place = CITIES.index[adcode]
    return Circle(float(CITIES.lat[place]) + north_m / 111_200, float(CITIES.lon[place]), radius_m, 0.95)


def issued(adcode: str) -> Issued:
    return Issued(adcode, 0.998, "segment", NOW)


def net(adcode: str, network: Network = Network.FIXED) -> IpCity:
    return IpCity(adcode, network, "ip-db", NOW)


def address(adcode: str, days: float = 30.0, kind: Address = Address.DELIVERY) -> Stated:
    return Stated(adcode, kind, "crm", NOW - timedelta(days=days))


def device(adcode: str, radius_m: float = 30.0) -> Device:
    return Device(circle(adcode, radius_m), "browser", NOW)


def auc(good: Sequence[float], bad: Sequence[float]) -> float:
    """How often a bad case scores higher than a good one, ties as a half."""
    one, two = np.asarray(bad)[:, None], np.asarray(good)[None]
    return float(((one > two) + 0.5 * (one == two)).mean())
