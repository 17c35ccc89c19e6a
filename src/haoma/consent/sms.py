"""A short-message port for a machine without an operator: what would be sent goes to a private file of its owner.

Rules held here:
- The file is 0600, apart from logs and database, and holds the masked number alone: it is for whoever tries haoma out.
"""

from __future__ import annotations

from pathlib import Path

from haoma.consent.lines import append_line
from haoma.numbers import Number

__all__ = ["OutboxFile"]


class OutboxFile:
    """Appends each message to one file, masked number and text on one line; fills `SmsPort`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, number: Number, text: str) -> None:
        """See `SmsPort.send`."""
        append_line(self.path, f"{number}\t{text}", "messages")
