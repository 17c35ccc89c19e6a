"""A corrector at work: one model for all hotlines, asked once a quarter of an hour.

Rules held here:
- It only ever moves what is expected of inquiries, by a bounded factor; what counts as evidence, thresholds and budgets
  are the detector's alone.
- It sees the counts that the detector saw, and nothing of the minute that it speaks about.
- The same model, state and counts give the same factors to the bit.
- A file is looked at before it is run: it is the network that `haoma watch train` writes, and nothing else.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from haoma.errors import BadInput, Tampered
from haoma.watch.model import Bools, Floats, Integers, Scores
from haoma.watch.residual.network import INPUT, OUTPUT, is_written
from haoma.watch.residual.window import BOUND, QUARTER_MIN, STEPS, Window

if TYPE_CHECKING:
    from haoma.watch.detector import Detector

__all__ = ["RECORD_SIZE", "Bytes", "Corrector", "Model", "beginning"]

_LARGEST = 4 << 20
_SIZES = (8, 8, 16, STEPS * 2 * 4)  # quarter, factor, sums, window
RECORD_SIZE = sum(_SIZES)
"""Bytes that are remembered of a hotline."""

Bytes: TypeAlias = npt.NDArray[np.uint8]


class Model:
    """A model that was read from a file. Raises BadInput for what is none, and where onnxruntime is missing."""

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise BadInput("a corrector needs onnxruntime", hint="pip install 'haoma[lstm]'") from None
        content = _content(path)
        if not is_written(content):
            raise BadInput(f"{path} is no corrector", hint="haoma watch train makes one")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception:  # noqa: BLE001 - whatever it raises for what is no model
            raise BadInput(f"{path} is no model of ONNX", hint="haoma watch train makes one") from None
        self.digest = hashlib.sha256(content).hexdigest()

    def corrections(self, window: Window, ahead: Integers, free: Bools) -> Floats:
        """[hotlines]: factors between exp(-BOUND) and exp(BOUND)."""
        given = window.features(ahead, free)
        said = np.asarray(self._session.run([OUTPUT], {INPUT: given})[0], dtype=np.float64)
        return np.exp(np.clip(np.nan_to_num(said), -BOUND, BOUND))


class Corrector:
    """What a model makes of the hotlines of a detector: `factors` before a step, `follow` behind it."""

    def __init__(self, model: Model, detector: Detector) -> None:
        hotlines = detector.layout.hotlines
        self._model, self._layout = model, detector.layout
        self._window = Window(hotlines)
        self._sums = np.zeros((2, hotlines))
        self._factors = np.ones(hotlines)
        self._quarter: int | None = None

    def factors(self, minute: int) -> Floats:
        """[hotlines]: what the inquiries expected of this minute are multiplied by."""
        quarter = minute // QUARTER_MIN
        if quarter != self._quarter:
            for _ in range(min(quarter - self._quarter, STEPS) if self._quarter is not None else 0):
                self._window.add(*self._sums)
                self._sums[...] = 0
            self._quarter = quarter
            self._factors = self._asked(quarter * QUARTER_MIN)
        return self._factors

    def follow(self, counts: Floats, scores: Scores) -> None:
        """Take in the minute that was stepped with `factors`."""
        expected = scores.expected[:, 0] / self._factors
        told = np.isfinite(counts[:, 0]) & ~scores.refused & (expected > 0)
        self._sums += np.where(told, np.stack((np.where(told, counts[:, 0], 0), expected)), 0)

    def records(self) -> Bytes:
        """All that is remembered: [hotlines, RECORD_SIZE]."""
        quarter = np.full(len(self._factors), -1 if self._quarter is None else self._quarter, dtype="<i8")
        parts = (quarter, self._factors, self._sums.T, self._window.quarters.reshape(len(quarter), -1))
        cells = [np.ascontiguousarray(part).view(np.uint8).reshape(len(quarter), -1) for part in parts]
        return np.concatenate(cells, axis=1)

    def go_on(self, records: Bytes) -> None:
        """Go on from `records()`; raises Tampered for bytes of another length."""
        if records.shape != (len(self._factors), RECORD_SIZE):
            raise Tampered("what the corrector remembers has another length", hint="haoma db restore a backup")
        parts = np.split(np.ascontiguousarray(records), np.cumsum(_SIZES)[:-1], axis=1)
        quarters, factors, sums, window = (np.ascontiguousarray(part) for part in parts)
        quarter = int(quarters.view("<i8").max())  # a hotline that has just come has none
        self._quarter = None if quarter < 0 else quarter
        self._factors = factors.view("<f8").reshape(-1).copy()
        self._sums = sums.view("<f8").T.copy()
        self._window.quarters[...] = window.view("<f4").reshape(self._window.quarters.shape)

    def _asked(self, minute: int) -> Floats:
        free = np.zeros(self._layout.hotlines, dtype=bool)
        for zone in self._layout.zones:
            free[zone.which] = self._layout.local(zone, minute).day.free
        return self._model.corrections(self._window, minute + self._layout.offsets, free)


def beginning(hotlines: int) -> Bytes:
    """What is remembered of hotlines that have just come."""
    found = np.zeros((hotlines, RECORD_SIZE), dtype=np.uint8)
    found[:, :8] = np.full((hotlines, 1), -1, dtype="<i8").view(np.uint8)
    found[:, 8:16] = np.ones((hotlines, 1), dtype="<f8").view(np.uint8)
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", hint="name a file that haoma watch train made") from None
    if not 0 < len(content) <= _LARGEST:
        raise BadInput(f"{path} is no corrector", hint=f"one has {_LARGEST >> 20} MiB at the most")
    return content
