"""One number at a time, and what it costs to begin.

Rules held here:
- Latency is of clean mobiles, which every tool reads; each is asked once, so that no cache answers.
- What it costs to begin is the CPU time of a fresh process, with the time that Python itself takes beside it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.columns import CLEAN
from bench.figure import RUNS, Figure, latency_us
from bench.peers import PEERS, Ask
from haoma import parse, settings
from haoma.numbers.samples import samples
from haoma.numbers.segments import load, open_pack, pack_path

__all__ = ["latency", "pack_load", "starts"]

FIRST_ANSWERS = {
    "haoma": "import haoma; haoma.parse('13800138000')",
    "phone": "from phone import Phone; Phone().find('13800138000')",
    "phonenumbers": "from bench.peers import PEERS; PEERS['phonenumbers']()('13800138000')",
}


def latency(calls: int) -> Iterator[Figure]:
    """Median and 99th percentile of one call."""
    cells = samples(calls, CLEAN)["cell"].to_pylist()
    parse(cells[0])
    haoma = latency_us(parse, cells)
    others = {name: _latency(peer(), cells) for name, peer in PEERS.items()}
    for at, what in enumerate(("median", "99th percentile")):
        for name, taken in others.items():
            yield Figure(f"one clean mobile, {what}", "µs", haoma[at], name, taken[at])


def _latency(ask: Ask, cells: list[str]) -> tuple[float, float]:
    ask(cells[0])
    return latency_us(ask, cells)


def starts() -> Iterator[Figure]:
    """CPU time until the first answer, in Python and from the command line."""
    haoma = _cpu_ms([sys.executable, "-c", FIRST_ANSWERS["haoma"]])
    for name in PEERS:
        alone = _cpu_ms([sys.executable, "-c", FIRST_ANSWERS[name]])
        yield Figure("first answer of a fresh process, CPU", "ms", haoma, name, alone)
    command = _cpu_ms([str(Path(sys.executable).with_name("haoma")), "number", "parse", "13800138000"])
    yield Figure("haoma number parse, CPU", "ms", command, "python -c pass", _cpu_ms([sys.executable, "-c", "pass"]))


def _cpu_ms(command: list[str]) -> float:
    runs = []
    for _ in range(RUNS):
        before = _children_s()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        runs.append(_children_s() - before)
    return min(runs) * 1000


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pack_load() -> Iterator[Figure]:
    """Opening and verifying the packed table of segments."""
    here = settings.load()
    load(here)
    runs = []
    for _ in range(RUNS):
        began = time.perf_counter()
        open_pack(pack_path(here), verify=True)
        runs.append(time.perf_counter() - began)
    yield Figure("opening and verifying the table of segments", "ms", min(runs) * 1000)
