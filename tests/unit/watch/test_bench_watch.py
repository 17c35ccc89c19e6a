"""The bench of the detector, at its smallest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from haoma.watch.detectability import bound
from haoma.watch.likelihood import volume_after, volume_before


@pytest.mark.slow
def test_the_oracle_is_what_the_bound_says(root: Path) -> None:
    """Its threshold and mean delay, simulated, against Lorden's formulas for flat traffic."""
    code = """
import numpy as np
from bench.watch_oracle import Oracle, first, says
from haoma.watch.simulate import Traffic, World, divert
flat = Traffic(300.0, level_sd=0.0, own_sd=0.0, night=1.0, weekend=1.0, spread=0.0)
world, oracle = World(flat, 400, 29_000_000, 1), Oracle((0.5, 0.0), 0.005, 400)
for minute in world.minutes(1440):
    oracle.add(minute)
chance, level = np.random.default_rng(2), oracle.threshold(slice(None))
from dataclasses import replace
said = [says(replace(m, counts=divert(m.counts, 0.5, 0.0, chance)), oracle.case, 0.005) for m in world.minutes(90)]
print(level, first(np.zeros(400), np.stack(said), level).mean())
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    level, delay = map(float, ended.stdout.split())
    wide = (np.asarray(0.5), np.asarray(1.35))
    before, after = 5 * float(volume_before(*wide)), 5 * float(volume_after(*wide))
    known = bound(43_200, before, after)
    assert 0.7 * known < delay < 1.1 * known
    assert level < np.log(43_200)


@pytest.mark.slow
def test_who_cannot_know_the_level_is_nearly_as_quick_as_the_oracle_and_no_quicker(root: Path) -> None:
    code = """
from bench.watch_ideal import ideal
for together in (False, True):
    found = list(ideal(300.0, 80, together=together))
    print(*(one.detector.mean() for one in found), *(one.oracle.mean() for one in found))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    for line in ended.stdout.splitlines():
        delays = [float(one) for one in line.split()]
        for ideal, oracle in zip(delays[:3], delays[3:], strict=True):
            assert 0.85 * oracle < ideal < 1.5 * oracle
