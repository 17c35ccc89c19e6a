from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from haoma.errors import BadInput
from haoma.guard.improve import (
    Arm,
    Better,
    Filed,
    Happened,
    Language,
    Measure,
    Month,
    Outcome,
    Sample,
    Trial,
    Visit,
    actions,
    as_html,
    as_markdown,
    procedure,
    report,
    review,
    risks,
)
from haoma.guard.improve.review import Act
from haoma.guard.improve.risk import Band
from haoma.guard.judge.model import Limits, Severity

NOVEMBER = Month.read("2026-11")
END = datetime(2026, 12, 5, tzinfo=UTC)
AT = datetime(2026, 11, 10, tzinfo=UTC)


def happened(channel: str = "page", severity: Severity = Severity.HIGH, **changes: object) -> Happened:
    given = {
        "source": "map",
        "verdict": "wrong-number",
        "first_seen_at": AT,
        "opened_at": AT + timedelta(hours=6),
        "closed_at": AT + timedelta(hours=30),
    }
    return Happened(channel=channel, severity=severity, **given | changes)


def trial(arms: dict[str, Arm], **changes: object) -> Trial:
    return replace(Trial("t", "每周|复核", Measure.SHARE, "页", Better.LOWER, 400, AT, END, arms), **changes)


def sample(right: int, done: int, of: int = 40) -> Sample:
    outcomes = [Outcome.RIGHT] * right + [Outcome.WRONG_NUMBER] * (done - right) + [None] * (of - done)
    return Sample("s", "2026-11", "seed", 99, tuple(Visit(n, "h", "map", one) for n, one in enumerate(outcomes, 1)))


def test_the_risk_of_a_channel_is_how_often_times_how_bad() -> None:
    found = risks(
        [happened("platform", Severity.CRITICAL)] * 4 + [happened("page", Severity.LOW)], NOVEMBER, END, ["feed"]
    )
    assert [(one.channel, one.likelihood, one.impact, one.score, one.band) for one in found] == [
        ("platform", 3, 4, 12, Band.HIGH),
        ("page", 1, 1, 1, Band.LOW),
        ("feed", 1, 1, 1, Band.LOW),
    ]
    assert found[0].interval.low < found[0].rate < found[0].interval.high


def test_what_takes_too_long_counts_a_class_more() -> None:
    slow = happened(severity=Severity.CRITICAL, closed_at=None)
    assert risks([slow], NOVEMBER, END)[0].impact == 5
    assert risks([replace(slow, closed_at=AT + timedelta(days=2))], NOVEMBER, END)[0].impact == 4


def test_incidents_of_other_times_do_not_count() -> None:
    old = happened(
        opened_at=AT - timedelta(days=200), first_seen_at=AT - timedelta(days=200), closed_at=AT - timedelta(days=190)
    )
    assert risks([old, happened(opened_at=END)], NOVEMBER, END) == []
    assert [one.incidents for one in risks([replace(old, closed_at=None)], NOVEMBER, END)] == [1]


def test_a_month_counts_what_was_opened_and_closed_in_it() -> None:
    before = happened(first_seen_at=AT - timedelta(days=20), opened_at=AT - timedelta(days=20), closed_at=None)
    found = review(NOVEMBER, END, [before, happened(), happened(closed_at=None)])
    assert (len(found.opened), len(found.closed), len(found.still_open), found.opened_before) == (2, 1, 2, 1)
    assert (found.to_detect, found.to_close) == (timedelta(hours=6), timedelta(hours=24))
    assert not found.ongoing
    assert found.against_before
    assert found.against_before.p_value > 0.5


def test_a_month_that_has_not_begun_is_no_month_to_review() -> None:
    with pytest.raises(BadInput, match="has not begun"):
        review(NOVEMBER, NOVEMBER.begins_at, [])


def test_a_month_that_goes_on_is_counted_until_now() -> None:
    found = review(NOVEMBER, AT + timedelta(hours=7), [happened(), happened(opened_at=AT + timedelta(hours=8))])
    assert (found.ongoing, len(found.opened), len(found.still_open)) == (True, 1, 1)


@pytest.mark.parametrize(
    ("given", "acts"),
    [
        ({}, [Act.KEEP]),
        ({"happened": [happened(severity=Severity.CRITICAL)] * 4}, [Act.MEASURE]),
        ({"happened": [happened(severity=Severity.CRITICAL)] * 20}, [Act.MEASURE_NOW]),
        ({"happened": [happened(severity=Severity.LOW, closed_at=None)]}, [Act.CHASE]),
        ({"tickets": [Filed("360", AT, AT, AT + timedelta(days=10))]}, [Act.REMIND]),
        ({"tickets": [Filed("360", AT, AT, AT + timedelta(days=10), AT + timedelta(days=30), True)]}, [Act.REMIND]),
        ({"tickets": [Filed("360", AT, AT, AT + timedelta(days=90))]}, [Act.KEEP]),
        ({"trials": [trial({"a": Arm(60, 400), "b": Arm(20, 400)})]}, [Act.ADOPT]),
        ({"trials": [trial({"a": Arm(20, 400), "b": Arm(60, 400)})]}, [Act.DROP]),
        ({"trials": [trial({"a": Arm(30, 400), "b": Arm(28, 400)})]}, [Act.GO_ON]),
        ({"trials": [trial({"a": Arm(60, 40 * 2), "b": Arm(2, 80)})]}, [Act.GO_ON]),
        ({"trials": [trial({})]}, [Act.KEEP]),
        ({"sample": sample(38, 40)}, [Act.KEEP]),
        ({"sample": sample(30, 40)}, [Act.ASK_WHY]),
        ({"sample": sample(5, 5)}, [Act.VISIT]),
    ],
)
def test_what_follows_is_decided_by_rule(given: dict[str, object], acts: list[Act]) -> None:
    found = review(NOVEMBER, END, **{"happened": []} | given)
    assert [one.act for one in actions(found)] == acts


def test_tickets_of_the_month_are_counted_and_timed() -> None:
    days = [timedelta(days=n) for n in range(40)]
    given = [
        Filed("360", AT - days[20], AT - days[19], AT - days[9], AT + days[1], fixed=True),
        Filed("baidu", AT, AT + days[1], AT + days[11], AT + days[5], fixed=True),
        Filed("poi", AT, AT + days[1], AT + days[11], AT + days[5]),
        Filed("site", AT, None, AT + days[10]),
    ]
    found = review(NOVEMBER, END, [happened()], tickets=given)
    assert found.filed() == {"made": 3, "sent": 2, "fixed": 2, "late": 1}
    assert found.to_correct == timedelta(days=12)
    text = as_markdown(report(found, Language.EN))
    assert "Tickets: 3 made, 2 sent, 2 fixed; 1 are late at the end." in text
    assert "1 tickets are late" in text


def full() -> list[object]:
    trials = [
        trial({"a": Arm(60, 400), "b": Arm(20, 400)}),
        trial({"a": Arm(9, 30), "b": Arm(7, 30)}, name="<b>提醒</b>", measure=Measure.RATE),
    ]
    return [[happened(severity=Severity.CRITICAL)] * 12 + [happened(closed_at=None)], trials, sample(30, 40)]


@pytest.mark.parametrize("language", Language)
def test_a_report_tells_plan_do_check_and_act_with_the_figures_behind_them(language: Language) -> None:
    text = as_markdown(report(review(NOVEMBER, END, *full(), ["feed"]), language))
    titles = {"zh": ["计划", "执行", "检查", "改进"], "en": ["Plan", "Do", "Check", "Act"]}[str(language)]
    assert [title in line for title, line in zip(titles, re.findall("^## (.*)", text, re.MULTILINE), strict=True)] == [
        True
    ] * 4
    for figure in ("60/400", "20/400", "75.0%", "4.29", "2026-11", "seed", "每周\\|复核"):
        assert figure in text, figure
    assert "{" not in text


@pytest.mark.parametrize("language", Language)
def test_an_empty_month_is_told_as_well(language: Language) -> None:
    text = as_markdown(report(review(NOVEMBER, AT, []), language))
    assert "{" not in text
    assert len(text.splitlines()) > 15


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_stands_alone_and_holds_no_markup_of_a_name() -> None:
    page = as_html(report(review(NOVEMBER, END, *full())))
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"b", "script", "img", "link"}
    assert "&lt;b&gt;提醒&lt;/b&gt;" in page


def test_a_name_is_no_markup_in_markdown() -> None:
    assert "<b>" not in as_markdown(report(review(NOVEMBER, END, *full()))).replace("\\<b\\>", "")


@pytest.mark.parametrize("language", Language)
def test_the_procedure_names_the_measures_that_work_and_no_other(language: Language) -> None:
    works = trial({"a": Arm(60, 400), "b": Arm(20, 400)}, name="复核")
    other = trial({"a": Arm(30, 400), "b": Arm(28, 400)}, name="提醒")
    text = as_markdown(procedure([works, other], END, Limits(bad_looks=7), language))
    assert "复核 (60/400 : 20/400" in text
    assert "提醒" not in text
    assert "7" in text
    assert "wrong-organisation" in text
