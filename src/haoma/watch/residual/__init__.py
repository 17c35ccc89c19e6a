"""An optional corrector of what is expected: an LSTM over the last hours, one for all hotlines.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.watch.residual.card import About, as_json, as_text, verdict
from haoma.watch.residual.serving import Corrector, Model
from haoma.watch.residual.training import LEARNING_WEEKS, WEEK_MIN, Quarters, Series, Trained, train, watched
from haoma.watch.residual.weighing import CASES, Gain, weigh

__all__ = [
    "CASES",
    "LEARNING_WEEKS",
    "WEEK_MIN",
    "About",
    "Corrector",
    "Gain",
    "Model",
    "Quarters",
    "Series",
    "Trained",
    "as_json",
    "as_text",
    "train",
    "verdict",
    "watched",
    "weigh",
]
