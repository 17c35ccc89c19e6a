"""The bounds on connections, which neither uvicorn nor h11 has: how long a request's head may take, and how many.

Rules held here:
- A connection that has not sent the whole head of a request `head_s` after it came, or after that request began, is
  closed. Each byte that comes in between gives it no more time.
- A connection more than `most_connections` is closed as it comes: descriptors stay free for the database.
- Where descriptors run out all the same, asyncio tells it hundreds of times a second: one line a minute is let through.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import time

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["BACKLOG", "FewLines", "GuardedProtocol", "bound_log", "most_connections"]

MOST = 1000
BACKLOG = 128  # asyncio takes as many at once, before the first of them can be closed
QUIET_S = 60.0
EXHAUSTED = "accept() out of system resource"


def most_connections() -> int:
    """How many connections are held at once: half of the files that this process may open, and `MOST` at most."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft // 2))


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, within the bounds above."""

    head_s = 10.0
    _head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hold the connection, or close it where there are enough."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether a head is whole."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._head_due is None and not self.transport.is_closing():
            self._await_head()

    def on_response_complete(self) -> None:
        """Go on with the next request, whose head may have begun already."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0] and not self.transport.is_closing():
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_due = self.loop.call_later(self.head_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


class FewLines(logging.Filter):
    """Lets one line a minute through of those about descriptors that ran out, and every other one."""

    def __init__(self) -> None:
        super().__init__()
        self._told = -QUIET_S

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if EXHAUSTED not in record.getMessage():
            return True
        record.exc_info = record.exc_text = None
        now = time.monotonic()
        if now - self._told < QUIET_S:
            return False
        self._told = now
        return True


def bound_log() -> None:
    """Bound what asyncio writes."""
    written = logging.getLogger("asyncio")
    if not any(isinstance(one, FewLines) for one in written.filters):
        written.addFilter(FewLines())
