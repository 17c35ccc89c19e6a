"""Alarms in a file of this machine, for whoever watches it; fills `Alarms`.

Rules held here:
- A line is a time, a kind and an id: nothing about anybody.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from haoma.errors import Unavailable
from haoma.ledger.key_file import private_directory

__all__ = ["AlarmFile"]


class AlarmFile:
    """Appends alarms to one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sound(self, kind: str, reference: str, at: datetime) -> None:
        """See `Alarms.sound`."""
        try:
            private_directory(self.path.parent)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{at.isoformat()}\t{kind}\t{reference}\n")
        except OSError as error:
            message = f"the file of alarms cannot be written ({error.strerror})"
            raise Unavailable(message) from None
