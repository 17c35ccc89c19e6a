from __future__ import annotations

import csv
import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haoma.numbers.files.rows import NONE, QUOTE, Rows, cells, scan

COMMA = ord(",")
WIDTH = 4
SLOTS = np.arange(WIDTH, dtype=np.int32)
CSV_TEXT = st.text(st.sampled_from('a,"\n ;'), max_size=24)


def rows_of(seen: Rows) -> list[list[str]]:
    columns = [cells(seen.data, seen.starts[:, at], seen.ends[:, at], seen.open).to_pylist() for at in range(WIDTH)]
    return [[columns[k][i].decode() for k in range(min(WIDTH, n))] for i, n in enumerate(seen.fields)]


def scanned(text: str, **how: int) -> Rows:
    return scan(text.encode(), SLOTS, COMMA, QUOTE, final=True, **how)


@given(CSV_TEXT)
def test_rows_are_those_of_pythons_csv_unless_a_quote_stays_open(text: str) -> None:
    seen = scanned(text)
    if not seen.open.any():
        expected = [row[:WIDTH] or [""] for row in csv.reader(io.StringIO(text, newline=""))]
        assert rows_of(seen) == expected


@given(CSV_TEXT)
def test_every_byte_is_in_a_row_or_ends_one(text: str) -> None:
    seen = scanned(text)
    assert seen.consumed == len(text)
    bounds = [*seen.first, len(text)]
    for at, last in enumerate(seen.last):
        assert text[last : bounds[at + 1]] in {"", "\n"}


@given(CSV_TEXT, st.integers(0, 24))
def test_a_text_in_two_pieces_has_the_rows_of_the_whole(text: str, cut: int) -> None:
    first = scan(text[:cut].encode(), SLOTS, COMMA, QUOTE, final=False)
    rest = scanned(text[first.consumed :])
    assert rows_of(first) + rows_of(rest) == rows_of(scanned(text))


def test_a_quote_that_nothing_closes_ends_with_its_line() -> None:
    seen = scanned('a,"b\nc,d\n')
    assert rows_of(seen) == [["a", '"b'], ["c", "d"]]
    assert seen.open.tolist() == [True, False]


def test_a_quote_that_is_not_closed_for_long_is_text() -> None:
    text = 'a,"b\n' + "c,d\n" * 100
    seen = scan(text.encode(), SLOTS, COMMA, QUOTE, final=False, patience=50)
    assert (len(seen.first), seen.open.sum()) == (101, 1)


def test_an_unfinished_row_waits_for_more() -> None:
    assert scan(b"a,b\nc", SLOTS, COMMA, QUOTE, final=False).consumed == 4
    assert len(scan(b"c" * 100, SLOTS, COMMA, QUOTE, final=False, patience=50).first) == 0


def test_carriage_returns_belong_to_line_ends_alone() -> None:
    assert rows_of(scanned('a,b\r\n"c\r\nd",e\r\n\rf\n')) == [["a", "b"], ["c\r\nd", "e"], ["\rf"]]


def test_without_delimiter_and_quote_a_row_is_a_line() -> None:
    seen = scan(b'{"a": 1}\n"\n', np.zeros(0, np.int32), NONE, NONE, final=True)
    assert cells(seen.data, seen.first, seen.last).to_pylist() == [b'{"a": 1}', b'"']


def test_no_bytes_are_no_rows() -> None:
    assert len(scanned("").first) == 0
