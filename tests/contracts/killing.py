"""All or nothing: a change that kill -9 interrupts is whole or not there; and once acknowledged, it is there.

`assert_all_or_nothing(url, change, check)` takes two functions of a test file:

- `change(store, n)` makes the change number n through `Store.write`, once; it may start threads of its own.
- `check(store, n, acknowledged)` asserts that the change n is whole or not there, and is there where acknowledged.

A process of its own makes change after change, each one killed one statement later than the one before, until one comes
to its end. With `after_s` it goes on making changes, and is killed after so many seconds, once for each.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from contracts.made import made
from haoma.storage import Store, open_store

Change = Callable[[Store, int], None]
Check = Callable[[Store, int, bool], None]


def assert_all_or_nothing(url: str, change: Change, check: Check, *, after_s: Sequence[float] = ()) -> int:
    """Kill and check; the number of kills."""
    file = inspect.getsourcefile(change)
    command = [sys.executable, "-m", "contracts.killing", str(file), change.__name__, check.__name__, made(url)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run([*command, *map(str, after_s)], env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def main(file: str, change: str, check: str, url: str, *after_s: str) -> int:
    module = load(file)
    first = kills = 0
    while True:
        wait_s = float(after_s[kills]) if after_s else None
        done, killed = killed_child(url, getattr(module, change), first, kills + 1, wait_s)
        with open_store(url) as store:
            for n in range(first, first + done + 1):
                getattr(module, check)(store, n, n < first + done)
        first += done + 1
        kills += killed
        if not killed or (after_s and kills == len(after_s)):
            return kills


def load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("changes", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["changes"] = module
    spec.loader.exec_module(module)
    return module


def killed_child(url: str, change: Change, first: int, point: int, wait_s: float | None) -> tuple[int, bool]:
    """Changes from `first` on in a process that is killed: how many were acknowledged, and whether it was killed."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.close(told)
        try:
            run(url, change, first, tell, None if wait_s else point)
        finally:
            os._exit(1)
    os.close(tell)
    if wait_s is not None:
        assert os.read(told, 1) == b"r"
        time.sleep(wait_s)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(told, "rb") as rest:
        done = rest.read().count(b"d")
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, "the change failed"
    return done, killed


def run(url: str, change: Change, first: int, tell: int, point: int | None) -> None:
    steps = Steps(point)
    store = open_store(url)
    steps.armed = True
    os.write(tell, b"r")
    n = first
    while True:
        change(store, n)
        steps.step()
        os.write(tell, b"d")
        n += 1
        if point is not None:
            os._exit(0)


class Steps:
    """Counts what the database is told, and ends the process at one of these points."""

    def __init__(self, point: int | None) -> None:
        self.armed = False
        self.left = point
        for event in ("after_cursor_execute", "commit", "savepoint", "release_savepoint"):
            sa.event.listen(sa.Engine, event, self.step)
        sa.event.listen(sa.Engine, "before_cursor_execute", self.before)
        sa.event.listen(sa.Engine, "connect", self.trace)

    def step(self, *_: object) -> None:
        if self.armed and self.left is not None:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, tx: sa.Connection, *_: object) -> None:
        if tx.dialect.name != "sqlite":  # which is heard of by its driver, behind nothing but the reading of the SQL
            self.step()

    def trace(self, driver: object, _record: object) -> None:
        follow = getattr(driver, "set_trace_callback", None)  # SQLite's, which hears of the raw driver too
        if follow:
            follow(self.step)


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
