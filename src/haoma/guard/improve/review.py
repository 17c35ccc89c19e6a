"""The review of a month: what happened, what it was compared with, and what follows from that by rule. Pure.

Rules held here:
- Every figure comes with what it was counted from; a share and a rate with their interval, a comparison with its test.
- What follows is decided by the rules of `actions`, and each names the figure behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from haoma.errors import BadInput
from haoma.guard.improve.incidents import Filed, Happened
from haoma.guard.improve.model import Judged, Sample, Trial
from haoma.guard.improve.months import Month
from haoma.guard.improve.risk import TOO_LONG, Band, Risk, risks
from haoma.guard.improve.stats import Compared, Interval, compare_rates, wilson
from haoma.guard.judge.model import Severity

__all__ = ["Act", "Action", "Review", "actions", "review"]

GOOD_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Review:
    """What is known of a month. `until` is its end, or now while it goes on; `to_close` of incidents closed in it."""

    month: Month
    until: datetime
    ongoing: bool
    opened: tuple[Happened, ...]
    closed: tuple[Happened, ...]
    still_open: tuple[Happened, ...]
    against_before: Compared | None
    opened_before: int
    risks: tuple[Risk, ...]
    trials: tuple[Trial, ...]
    sample: Sample | None
    tickets: tuple[Filed, ...] = ()

    @property
    def to_detect(self) -> timedelta | None:
        """The median time from the first look to the alert."""
        return _median([one.to_detect for one in self.opened])

    @property
    def to_close(self) -> timedelta | None:
        """The median time from the alert to the day it was right again."""
        return _median([one.closed_at - one.opened_at for one in self.closed if one.closed_at])

    @property
    def overdue(self) -> tuple[Happened, ...]:
        """Open incidents that took longer than the company takes by itself."""
        return tuple(one for one in self.still_open if self.until - one.first_seen_at > TOO_LONG)

    @property
    def late(self) -> int:
        """How many tickets are open, and were due before."""
        return sum(one.open_at(self.until) and one.due_at < self.until for one in self.tickets)

    @property
    def to_correct(self) -> timedelta | None:
        """The median time from a letter that was sent to the day the page was right, of tickets fixed in the month."""
        begins = self.month.begins_at
        fixed = [one for one in self.tickets if one.fixed and one.closed_at and begins <= one.closed_at < self.until]
        return _median([one.closed_at - one.sent_at for one in fixed if one.closed_at and one.sent_at])

    def filed(self) -> dict[str, int]:
        """How many tickets were made, sent and fixed in the month, and how many are late at its end."""
        begins, end = self.month.begins_at, self.until

        def within(*times: datetime | None) -> int:
            return sum(begins <= at < end for at in times if at is not None)

        return {
            "made": within(*(one.made_at for one in self.tickets)),
            "sent": within(*(one.sent_at for one in self.tickets)),
            "fixed": within(*(one.closed_at for one in self.tickets if one.fixed)),
            "late": self.late,
        }

    @property
    def right(self) -> Interval | None:
        """The interval of the share of right numbers that mystery shoppers found."""
        return wilson(self.sample.right, self.sample.done) if self.sample and self.sample.done else None

    def severities(self) -> dict[Severity, int]:
        """How many incidents of each severity were opened, the worst first."""
        return {one: sum(each.severity is one for each in self.opened) for one in reversed(Severity)}


def review(
    month: Month,
    now: datetime,
    happened: Sequence[Happened],
    trials: Sequence[Trial] = (),
    sample: Sample | None = None,
    channels: Sequence[str] = (),
    tickets: Sequence[Filed] = (),
) -> Review:
    """Review a month out of every incident that was opened before its end; BadInput for one that has not begun."""
    until = min(month.ends_at, now)
    if until <= month.begins_at:
        raise BadInput(f"{month} has not begun", hint="a month is reviewed while it goes on, and when it is over")
    opened = tuple(one for one in happened if month.begins_at <= one.opened_at < until)
    before = month.after(-1)
    opened_before = sum(before.begins_at <= one.opened_at < before.ends_at for one in happened)
    days = (until - month.begins_at) / timedelta(days=1)
    known = bool(opened or opened_before)
    return Review(
        month=month,
        until=until,
        ongoing=until < month.ends_at,
        opened=opened,
        closed=tuple(one for one in happened if one.closed_at and month.begins_at <= one.closed_at < until),
        still_open=tuple(one for one in happened if one.open_at(until)),
        against_before=compare_rates(opened_before, before.days, len(opened), days) if known else None,
        opened_before=opened_before,
        risks=tuple(risks(happened, month, now, channels)),
        trials=tuple(one for one in trials if one.starts_at < until and one.ends_at >= month.begins_at),
        sample=sample,
        tickets=tuple(tickets),
    )


def _median(took: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median([one.total_seconds() for one in took])) if took else None


class Act(StrEnum):
    """What is to be done."""

    MEASURE_NOW = "measure-now"
    MEASURE = "measure"
    CHASE = "chase"
    REMIND = "remind"
    ADOPT = "adopt"
    DROP = "drop"
    GO_ON = "go-on"
    VISIT = "visit"
    ASK_WHY = "ask-why"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: what about, and the figures that it rests on."""

    act: Act
    about: str
    figures: tuple[tuple[str, float], ...] = ()


def actions(found: Review) -> list[Action]:
    """What follows from a review, the most urgent first; to keep on where nothing else does."""
    return list(_actions(found)) or [Action(Act.KEEP, "")]


def _actions(found: Review) -> Iterator[Action]:
    for risk in found.risks:
        if risk.band in {Band.CRITICAL, Band.HIGH}:
            act = Act.MEASURE_NOW if risk.band is Band.CRITICAL else Act.MEASURE
            yield Action(act, risk.channel, (("score", risk.score), ("incidents", risk.incidents)))
    if found.overdue:
        yield Action(Act.CHASE, "", (("incidents", len(found.overdue)), ("days", TOO_LONG / timedelta(days=1))))
    if found.late:
        yield Action(Act.REMIND, "", (("tickets", found.late),))
    for trial in found.trials:
        yield from _of_trial(trial)
    if found.sample and found.sample.done < len(found.sample.visits):
        yield Action(Act.VISIT, "", (("left", len(found.sample.visits) - found.sample.done),))
    if found.right and found.right.high < GOOD_SHARE:
        yield Action(Act.ASK_WHY, "", (("high", found.right.high), ("goal", GOOD_SHARE)))


def _of_trial(trial: Trial) -> Iterator[Action]:
    found = trial.compared()
    acts = {Judged.BETTER: Act.ADOPT, Judged.WORSE: Act.DROP, Judged.EARLY: Act.GO_ON, Judged.OPEN: Act.GO_ON}
    if found is None or trial.judged() not in acts:
        return
    act, needed = acts[trial.judged()], trial.needed()
    figures = [("p", found.p_value)] + ([("needed", float(needed))] if act is Act.GO_ON and needed else [])
    yield Action(act, trial.name, tuple(figures))
