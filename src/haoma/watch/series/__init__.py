"""Any one series of values: how far out of the ordinary each row is, as it comes."""

from __future__ import annotations

from haoma.watch.series.detector import Series
from haoma.watch.series.file import Counts, score_file
from haoma.watch.series.model import TUNING, Tuning

__all__ = ["TUNING", "Counts", "Series", "Tuning", "score_file"]
