"""One call a minute: counts of all hotlines in, scores and alarms out.

Rules held here:
- What is expected is profile × level, less what the group has in common; a bank of CUSUMs adds up how counts speak
  against it.
- Minutes go forward one by one. One that was left out is taken as missing; the past is never looked at again, and
  nothing of the future is known.
- The same state and the same counts give the same scores to the bit, also after a restart, and for some of the
  hotlines alone when it is told what their group had in common (`Scores.common`).
- A count that is negative, infinite or huge is missing, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from haoma.errors import BadInput
from haoma.watch.alarms import Turned
from haoma.watch.bank import Seen
from haoma.watch.budget import score
from haoma.watch.calendar import Calendar, Hours
from haoma.watch.history import learn_hour
from haoma.watch.layout import Layout
from haoma.watch.memory import Records, record_size
from haoma.watch.model import NO_CHANNEL, SHANGHAI_MIN, Bools, Floats, Integers, Scores, Tuning
from haoma.watch.outlook import Quarter, allow, end_hours, look_ahead
from haoma.watch.parts import Parts, fields

__all__ = ["Detector"]

_LEAST_A_MINUTE = 0.01  # inquiries that reports are measured against where fewer are expected
_LONGEST_GAP_MIN = 31 * 1440
_SEEN_LEFT = 0.5 ** (1 / 20)


class Detector:
    """Watches hotlines; `hours` and `offset` are one for all or one for each, `groups` numbers from 0, one for each.

    >>> watch = Detector(Tuning(), 3)
    >>> minute = watch.step(29_000_000, np.array([[5, 0], [0, 0], [np.nan, np.nan]]))
    >>> bool(minute.alarm.any()), watch.state.itemsize < 2000
    (False, True)
    """

    def __init__(
        self,
        tuning: Tuning,
        hotlines: int,
        *,
        signals: int = 2,
        hours: Hours | Sequence[Hours] | None = None,
        offset: int | Sequence[int] | Integers = SHANGHAI_MIN,
        groups: Sequence[int] | Integers | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self._begin(tuning, Layout(hotlines, hours, offset, groups, calendar or Calendar()), signals)

    def _begin(self, tuning: Tuning, layout: Layout, signals: int) -> None:
        if signals < 2:
            raise BadInput(f"{signals} signals", hint="inquiries and error reports at least; unknown ones are NaN")
        budget = replace(tuning.budget, hotlines=tuning.budget.hotlines or layout.hotlines)
        self.tuning, self.layout, self.signals = replace(tuning, budget=budget), layout, signals
        self._parts = Parts(self.tuning, layout, signals)
        self._now: Quarter | None = None
        self._ended = False

    @classmethod
    def resume(
        cls,
        tuning: Tuning,
        state: bytes,
        *,
        signals: int = 2,
        hours: Hours | Sequence[Hours] | None = None,
        offset: int | Sequence[int] | Integers = SHANGHAI_MIN,
        groups: Sequence[int] | Integers | None = None,
        calendar: Calendar | None = None,
    ) -> Self:
        """Go on from `state.tobytes()`, with all else as it was. Raises Tampered for bytes of another length."""
        hotlines = max(len(state) // record_size(fields(tuning, signals)), 1)
        found = object.__new__(cls)
        found._begin(tuning, Layout(hotlines, hours, offset, groups, calendar or Calendar()), signals)
        found._go_on(found._parts.memory.read(state))
        return found

    def take(self, indexes: Sequence[int] | Integers) -> Self:
        """Some of the hotlines by themselves, as they are now, under the same budget."""
        which = np.asarray(indexes, dtype=np.int64)
        found = object.__new__(type(self))
        found._begin(self.tuning, self.layout.take(which), self.signals)
        found._go_on(self.state[which])
        return found

    def _go_on(self, records: Records) -> None:
        self._parts.memory.unpack(records)
        if self.minute is not None:
            self._expect(self.minute)

    @property
    def state(self) -> Records:
        """All that is remembered, one record a hotline; `tobytes()` keeps it."""
        return self._parts.memory.pack()

    @property
    def minute(self) -> int | None:
        """The last minute taken, None before the first."""
        return int(self._parts.last[0]) or None

    @property
    def refused(self) -> Integers:
        """How many counts of each hotline were none, since it began."""
        return self._parts.refused.copy()

    def learn(self, since: int, quarters: Floats) -> None:
        """Learn profiles, levels and shares of reports from history, before the first minute.

        `quarters` are counts [quarters of an hour, hotlines, signals] in whole hours from the minute `since`, NaN where
        missing. No alarm comes of it. Raises BadInput for history that does not begin with an hour on every clock.
        """
        hotlines = self.layout.hotlines
        if len(quarters) % 4 or quarters.shape[1:] != (hotlines, self.signals) or self.minute is not None:
            raise BadInput(
                f"history of shape {quarters.shape} after minute {self.minute}",
                hint=f"give whole hours, [4 × hours, {hotlines}, {self.signals}], before the first minute",
            )
        if ((since + self.layout.offsets) % 60).any():
            raise BadInput("history that begins within an hour", hint="begin it with an hour on every hotline's clock")
        for at in range(0, len(quarters), 4):
            counts, bad = _clean(quarters[at : at + 4], 15 * self.tuning.most_a_minute)
            self._parts.refused += bad.sum(axis=(0, 2))
            learn_hour(self._parts, since + at * 15, counts)

    def step(self, minute: int, counts: Floats, common: Floats | None = None, factors: Floats | None = None) -> Scores:
        """Take the counts [hotlines, signals] of one minute, NaN where missing.

        `common` is given where not all hotlines of a group are here: what `Scores.common` said when they were.
        `factors` [hotlines] correct the inquiries that are expected of this minute (`haoma.watch.residual`). Raises
        BadInput for a minute that is not after the last one, or more than a month after it.
        """
        wanted, last = (self.layout.hotlines, self.signals), self.minute
        if counts.shape != wanted:
            raise BadInput(f"counts of shape {counts.shape}", hint=f"give {list(wanted)}, NaN where missing")
        if last is not None and not last < minute <= last + _LONGEST_GAP_MIN:
            raise BadInput(f"minute {minute} after {last}", hint="minutes go forward, and a month at most")
        for left_out in range(minute if last is None else last + 1, minute):
            self._step(left_out, np.full(wanted, np.nan), np.zeros(len(counts), dtype=bool), None, None)
        clean, bad = _clean(counts, self.tuning.most_a_minute)
        refused = np.count_nonzero(bad, axis=1) if bad.any() else np.zeros(len(counts), dtype=np.int64)
        self._parts.refused += refused
        return self._step(minute, clean, refused > 0, common, factors)

    def _turn(self, minute: int) -> Quarter:
        """What is expected of a minute's quarter of an hour. Thresholds are set a minute later, to share work."""
        if self._now is None:
            return self._expect(minute)
        if self._ended:
            allow(self._parts)
        self._ended = False
        if minute % 15 == 0:
            self._ended = end_hours(self._parts, minute)
            self._now = look_ahead(self._parts, minute)
            self._parts.bank.expect(self._now.outlook)
        return self._now

    def _expect(self, minute: int) -> Quarter:
        self._now = look_ahead(self._parts, minute)
        self._parts.bank.expect(self._now.outlook)
        allow(self._parts)
        return self._now

    def _step(
        self, minute: int, counts: Floats, refused: Bools, common: Floats | None, factors: Floats | None
    ) -> Scores:
        now, parts = self._turn(minute), self._parts
        rows = np.ascontiguousarray(counts.T)
        told = np.isfinite(rows) & now.open
        came = np.where(told, rows, 0.0)
        seen = told[0] & now.known
        known, slow = came[0] * seen, parts.level.slow()
        quick = parts.level.quick(slow, now.spread)
        due = now.base * quick if factors is None else now.base * quick * factors
        taken = self._in_common(known, due * seen, slow, common)
        expected = due * taken[self.layout.groups, 0]
        slowly = now.base * slow * (taken[:, 0] * taken[:, 1])[self.layout.groups]
        asked = np.maximum(np.where(now.known, expected, parts.level.pace()), _LEAST_A_MINUTE)
        heard = (asked * told[1:] / now.outlook.report_dispersion).sum(axis=0)
        parts.bank.add(Seen(known, expected * seen, slowly * seen, came[1:], heard))
        excess = parts.bank.excess(now.known | ~now.open, now.heard)
        below = parts.bank.quiet(parts.alarms.standing)
        turned = parts.alarms.turn(minute, excess.max(axis=0), below, np.asarray(told.any(axis=0)), quick, slow)
        weight = 1 / now.dispersion
        parts.level.follow(came[0], told[0], known, now.base * seen, weight, weight * now.ordinary)
        parts.habits.add_inquiries(now, told[0], came[0], expected * seen, slowly * seen * now.ordinary)
        parts.habits.add_reports(came[1:], asked * told[1:], now.outlook.shares)
        parts.seen += (1 - _SEEN_LEFT) * (told[0] - parts.seen)
        parts.last[...] = minute
        usual = np.concatenate((expected[None], asked * now.outlook.shares)).T * now.open[:, None]
        return self._scores(minute, now, excess, turned, usual, refused, taken)

    def _in_common(self, known: Floats, due: Floats, slow: Floats, given: Floats | None) -> Floats:
        """What groups have in common: [groups, 2]."""
        parts = self._parts
        parts.common.follow(known, due)
        if given is None:
            return parts.common.factors(known, due, (*parts.level.undrawn(), slow), parts.habits.dispersion())
        if given.shape != (parts.common.groups, 2):
            raise BadInput(
                f"what groups have in common of shape {given.shape}", hint=f"give [{parts.common.groups}, 2]"
            )
        return given

    def _scores(
        self, minute: int, now: Quarter, excess: Floats, turned: Turned, usual: Floats, refused: Bools, taken: Floats
    ) -> Scores:
        found = score(excess.max(axis=0) + self._parts.bank.usual) * now.open
        return Scores(
            minute=minute,
            score=found,
            channel=np.where(found > 0, excess.argmax(axis=0), NO_CHANNEL).astype(np.int8),
            alarm=turned.raised,
            open=turned.standing,
            closed=turned.closed,
            expected=usual,
            excess=excess,
            seen=self._parts.seen.copy(),
            ready=now.known & now.open,
            refused=refused,
            common=taken,
        )


def _clean(counts: Floats, most: float) -> tuple[Floats, Bools]:
    """Counts with NaN for what is none, and where such a one stood."""
    with np.errstate(invalid="ignore"):
        bad = (counts < 0) | (counts > most)
    return (np.where(bad, np.nan, counts), bad) if bad.any() else (counts, bad)
