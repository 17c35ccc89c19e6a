"""Durable writes of one small row by 256 threads at once, beside a commit each, and beside the disk's own fsync.

Rules held here:
- Wall time, for a disk is waited for; each write is on the disk before its thread goes on.
- The peer is Python's sqlite3 with the same pragmas: one connection behind a lock, one commit for each row.
- Every row that was acknowledged is there at the end, or the run ends.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bench.figure import Figure
from haoma.storage import Store, open_store
from haoma.storage.tables import store_info

__all__ = ["durable_writes"]

THREADS = 256
PEER = "sqlite3, a commit each"
_INSERT = "INSERT INTO store_info (name, value) VALUES (?, ?)"
_VALUE = "x" * 40

Put = Callable[[str], object]


def durable_writes(seconds: float) -> Iterator[Figure]:
    """Writes a second through SQLAlchemy Core and through the raw driver, the peer's, and the disk's fsync a second."""
    with tempfile.TemporaryDirectory(prefix="haoma-bench-") as place:
        peer = _commit_each(Path(place) / "peer.db", seconds)
        for how, put in (("SQLAlchemy Core", _core), ("raw driver", _raw)):
            with open_store(f"sqlite:///{place}/{how[:3]}.db") as store:
                rate = _rate(put(store), seconds)
                with store.read() as tx:
                    _expect(rate, tx.scalar(sa.select(sa.func.count()).select_from(store_info)))
            yield Figure(f"durable writes, {THREADS} threads, {how}", "rows/s", rate[0], PEER, peer)
        yield Figure("fsync of 4 KiB on this disk, one thread", "/s", _fsync(Path(place) / "file", seconds))


def _core(store: Store) -> Put:
    insert = sa.insert(store_info)

    def put(name: str) -> object:
        return store.write(lambda tx: tx.execute(insert, {"name": name, "value": _VALUE}).rowcount)

    return put


def _raw(store: Store) -> Put:
    def put(name: str) -> object:
        def work(tx: sa.Connection) -> None:
            driver = tx.connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                driver.execute(_INSERT, (name, _VALUE))

        return store.write(work)

    return put


def _commit_each(path: Path, seconds: float) -> float:
    lock = threading.Lock()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as database:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
            database.execute(statement)
        database.execute("CREATE TABLE store_info (name TEXT PRIMARY KEY, value TEXT NOT NULL)")

        def put(name: str) -> None:
            with lock:
                database.execute("BEGIN IMMEDIATE")
                database.execute(_INSERT, (name, _VALUE))
                database.execute("COMMIT")

        rate = _rate(put, seconds)
        _expect(rate, database.execute("SELECT count(*) FROM store_info").fetchone()[0])
    return rate[0]


def _rate(put: Put, seconds: float) -> tuple[float, int]:
    """Calls a second by all threads together, and how many calls."""

    def write(thread: int) -> int:
        count = 0
        while time.perf_counter() < end:
            put(f"{thread}-{count}")
            count += 1
        return count

    began = time.perf_counter()
    end = began + seconds
    with ThreadPoolExecutor(THREADS) as pool:
        count = sum(pool.map(write, range(THREADS)))
    return count / (time.perf_counter() - began), count


def _expect(rate: tuple[float, int], rows: object) -> None:
    if rows != rate[1]:
        message = f"{rate[1]} rows were acknowledged, and {rows} are there"
        raise SystemExit(message)


def _fsync(path: Path, seconds: float) -> float:
    count, began = 0, time.perf_counter()
    with path.open("wb", buffering=0) as file:
        while time.perf_counter() < began + seconds:
            file.write(bytes(4096))
            os.fsync(file.fileno())
            count += 1
    return count / (time.perf_counter() - began)
