"""Appending to the log: entries a second that are durable, and in the tree.

Rules held here:
- Wall time, for a disk is waited for; the median of rounds in which haoma and its peer take turns.
- haoma checks and encodes each entry, queues it, and integrates every 16 batches. pymerkle 7 on SQLite, as it comes, is
  given the same bytes; it keeps leaves alone, and hashes its tree when a root is asked for. What it takes is told for
  storing alone, with its roots, and with its roots and the encoding that haoma's figure has in it.
- Both logs must come to the same root, and hold every entry that was acknowledged, or the run ends.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.figure import Figure, require, wall_s
from bench.logs import Tree, now, peer_tree, place, store_at
from haoma.ledger.entry import Entry, encode
from haoma.ledger.events import ENTRY_TYPES, FILE_RECORDED
from haoma.ledger.service import Ledger
from haoma.ledger.view import View

__all__ = ["appends"]

BATCH, BATCHES_TO_A_ROOT, ROUNDS = 1_000, 16, 5
WRITERS, ALONE = 256, 40
STORED, ROOTED = "pymerkle, storing alone", "pymerkle, with its root every 16 batches"
ENCODED = "pymerkle, with its root and the same encoding"
T = TypeVar("T")
TYPES = {FILE_RECORDED.name: FILE_RECORDED}


def appends(batches: int, seconds: float) -> Iterator[Figure]:
    """Entries a second: in batches, one by one, and by 256 writers at once."""
    with place() as folder, store_at(folder / "haoma.db") as store, peer_tree(folder / "peer.db") as peer:
        ledger = Ledger(store, ENTRY_TYPES, now)
        yield from _batched(ledger, peer, batches)
        yield from _alone(ledger, peer, folder)
        before = View(store).head().size
        count, rate = _crowded(ledger, seconds)
        yield Figure(f"log, durable append, {WRITERS} writers", "entries/s", rate, "fdatasync", _fdatasync_rate(folder))
        ledger.integrate()
        require(View(store).head().size == before + count, "the log has not the entries that were acknowledged")


def _batched(ledger: Ledger, peer: Tree | None, batches: int) -> Iterator[Figure]:
    what, ours, theirs = "log, batches of 1,000, integrated", list[float](), list[tuple[float, float, float]]()
    for number in range(ROUNDS):
        entries = [_entry(number * batches * BATCH + at) for at in range(batches * BATCH)]
        ours.append(_append_all(ledger, entries))
        if peer:
            theirs.append(_append_all_peer(peer, entries))
    rate = batches * BATCH / statistics.median(ours)
    if not peer:
        yield Figure(what, "entries/s", rate)
        return
    require(peer.get_root() == View(ledger.store).head().root, "the logs differ")
    for name, taken in zip((STORED, ROOTED, ENCODED), zip(*theirs, strict=True), strict=True):
        yield Figure(what, "entries/s", rate, name, batches * BATCH / statistics.median(taken))


def _append_all(ledger: Ledger, entries: Sequence[Entry]) -> float:
    began = time.perf_counter()
    for batch, part in enumerate(_batches(entries), 1):
        ledger.store.write(partial(ledger.append_all, entries=part))
        if batch % BATCHES_TO_A_ROOT == 0:
            ledger.integrate()
    ledger.integrate()
    return time.perf_counter() - began


def _append_all_peer(peer: Tree, entries: Sequence[Entry]) -> tuple[float, float, float]:
    """Seconds for storing, with the roots, and with the roots and the encoding."""
    began = time.perf_counter()
    parts = list(_batches([encode(entry, TYPES) for entry in entries]))
    encoding, storing, rooting = time.perf_counter() - began, 0.0, 0.0
    for batch, part in enumerate(parts, 1):
        storing += wall_s(partial(peer.append_entries, part))
        if batch % BATCHES_TO_A_ROOT == 0 or batch == len(parts):
            rooting += wall_s(peer.get_root)
    return storing, storing + rooting, storing + rooting + encoding


def _alone(ledger: Ledger, peer: Tree | None, folder: Path) -> Iterator[Figure]:
    """One entry after the other, each on the disk before the next."""
    ours, theirs = list[float](), list[float]()
    for number in range(ALONE):
        entry = _entry(number)
        ours.append(wall_s(partial(ledger.store.write, partial(ledger.append, entry=entry))))
        if peer:
            theirs.append(wall_s(partial(peer.append_entry, encode(entry, TYPES))))
    ledger.integrate()
    rate, what = 1 / statistics.median(ours), "log, durable append, one writer"
    if peer:
        yield Figure(what, "entries/s", rate, "pymerkle", 1 / statistics.median(theirs))
    yield Figure(what, "entries/s", rate, "fdatasync", _fdatasync_rate(folder))


def _crowded(ledger: Ledger, seconds: float) -> tuple[int, float]:
    """How many entries were appended by all writers together, and how many a second."""
    ready = threading.Barrier(WRITERS + 1)

    def write(_: int) -> int:
        ready.wait()
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            ledger.store.write(partial(ledger.append, entry=_entry(count)))
            count += 1
        return count

    with ThreadPoolExecutor(WRITERS) as pool:
        counts = [pool.submit(write, number) for number in range(WRITERS)]
        ready.wait()
        began = time.perf_counter()
        count = sum(one.result() for one in counts)
        return count, count / (time.perf_counter() - began)


def _fdatasync_rate(folder: Path) -> float:
    """8 KiB written over and over and synced, as a write-ahead log is."""
    taken = []
    with (folder / "sync").open("wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        for number in range(ALONE):
            file.seek(number * 8192 % (1 << 20))
            file.write(os.urandom(8192))
            taken.append(wall_s(lambda: os.fdatasync(file.fileno())))
    return 1 / statistics.median(taken)


def _entry(number: int) -> Entry:
    return Entry(FILE_RECORDED.name, now(), {"sha256": hashlib.sha256(b"%d" % number).hexdigest(), "bytes": number})


def _batches(entries: Sequence[T]) -> Iterator[Sequence[T]]:
    return (entries[at : at + BATCH] for at in range(0, len(entries), BATCH))
