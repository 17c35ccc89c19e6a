from __future__ import annotations

from datetime import date

import pytest

from contracts.hotlines import CALENDAR, at
from haoma.errors import BadInput
from haoma.watch.calendar import Calendar, Day, Hours


def kind(calendar: Calendar, day: str) -> Day:
    return calendar.day((date.fromisoformat(day) - date(1970, 1, 1)).days)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-02-13", Day.WORKDAY),
        ("2026-02-14", Day.MADE_UP),  # a Saturday, for the Spring Festival
        ("2026-02-17", Day.HOLIDAY),
        ("2026-03-01", Day.WEEKEND),
        ("2026-10-03", Day.HOLIDAY),  # a Saturday in the National Day week
        ("2026-09-20", Day.MADE_UP),
    ],
)
def test_a_chinese_day_is_what_the_state_council_made_of_it(day: str, expected: Day) -> None:
    assert kind(CALENDAR, day) is expected


def test_a_year_that_is_not_known_has_weekdays_and_weekends_and_says_so() -> None:
    assert not CALENDAR.knows(2003)
    assert CALENDAR.knows(2026)
    assert [kind(CALENDAR, day) for day in ("2003-10-01", "2003-10-04")] == [Day.WORKDAY, Day.WEEKEND]


def test_a_minute_is_told_on_the_hotlines_own_clock() -> None:
    local = CALENDAR.local(at("2026-06-10 18:47"), 480)
    assert (local.weekday, local.hour, local.quarter, local.day) == (2, 18, 3, Day.WORKDAY)
    assert CALENDAR.local(at("2026-06-10 18:47"), 0).hour == 10


@pytest.mark.parametrize(
    ("text", "when", "expected"),
    [
        ("24/7", "2026-06-10 03:00", True),
        ("Mo-Fr 09:00-18:30", "2026-06-10 18:29", True),
        ("Mo-Fr 09:00-18:30", "2026-06-10 18:30", False),
        ("Mo-Fr 09:00-12:00,13:30-18:00", "2026-06-10 12:30", False),
        ("Mo-Fr 09:00-18:00; We off", "2026-06-10 10:00", False),
        ("Fr-Mo 09:00-18:00", "2026-06-10 10:00", False),
        ("Fr-Mo 09:00-18:00", "2026-06-07 10:00", True),
        ("Mo-Su 00:00-24:00; PH off", "2026-10-01 10:00", False),
        ("Mo-Su 09:00-18:00; PH 10:00-12:00", "2026-10-01 10:00", True),
        ("Mo-Fr 09:00-18:00", "2026-10-01 10:00", True),  # a holiday that no rule names
        ("Mo-Fr 09:00-18:00", "2026-09-20 10:00", True),  # a Sunday that is worked
        ("Mo-Fr 09:00-18:00", "2026-09-13 10:00", False),
    ],
)
def test_opening_hours_are_read_as_openstreetmap_writes_them(text: str, when: str, expected: bool) -> None:
    assert Hours.parse(text).open(CALENDAR.local(at(when), 480)) is expected


@pytest.mark.parametrize(
    "text",
    ["nine to five", "Mo-Xx 09:00-18:00", "Mo 18:00-09:00", "Mo 09:75-10:00", "Mo 9-18", "PH-Mo 09:00-10:00", "Mo"],
)
def test_opening_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="opening hours"):
        Hours.parse(text)
