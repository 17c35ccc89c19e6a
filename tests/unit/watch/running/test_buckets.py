from __future__ import annotations

import math
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.watch.running.buckets import buckets, survey

HEAD = "timestamp,hotline,inquiries,errors"


def a_file(place: Path, *rows: str, head: str = HEAD) -> Path:
    path = place / "counts.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_times_without_a_zone_are_local_and_those_with_one_are_what_they_say(tmp_path: Path) -> None:
    path = a_file(tmp_path, "2026-11-22T08:01,a,1,0", "2026-11-22T00:02Z,b,2,0", "2026-11-22 08:03:30,a,3,0")
    found = list(buckets(path, survey(path)))
    assert [one.minute - found[0].minute for one in found] == [0, 1, 2]
    assert [one.text for one in found] == ["2026-11-22T08:01", "2026-11-22T00:02Z", "2026-11-22 08:03:30"]


def test_what_is_no_count_is_missing_and_counted_and_what_is_empty_is_missing_alone(tmp_path: Path) -> None:
    rows = ["nan,0", "-1,0", "inf,0", "1e99,0", "many,0", ",0", "7,"]
    path = a_file(tmp_path, *(f"2026-11-22T08:{n:02},a,{row}" for n, row in enumerate(rows)))
    said = survey(path)
    found = list(buckets(path, said))
    assert [math.isnan(one.inquiries) for one in found] == [True] * 6 + [False]
    assert math.isnan(found[-1].errors)
    assert said.refused == 5


def test_rows_in_any_order_come_in_that_of_time_and_columns_in_any(tmp_path: Path) -> None:
    rows = [f"{n},x,{minute:02}" for n, minute in enumerate((5, 3, 4, 3))]
    lines = [f"{row.split(',')[0]},x,2026-11-22T08:{row.split(',')[2]},note" for row in rows]
    path = a_file(tmp_path, *lines, head="Inquiries,Hotline,Timestamp,remark")
    said = survey(path)
    assert not said.ordered
    assert [one.inquiries for one in buckets(path, said)] == [1, 3, 2, 0]
    assert all(math.isnan(one.errors) for one in buckets(path, said))


@pytest.mark.parametrize(("step", "width"), [(1, 1), (5, 5), (15, 15), (60, 60), (7, 6)])
def test_buckets_are_as_wide_as_the_least_step_allows(step: int, width: int, tmp_path: Path) -> None:
    times = [divmod(8 * 60 + n * step, 60) for n in range(12)]
    path = a_file(tmp_path, *(f"2026-11-22T{hour:02}:{minute:02},a,1,0" for hour, minute in times))
    assert survey(path).widths == [width]
    shuffled = a_file(tmp_path, *(f"2026-11-22T{hour:02}:{minute:02},a,1,0" for hour, minute in reversed(times)))
    assert survey(shuffled).widths == [width]
    assert survey(path, 5).widths == [5]


def test_a_hotline_with_few_rows_has_buckets_as_the_others_have(tmp_path: Path) -> None:
    often = [f"2026-11-22T08:{n:02},often,1,0" for n in range(30)]
    path = a_file(tmp_path, *often, "2026-11-22T08:30,rare,1,0", "2026-11-22T10:30,rare,1,0")
    assert survey(path).widths == [1, 1]


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        (["2026-11-22T08:00,a,1"], "timestamp,hotline,errors"),
        (["yesterday,a,1,0"], HEAD),
        (["2026-11-22T08:00,,1,0"], HEAD),
        (["2026-11-22T08:00,a"], HEAD),
        ([f"2026-11-{n:02},a,1,0" for n in range(1, 29)], HEAD),
        (["2020-11-22T08:00,a,1,0", "2020-11-22T08:01,a,1,0", "2026-11-22T08:00,a,1,0"], HEAD),
    ],
    ids=["no column", "no time", "no name", "too short", "whole days", "years apart"],
)
def test_what_cannot_be_read_as_counts_is_told(rows: list[str], head: str, tmp_path: Path) -> None:
    path = a_file(tmp_path, *rows, head=head)
    with pytest.raises(BadInput):
        list(buckets(path, survey(path)))


def test_a_look_through_a_file_tells_its_ends_and_how_much_was_counted_in_whatever_order(tmp_path: Path) -> None:
    rows = [f"2026-11-22T08:{n:02},{name},{count},0" for n in (0, 5, 10) for name, count in (("a", 2), ("b", "none"))]
    for told in (rows, rows[::-1]):
        found = survey(a_file(tmp_path, *told))
        ends = found.first + 15
        assert dict(zip(found.names, found.inquiries, strict=True)) == {"a": 6, "b": 0}
        assert (found.until, found.ordered) == (ends, told is rows)


def test_a_file_without_rows_has_no_hotline(tmp_path: Path) -> None:
    assert survey(a_file(tmp_path)).names == []


def test_a_file_that_is_empty_for_years_is_not_judged_minute_by_minute(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    years = "".join(f"202{year}-01-01T08:00,desk,1,0\n" for year in range(3))
    path.write_text(f"timestamp,hotline,inquiries,errors\n{years}", encoding="utf-8")
    with pytest.raises(BadInput, match="400 days"):
        list(buckets(path, survey(path, 1)))


@pytest.mark.parametrize("time", ["9999-12-31T23:59Z", "0001-01-01T00:00+14:00", "一三八零零一三八零零零"])
def test_a_time_that_is_none_is_told_by_its_row_and_not_shown(time: str, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(f"timestamp,hotline,inquiries,errors\n{time},desk,1,0\n", encoding="utf-8")
    with pytest.raises(BadInput, match="row 2") as told:
        survey(path)
    assert time not in str(told.value)
