"""A review as a document: Plan, Do, Check, Act, and the figures behind each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from haoma.guard.improve.document import Block, Heading, Listing, Table, Text
from haoma.guard.improve.model import Measure, Trial
from haoma.guard.improve.months import CHINA
from haoma.guard.improve.review import Act, Action, Review, actions
from haoma.guard.improve.risk import LOOKED_BACK, Risk
from haoma.guard.improve.words import Language, say

__all__ = ["report"]


def report(found: Review, language: Language = Language.ZH) -> list[Block]:
    """The review of a month, to be written as Markdown or HTML."""
    return list(_Report(found, language).blocks())


class _Report:
    def __init__(self, found: Review, language: Language) -> None:
        self._found = found
        self._language = language

    def _say(self, key: str, **figures: object) -> str:
        return say(self._language, key, **figures)

    def blocks(self) -> Iterator[Block]:
        found = self._found
        yield Heading(1, self._say("title", month=found.month))
        if found.ongoing:
            yield Text(self._say("ongoing", until=f"{found.until.astimezone(CHINA):%Y-%m-%d %H:%M}"))
        for name, part in (("plan", self._plan), ("do", self._do), ("check", self._check), ("act", self._act)):
            yield Heading(2, self._say(name))
            yield from part()

    def _plan(self) -> Iterator[Block]:
        yield Heading(3, self._say("matrix", months=LOOKED_BACK))
        columns = ("channel", "incidents", "rate", "likelihood", "worst", "impact", "score", "band")
        if self._found.risks:
            yield Table([self._say(one) for one in columns], [self._risk(one) for one in self._found.risks])
        else:
            yield Text(self._say("no_channels"))
        yield Heading(3, self._say("trials"))
        if self._found.trials:
            names = ("trial", "planned", "runs")
            yield Table([self._say(one) for one in names], [self._planned(one) for one in self._found.trials])
        else:
            yield Text(self._say("no_trials"))

    def _risk(self, one: Risk) -> list[str]:
        rate = f"{one.rate:.2f} ({one.interval.low:.2f}–{one.interval.high:.2f})"
        worst = self._say(str(one.worst) if one.worst else "none")
        figures = [str(one.incidents), rate, str(one.likelihood), worst, str(one.impact), str(one.score)]
        return [self._say(one.channel), *figures, self._say(str(one.band))]

    def _planned(self, one: Trial) -> list[str]:
        days = (one.starts_at, one.ends_at)
        runs = "–".join(f"{day.astimezone(CHINA):%Y-%m-%d}" for day in days)
        return [one.name, f"{one.planned:,} {one.unit}", runs]

    def _do(self) -> Iterator[Block]:
        found = self._found
        counts = {"opened": len(found.opened), "closed": len(found.closed), "open": len(found.still_open)}
        yield Text(self._say("done", **counts))
        if found.sample is None:
            yield Text(self._say("no_sample"))
        else:
            one = found.sample
            figures = {"done": one.done, "of": len(one.visits), "frame": one.frame, "seed": one.seed}
            yield Text(self._say("visits", **figures))
        if found.tickets:
            yield Text(self._say("filed", **found.filed()))
        if arms := sum(len(one.arms) for one in found.trials):
            yield Text(self._say("counted", arms=arms))

    def _check(self) -> Iterator[Block]:
        found = self._found
        rows = [[self._say(str(one)), str(count)] for one, count in found.severities().items()]
        yield Table([self._say("severity"), self._say("incidents")], rows)
        if found.against_before:
            ratio, interval = found.against_before.effect, found.against_before.interval
            figures = {"before": found.opened_before, "ratio": _figure(ratio), "p": _p(found.against_before.p_value)}
            yield Text(self._say("against", low=_figure(interval.low), high=_figure(interval.high), **figures))
        detect, close = self._hours(found.to_detect), self._hours(found.to_close)
        yield Text(self._say("times", detect=detect, close=close))
        if found.to_correct is not None:
            yield Text(self._say("corrected", took=self._hours(found.to_correct)))
        if found.sample and found.right:
            one, share = found.sample, found.sample.right / found.sample.done
            figures = {"right": one.right, "done": one.done, "share": f"{share:.1%}"}
            yield Text(self._say("share", low=f"{found.right.low:.1%}", high=f"{found.right.high:.1%}", **figures))
        if tested := [row for trial in found.trials if (row := self._tested(trial))]:
            columns = ("trial", "arm_a", "arm_b", "effect", "p", "judged", "needed")
            yield Table([self._say(one) for one in columns], tested)

    def _tested(self, trial: Trial) -> list[str] | None:
        found = trial.compared()
        if found is None:
            return None
        arms = [f"{arm.events:,}/{arm.size:,}" for arm in (trial.arms["a"], trial.arms["b"])]
        form = _percent if trial.measure is Measure.SHARE else _figure
        effect = f"{form(found.effect)} [{form(found.interval.low)}, {form(found.interval.high)}]"
        needed = trial.needed()
        told = [effect, _p(found.p_value).removeprefix("= "), self._say(str(trial.judged()))]
        return [trial.name, *arms, *told, f"{needed:,} {trial.unit}" if needed else self._say("none")]

    def _act(self) -> Iterator[Block]:
        yield Listing([self._action(one) for one in actions(self._found)], numbered=True)

    def _action(self, one: Action) -> str:
        shown = {name: _shown(one.act, name, value) for name, value in one.figures}
        if one.act is Act.GO_ON:
            shown["needed"] = self._say("act.needed", needed=shown["needed"]) if "needed" in shown else ""
        return self._say(f"act.{one.act}", about=self._say(one.about), **shown)

    def _hours(self, took: timedelta | None) -> str:
        return self._say("none") if took is None else self._say("hours", hours=f"{took / timedelta(hours=1):.1f}")


def _shown(act: Act, name: str, value: float) -> str:
    return _p(value) if name == "p" else f"{value:.1%}" if act is Act.ASK_WHY else f"{value:,.0f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _figure(value: float) -> str:
    return "∞" if math.isinf(value) else "–" if math.isnan(value) else f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{value:+.1%}"
