from __future__ import annotations

from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.guard.registry.chart import Chart
from haoma.guard.registry.incoming import LARGEST_YAML, MOST_ROWS, Row, read_rows

CSV = "organisation,number,purposes,owner\n安盈基金,0571-88888888,客服；投诉,客服中心\n安盈基金,95588,传真,\n"
SAID = [
    {"organisation": "安盈基金", "number": "0571-88888888", "purposes": "客服；投诉", "owner": "客服中心"},
    {"organisation": "安盈基金", "number": "95588", "purposes": "传真"},
]


def rows(place: Path, name: str, text: str | bytes, encoding: str | None = None) -> list[Row]:
    file = place / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rows(file, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_is_read_in_whichever_encoding_it_is(tmp_path: Path, encoding: str) -> None:
    assert [row.texts for row in rows(tmp_path, "a.csv", CSV.encode(encoding))] == SAID


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_csv_file_may_have_another_delimiter(tmp_path: Path, mark: str) -> None:
    assert [row.texts for row in rows(tmp_path, "a.csv", CSV.replace(",", mark))] == SAID


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"organisation": "安盈基金", "number": 95588, "purposes": ["传真"], "owner": null}]'),
        ("a.json", '{"hotlines": [{"organisation": "安盈基金", "number": "95588", "purposes": "传真"}]}'),
        ("a.jsonl", '\n{"organisation": "安盈基金", "number": "95588", "purposes": "传真"}\n'),
        ("a.yaml", "- organisation: 安盈基金\n  number: 95588\n  purposes: [传真]\n"),
        ("a.yml", "hotlines:\n- {organisation: 安盈基金, number: '95588', purposes: 传真, owner: ~}\n"),
    ],
)
def test_json_lines_and_yaml_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    assert [row.texts for row in rows(tmp_path, name, text)] == [SAID[1]]


def test_a_number_keeps_its_zeros_whatever_yaml_would_make_of_it(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "a.yaml", "- {number: 057188888888, shared: yes, valid_from: 2026-11-22}\n")
    assert row.texts == {"number": "057188888888", "shared": "yes", "valid_from": "2026-11-22"}


def test_yaml_makes_no_object_and_no_flood(tmp_path: Path) -> None:
    assert [bool(row.flaw) for row in rows(tmp_path, "a.yaml", "- !!python/object/apply:os.system [x]\n")] == [True]
    for text in ("- [[[", "x: [" * 2_000, "&a [*a]"):
        with pytest.raises(BadInput):
            rows(tmp_path, "a.yaml", text)
    flood = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    )
    with pytest.raises(BadInput):
        rows(tmp_path, "a.yaml", flood)
    with pytest.raises(BadInput, match="1 MiB"):
        rows(tmp_path, "a.yaml", b"#" * (LARGEST_YAML + 1))


def test_a_row_that_is_broken_stops_no_other_one(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        "a.csv",
        CSV.encode() + "x,y\n\n安,\xff95588,,\n".encode("latin-1", "replace") + b"\xff,1,,\n",
        "utf-8",
    )
    assert [(row.place, bool(row.flaw)) for row in found] == [(2, False), (3, False), (4, True), (6, True), (7, True)]
    found = rows(tmp_path, "a.jsonl", '{"number": {"a": 1}}\n[1]\nx\n{"number": "95588"}\n')
    assert [bool(row.flaw) for row in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "a,a\n1,2\n"), ("a.csv", 'a,b\n"x'), ("a.csv", ""), ("a.json", "{"), ("a.json", '{"a": 1}'),
     ("a.json", "[" * 100_000), ("a.yaml", "a: [}"), ("a.yaml", "x"), ("a.xlsx", "x")],
)  # fmt: skip
def test_what_is_no_such_file_is_told(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(BadInput):
        rows(tmp_path, name, text)


def test_a_file_without_a_header_is_told_and_no_number_of_it_shown(tmp_path: Path) -> None:
    found = rows(tmp_path, "a.csv", "13800138000,客服\n13800138001,客服\n")
    with pytest.raises(BadInput) as raised:
        Chart().renamed(found)
    assert "138****8000" in str(raised.value)


def test_a_cell_may_hold_any_line_end(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "a.csv", 'number,owner\r\n95588,"客\u2028服\n中\x85心"\r\n')
    assert row.texts == {"number": "95588", "owner": "客\u2028服\n中\x85心"}


def test_more_rows_than_a_registry_has_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="10,000"):
        rows(tmp_path, "a.csv", "number\n" + "95588\n" * (MOST_ROWS + 1))
