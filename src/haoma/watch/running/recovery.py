"""Whether callers are back: evidence of its own for each alert that stands, so that it ends when the diversion does.

Rules held here:
- What raised an alert falls slowly when it was high or small; that it is over is asked apart. Each minute says how much
  likelier it is that all is as usual than that a part of the diversion is still there, and that is added up and never
  falls below zero (Page 1954).
- Usual is the profile times the level when the alert was raised: what is expected just now has followed the fall.
- The part that is asked against is well below what fits the alert, so that one of which a half is over does not end.
  Of a diversion below a quarter of the calls nothing is asked, for a level strays as far by itself: the detector ends
  its alert.
- A minute says a fifteenth of what is asked at the most: no burst ends an alert, and none ends within fifteen minutes.
- A minute of which nothing was counted says nothing.
"""

from __future__ import annotations

import numpy as np

from haoma.watch.detector import Detector
from haoma.watch.likelihood import report_gain, volume
from haoma.watch.model import Channel, Floats, Integers, Scores
from haoma.watch.outlook import look_ahead
from haoma.watch.parts import Parts
from haoma.watch.residual.serving import Bytes

__all__ = ["RECORD_SIZE", "Recovery", "rearmed"]

ASKED_NATS = 6.0
MOST_NATS = ASKED_NATS / 15
PARTS = ((0.5, 0.3), (0.25, 0.15), (0.0, 0.0))
"""Of a diversion of so many calls or more, which share must not be gone any more."""
REPORTED = 0.5
RECORD_SIZE = 24
_FIELDS = 3
QUARTER_MIN = 15


class Recovery:
    """Evidence that each hotline of a fleet is well again; what is remembered is that, and what it is held against."""

    def __init__(self, hotlines: int) -> None:
        self._kept = np.zeros((_FIELDS, hotlines))
        self._usual: tuple[tuple[int, bytes], _Usual] | None = None

    def begin(self, place: int, p: float | None, q: float | None) -> None:
        """An alert was raised, and this diversion fits it best; without a `p`, `q` is a share of all inquiries."""
        gone = 0.0 if p is None else next(part for least, part in PARTS if p >= least)
        reported = (REPORTED if p is None else gone) * (q or 0.0)
        self._kept[:, place] = 0.0, gone, reported

    def end(self, place: int) -> None:
        """An alert is over."""
        self._kept[:, place] = 0.0

    def follow(self, detector: Detector, scores: Scores, counts: Floats) -> Integers:
        """Take in a minute that the detector has stepped; the places whose alerts are over by it."""
        which = np.flatnonzero(scores.open & ~scores.alarm & (self._kept[1:].any(axis=0)))
        if not len(which):
            return which
        key = scores.minute // QUARTER_MIN, which.tobytes()
        if self._usual is None or self._usual[0] != key:
            self._usual = key, _Usual(detector, which, scores.minute)
        said = self._usual[1].said(counts[which], scores, self._kept[1:, which])
        evidence = np.maximum(0.0, self._kept[0, which] + np.minimum(said, MOST_NATS))
        self._kept[0, which] = evidence
        found: Integers = which[evidence >= ASKED_NATS]
        return found

    def records(self) -> Bytes:
        """All that is remembered: [hotlines, RECORD_SIZE]."""
        found: Bytes = np.ascontiguousarray(self._kept.T).view(np.uint8)
        return found

    def go_on(self, records: Bytes) -> None:
        """Go on from `records()`."""
        self._kept = np.ascontiguousarray(records).view("<f8").T.copy()
        self._usual = None


class _Usual:
    """What some hotlines would have in a quarter of an hour if all were as it was before their alerts."""

    def __init__(self, detector: Detector, which: Integers, minute: int) -> None:
        parts = Parts(detector.tuning, detector.layout.take(which), detector.signals)
        parts.memory.unpack(detector.state[which])
        now = look_ahead(parts, minute)
        self._known = now.known & now.open
        self._calls = now.base * parts.memory.floats("held")
        self._dispersion = now.outlook.quick
        self._shares, self._scatter = now.outlook.shares, now.outlook.report_dispersion
        self._groups = detector.layout.groups[which]

    def said(self, counts: Floats, scores: Scores, against: Floats) -> Floats:
        """[hotlines]: nats of one minute for all being as usual; `against` are shares gone and reported."""
        gone, reported = against
        told = np.isfinite(counts[:, 0]) & self._known
        calls = self._calls * scores.common[self._groups].prod(axis=1)
        each, all_ = volume(gone, self._dispersion)
        found: Floats = -(np.where(told, counts[:, 0], 0) * each + calls * all_) * told
        for signal, (share, scatter) in enumerate(zip(self._shares, self._scatter, strict=True), 1):
            heard = told & np.isfinite(counts[:, signal])
            reports = np.where(heard, counts[:, signal], 0)
            found += (calls * reported / scatter - reports * report_gain(reported, share, scatter)) * heard
        return found


def rearmed(detector: Detector, places: Integers) -> bytes:
    """What the detector remembers, with the alarms of some hotlines over and nothing held against them any more."""
    records = detector.state
    for name in ("opened", "quiet", *(channel.label for channel in Channel)):
        records[name][places] = 0
    return records.tobytes()
