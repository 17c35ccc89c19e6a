"""CUSUMs over what may have happened: how many calls went elsewhere (p), and how many of those callers report it (q).

Rules held here:
- A CUSUM adds up what each minute says for its (p, q) against nothing being wrong, and never falls below zero (Page
  1954).
- Evidence of the signals is added before it is judged: "down and up" asked apart would need twice the time.
- Channels are judged apart. JOINT has every pair of `joint_p` and `joint_q`, VOLUME every p, REPORTS every x = p·q,
  SLOW pairs of its own against the slow level.
- What a minute multiplies is worked out once a quarter of an hour; the minute itself adds, multiplies and compares.
- Single precision will do: a nat is a nat to a millionth.
- A statistic ends a little above its threshold, so that it comes down soon after the fault ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haoma.watch.budget import (
    FEW_NATS,
    FEW_Q,
    FLOOR,
    JUMP_NATS,
    LARGE_NATS,
    LARGE_P,
    SMALL_NATS,
    SMALL_P,
    correction,
    soon,
    threshold,
)
from haoma.watch.likelihood import report_gain, reports_before, volume, volume_before
from haoma.watch.memory import Field, Memory, Reals
from haoma.watch.model import Bools, Channel, Floats, Integers, Tuning

__all__ = ["Bank", "Outlook", "Seen", "fields"]


def fields(tuning: Tuning) -> dict[str, Field]:
    """What each hotline's CUSUMs need to be remembered."""
    many, some, slow = len(tuning.joint_p), len(tuning.joint_q), len(tuning.slow_p)
    return {
        "joint": ("<f4", (many, some)),
        "volume": ("<f4", (many,)),
        "reports": ("<f4", (len(tuning.reports_x),)),
        "slow": ("<f4", (slow, len(tuning.slow_q))),
    }


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is held true of each hotline for a quarter of an hour. Arrays are [hotlines], or as told.

    `quick` and `slow` are variance over mean of inquiries against either level, `shares` and `report_dispersion`
    [signals - 1, hotlines].
    """

    quick: Floats
    slow: Floats
    shares: Floats
    report_dispersion: Floats


@dataclass(frozen=True, slots=True)
class Seen:
    """One minute: inquiries that came and that either level expected, all 0 where nothing is known of them.

    `reports` [signals - 1, hotlines] came, `exposed` is the sum over these signals of inquiries expected / dispersion.
    """

    came: Floats
    expected: Floats
    slow: Floats
    reports: Floats
    exposed: Floats


class Bank:
    """All CUSUMs of all hotlines."""

    def __init__(self, tuning: Tuning, memory: Memory) -> None:
        self.tuning = tuning
        self.sums = tuple(memory.reals(channel.label) for channel in Channel)
        self._p = np.asarray(tuning.joint_p)
        self._x = np.asarray(tuning.reports_x)
        self._slow_p = np.asarray(tuning.slow_p)
        self._joint_x = np.multiply.outer(self._p, np.asarray(tuning.joint_q))
        self._slow_x = np.multiply.outer(self._slow_p, np.asarray(tuning.slow_q))
        hotlines = memory.hotlines
        self._quick = np.zeros((2, len(self._p), hotlines), dtype=np.float32)
        self._slow = np.zeros((2, len(self._slow_p), hotlines), dtype=np.float32)
        shift = np.where(self._p < SMALL_P, SMALL_NATS, 0.0)
        jump = np.log1p(self._joint_x / tuning.report_share)
        few = np.where(np.asarray(tuning.joint_q) < FEW_Q, FEW_NATS, 0.0)
        large = np.where(self._p > LARGE_P, LARGE_NATS, 0.0)
        joint = (shift + large)[:, None] + few - JUMP_NATS * (jump - np.median(jump))
        self._apart = {Channel.JOINT: _each(joint), Channel.VOLUME: _each(shift)}
        self._marks = tuple(np.zeros_like(sums) for sums in self.sums)
        self.usual = np.zeros(hotlines, dtype=np.float32)
        self._outlook: Outlook | None = None

    def expect(self, outlook: Outlook) -> None:
        """Work out what the next minutes multiply: [p, hotlines]."""
        self._outlook = outlook
        self._quick = np.stack(volume(_each(self._p), _light(outlook.quick)))
        self._slow = np.stack(volume(_each(self._slow_p), _light(outlook.slow)))

    def allow(self, outlook: Outlook, inquiries: Floats, often: Floats, spread: Floats) -> None:
        """Set the thresholds that the budget allows for so many inquiries a minute, `often` of the time."""
        minutes = self.tuning.budget.minutes_between()
        pace = _light(inquiries)
        more = _light(correction(inquiries * 60, spread, self.tuning.budget.per_hotline_and_month()))
        alone, most = volume(_each(self._p), _light(outlook.quick))
        quick, most = -(alone + most), most * pace
        slow = volume_before(_each(self._slow_p), _light(outlook.slow))
        divergences = {
            Channel.JOINT: quick[:, None] + _reported(self._joint_x, outlook),
            Channel.VOLUME: quick,
            Channel.REPORTS: _reported(self._x, outlook),
            Channel.SLOW: slow[:, None] + _reported(self._slow_x, outlook),
        }
        bounds = {Channel.JOINT: most[:, None], Channel.VOLUME: most}
        for channel, divergence in divergences.items():
            allowed = (
                threshold(_light(minutes[channel] * often), divergence * pace, bounds.get(channel)) + more[channel]
            )
            allowed = allowed + self._apart.get(channel, 0)
            if channel is Channel.JOINT:
                allowed += _light(soon(self._p, inquiries * 60))[:, None]
            np.maximum(allowed, np.float32(FLOOR), out=self._marks[channel])
        half = int(np.abs(self._p - 0.5).argmin())
        self.usual = self._marks[Channel.JOINT][half, self._joint_x.shape[1] // 2]

    def add(self, minute: Seen) -> None:
        """Take one minute into every CUSUM."""
        most = np.float32(self.tuning.nats_a_minute)
        exposed = minute.exposed.astype(np.float32)
        quick = np.clip(_said(self._quick, minute.came, minute.expected), -most, most)
        slow = np.clip(_said(self._slow, minute.came, minute.slow), -most, most)
        joint, alone, reports, slowly = self.sums
        alone += quick
        joint += quick[:, None]
        joint -= _each(self._joint_x) * exposed
        reports -= _each(self._x) * exposed
        slowly += slow[:, None]
        slowly -= _each(self._slow_x) * exposed
        self._add_reports(minute.reports)
        for sums, marks in zip(self.sums, self._marks, strict=True):
            np.maximum(sums, 0, out=sums)
            np.minimum(sums, marks + np.float32(self.tuning.above_nats), out=sums)

    def _add_reports(self, came: Floats) -> None:
        """Most hotlines have no report in a minute, so that only the others are looked at."""
        if self._outlook is None:
            return
        joint, _, reports, slowly = self.sums
        for signal, counts in enumerate(came):
            (at,) = np.nonzero(counts)
            share, dispersion = self._outlook.shares[signal, at], self._outlook.report_dispersion[signal, at]
            for sums, x in ((joint, self._joint_x), (reports, self._x), (slowly, self._slow_x)):
                sums[..., at] += (counts[at] * report_gain(x[..., None], share, dispersion)).astype(np.float32)

    def excess(self, ready: Bools, heard: Bools) -> Floats:
        """[channels, hotlines]: nats above the threshold, of the CUSUM of each channel that stands highest.

        Where a hotline is not ready, its channels that rest on the profile start again; where its reports were not
        heard for long enough, REPORTS does.
        """
        if not heard.all():
            self.sums[Channel.REPORTS][..., ~heard] = 0
        waiting = ~ready
        if waiting.any():
            for channel in (Channel.JOINT, Channel.VOLUME, Channel.SLOW):
                self.sums[channel][..., waiting] = 0
        found = np.empty((len(Channel), len(ready)))
        for channel, sums, marks in zip(Channel, self.sums, self._marks, strict=True):
            found[channel] = (sums - marks).reshape(-1, len(ready)).max(axis=0)
        return found

    def quiet(self, which: Integers) -> Bools:
        """[hotlines]: for some of them, whether every CUSUM is well below its threshold; False for the others."""
        found = np.zeros(len(self.usual), dtype=bool)
        if len(which):
            share = np.float32(self.tuning.close_share)
            found[which] = True
            for sums, marks in zip(self.sums, self._marks, strict=True):
                below = sums[..., which] < share * marks[..., which]
                found[which] &= below.reshape(-1, len(which)).all(axis=0)
        return found


def _each(x: Floats) -> Reals:
    return x[..., None].astype(np.float32)


def _light(values: Floats) -> Reals:
    return values.astype(np.float32)


def _reported(x: Floats, outlook: Outlook) -> Reals:
    """Divergence of usual reports from x more, over all signals, in nats for each inquiry: [*x, hotlines]."""
    found = np.zeros((*x.shape, len(outlook.quick)), dtype=np.float32)
    for share, dispersion in zip(outlook.shares, outlook.report_dispersion, strict=True):
        found += reports_before(_each(x), _light(share), _light(dispersion))
    return found


def _said(said: Reals, came: Floats, expected: Floats) -> Reals:
    """[p, hotlines]: nats of the inquiries that came."""
    found: Reals = said[0] * came.astype(np.float32) + said[1] * expected.astype(np.float32)
    return found
