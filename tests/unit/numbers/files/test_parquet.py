from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haoma.errors import BadInput
from haoma.numbers.files import Summary

Enriched = Callable[..., tuple[bytes, Summary]]


def packed(table: pa.Table, **how: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def unpacked(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def test_columns_keep_types_values_and_metadata(enriched: Enriched) -> None:
    table = pa.table({
        "phone": pa.array(["95588", None, "x"]),
        "at": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 3),
        "tags": pa.array([["a"], [], None]),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
    }).replace_schema_metadata({"who": "me"})  # fmt: skip
    body, summary = enriched(packed(table), "in.parquet", "out.parquet")
    found = unpacked(body)
    assert found.select(table.column_names).equals(table)
    assert found.schema.metadata[b"who"] == b"me"
    assert found.column_names[4:] == ["uri", "phone_kind", "reason"]
    assert found["phone_kind"].to_pylist() == ["national_service", None, "invalid"]
    assert (summary.rows, summary.nulls, summary.invalid) == (3, 1, 1)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([13800138000, None]),
        pa.array([13800138000.0, math.nan]),
        pa.array(["13800138000", None], pa.large_string()),
        pa.array([b"13800138000", None], pa.binary()),
        pa.array(["13800138000", None]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_any_type_are_read(enriched: Enriched, column: pa.Array) -> None:
    body, _ = enriched(packed(pa.table({"phone": column})), "in.parquet", "out.parquet")
    assert unpacked(body)["uri"].to_pylist() == ["tel:+8613800138000", None]


def test_one_huge_row_group_comes_in_batches(enriched: Enriched) -> None:
    table = pa.table({"phone": ["95588"] * 10_000})
    body, summary = enriched(packed(table), "in.parquet", "out.parquet", batch_rows=999)
    assert (summary.rows, len(unpacked(body))) == (10_000, 10_000)


def test_batches_with_and_without_failing_rows_make_one_file(enriched: Enriched) -> None:
    body, _ = enriched(b"phone,x\n95588,1\n95588,2\n95588\n95588,3\n", "in.csv", "out.parquet", batch_rows=1)
    assert unpacked(body)["reason"].to_pylist() == [None, None, "row has 1 field, header 2", None]


def test_no_rows_are_a_file_of_no_rows(enriched: Enriched) -> None:
    body, summary = enriched(packed(pa.table({"phone": pa.array([], pa.string())})), "in.parquet", "out.parquet")
    assert unpacked(body).column_names == ["phone", "uri", "kind", "reason"]
    assert summary.rows == 0


def test_the_way_through_any_format_says_the_same(enriched: Enriched) -> None:
    table = pa.table({"phone": ["95588", "转", 'a"b,c'], "x": ["", "1\n2", None]})
    first, _ = enriched(packed(table), "in.parquet", "out.csv")
    second, _ = enriched(first, "in.csv", "out.jsonl", prefix="again_")
    third, _ = enriched(second, "in.jsonl", "out.parquet", prefix="third_")
    found = unpacked(third)
    assert found.select(["phone", "x"]).equals(table)
    assert found["uri"].equals(found["third_uri"])


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, -100), slice(100, None)])
def test_a_cut_file_is_told(enriched: Enriched, cut: slice) -> None:
    body = packed(pa.table({"phone": ["95588"] * 1000}))
    with pytest.raises(BadInput, match="no whole Parquet file"):
        enriched(body[cut], "in.parquet", "out.parquet")


def test_a_file_damaged_in_the_middle_is_told_with_the_row(enriched: Enriched) -> None:
    cells = [f"95588转{at}" for at in range(200_000)]
    body = bytearray(packed(pa.table({"phone": cells}), row_group_size=50_000, use_dictionary=False))
    middle = len(body) // 2
    body[middle : middle + 20_000] = b"\xff" * 20_000
    with pytest.raises(BadInput, match=r"in\.parquet: the Parquet file is damaged behind row \d+"):
        enriched(bytes(body), "in.parquet", "out.parquet")
