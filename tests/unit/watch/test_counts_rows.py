from __future__ import annotations

import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from haoma.errors import BadInput, Refused, Unavailable
from haoma.watch.counts import Batch, Chart, File, Flow, batch_of_rows, pulled, read_chart, read_request
from haoma.watch.counts.checking import checked
from haoma.watch.counts.model import NO_MINUTE, Reason
from haoma.watch.counts.remote_write import STALE

CSV = """\
timestamp,hotline,inquiries,errors,rival-desk
2026-11-22 09:31:00,east,12,1,
2026-11-22T01:32:00Z,east,13,,2
2026-11-22 09:33:00,west,nan,0,0
soon,west,4,0,0
2026-11-22 09:34:00,west,many,0,0
2026-11-22 09:35:00,west,1
"""


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 60


def rows(batch: Batch) -> list[tuple[str, int, list[float | None]]]:
    said = np.where(batch.said, batch.values, np.inf)
    cells = [[None if np.isinf(one) else one for one in row] for row in said.tolist()]
    names = [batch.hotlines[code] for code in batch.codes]
    return list(zip(names, batch.minutes.tolist(), cells, strict=True))


def test_a_csv_file_is_read_row_by_row_and_what_is_broken_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(CSV, encoding="utf-8")
    file = File(path, Chart())
    (found,) = file.batches()
    assert found.counts == ["inquiries", "errors", "rival-desk"]
    at = minute("2026-11-22T09:31+08:00")
    told = rows(found)
    assert told[:2] == [("east", at, [12, 1, None]), ("east", at + 1, [13, None, 2])]
    assert [one[1] for one in told[2:]] == [at + 2, NO_MINUTE, at + 3]
    reasons = checked(found, at + 10, 100)
    assert [Reason(int(one)).word for one in reasons] == ["taken", "taken", "not-a-number", "time", "not-a-number"]
    assert file.broken == 1


def test_a_map_says_which_column_is_what_and_of_whom_all_rows_are(tmp_path: Path) -> None:
    path, chart = tmp_path / "bank.csv", tmp_path / "map.toml"
    path.write_text("DateTime,Calls\n2003-03-03 07:00:00,111.0\n", encoding="utf-8")
    chart.write_text(
        'hotline = "bank"\nutc_offset_min = -300\n[columns]\ntimestamp = "DateTime"\ninquiries = "Calls"\n',
        encoding="utf-8",
    )
    (found,) = File(path, read_chart(chart)).batches()
    assert rows(found) == [("bank", minute("2003-03-03T07:00-05:00"), [111.0])]


def test_a_parquet_file_is_read_as_a_csv_file_is(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 9, 31)  # noqa: DTZ001 - as files have them
    table = pa.table({"timestamp": [at, at], "hotline": ["east", None], "inquiries": [12, 3], "errors": [None, 1]})
    pq.write_table(table, tmp_path / "counts.parquet")
    (found,) = File(tmp_path / "counts.parquet", Chart()).batches()
    then = minute("2026-11-22T09:31+08:00")
    assert rows(found) == [("east", then, [12, None]), ("", then, [3, 1])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "timestamp,inquiries\n2026-11-22 09:31:00,1\n"),
        ("a.csv", "hotline,inquiries\neast,1\n"),
        ("a.csv", "timestamp,hotline\n2026-11-22 09:31:00,east\n"),
        ("a.csv", ""),
        ("a.parquet", "no parquet"),
        ("a.txt", "timestamp,hotline,inquiries\n"),
        ("a.csv", ",".join(f"c{one}" for one in range(40))),
    ],
)
def test_what_is_no_file_of_counts_is_told_as_such(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput):
        list(File(path, Chart()).batches())


@pytest.mark.parametrize(
    "text",
    [
        "nothing = 1",
        "= 1",
        "columns = 3",
        "utc_offset_min = 2000",
        'table = "calls"',
        'url = "mysql://x/y"\ntable = "calls"',
        'url = "sqlite:///x.db"\ntable = "calls"',
        'url = "sqlite:///x.db"\n[columns]\ntimestamp = "at"',
        'url = "sqlite:///x.db"\ntable = "calls"\nkind = "year"\n[columns]\ntimestamp = "at"',
        'url = "sqlite:///x.db"\ntable = "calls"\ntimeout_s = 999\n[columns]\ntimestamp = "at"',
        "hotline = 3",
    ],
)
def test_a_map_that_is_none_is_told_with_its_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(BadInput, match=r"map\.toml"):
        read_chart(path)


def test_a_table_is_asked_for_what_is_new(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    with engine.begin() as tx:
        tx.execute(sa.text('CREATE TABLE "the calls" (at TEXT, line TEXT, n INTEGER, bad INTEGER)'))
        for at, n in (("09:30", 1), ("09:31", 2), ("09:32", "x"), ("09:33", None)):
            row = {"at": f"2026-11-22 {at}:00", "n": n}
            tx.execute(sa.text("INSERT INTO \"the calls\" VALUES (:at, 'east', :n, 0)"), row)
    engine.dispose()
    chart = tmp_path / "map.toml"
    text = 'url = "sqlite:///calls.db"\ntable = "the calls"\n[columns]\ntimestamp = "at"\nhotline = "line"\n'
    chart.write_text(f'{text}inquiries = "n"\nerrors = "bad"\n', encoding="utf-8")
    chart.chmod(0o644)
    with pytest.raises(Refused):
        read_chart(chart)
    chart.chmod(0o600)
    since = datetime(2026, 11, 22, 1, 31, tzinfo=UTC)
    found = pulled(read_chart(chart), since)
    at = minute("2026-11-22T09:31+08:00")
    assert [(one[0], one[1]) for one in rows(found)] == [("east", at), ("east", at + 1), ("east", at + 2)]
    assert [Reason(int(one)) for one in checked(found, at + 9, 99)] == [Reason.TAKEN, Reason.NOT_A_NUMBER, Reason.TAKEN]
    (tmp_path / "calls.db").unlink()
    with pytest.raises(Unavailable, match="does not answer"):
        pulled(read_chart(chart), since)
    with pytest.raises(BadInput):
        pulled(Chart(), since)


def test_a_time_without_a_zone_or_within_a_minute_is_none() -> None:
    found = batch_of_rows([("east", at, {"inquiries": 1}) for at in ("2026-11-22 09:31", "2026-11-22T09:31:30Z", "x")])
    assert found.minutes.tolist() == [NO_MINUTE] * 3


def varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def series(samples: list[tuple[float, int]], **labels: str) -> bytes:
    named = b"".join(field(1, field(1, name.encode()) + field(2, text.encode())) for name, text in labels.items())
    values = b"".join(field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at)) for value, at in samples)
    return field(1, named + values)


def packed(message: bytes) -> bytes:
    return bytes(pa.Codec("snappy").compress(message, asbytes=True))


def test_what_prometheus_sends_is_of_the_minute_before() -> None:
    at = minute("2026-11-22T09:32+08:00")
    (stale,) = struct.unpack("<d", struct.pack("<Q", STALE))
    said = [(11.9, at * 60_000 + 1_234), (stale, (at + 1) * 60_000)]
    message = series(said, __name__="haoma_inquiries", hotline="east", job="calls")
    message += series([(2.0, at * 60_000)], __name__="haoma_count", count="rival-desk", hotline="west")
    message += series([(9.0, at * 60_000)], __name__="up", instance="x") + field(3, b"metadata")
    found = read_request(packed(message))
    assert found.counts == ["inquiries", "errors", "rival-desk"]
    assert rows(found) == [("east", at - 1, [12, None, None]), ("west", at - 1, [None, None, 2])]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"\xff" * 20,
        packed(b"\x0a\xff"),
        packed(b"\x0a\x05\x0a\x03\x0a\x01"),
        packed(b"\x0b"),
        packed(series([(1.0, 0)], __name__="haoma_inquiries")[:-3]),
        varint(1 << 30) + b"x",
        packed(field(1, field(1, field(1, b"\xff") + field(2, b"x")))),
    ],
)
def test_bytes_that_are_no_request_are_bad_input(body: bytes) -> None:
    with pytest.raises(BadInput):
        read_request(body)


def test_more_samples_than_are_taken_at_once_are_bad_input() -> None:
    with pytest.raises(BadInput, match="samples"):
        read_request(packed(series([(1.0, 60_000)] * 10_001, __name__="haoma_inquiries", hotline="east")))


def many(count: int, samples: int) -> bytes:
    at = [(1.0, 60_000)] * samples
    return b"".join(series(at, __name__="haoma_count", hotline="e", count=f"c{one}") for one in range(count))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(many(7, 1), id="more counts than a hotline has"),
        pytest.param(many(7, 0), id="more counts without a sample"),
        pytest.param(field(1, b"") * 20_001, id="series of nothing"),
        pytest.param(field(1, field(1, b"") * 20_001), id="labels of nothing"),
        pytest.param(field(1, field(1, b"") * 11) * 18_200, id="labels of nothing in many series"),
        pytest.param(field(1, field(1, field(1, b"") * 17)), id="a label of many parts"),
        pytest.param(b"\x18\x01" * 20_001, id="fields that nobody knows"),
        pytest.param(series([], __name__="haoma_errors")[:1] + varint(1 << 62), id="a length beyond all"),
        pytest.param(bytes(1 << 23), id="more bytes than are unpacked"),
    ],
)
def test_a_small_request_that_would_unpack_into_much_work_is_refused_before_it(message: bytes) -> None:
    with pytest.raises(BadInput):
        read_request(packed(message))


def test_stale_markers_count_as_samples() -> None:
    (stale,) = struct.unpack("<d", struct.pack("<Q", STALE))
    with pytest.raises(BadInput, match="samples"):
        read_request(packed(series([(stale, 60_000)] * 10_001, __name__="haoma_inquiries", hotline="east")))


def test_rows_that_name_more_counts_than_are_kept_are_refused_before_a_table_is_made_of_them() -> None:
    given: list[tuple[str, object, dict[str, float | None]]] = [
        ("east", "2026-11-22T09:31+08:00", {f"count-{row}-{one}": 1.0 for one in range(6)}) for row in range(10_000)
    ]
    with pytest.raises(BadInput, match="more than 8 counts"):
        batch_of_rows(given)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("timestamp", pa.array([[1]])),
        ("timestamp", pa.array([1 << 62], pa.timestamp("us"))),
        ("timestamp", pa.array([60], pa.timestamp("s", "../../etc/passwd"))),
        ("hotline", pa.array([{"a": 1}])),
    ],
)
def test_columns_that_hold_something_else_are_told_as_such(tmp_path: Path, column: str, cells: pa.Array) -> None:
    usual = {"timestamp": pa.array(["2026-11-22 09:31"]), "hotline": pa.array(["east"]), "inquiries": pa.array([1])}
    pq.write_table(pa.table(usual | {column: cells}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="columns hold"):
        list(File(tmp_path / "a.parquet", Chart()).batches())


def test_of_two_columns_of_one_name_none_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("timestamp,hotline,inquiries,inquiries\n2026-11-22 09:31,east,1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="more than one column could be 'inquiries'"):
        list(File(path, Chart()).batches())


def test_what_is_wrong_with_a_file_is_told_without_what_its_rows_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda _told: None)  # Arrow asks for a text of a row that is none
    path = tmp_path / "a.csv"
    path.write_bytes(b"timestamp,hotline,inquiries\n2026-11-22 09:31,east,1\nsomebody \xff\n")
    with pytest.raises(BadInput, match="cannot be read") as told:
        list(File(path, Chart()).batches())
    assert "somebody" not in str(told.value)


def test_a_request_without_counts_is_empty() -> None:
    for message in (b"", series([(1.0, 0)], __name__="up")):
        assert len(read_request(packed(message))) == 0


def test_the_flow_lets_so_many_rows_through_a_minute_and_so_many_batches_at_once() -> None:
    clock = [0.0]
    flow = Flow(60_000, clock=lambda: clock[0], under_way=2)
    with flow.batch("acme", 10_000) as first, flow.batch("other", 10_000) as second:
        assert (first, second) == (0, 0)
        with flow.batch("third", 1) as third:
            assert third == 1.0
    with flow.batch("acme", 2_000) as wait_s:
        assert wait_s == 2.0
    clock[0] = 2.0
    with flow.batch("acme", 2_000) as wait_s:
        assert wait_s == 0
