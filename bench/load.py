"""A closed loop of requests over HTTP/1.1: so many connections, each with one request under way.

Rules held here:
- Requests are bytes that were made before, and answers are looked at no further than their status and length: what
  the generator costs is a small part of what is measured.
- An answer that is not 200 ends the run.
- Nothing is measured before each connection has been answered once, and a fifth of the time is over.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from bench.figure import require

__all__ = ["Loaded", "load", "post"]

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_MOST = 1 << 16
SILENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a run: answers a second, how long one of a hundred took at least, and the share of a core it took.

    `answers` counts all that were given, those before the measured time too.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    own_cpu: float
    answers: int


class _Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._got = b""

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._got = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read on; whether the answer is whole."""
        part = self.socket.recv(_MOST)
        self._got += part
        head, end, body = self._got.partition(b"\r\n\r\n")
        require(part and (not end or head.startswith(b"HTTP/1.1 200")), f"not answered: {self._got[:600]!r}")
        found = _LENGTH.search(head + b"\r\n") if end else None
        return found is not None and len(body) >= int(found[1])


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it goes over the line."""
    said = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def load(port: int, requests: Sequence[bytes], seconds: float, connections: int = 32) -> Loaded:
    """Ask for so many seconds, which are measured, on so many connections at once."""
    lines = [_Line(port) for _ in range(connections)]
    next_one = cycle(requests)
    with selectors.DefaultSelector() as ready:
        for one in lines:
            ready.register(one.socket, selectors.EVENT_READ, one)
        warmed = _rounds(ready, lines, next_one, 0.0) + _rounds(ready, lines, next_one, seconds / 5)
        cpu, began = time.process_time(), time.perf_counter()
        waits = sorted(_rounds(ready, lines, next_one, seconds))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    for one in lines:
        one.socket.close()
    middle, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    return Loaded(len(waits) / took, middle * 1e3, late * 1e3, cpu / took, len(warmed) + len(waits))


def _rounds(
    ready: selectors.BaseSelector, lines: Sequence[_Line], requests: Iterator[bytes], seconds: float
) -> list[float]:
    """Ask on all connections for so long, and wait for the last answers; how long each took."""
    waits, left, until = list[float](), len(lines), time.perf_counter() + seconds
    for one in lines:
        one.ask(next(requests))
    while left:
        found = ready.select(SILENT_S)
        require(found, f"nothing was answered for {SILENT_S:.0f} seconds")
        for key, _ in found:
            line: _Line = key.data
            if not line.is_answered():
                continue
            now = time.perf_counter()
            waits.append(now - line.began)
            if now < until:
                line.ask(next(requests))
            else:
                left -= 1
    return waits
