"""How soon a diverted hotline is noticed, beside an oracle; how often nothing is wrong; and what that costs.

Rules held here:
- What is simulated, and what is thinned from real calls, is said of each figure (bench/watch_delays.py, watch_bank.py).
- False alarms are counted on traffic in which nothing is wrong, and stand beside the budget.
- Speed is CPU time of one thread, with the hour in which thresholds are set anew.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np

from bench import watch_bank
from bench.figure import Figure
from bench.watch_delays import DAY, MONDAY, Alarms, Delays, false_alarms, simulated
from bench.watch_ideal import ideal
from haoma.watch.detector import Detector
from haoma.watch.model import Channel, Tuning

__all__ = ["speed", "watch"]

RATES = (100.0, 300.0, 1000.0)
LONG_RATES = (100.0, 200.0, 500.0, 1000.0, 2000.0)
BOUND_RATES = (100.0, 200.0, 300.0)
FLEET_YEAR = 400, 13
"""Hotlines and weeks: a hundred years of one hotline, in a spring with holidays and made-up workdays."""


def speed(hotlines: int, minutes: int = 61) -> tuple[float, float, int]:
    """Hotline updates a second of CPU time, milliseconds of the slowest minute, and bytes a hotline."""
    chance = np.random.default_rng(1)
    watching = Detector(Tuning(), hotlines)
    history = chance.poisson(25.0, (8, hotlines, 2)).astype(np.float64)
    for day in range(3):
        watching.learn(MONDAY + day * DAY, history)
    watching.step(MONDAY + 3 * DAY - 1, np.zeros((hotlines, 2)))  # the first minute works out what is kept from then on
    taken = np.zeros(minutes)
    for at in range(minutes):
        counts = chance.poisson((1.67, 0.01), (hotlines, 2)).astype(np.float64)
        began = time.process_time()
        watching.step(MONDAY + 3 * DAY + at, counts)
        taken[at] = time.process_time() - began
    return hotlines * minutes / taken.sum(), 1000 * float(taken.max()), watching.state.itemsize


def watch(*, quick: bool = False) -> Iterator[Figure]:
    """What the table of all figures has of it."""
    hotlines = 2_000 if quick else 100_000
    rate, slowest, size = speed(hotlines)
    yield Figure(f"hotlines watched, {hotlines:,} at once", "hotlines/s", rate, "the least that is asked", 2e6)
    yield Figure(
        f"the slowest minute of an hour of {hotlines:,} hotlines", "ms", slowest, "the most that is asked", 100
    )
    yield Figure("what is remembered of a hotline", "bytes", size, "the most that is asked", 2048)
    for calls in RATES[:1] if quick else RATES:
        for one in simulated(calls, 40 if quick else 300):
            if one.held:
                ours, best = one.medians
                what = f"median delay, simulated: {calls:g} calls/h, p={one.case[0]:g}, q={one.case[1]:g}"
                yield Figure(what, "min", ours, "the oracle", best)
    alarms = false_alarms(*((40, 1) if quick else (300, 4)))
    what = f"false alarms a month and hotline, simulated ({alarms.months:.0f} months)"
    yield Figure(what, "alarms", max(float(alarms.rates.sum()), 1e-9), "the budget", 1.0)


def _tell_delays(found: Sequence[Delays]) -> None:
    print("| calls/h | p | q | median, min | oracle | ratio | within 15 min | oracle | ratio | held to |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for one in found:
        (ours, best), (soon, soonest) = one.medians, one.soon
        ratio = f"{soon / soonest:.2f}" if soonest else "-"
        print(
            f"| {one.calls_per_hour:g} | {one.case[0]:g} | {one.case[1]:g} | {ours:g} | {best:g} | {ours / best:.2f}"
            f" | {soon:.3f} | {soonest:.3f} | {ratio} | {'yes' if one.held else ''} |"
        )
    held = [one for one in found if one.held]
    if held:
        ratios = [one.medians[0] / one.medians[1] for one in held]
        soon, soonest = (float(np.mean([one.soon[which] for one in held])) for which in (0, 1))
        print(
            f"\nHeld to: median ratio {np.median(ratios):.2f}, worst {max(ratios):.2f} of {len(held)};"
            f" within 15 min {soon:.3f} against {soonest:.3f}, ratio {soon / soonest:.2f}\n",
            flush=True,
        )


def _tell_alarms(found: Alarms, budget: float = 1.0) -> None:
    rates = found.rates
    parts = ", ".join(f"{channel.label} {rates[channel]:.3f}" for channel in Channel)
    print(
        f"{rates.sum():.3f} ± {found.wide:.3f} (95 %) false alarms a month and hotline ({parts}),"
        f" {found.raised.sum():.0f} in {found.months / 12.17:.0f} years of {found.raised.shape[1]} hotlines together;"
        f" budget {budget:g}\n",
        flush=True,
    )


def _tell_bound() -> int:
    for together in (False, True):
        told = "that it is one of the three cases" if together else "the case"
        print(f"An observer that knows all but the level, told {told}; simulated traffic:\n", flush=True)
        _tell_delays([one for calls in BOUND_RATES for one in ideal(calls, 1000, together=together)])
    return 0


def main() -> int:
    """Print the tables."""
    options = argparse.ArgumentParser(prog="python -m bench.watch", description="Delays, false alarms, speed.")
    options.add_argument("--long", action="store_true", help="more hotlines, rates and weeks: ten minutes")
    options.add_argument("--bound", action="store_true", help="only what an observer has that cannot know the level")
    asked = options.parse_args()
    if asked.bound:
        return _tell_bound()
    long = asked.long
    rate, slowest, size = speed(100_000)
    print(f"Speed: {rate / 1e6:.1f} M hotline updates per core-second, {size} bytes a hotline;", end=" ")
    print(f"slowest minute of 100,000 hotlines {slowest:.0f} ms.\n\nDelays, simulated traffic:\n", flush=True)
    _tell_delays([one for calls in (LONG_RATES if long else RATES) for one in simulated(calls, 1000 if long else 300)])
    for budget in (1.0, 0.1) if long else (1.0,):
        print("False alarms, simulated traffic of 10 to 3,000 calls an hour:", end=" ")
        _tell_alarms(false_alarms(*(FLEET_YEAR if long else (300, 4)), budget), budget)
    if watch_bank.BANK.exists():
        alarms, delays = watch_bank.thinned(*((12, 40) if long else (4, 40)))
        print(
            f"Calls of a US bank, 2003, thinned to {watch_bank.THINNED} an hour (reports simulated). False alarms:",
            end=" ",
        )
        _tell_alarms(alarms)
        _tell_delays(delays)
    if importlib.util.find_spec("bench.nab"):
        from bench.nab import main as nab

        sys.argv = ["python -m bench.nab"]
        return nab()
    return 0


if __name__ == "__main__":
    sys.exit(main())
