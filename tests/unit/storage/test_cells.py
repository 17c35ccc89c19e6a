from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.storage import Store, Time, json_in, open_store

MOMENT = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
KINDS = {
    "word": sa.String(9),
    "long": sa.Text,
    "bytes": sa.LargeBinary,
    "count": sa.BigInteger,
    "at": Time,
    "yes": sa.Boolean,
}
ROW = {"word": "a", "long": "b", "bytes": b"c", "count": 7, "at": MOMENT, "yes": True}
TABLE = sa.Table("cells", sa.MetaData(), *(sa.Column(name, kind) for name, kind in KINDS.items()))
WRONG = [
    ("word", b"\x01"),
    ("long", b"\x01"),
    ("bytes", "text"),
    ("count", "seven"),
    ("count", 7.5),
    ("at", "noon"),
    ("at", 2**62),
    ("at", -(2**62)),
    ("yes", "no"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/haoma.db") as store:
        with store.changing() as tx:
            TABLE.create(tx)
            tx.execute(sa.insert(TABLE).values(**ROW))
            tx.execute(sa.insert(TABLE).values(word=None))
        yield store


def test_what_was_written_is_read_as_it_was(store: Store) -> None:
    with store.read() as tx:
        rows = [dict(row) for row in tx.execute(sa.select(TABLE)).mappings()]
    assert rows == [ROW, dict.fromkeys(KINDS)]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_cell_of_another_type_is_told_by_whoever_reads_it(store: Store, name: str, value: object) -> None:
    change = f"UPDATE cells SET {name} = ? WHERE rowid = 1"  # noqa: S608 - a name of the table above
    store.write(lambda tx: tx.exec_driver_sql(change, (value,)) and None)
    with pytest.raises(Tampered, match="not of the type that was written"), store.read() as tx:
        tx.execute(sa.select(TABLE)).all()
    with pytest.raises(Tampered, match="not of the type that was written"):
        store.write(lambda tx: tx.execute(sa.select(TABLE.c[name])).all())


@pytest.mark.parametrize("cell", ["", "{", '{"a": 1}', "[" * 200_000, b"\xff", "3"])
def test_a_cell_of_json_that_is_none_or_of_another_shape_is_told(cell: str | bytes) -> None:
    assert json_in("[1]", list) == [1]
    with pytest.raises(Tampered, match="not of the type that was written"):
        json_in(cell, list)
