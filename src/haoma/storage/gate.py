"""A fair way in: so many at once, and the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque

from haoma.errors import Unavailable

__all__ = ["Gate"]


class Gate:
    """A block that `places` threads are inside at most; Unavailable for one that waits longer than `wait_s`.

    A pool of connections lends to whoever asks at the right moment, and with many threads some never do.
    """

    def __init__(self, places: int, *, wait_s: float) -> None:
        self._free = places
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if not self._comes(turn):
            raise Unavailable("all connections to the database are in use", hint="try again")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def _comes(self, turn: threading.Lock) -> bool:
        """Wait for the turn; false where it did not come in time."""
        came = False
        try:
            came = turn.acquire(timeout=self._wait_s)
        finally:
            with self._lock:
                late = not came and turn not in self._waiting
                if turn in self._waiting:
                    self._waiting.remove(turn)
            if late:
                self.__exit__()  # it came behind the time, or with Ctrl-C: the next one's
        return came
