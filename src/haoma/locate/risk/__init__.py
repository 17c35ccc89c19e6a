"""Signals of risk with their reasons, a score that can be calibrated, and the check of a trail."""

from __future__ import annotations

from haoma.locate.risk.calibration import IDENTITY, Calibration, calibration_from, ends_from, fit_isotonic, fit_platt
from haoma.locate.risk.model import Assessed, Story, assess
from haoma.locate.risk.signals import SIGNALS, Signal
from haoma.locate.risk.trajectory import Fix, Trail, check_trail, fix_of

__all__ = [
    "IDENTITY",
    "SIGNALS",
    "Assessed",
    "Calibration",
    "Fix",
    "Signal",
    "Story",
    "Trail",
    "assess",
    "calibration_from",
    "check_trail",
    "ends_from",
    "fit_isotonic",
    "fit_platt",
    "fix_of",
]
