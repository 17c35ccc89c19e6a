"""Logs to measure, ours and pymerkle's, over the same bytes; and what a fresh process needs to read one of ours.

Rules held here:
- Data lies below the checkout's .cache, for /tmp may be memory, which is no disk; it is gone at the end of the run.
- A large log is made past the queue (`service.grow`): 131,072 entries a transaction, as integration writes them, and
  with one run of entry ids, so that an audit finds nothing amiss. How fast entries come in is measured on other logs.
- Peak memory is that of a fresh process (VmHWM): it opens the log, proves, and audits all of it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from haoma.ledger import tables
from haoma.ledger.audit import audit
from haoma.ledger.bundles import encode_bundle
from haoma.ledger.growth import WIDTH
from haoma.ledger.service import grow
from haoma.ledger.view import View
from haoma.storage import Store, open_store

__all__ = ["Tree", "fill", "now", "peer_tree", "place", "read_in_a_fresh_process", "small_entries", "store_at"]

ROOT = Path(__file__).resolve().parent.parent
STEP = 1 << 17
PROOFS = 500
SMALL = b'{"at":"2026-11-22T00:00:00.000000Z","body":{"number":%d},"type":"bench.counted","v":1}'


class Tree(Protocol):
    """What we use of a tree of pymerkle; its indices start at 1."""

    def append_entry(self, data: bytes) -> int:
        """Store one leaf, and commit."""

    def append_entries(self, entries: Sequence[bytes]) -> int:
        """Store leaves in one transaction."""

    def get_root(self) -> bytes:
        """Hash the tree."""

    def get_leaf(self, index: int) -> bytes:
        """The hash of a leaf."""

    def prove_inclusion(self, index: int) -> object:
        """The proof of a leaf in the whole tree."""

    def close(self) -> None:
        """Close the database."""


@contextmanager
def place() -> Iterator[Path]:
    """A directory on a disk, for as long as a measurement takes."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=cache) as name:
        yield Path(name)


def store_at(path: Path) -> Store:
    """A store in this file."""
    return open_store(f"sqlite:///{path}")


@contextmanager
def peer_tree(path: Path) -> Iterator[Tree | None]:
    """A tree of pymerkle on SQLite with its own defaults; None where pymerkle is not installed."""
    if find_spec("pymerkle") is None:
        yield None
        return
    from pymerkle import SqliteTree

    with closing(SqliteTree(str(path))) as tree:
        yield tree


def now() -> datetime:
    """The clock of a log."""
    return datetime.now(UTC)


def small_entries(first: int, last: int) -> list[bytes]:
    """Entries of some 85 bytes, each another one."""
    return [SMALL % number for number in range(first, last)]


def fill(store: Store, size: int) -> None:
    """Make a log of `size` small entries."""
    for first in range(0, size, STEP):
        entries = small_entries(first, min(first + STEP, size))
        parts = [entries[at : at + WIDTH] for at in range(0, len(entries), WIDTH)]
        store.write(partial(grow, bundles=[(encode_bundle(part), len(part)) for part in parts], at=now()))
    run = sa.insert(tables.runs).values(first_id=1, first_index=0, length=size)
    store.write(lambda tx: tx.execute(run).rowcount)


def read_in_a_fresh_process(path: Path) -> dict[str, float]:
    """Peak memory (`mb`) of a process that proves 500 entries and audits all, and `audited` entries a CPU second."""
    command = [sys.executable, "-m", "bench.logs", str(path)]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def _read(path: Path) -> dict[str, float]:
    with store_at(path) as store:
        view = View(store)
        size = view.head().size
        for index in random.Random(3).choices(range(size), k=PROOFS):
            view.inclusion(index, size)
        began = time.process_time()
        with store.read() as tx:
            for _ in audit(tx):
                pass
        return {"audited": size / (time.process_time() - began), "mb": _peak_mb()}


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_read(Path(sys.argv[1]))))
