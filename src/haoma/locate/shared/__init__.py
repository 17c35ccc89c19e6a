"""Positions that customers share on their own page: kept sealed for a day at the most, and a source of evidence."""

from __future__ import annotations

from haoma.locate.shared.positions import Everywhere, Positions, circle_of
from haoma.locate.shared.source import SharedPosition

__all__ = ["Everywhere", "Positions", "SharedPosition", "circle_of"]
