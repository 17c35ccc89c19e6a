"""All hotlines that are counted, in one detector, with what was expected and seen in the last hour.

Rules held here:
- A hotline joins with its first count, so that the same counts make the same fleet, whenever they are judged.
- One call a minute updates all of them. What all hotlines of a tenant have in common is no alert of any.
- An alert ends when the detector says so, or when evidence of its own says that callers are back (`recovery`): then
  the detector begins anew with the hotline, so that what comes next is an alert again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from haoma.watch.calendar import Calendar, Hours
from haoma.watch.detector import Detector
from haoma.watch.model import Channel, Closing, Floats, Integers, Scores, Tuning
from haoma.watch.residual.serving import RECORD_SIZE, Bytes, Corrector, Model, beginning
from haoma.watch.running.fitting import fits
from haoma.watch.running.recovery import RECORD_SIZE as RECOVERY_SIZE
from haoma.watch.running.recovery import Recovery, rearmed
from haoma.watch.running.shown import Hour, Shown
from haoma.watch.running.spans import Span, State
from haoma.watch.running.states import HOUR, Kept

__all__ = ["ENDED", "Cube", "Fleet", "Known", "Minute", "Spans"]

ENDED: Mapping[int, State] = {Closing.RECOVERED: State.RECOVERED, Closing.NEW_LEVEL: State.NEW_LEVEL}
Cube = np.ndarray[tuple[int, int, int], np.dtype[np.float64]]
Spans = dict[tuple[int, int], Span]
Minute = Callable[["Fleet"], None]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of hotlines beside their counts: whose each is, by its number, and when those open that say so.

    `signals` is how many counts there are of each, inquiries and error reports among them; `calendar` knows holidays,
    `model` corrects what is expected.
    """

    tenants: Mapping[int, str]
    hours: Mapping[int, Hours]
    signals: int = 2
    calendar: Calendar | None = None
    model: Model | None = None


class Fleet:
    """Hotlines by their numbers, the detector over them, and the alerts that stand: hotline → minute that raised it.

    `minute` is the last one that was judged. `lost` are alerts that stood when a detector without memory began.
    """

    def __init__(self, tuning: Tuning, known: Known, minute: int, standing: Mapping[int, int]) -> None:
        self.tuning = tuning
        self.known = known
        self.minute = minute
        self.standing = dict(standing)
        self.lost: Mapping[int, int] = {}
        self.places: dict[int, int] = {}
        self.scores: Scores | None = None
        self._detector: Detector | None = None
        self._corrector: Corrector | None = None
        self._recovery = Recovery(0)
        self._rows: tuple[Sequence[int], Integers] | None = None
        self._last = np.full((2, HOUR, 0, known.signals), np.nan)  # expected and seen

    @classmethod
    def resumed(cls, tuning: Tuning, known: Known, kept: Kept, standing: Mapping[int, int]) -> Fleet:
        """The fleet as it was after a minute."""
        made = cls(tuning, known, kept.minute, standing)
        made._join(kept.hotlines, kept.state)
        return made

    def learn(self, hotlines: Sequence[int], since: int, quarters: Cube) -> None:
        """Learn from history before the first minute: hotlines by quarters of an hour by signals."""
        self._join([hotline for hotline in _counted(hotlines, quarters) if hotline not in self.places])
        if self._detector is not None:
            self._detector.learn(since, np.ascontiguousarray(quarters[self._rows_of(hotlines)].transpose(1, 0, 2)))

    def judge(self, hotlines: Sequence[int], counts: Cube, spans: Spans, each: Minute | None = None) -> None:
        """Judge the minutes that follow, and bring `spans` up to date; `each` is called after every minute.

        `counts` are hotlines by minutes by signals, NaN where missing.
        """
        for at in range(counts.shape[1]):
            self._step(hotlines, counts[:, at], spans)
            if each is not None:
                each(self)

    def kept(self) -> Kept:
        """What there is to go on from."""
        return Kept(self.minute, tuple(self.places), self._state())

    def hour(self, hotline: int) -> Hour:
        """The last hour of a hotline that was counted."""
        first = (self.minute + 1) % HOUR
        expected, seen = self._last[:, np.r_[first:HOUR, 0:first], self.places[hotline]]
        return Hour(self.minute - HOUR + 1, expected, seen)

    def newest(self, hotline: int) -> tuple[list[float], list[float]]:
        """What was expected and seen of a hotline in the last minute: signal by signal, NaN where nothing is known."""
        if hotline not in self.places:
            nothing = [float("nan")] * self.known.signals
            return nothing, nothing
        expected, seen = self._last[:, self.minute % HOUR, self.places[hotline]].tolist()
        return expected, seen

    def _step(self, hotlines: Sequence[int], counts: Floats, spans: Spans) -> None:
        if len(self.places) < len(hotlines):
            self._join([hotline for hotline in _counted(hotlines, counts) if hotline not in self.places])
        self.minute += 1
        if self._detector is None:
            return
        seen = counts[self._rows_of(hotlines)]
        factors = None if self._corrector is None else self._corrector.factors(self.minute)
        self.scores = scores = self._detector.step(self.minute, seen, factors=factors)
        if self._corrector is not None:
            self._corrector.follow(seen, scores)
        expected = np.where(scores.ready[:, None], scores.expected, np.nan)
        self._last[:, self.minute % HOUR] = expected, seen
        over = self._recovery.follow(self._detector, scores, seen)
        self._note(scores, over, spans)
        if len(over):
            self._watch(rearmed(self._detector, over))

    def _note(self, scores: Scores, over: Integers, spans: Spans) -> None:
        """Bring alerts up to date with one minute, in which some are over for callers are back."""
        if not len(over) and not scores.alarm.any() and not scores.closed.any():
            return
        ids = list(self.places)
        ended = {int(place): ENDED[int(scores.closed[place])] for place in np.flatnonzero(scores.closed)}
        for place, state in {**ended, **dict.fromkeys(over.tolist(), State.RECOVERED)}.items():
            self._recovery.end(place)
            opened = self.standing.pop(ids[place], None)
            if opened is not None:
                span = spans.get((ids[place], opened), Span(ids[place], opened, None))
                spans[ids[place], opened] = replace(span, closed=self.minute, state=state)
        for place in np.flatnonzero(scores.alarm).tolist():
            self.standing[ids[place]] = self.minute
            shown = self._shown(place, scores)
            self._recovery.begin(place, shown.p, shown.q)
            spans[ids[place], self.minute] = Span(ids[place], self.minute, shown)

    def _shown(self, place: int, scores: Scores) -> Shown:
        channel = Channel(int(scores.channel[place]))
        p, q = fits(self.tuning, channel, self._detector_of().take([place]).state[0])
        hour = self.hour(list(self.places)[place])
        return Shown(channel, float(scores.score[place]), hour, p, q)

    def _join(self, hotlines: Sequence[int], state: bytes | None = None) -> None:
        """Let hotlines in, as new ones or with a state of theirs."""
        if not hotlines:
            return
        before, signals = self._state(), self.known.signals
        if state is None:
            new = Detector(self.tuning, len(hotlines), signals=signals)
            state = _joined(new, Recovery(len(hotlines)), self._begins(len(hotlines)))
        self.places |= {hotline: len(self.places) + at for at, hotline in enumerate(hotlines)}
        rows = np.frombuffer(before + state, np.uint8).reshape(len(self.places), -1)
        own = rows.shape[1] - RECOVERY_SIZE - (RECORD_SIZE if self.known.model else 0)
        detector = self._watch(rows[:, :own].tobytes())
        self._recovery.go_on(rows[:, own : own + RECOVERY_SIZE])
        if self.known.model is not None:
            self._corrector = Corrector(self.known.model, detector)
            self._corrector.go_on(rows[:, own + RECOVERY_SIZE :])
        more = np.full((2, HOUR, len(hotlines), self.known.signals), np.nan)
        self._last = np.concatenate([self._last, more], axis=2)
        self._rows = None

    def _watch(self, state: bytes) -> Detector:
        """Have a detector go on from these records of all hotlines."""
        self._detector = Detector.resume(
            self.tuning,
            state,
            signals=self.known.signals,
            hours=self._hours(),
            groups=self._groups(),
            calendar=self.known.calendar,
        )
        return self._detector

    def _state(self) -> bytes:
        """What is remembered, one record a hotline: the detector's, whether it recovers, the corrector's if any."""
        if self._detector is None:
            return b""
        return _joined(self._detector, self._recovery, None if self._corrector is None else self._corrector.records())

    def _begins(self, hotlines: int) -> Bytes | None:
        return None if self.known.model is None else beginning(hotlines)

    def _rows_of(self, hotlines: Sequence[int]) -> Integers:
        """Where the counts of each of the fleet stand among these."""
        if self._rows is None or self._rows[0] is not hotlines:
            row = {hotline: at for at, hotline in enumerate(hotlines)}
            self._rows = hotlines, np.array([row[hotline] for hotline in self.places], np.int64)
        return self._rows[1]

    def _hours(self) -> list[Hours] | None:
        if not self.known.hours:
            return None
        always = Hours.always()
        return [self.known.hours.get(hotline, always) for hotline in self.places]

    def _groups(self) -> list[int]:
        numbers: dict[str, int] = {}
        return [numbers.setdefault(self.known.tenants[hotline], len(numbers)) for hotline in self.places]

    def _detector_of(self) -> Detector:
        if self._detector is None:
            raise LookupError("a fleet without hotlines")
        return self._detector


def _joined(detector: Detector, recovery: Recovery, corrector: Bytes | None) -> bytes:
    """The records of all of them, hotline by hotline."""
    state, records = detector.state, recovery.records()
    parts = [state.view(np.uint8).reshape(len(state), -1), records, *([] if corrector is None else [corrector])]
    return np.concatenate(parts, axis=1).tobytes()


def _counted(hotlines: Sequence[int], counts: npt.NDArray[np.floating[Any]]) -> list[int]:
    """Those of which anything was counted."""
    rows = np.isfinite(counts).reshape(len(hotlines), -1)
    return [hotlines[int(at)] for at in np.unique(np.nonzero(rows)[0])]
