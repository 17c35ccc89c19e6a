from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haoma.errors import BadInput
from haoma.numbers.files import Summary
from haoma.numbers.files.delimited import distinct_names

Enriched = Callable[..., tuple[bytes, Summary]]
KNOWN = ",tel:95588;phone-context=+86,national_service,"
HEADER = "id,phone,note"
ADDED = ",uri,kind,reason"


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@settings(max_examples=60)
@given(st.lists(st.lists(st.text(st.sampled_from('a1,"\n 号'), max_size=6), min_size=3, max_size=3), max_size=8))
def test_rows_that_a_program_writes_keep_every_cell(enriched: Enriched, rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([HEADER.split(","), *rows])
    out, summary = enriched(written.getvalue().encode())
    assert [row[:3] for row in table(out.decode())] == [HEADER.split(","), *rows]
    assert summary.rows == len(rows)


@settings(max_examples=100)
@given(st.text(st.sampled_from('a1,"\n '), max_size=40))
def test_whatever_is_in_a_file_each_row_comes_out_as_wide_as_the_header(enriched: Enriched, body: str) -> None:
    out, summary = enriched(f"{HEADER}\n{body}".encode())
    rows = table(out.decode())
    assert {len(row) for row in rows} == {6}
    assert len(rows) == summary.rows + 1 >= len(list(csv.reader(io.StringIO(body, newline="")))) + 1


@pytest.mark.parametrize("row", ["007,95588,2026-01-01", '"007","95588","a, ""b"""', "1e5,95588,+1", '1,95588,"a\nb"'])
def test_a_row_keeps_its_bytes(enriched: Enriched, row: str) -> None:
    assert enriched(f"{HEADER}\n{row}\n".encode())[0].decode() == f"{HEADER}{ADDED}\n{row}{KNOWN}\n"


@pytest.mark.parametrize(
    ("row", "comes_out", "reason"),
    [
        ("1,95588", "1,95588,", "row has 2 fields, header 3"),
        ("1,95588,a,b,c", '1,95588,"a,b,c"', "row has 5 fields, header 3"),
        ("1", "1,,", "row has 1 field, header 3"),
        ("", ",,", "an empty line"),
        ('1,95588,"a', '1,95588,"""a"', "a quote is opened and never closed"),
    ],
)
def test_a_row_unlike_the_header_comes_out_with_its_reason(
    enriched: Enriched, row: str, comes_out: str, reason: str
) -> None:
    out, summary = enriched(f"{HEADER}\n{row}\n2,95588,\n".encode())
    quoted = f'"{reason}"' if "," in reason else reason
    assert out.decode() == f"{HEADER}{ADDED}\n{comes_out},,invalid,{quoted}\n2,95588,{KNOWN}\n"
    assert (summary.rows, summary.invalid, summary.reasons) == (2, 1, {reason: 1})


def test_an_empty_cell_is_no_number_and_no_error(enriched: Enriched) -> None:
    out, summary = enriched(b'phone,x\n,1\n"",2\n')
    assert out.decode() == 'phone,x,uri,kind,reason\n,1,,,\n"",2,,invalid,no digits\n'
    assert (summary.nulls, summary.invalid) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_keeps_its_encoding(enriched: Enriched, encoding: str) -> None:
    text = "姓名,phone\n张三,０５７１－88888888转8001\n李四,95588\n"
    out, _ = enriched(text.encode(encoding), columns=("uri", "city"))
    assert out.startswith(text.encode(encoding)[:8])
    assert out.decode(encoding).splitlines()[1] == "张三,０５７１－88888888转8001,tel:+8657188888888;ext=8001,杭州市"


@pytest.mark.parametrize(("encoding", "named"), [("utf-16", None), ("utf-16-le", "utf-16-le"), ("big5", "big5")])
def test_other_encodings_come_out_as_utf_8(enriched: Enriched, encoding: str, named: str | None) -> None:
    out, _ = enriched("姓名,phone\n張三,95588\n".encode(encoding), encoding=named)
    assert out.decode("utf-8-sig") == f"姓名,phone{ADDED}\n張三,95588{KNOWN}\n"


def test_an_encoding_is_found_out_where_chinese_begins_late(enriched: Enriched) -> None:
    body = f"{HEADER}\n" + "1,95588,a\n" * 300_000 + "1,转,号\n"
    out, summary = enriched(body.encode("gb18030"), columns=("issued_by",))
    assert out.decode("gb18030").splitlines()[-1] == "1,转,号,"
    assert summary.rows == 300_001


def test_bytes_that_are_wrong_are_passed_on_and_told(enriched: Enriched) -> None:
    out, summary = enriched(b"phone,x\n95588\xff,1\n95588,\xff\xe5\n", encoding="utf-8")
    assert out.splitlines()[1:] == [
        b"95588\xff,1,tel:95588;phone-context=+86,national_service,bytes that are not UTF-8",
        b"95588,\xff\xe5" + KNOWN.encode(),
    ]
    assert summary.rows == 2


@pytest.mark.parametrize(("named", "called"), [("ascii", "ASCII"), ("euc-kr", "EUC_KR"), ("shift_jis", "SHIFT_JIS")])
@pytest.mark.parametrize("to", ["out.csv", "out.tsv", "out.jsonl"])
def test_no_character_is_lost_in_silence_where_the_wrong_encoding_is_named(
    enriched: Enriched, named: str, called: str, to: str
) -> None:
    body = "id,phone,name\n1,95588,x\n2,95588,厦门龘\n3,95588转厦门龘,x\n4,95588,x\n".encode("gb18030")
    out, summary = enriched(body, to=to, encoding=named)
    lines = out.decode().splitlines()[-4:]
    assert [f"bytes that are not {called}" in line for line in lines] == [False, True, True, False]
    assert "�" in lines[1]
    assert summary.reasons[f"bytes that are not {called}"] == 2
    assert [line.count("national_service") for line in lines] == [1, 1, lines[2].count("national_service"), 1]


def test_a_utf_16_file_that_is_cut_in_a_character_tells_its_last_row(enriched: Enriched) -> None:
    out, _ = enriched("phone\n95588\n95588".encode("utf-16")[:-1])
    assert out.decode("utf-8-sig").splitlines()[1:] == [
        "95588,tel:95588;phone-context=+86,national_service,",
        "9558�,,invalid,bytes that are not UTF-16-LE",
    ]


def test_utf_32_is_found_out_by_its_mark(enriched: Enriched) -> None:
    assert "95588,tel:95588" in enriched("phone\n95588\n".encode("utf-32"))[0].decode()


def test_rows_with_wrong_bytes_that_are_also_of_the_wrong_shape_keep_all_of_it(enriched: Enriched) -> None:
    out, _ = enriched(b'id,phone\n1\xff\n2,\xff"x,y\n3,"\xff', encoding="ascii", columns=("reason",))
    assert out.decode().splitlines()[1:] == [
        '1�,,"row has 1 field, header 2"',
        '2,"�""x,y","row has 3 fields, header 2"',
        '3,"""�",a quote is opened and never closed',
    ]


@pytest.mark.parametrize("to", ["out.csv", "out.jsonl"])
def test_names_of_columns_that_cannot_be_read_end_the_run(enriched: Enriched, to: str) -> None:
    body = "编号,phone\n1,95588\n".encode("gb18030")
    with pytest.raises(BadInput, match=r"in\.csv: row 1 has bytes that are not ASCII") as caught:
        enriched(body, to=to, encoding="ascii")
    assert "--encoding" in str(caught.value.hint)


def test_a_column_that_is_not_found_for_its_encoding_is_told_so(enriched: Enriched) -> None:
    body = "编号,电话\n1,95588\n".encode("gb18030")
    with pytest.raises(BadInput, match=r"in\.csv: .*row 1 has bytes that are not UTF-8") as caught:
        enriched(body, column="电话", encoding="utf-8")
    assert "gb18030" in str(caught.value.hint)


def test_one_wrong_byte_does_not_hide_the_encoding_of_a_file(enriched: Enriched) -> None:
    text = "编号,电话,城市\n1,95588,北京\n2,95588,厦门\n"
    for encoding, wrong in (("gb18030", "GB18030"), ("utf-8", "UTF-8")):
        body = text.encode(encoding) + b"3,\xff95588,x\n"
        out, summary = enriched(body, column="电话")
        assert out.startswith("编号,电话,城市,uri".encode(encoding))
        assert summary.reasons[f"bytes that are not {wrong}"] == 1


@pytest.mark.parametrize(
    "odd", ["punycode", "utf-7", "idna", "rot13", "base64", "hex", "zlib", "unicode_escape", "undefined", "a\0b", "nix"]
)
def test_what_is_no_encoding_of_files_is_refused_with_those_that_are(enriched: Enriched, odd: str) -> None:
    with pytest.raises(BadInput, match="no encoding") as caught:
        enriched(b"phone\n95588\n", encoding=odd)
    assert "gb18030, gbk" in str(caught.value.hint)


@pytest.mark.parametrize(("mark", "name"), [(";", "in.csv"), ("\t", "in.csv"), ("\t", "in.tsv"), ("|", "in.csv")])
def test_a_delimiter_is_found_out_or_named(enriched: Enriched, mark: str, name: str) -> None:
    body = f"id,phone\n1,95588{KNOWN}".replace(",", mark)
    out, _ = enriched(
        f"id{mark}phone\n1{mark}95588\n".encode(),
        name,
        "out.tsv" if "tsv" in name else "out.csv",
        delimiter="|" if mark == "|" else None,
        columns=("kind",),
    )
    assert out.decode() == f"id{mark}phone{mark}kind\n1{mark}95588{mark}national_service\n"
    assert body


def test_a_cell_of_ours_is_quoted_where_it_holds_the_delimiter(enriched: Enriched) -> None:
    out, _ = enriched(b"id;phone\n1;95588\n", columns=("uri",))
    assert out.decode() == 'id;phone;uri\n1;95588;"tel:95588;phone-context=+86"\n'


def test_without_header_columns_are_numbers(enriched: Enriched) -> None:
    assert enriched(b"1,95588\r\n2,\r\n", column=2, header=False)[0].decode() == f"1,95588{KNOWN}\r\n2,,,,\r\n"


def test_the_only_column_need_not_be_named(enriched: Enriched) -> None:
    assert enriched(b"tel\n95588", column=None)[0].decode() == f"tel{ADDED}\n95588{KNOWN}\n"


@pytest.mark.parametrize("body", [b"phone\n", b"phone"])
def test_a_header_alone_is_a_file_of_no_rows(enriched: Enriched, body: bytes) -> None:
    out, summary = enriched(body)
    assert (out, summary.rows) == (f"phone{ADDED}\n".encode(), 0)


def test_compressed_files_are_read_and_written(enriched: Enriched) -> None:
    out, _ = enriched(gzip.compress(b"phone\n95588\n"), "in.csv.gz", "out.csv.gz")
    assert gzip.decompress(out).decode() == f"phone{ADDED}\n95588{KNOWN}\n"


@pytest.mark.parametrize(
    ("body", "name", "told"),
    [
        (b"", "in.csv", "in.csv is empty"),
        (b"PK\x03\x04\x00\x00", "in.csv", "this is no text"),
        (gzip.compress(b"phone\n95588\n" * 9999)[:-20], "in.csv.gz", "cut or damaged"),
        (b"phone\n" + b"1" * (42 << 20), "in.csv", "row 2 is longer than 32 MiB"),
        (b"phone,phone\n1,2\n", "in.csv", "no one column 'phone'"),
    ],
)
def test_what_is_no_csv_is_told_by_name(enriched: Enriched, body: bytes, name: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        enriched(body, name)


def test_a_missing_column_is_told_with_those_there_and_no_number(enriched: Enriched) -> None:
    with pytest.raises(BadInput) as caught:
        enriched(b"13800138000,name\n")
    assert caught.value.hint == "columns there: 138****8000, name"


def test_a_cell_of_ten_megabytes_is_a_cell(enriched: Enriched) -> None:
    body = b"phone,x\n95588," + b"9" * 10_000_000 + b"\n" + b"1" * 10_000_000 + b",\n95588,\n"
    out, summary = enriched(body)
    assert (summary.rows, summary.invalid) == (3, 1)
    assert len(out) > 20_000_000


def test_names_are_told_apart() -> None:
    assert distinct_names(["a", "a", "a_2", "a"]) == ["a", "a_2", "a_2_2", "a_3"]
