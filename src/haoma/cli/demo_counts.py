"""The counts that the demo's chapter on counts plays on: simulated, with a seed, and nobody's.

Rules held here:
- The same minutes come out of every run, on days of 2026 without a holiday near them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoma.watch.counts import COUNTS, Batch
from haoma.watch.model import moment_of
from haoma.watch.simulate import Traffic, World, divert

if TYPE_CHECKING:
    from haoma.app import Services
    from haoma.guard.registry import Hotline

__all__ = ["BACK", "CALLS_PER_HOUR", "DIVERTED", "END", "SINCE", "P", "Q", "put"]

HOUR, DAY, QUARTER = 60, 1440, 15
SINCE = 29_811_840
"""Midnight of Monday, 7 September 2026, in Shanghai."""
TODAY = SINCE + 7 * DAY
DIVERTED, BACK, END = TODAY + 10 * HOUR, TODAY + 10 * HOUR + 90, TODAY + 2 * DAY
P, Q = 0.5, 0.05
CALLS_PER_HOUR = 600.0
SEED = 20_260_914


def put(services: Services, tenant: str, hotline: Hotline) -> None:
    """Write down nine days of a hotline, half of whose callers are gone for an hour and a half of the eighth."""
    values, rows = _minutes(), END - SINCE
    codes, minutes = np.zeros(rows, np.int64), np.arange(SINCE, END)
    said = np.ones(values.shape, np.bool_)
    services.counts.fill(tenant, Batch([hotline.uid], codes, minutes, COUNTS, values, said), moment_of(END))


def _minutes() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Minutes by inquiries and error reports: a week of quarters of an hour spread out, and two days of minutes."""
    world, rng = World(Traffic(CALLS_PER_HOUR), 1, SINCE, SEED), np.random.default_rng(SEED)
    quarters = world.quarters((TODAY - SINCE) // QUARTER)[:, 0].astype(np.int64)
    week = [rng.multinomial(quarters[:, signal], [1 / QUARTER] * QUARTER).reshape(-1) for signal in (0, 1)]
    days = np.array([one.counts[0] for one in world.minutes(END - TODAY)])
    days[DIVERTED - TODAY : BACK - TODAY] = divert(days[DIVERTED - TODAY : BACK - TODAY], P, Q, rng)
    return np.concatenate([np.stack(week, axis=-1).astype(np.float64), days])
