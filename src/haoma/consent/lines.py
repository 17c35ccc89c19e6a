"""Private files of lines, for a machine without a carrier of messages or a channel for alarms.

Rules held here:
- A file is 0600 and nobody else's. A link, a pipe, and a file that others may read or write, are not written to: who
  made one of them beforehand would read along, have lines end up elsewhere, or keep everything waiting.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from haoma.errors import Unavailable
from haoma.ledger.key_file import private_directory

__all__ = ["append_line"]

_OPEN = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def append_line(path: Path, text: str, what: str) -> None:
    """Append a line to a private file, made where there is none; raises Unavailable where it cannot be."""
    try:
        private_directory(path.parent)
        descriptor = os.open(path, _OPEN, 0o600)
    except OSError as error:
        message = f"the file of {what} cannot be written ({error.strerror})"
        raise Unavailable(message, hint="it is a plain file in store_dir, neither a link nor a pipe") from None
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            message = f"the file of {what} is not private, or is no file"
            raise Unavailable(message, hint=f"put it aside, or chmod 600 {path}")
        try:
            file.write(f"{text}\n".encode())
        except OSError as error:
            message = f"the file of {what} cannot be written ({error.strerror})"
            raise Unavailable(message, hint="look at the disk") from None
