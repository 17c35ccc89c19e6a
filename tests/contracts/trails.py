"""Trails of people who do not exist, true and tampered with, and radio that saw them. Apart from the filter's model."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from haoma.locate.risk import Fix

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
EVERY_S = 15
FIXES = 80
M_PER_DEGREE = 111_200.0


def walk(rng: np.random.Generator) -> np.ndarray:
    """Metres north and east of a start: stops, and legs at a walk or in a car, with turns."""
    place, heading, speed, path = np.zeros(2), rng.uniform(0, 2 * math.pi), 0.0, []
    for _ in range(FIXES):
        if rng.random() < 0.08:
            speed = rng.choice([0.0, 1.3, 1.3, 9.0, 14.0])
        heading += rng.normal(0, 0.25)
        place = place + EVERY_S * speed * np.array([math.cos(heading), math.sin(heading)])
        path.append(place)
    return np.array(path)


def tampered(path: np.ndarray, how: str, rng: np.random.Generator) -> np.ndarray:
    """A path with a jump, a drift away, or a constant offset, somewhere between half a kilometre and three."""
    far, turn = rng.uniform(500, 3000), rng.uniform(0, 2 * math.pi)
    away = far * np.array([math.cos(turn), math.sin(turn)])
    start = int(rng.integers(10, FIXES // 2))
    share = {
        "none": np.zeros(FIXES),
        "teleport": (np.arange(FIXES) >= start).astype(float),
        "drift": np.clip((np.arange(FIXES) - start) / 30, 0, 1),
        "offset": np.ones(FIXES),
    }[how]
    return path + share[:, None] * away


def seen(path: np.ndarray, sigma_m: float, rng: np.random.Generator, every: int = 1) -> list[Fix]:
    """Fixes of a path: errors go on for a while, and some are five times as large."""
    error, fixes = np.zeros(2), []
    for place, point in enumerate(path):
        error = 0.6 * error + 0.8 * rng.normal(0, sigma_m, 2) * (5 if rng.random() < 0.03 else 1)
        if place % every == 0:
            north, east = point + error
            lat = 30 + north / M_PER_DEGREE
            lon = 120 + east / M_PER_DEGREE / math.cos(math.radians(30))
            fixes.append(Fix(START + timedelta(seconds=place * EVERY_S), lat, lon, sigma_m))
    return fixes
