from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haoma.errors import BadInput
from haoma.numbers.files import Summary
from haoma.numbers.files.jsonl import Lines
from haoma.numbers.files.rows import NONE, scan

Enriched = Callable[..., tuple[bytes, Summary]]
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
FIRST = b'{"phone": "95588"' + b" " * 300 + b"}\n"


def whole(digits: str) -> object:
    return int(digits) if len(digits) < 4000 else digits


def lines(out: bytes) -> list[dict[str, object]]:
    return [json.loads(line, parse_int=whole) for line in out.split(b"\n")[:-1]]


def same_format(enriched: Enriched, body: bytes, **how: object) -> tuple[list[dict[str, object]], Summary]:
    out, summary = enriched(FIRST + body, "in.jsonl", "out.jsonl", **how)
    return lines(out)[1:], summary


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(["phone", "x", "号"]), VALUES), max_size=6), st.booleans())
def test_objects_keep_their_keys_and_values(enriched: Enriched, rows: list[dict[str, object]], escaped: bool) -> None:
    body = "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows)
    found, _ = same_format(enriched, body.encode("utf-8", "replace"))
    assert [{key: row[key] for key in row if key in {"phone", "x", "号"}} for row in found] == rows


@settings(max_examples=60)
@given(st.binary(max_size=30))
def test_every_line_comes_out_as_an_object(enriched: Enriched, body: bytes) -> None:
    found, summary = same_format(enriched, body)
    assert len(found) == summary.rows - 1 == len(body.removesuffix(b"\n").split(b"\n")) - (not body)


def test_a_row_keeps_its_bytes(enriched: Enriched) -> None:
    out, _ = enriched(b'{"n":1.0,"phone":"95588","x":[1, 2]}\n', "in.jsonl", "out.jsonl", columns=("kind",))
    assert out == b'{"n":1.0,"phone":"95588","x":[1, 2], "kind": "national_service"}\n'


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"phone": 13800138000}', "mobile"),
        (b'{"phone": 13800138000.0}', "mobile"),
        (b'{"phone": ["13800138000"]}', "mobile"),
        (b'{"phone": null}', None),
        (b"{}", None),
        (b" { } ", None),
        (b'{"phone": true}', "invalid"),
        (b'{"phone": ' + b"1" * 5000 + b"}", "invalid"),
    ],
)
def test_a_number_may_be_written_as_any_json(enriched: Enriched, line: bytes, kind: str | None) -> None:
    (row,), _ = same_format(enriched, line)
    assert row["kind"] == kind


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b'{"phone": "95588"', "no JSON object"), (b"[1]", "no JSON object"), (b"\n", "an empty line"),
     (b'{"phone": "95588\xff"}', "bytes that are not UTF-8"), (b"[" * 100_000, "no JSON object")],
)  # fmt: skip
def test_a_line_that_fails_comes_out_with_its_reason(enriched: Enriched, line: bytes, reason: str) -> None:
    (row,), summary = same_format(enriched, line)
    assert row["reason"] == reason
    assert summary.reasons == {reason: 1}


@pytest.mark.parametrize("to", ["out.jsonl", "out.csv"])
def test_no_character_is_lost_in_silence_where_the_wrong_encoding_is_named(enriched: Enriched, to: str) -> None:
    body = '{"phone": "95588", "name": "x"}\n{"phone": "95588", "name": "厦门"}\n'.encode("gb18030")
    out, summary = enriched(body, "in.jsonl", to, encoding="ascii")
    assert summary.reasons == {"bytes that are not ASCII": 1}
    assert out.decode().splitlines()[-1].count("�") == 4


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["phone", "a", "b", "other"]), VALUES, min_size=1).map(json.dumps), min_size=1
    ),
    st.sampled_from(
        ['{"a": 0, "b": 1}', '{"a": -0, "b": true}', '{"a": "x", "a": "y"}', '{"b": "\\ud800"}', "{}   {}"]
    ),
)
def test_rows_like_each_other_come_out_as_they_do_beside_others(rows: list[str], odd: str) -> None:
    names = ("phone", "a", "b")
    reader = Lines("phone", names)

    def table(these: list[str]) -> pa.Table:
        body = "".join(f"{row}\n" for row in these).encode()
        batch = reader.batch(body, scan(body, np.zeros(0, np.int32), NONE, NONE, final=True), 0)
        assert batch.table is not None
        return batch.table.append_column("cells", batch.cells)

    for these in (rows, [*rows, odd], [rows[0]] * 3, [odd, odd]):
        # A line that is no object has every line of its batch read one by one.
        assert table(these).to_pylist() == table([*these, "[]"]).to_pylist()[:-1]


def test_as_a_table_later_keys_are_together(enriched: Enriched) -> None:
    body = b'{"phone":"95588","a":{"b":1}}\n' * 1000 + b'{"phone":null,"z":1}\nbroken\n'
    out, summary = enriched(body, "in.jsonl", "out.csv", columns=("kind",))
    first, *_, late, broken = out.decode().splitlines()
    assert first == "phone,a,other_fields,kind"
    assert (late, broken) == (',,"{""z"": ""1""}",', ',,"{""line"": ""broken""}",invalid')
    assert summary.rows == 1002


@pytest.mark.parametrize("value", ['"mine"', "1.5"])
def test_a_key_that_is_called_as_the_column_of_later_keys_keeps_its_values(enriched: Enriched, value: str) -> None:
    body = f'{{"phone": "95588", "other_fields": {value}}}\n' * 2
    out, _ = enriched(body.encode(), "in.jsonl", "out.csv", columns=("kind",))
    assert out.decode().splitlines()[0] == "phone,other_fields,other_fields_2,kind"
    assert out.decode().splitlines()[2] == f"95588,{json.loads(value)},,national_service"


def test_columns_of_csv_become_keys(enriched: Enriched) -> None:
    out, _ = enriched(b'phone,"a ""b"""\n95588,"x\n"\n', "in.csv", "out.jsonl", columns=("kind", "confidence", "valid"))
    assert lines(out) == [
        {"phone": "95588", 'a "b"': "x\n", "kind": "national_service", "confidence": None, "valid": True}
    ]


@pytest.mark.parametrize("body", [b"", b"\n\n", b"[1]\n", b"\xff\n"])
def test_what_holds_no_object_is_told(enriched: Enriched, body: bytes) -> None:
    with pytest.raises(BadInput, match=r"in\.jsonl"):
        enriched(body, "in.jsonl", "out.jsonl")
