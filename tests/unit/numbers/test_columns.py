"""Columns: what goes in, what comes out, and in which types."""

from __future__ import annotations

import pyarrow as pa
import pytest

from contracts.first_column import assert_first_column_is_asked_together
from haoma.errors import BadInput
from haoma.numbers import enrich
from haoma.numbers.columns import COLUMNS
from haoma.numbers.columns.jit import kernel

CELLS = ["13800138000", None, "95588转3", "无", "+852 2287 6767", "13800138000/+1 650 253 0000", ""]
URIS = [
    "tel:+8613800138000",
    None,
    "tel:95588;ext=3;phone-context=+86",
    None,
    "tel:+85222876767",
    "tel:+8613800138000",
    None,
]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(CELLS),
        pa.array(CELLS, pa.large_string()),
        pa.array(CELLS, pa.string_view()),
        pa.array(CELLS).dictionary_encode(),
        pa.array([None if c is None else c.encode() for c in CELLS], pa.binary()),
        pa.chunked_array([CELLS[:3], [], CELLS[3:]]),
        pa.array(["x", *CELLS, "y"]).slice(1, len(CELLS)),
        pa.array(["x", *CELLS, "y"], pa.large_string()).slice(1, len(CELLS)),
    ],
    ids=lambda column: str(column.type),
)
def test_every_kind_of_text_column_is_read(column: pa.Array | pa.ChunkedArray) -> None:
    table = enrich(column)
    assert table["uri"].to_pylist() == URIS
    assert table["count"].to_pylist() == [1, None, 1, 0, 1, 2, 0]


def test_one_compilation_serves_every_column() -> None:
    enrich(pa.array(CELLS))
    enrich(pa.array(CELLS, pa.large_string()))
    enrich(pa.array(["1"]))
    assert len(kernel().column.signatures) == 1  # type: ignore[attr-defined]


def test_whole_numbers_are_read_as_their_digits() -> None:
    assert enrich(pa.array([13800138000, None]), ["uri"])["uri"].to_pylist() == ["tel:+8613800138000", None]
    assert enrich(pa.array([13800138000.0, None]), ["uri"])["uri"].to_pylist() == ["tel:+8613800138000", None]


@pytest.mark.parametrize("column", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.nulls(0)])
def test_an_empty_column_has_its_types(column: pa.Array) -> None:
    table = enrich(column)
    assert (table.num_rows, table.column_names) == (0, list(COLUMNS))
    assert table.schema == enrich(pa.array(CELLS)).schema


def test_a_column_of_nulls_stays_null() -> None:
    assert set(enrich(pa.nulls(3)).to_pylist()[0].values()) == {None}


def test_a_null_stays_null_whatever_text_lies_under_it() -> None:
    cells = pa.array(["13800138000", "95588", "0571-88888888", "x" * 80])
    nulls = pa.py_buffer(b"\x0a")
    masked = pa.Array.from_buffers(pa.string(), 4, [nulls, *cells.buffers()[1:]])
    for column in (masked, masked.slice(1)):
        kept = enrich(column).filter(column.is_valid())
        assert kept.to_pylist() == enrich(column.drop_null()).to_pylist()
        assert {None} == {
            value for row in enrich(column).filter(column.is_null()).to_pylist() for value in row.values()
        }


def test_columns_longer_than_a_block_are_read_to_their_end() -> None:
    cells = ["13800138000", None, "+86 138-0013-8000", "95588转3", "１３８００１３８０００", "", "无"]
    assert enrich(pa.array(cells * 1000)).to_pylist() == enrich(pa.array(cells)).to_pylist() * 1000


def test_columns_are_picked_in_the_order_asked_for() -> None:
    assert enrich(pa.array(CELLS), ["city", "kind"]).column_names == ["city", "kind"]


def test_few_values_are_dictionaries_without_repeats() -> None:
    for name in ("kind", "issued_by", "province", "city", "adcode", "area_code", "reason"):
        field = enrich(pa.array(CELLS))[name].chunk(0)
        assert pa.types.is_dictionary(field.type)
        assert len(set(field.dictionary.to_pylist())) == len(field.dictionary)
        field.validate(full=True)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadInput, match="no column 'town'"):
        enrich(pa.array(CELLS), ["town"])
    with pytest.raises(BadInput, match="list"):
        enrich(pa.array([["1"]]))


def test_a_cell_too_long_for_one_and_bytes_that_are_no_text_have_their_reasons() -> None:
    cells = pa.array([b"1" * 70_000, b"\xff\xfe13800138000", b"138\xff00138000"], pa.binary())
    assert enrich(cells)["reason"].to_pylist()[0] == "longer than 16 KiB, no cell"
    assert enrich(cells)["valid"].to_pylist() == [False, True, False]


@pytest.mark.slow
def test_threads_may_ask_for_the_first_column_together() -> None:
    assert_first_column_is_asked_together()


def test_a_float_that_is_no_whole_number_is_no_phone_number() -> None:
    column = pa.array([13800138000.5, float("nan"), float("inf"), 1e30, 13800138000.0])
    assert enrich(column, ["valid"])["valid"].to_pylist() == [False, None, False, False, True]


@pytest.mark.parametrize("column", [["13800138000"], "13800138000", None])
def test_what_is_no_column_is_refused_without_its_numbers(column: object) -> None:
    with pytest.raises(BadInput, match="pyarrow") as refused:
        enrich(column)
    assert "13800138000" not in str(refused.value)


@pytest.mark.parametrize("columns", [[], ["uri", "uri"], "13800138000", ["13800138000"]])
def test_columns_that_make_no_table_are_refused(columns: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        enrich(pa.array(CELLS), columns)
    assert "13800138000" not in str(refused.value)
