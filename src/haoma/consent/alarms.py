"""Alarms in a file of this machine, for whoever watches it; fills `Alarms`.

Rules held here:
- A line is a time, a kind and an id: nothing about anybody.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from haoma.consent.lines import append_line

__all__ = ["AlarmFile"]


class AlarmFile:
    """Appends alarms to one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sound(self, kind: str, reference: str, at: datetime) -> None:
        """See `Alarms.sound`."""
        append_line(self.path, f"{at.isoformat()}\t{kind}\t{reference}", "alarms")
