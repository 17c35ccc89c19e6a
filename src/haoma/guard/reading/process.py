"""One process that reads pages, as who asks it has it.

Rules held here:
- It is a new interpreter, no copy of this one: threads, open files and what is kept in memory stay here.
- It gets no setting but those that numbers are read with: no password reaches who reads strangers' pages.
- It is out of reach of Ctrl-C, which is for who asks.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

from haoma.errors import Unavailable
from haoma.guard.reading.messages import MOST_ANSWERED, receive, send
from haoma.numbers.tables import in_force, pack

__all__ = ["Process"]

START_S = 60.0
NEEDED = ("HAOMA_DATA_DIR", "HAOMA_OVERLAYS", "HAOMA_PHONE_DAT")


class Process:
    """A process that reads pages by a function, `module:name`, within so much memory. It is to be ended."""

    def __init__(self, memory_mb: int, reads: str) -> None:
        pack()  # which is built here where it is missing, and not by a process of little memory
        self._link, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _started(theirs.fileno(), memory_mb, reads)
        except OSError as error:
            self._link.close()
            raise _not_started(memory_mb) from error
        try:
            receive(self._link, 0, time.monotonic() + START_S)
        except (OSError, EOFError, ValueError):
            self.end()
            raise _not_started(memory_mb) from None
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """What the system calls it."""
        return self._process.pid

    def ask(self, question: bytes, page: bytes, until: float) -> bytes:
        """What it answers, until then by the monotonic clock.

        Raises TimeoutError; EOFError or another OSError where it has ended; ValueError for an answer without end. Then
        it is of no more use.
        """
        send(self._link, question, page, until)
        return receive(self._link, MOST_ANSWERED, until)[0]

    def end(self) -> int:
        """End it, whatever it does, and say how it ended: its exit code, or the signal as a negative number."""
        self._process.kill()
        how = self._process.wait()
        self._link.close()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        return how


def _started(link: int, memory_mb: int, reads: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (sys.executable, "-P", "-m", "haoma.guard.reading.child", str(link), str(memory_mb), reads),
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(link,),
        start_new_session=True,
    )


def _not_started(memory_mb: int) -> Unavailable:
    hint = f"it was ended, or {memory_mb} MB (guard_read_mb), the processes or open files of this user are not enough"
    return Unavailable("no process could be started that reads pages", hint=hint)


def _environment() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HAOMA_")}
    given = {name: value for name, value in in_force().environment().items() if name in NEEDED}
    path = os.pathsep.join(one for one in sys.path if one)
    return plain | given | {"HAOMA_CONFIG": os.devnull, "PYTHONPATH": path}
