"""What a process of `haoma serve` does for itself before it answers.

Rules held here:
- What a process has before it answers, it keeps: the collector does not stop requests to look through all of it again.
- A worker keeps to one core: Python runs one thread at a time, and threads on several cores that hand the interpreter
  to one another take twice the CPU for an answer (docs/guide/api.md). One that takes the place of a worker that was
  killed takes its core.
"""

from __future__ import annotations

import fcntl
import gc
import os
from itertools import count
from pathlib import Path

__all__ = ["free_place", "keep_to_core", "settle"]

COLLECTED = (10_000, 10, 50)  # what requests leave behind is freed without the collector, but for what fails


def settle() -> None:
    """Take what this process holds by now out of the collector's sight, once what is garbage of it is gone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def keep_to_core(place: int) -> None:
    """Run this process on one of the cores that it may use: that at this place among them, counted round.

    Workers of one service have places in a row. Where the system has no such thing, nothing is changed.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})


def free_place(folder: Path) -> tuple[int, int]:
    """The first place that no other process has, and the file that keeps it until that is closed or the process ends.

    Whichever worker is killed, the one that is started in its stead finds its place free.
    """
    for place in count():
        file = os.open(folder / f"place-{place}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            return place, file
    raise AssertionError(folder)
