"""Counts of hotlines: how many bytes a bucket takes, what a year of them would, and how fast they come in and out.

Rules held here:
- Counts are simulated: over-dispersed, by hour of day and of week, 100 to 5,000 calls an hour and one error in twenty
  to two hundred. They come as systems send them, all hotlines minute by minute, and a month out of a file.
- The peer is Python's sqlite3: a row for each bucket in a table with a key, the same pragmas, a commit for as many.
- What was written is read again and compared, or the run ends.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from bench.figure import Figure, require, wall_s
from haoma.access.tables import tenants
from haoma.storage import Store, open_store
from haoma.watch.counts.merging import Buckets, merge
from haoma.watch.counts.reading import read
from haoma.watch.counts.series import series_of

__all__ = ["counts"]

PEER = "sqlite3, a row each"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) // 60
TENANT = "00000000-0000-4000-8000-000000000001"
YEAR = 525_600 * 1_000
AT_ONCE = 20_000

Whole = npt.NDArray[np.int64]


def counts(hotlines: int, days: int) -> Iterator[Figure]:
    """Bytes a bucket and of a year of 1,000 hotlines, buckets a second in and out."""
    values = simulated(hotlines, days)
    buckets = values.shape[0] * values.shape[1]
    with tempfile.TemporaryDirectory(prefix="haoma-bench-") as place:
        with open_store(f"sqlite:///{place}/haoma.db") as store:
            series = _series(store, hotlines)
            empty = _size(store)
            came_s = wall_s(lambda: _fill(store, series, values))
            size = _size(store) - empty
            found = np.empty(0)

            def look() -> None:
                nonlocal found
                with store.read() as tx:
                    found = read(tx, series, FIRST, FIRST + values.shape[1])

            read_s = wall_s(look)
            require(np.array_equal(found, values), "counts are not read as they were written")
            live_s = wall_s(lambda: _live(store, series, values))
        peer_s, peer_size = _rows(Path(place) / "peer.db", values)
    yield Figure(
        "counts kept, bytes a bucket of two counts (simulated)", "B", size / buckets, PEER, peer_size / buckets
    )
    year = YEAR / buckets / 1e9
    yield Figure(
        "counts kept, a year of minutes of 1,000 hotlines (simulated)", "GB", size * year, PEER, peer_size * year
    )
    yield Figure("counts out of a file into the store", "buckets/s", buckets / came_s, PEER, buckets / peer_s)
    yield Figure(f"counts as they come, {hotlines} hotlines a minute and commit", "buckets/s", 60 * hotlines / live_s)
    yield Figure("counts read", "buckets/s", buckets / read_s)


def simulated(hotlines: int, days: int) -> npt.NDArray[np.float64]:
    """Inquiries and errors by hotline and minute, from 1 October 2026 on."""
    chance = np.random.default_rng(7)
    hour = np.arange(days * 1440) / 60 + 8
    daily = 0.15 + 0.85 * np.clip(np.sin((hour % 24 - 6) / 24 * 2 * np.pi) * 0.5 + 0.6, 0, 1)
    weekly = np.where((hour // 24 + 3) % 7 >= 5, 0.5, 1.0)
    calls = np.geomspace(100, 5_000, hotlines) / 60
    mean = calls[:, None] * daily * weekly / 0.6
    inquiries = chance.poisson(chance.gamma(1 / 0.01, 0.01, mean.shape) * mean * 1.0)
    errors = chance.binomial(inquiries, np.geomspace(0.05, 0.005, hotlines)[:, None])
    return np.stack([inquiries, errors], axis=2).astype(np.float64)


def _series(store: Store, hotlines: int) -> list[int]:
    names = [f"desk-{one}" for one in range(hotlines)]

    def work(tx: sa.Connection) -> list[int]:
        tx.execute(sa.insert(tenants).values(tenant_id=TENANT, name="acme", created_at=NOW))
        found = series_of(tx, TENANT, names)
        return [found[name] for name in names]

    return store.write(work)


def _fill(store: Store, series: list[int], values: npt.NDArray[np.float64]) -> None:
    """As a file has it that is in the order of time."""
    minutes = max(1, AT_ONCE // len(series))
    for start in range(0, values.shape[1], minutes):
        given = _buckets(series, values[:, start : start + minutes], FIRST + start)
        store.write(lambda tx, given=given: merge(tx, given, NOW))  # type: ignore[misc]


def _live(store: Store, series: list[int], values: npt.NDArray[np.float64]) -> None:
    """An hour behind what is there, a minute at a time."""
    for minute in range(60):
        given = _buckets(series, values[:, minute : minute + 1], FIRST + values.shape[1] + minute)
        store.write(lambda tx, given=given: merge(tx, given, NOW))  # type: ignore[misc]


def _buckets(series: list[int], values: npt.NDArray[np.float64], first: int) -> Buckets:
    minutes = np.repeat(np.arange(first, first + values.shape[1]), len(series))
    flat = values.transpose(1, 0, 2).reshape(-1, 2)
    whose = np.tile(np.array(series, np.int64), values.shape[1])
    return Buckets(whose, minutes, (0, 1), flat, np.ones(flat.shape, np.bool_), 0)


def _size(store: Store) -> int:
    with store.read() as tx:
        pages, free, size = (
            int(tx.scalar(sa.text(f"PRAGMA {name}")) or 0) for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


def _rows(path: Path, values: npt.NDArray[np.float64]) -> tuple[float, int]:
    """Seconds and bytes of a row for each bucket."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
            database.execute(statement)
        database.execute(
            "CREATE TABLE counts (minute INTEGER, series INTEGER, inquiries INTEGER, errors INTEGER,"
            " PRIMARY KEY (minute, series)) WITHOUT ROWID"
        )
        rows = [
            (FIRST + minute, series, int(values[series, minute, 0]), int(values[series, minute, 1]))
            for minute in range(values.shape[1])
            for series in range(values.shape[0])
        ]

        def write() -> None:
            for start in range(0, len(rows), AT_ONCE):
                database.execute("BEGIN IMMEDIATE")
                database.executemany("INSERT INTO counts VALUES (?, ?, ?, ?)", rows[start : start + AT_ONCE])
                database.execute("COMMIT")

        took_s = wall_s(write)
        size = database.execute("PRAGMA page_count").fetchone()[0] * database.execute("PRAGMA page_size").fetchone()[0]
    return took_s, int(size)
