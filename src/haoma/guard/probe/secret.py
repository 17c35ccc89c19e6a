"""Passwords and tokens of a pipeline: named in its file, and never written there.

Rules held here:
- A secret stands in a variable of the environment or in a file that only its owner may read.
- An error names the variable or the file, and nothing of what stands in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from haoma.errors import BadInput
from haoma.ledger.key_file import read_private

__all__ = ["Secret"]

LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: the variable `env`, or the file at `file`."""

    env: str = ""
    file: Path | None = None

    def read(self) -> str:
        """The secret; raises BadInput where it is not there or no word, Refused where others may read its file."""
        text, where = (self._in_file(self.file), f"{self.file}") if self.file else (os.environ.get(self.env), self.env)
        if not text:
            raise BadInput(f"{where}: the secret that the pipeline names is not there", hint="set it, and try again")
        if len(text) > LONGEST or not text.isascii() or not text.isprintable():
            raise BadInput(f"{where}: a secret is one line of ASCII")
        return text

    @staticmethod
    def _in_file(path: Path) -> str:
        try:
            return read_private(path).decode("ascii", "replace").strip()
        except OSError as error:
            raise BadInput(f"{path}: the secret cannot be read ({error.strerror})") from None
