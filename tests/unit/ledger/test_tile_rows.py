from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.made import made
from haoma.ledger import tables
from haoma.ledger.growth import Tile
from haoma.ledger.tile_rows import tile_rows
from haoma.storage import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(made(f"sqlite:///{tmp_path}/haoma.db")) as opened:
        rows = [
            {"level": level, "number": number, "hashes": bytes([level, number])}
            for level in (0, 1)
            for number in (0, 1)
        ]
        opened.write(lambda tx: tx.execute(sa.insert(tables.tiles), rows) and None)
        yield opened


def test_the_tiles_that_are_there_come_by_level_and_number(store: Store) -> None:
    with store.read() as tx:
        assert tile_rows(tx, [(0, 1), (1, 0), (2, 0)]) == {(0, 1): Tile(0, 1, b"\0\1"), (1, 0): Tile(1, 0, b"\1\0")}
        assert tile_rows(tx, []) == {}


def test_bytes_that_became_text_are_read_as_bytes(store: Store) -> None:
    store.write(lambda tx: tx.exec_driver_sql("UPDATE ledger_tiles SET hashes = CAST(hashes AS TEXT)") and None)
    with store.read() as tx:
        assert tile_rows(tx, [(1, 1)]) == {(1, 1): Tile(1, 1, b"\1\1")}


def test_no_tile_is_read_that_was_not_asked_for(store: Store) -> None:
    asked: list[str] = []
    with store.read() as tx:
        tx.connection.driver_connection.set_trace_callback(asked.append)
        tile_rows(tx, [(0, 1), (1, 0)])
        tx.connection.driver_connection.set_trace_callback(None)
        (sql,) = asked
        plan = [row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert sum(step.startswith("SEARCH ledger_tiles USING") for step in plan) == 2
    assert not any(step.startswith("SCAN") for step in plan)
