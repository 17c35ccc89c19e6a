"""The bounds on connections, which neither uvicorn nor h11 has: how many, and how long each side may take.

Rules held here:
- A connection that has not sent the whole head of a request `head_s` after it came, or after that request began, is
  closed. Each byte that comes in between gives it no more time.
- One that does not take its answer is closed `taken_s` after nothing more of it could be sent.
- A connection more than `most_connections` is closed as it comes: descriptors stay free for the database.
- What is no HTTP is answered as every failure is, where no answer has begun, and the connection ends.
- What anybody can cause from outside is told by the libraries each time: one line a minute of each is let through.
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
NO_HTTP = (
    b'{"type":"docs/reference/errors.md#bad-input","title":"What was given cannot be understood","status":400,'
    b'"detail":"this is no request of HTTP/1.1","code":"bad-input"}'
)
_SAID_SO = [
    ("Content-Type", "application/problem+json"),
    ("Content-Length", str(len(NO_HTTP))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
]
BACKLOG = 128  # asyncio takes as many at once, before the first of them can be closed
QUIET_S = 60.0
FLOODS = (
    "accept() out of system resource",
    "Invalid HTTP request received",
    "Exceeded concurrency limit",
    "Unsupported upgrade request",
    "No supported WebSocket library detected",
)


def most_connections() -> int:
    """How many connections are held at once: half of the files that this process may open, and `MOST` at most."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft // 2))


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, within the bounds above."""

    head_s = 10.0
    taken_s = 30.0
    _head_due: asyncio.TimerHandle | None = None
    _taken_due: asyncio.TimerHandle | None = None

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

    def pause_writing(self) -> None:
        """Give the other side its time to take what was sent."""
        super().pause_writing()
        self._await_taken()

    def resume_writing(self) -> None:
        """Go on: it is taken."""
        super().resume_writing()
        if self._taken_due is not None:
            self._taken_due.cancel()
            self._taken_due = None

    def timeout_keep_alive_handler(self) -> None:
        """Close what is idle; what was not taken of its last answer is not waited for without end."""
        super().timeout_keep_alive_handler()
        self._await_taken()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, where no answer has begun; end the connection."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(
                self.conn.send(h11.Response(status_code=400, headers=_SAID_SO, reason=b"Bad Request")) or b""
            )
            self.transport.write(self.conn.send(h11.Data(data=NO_HTTP)) or b"")
            self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        if self._taken_due is not None:
            self._taken_due.cancel()
        super().connection_lost(exc)

    def _await_taken(self) -> None:
        if self._taken_due is None:
            self._taken_due = self.loop.call_later(self.taken_s, self.transport.abort)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_due = self.loop.call_later(self.head_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


class FewLines(logging.Filter):
    """Lets one line a minute through of each kind in `FLOODS`, and every other one."""

    def __init__(self) -> None:
        super().__init__()
        self._told = dict.fromkeys(FLOODS, -QUIET_S)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        text = record.getMessage()
        kind = next((one for one in FLOODS if one in text), None)
        if kind is None:
            return True
        record.exc_info = record.exc_text = None
        now = time.monotonic()
        if now - self._told[kind] < QUIET_S:
            return False
        self._told[kind] = now
        return True


def bound_log() -> None:
    """Bound what asyncio and uvicorn write."""
    for name in ("asyncio", "uvicorn.error"):
        written = logging.getLogger(name)
        if not any(isinstance(one, FewLines) for one in written.filters):
            written.addFilter(FewLines())
