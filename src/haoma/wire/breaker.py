"""A circuit breaker: who does not answer is left alone for a while, and then asked once.

Rules held here:
- Five failures in a row open it; while it is open nothing is sent, and whoever asks is told so at once.
- When its time is over one question goes out, alone: its answer closes the circuit, its failure opens it again.
- Who says how long to wait (RFC 9110 §10.2.3) is left alone that long, and for ten minutes at the most.
- Only Unavailable is a failure: a carrier that refuses has answered.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from haoma.errors import HaomaError, Unavailable

__all__ = ["FAILURES", "LONGEST_S", "OPEN_S", "Attempt", "Breaker"]

FAILURES = 5
OPEN_S = 30.0
LONGEST_S = 600.0


@dataclass(slots=True)
class Attempt:
    """One question on its way. Set `wait_s` to what the carrier asks to be left alone for, and raise Unavailable."""

    trial: bool
    wait_s: float | None = None


class Breaker:
    """Stands in front of one interface of somebody (`who`, as errors call them). `clock` is monotonic, in seconds."""

    def __init__(self, name: str, clock: Callable[[], float], who: str = "the carrier") -> None:
        self.name = name
        self.who = who
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._on_trial = False

    @contextmanager
    def trying(self) -> Iterator[Attempt]:
        """Ask inside this block; raises Unavailable, before anything is sent, while the circuit is open."""
        attempt = Attempt(self._enter())
        try:
            yield attempt
        except Unavailable:
            self._failed(attempt)
            raise
        except HaomaError:
            self._worked(attempt)
            raise
        except BaseException:
            self._left(attempt)
            raise
        self._worked(attempt)

    def _enter(self) -> bool:
        with self._lock:
            if self._open_until is None:
                return False
            left_s = self._open_until - self._clock()
            if left_s > 0 or self._on_trial:
                message = f"{self.who}'s {self.name} is not asked for now: it did not answer of late"
                raise Unavailable(message, hint=f"again in {max(1, math.ceil(left_s))} s")
            self._on_trial = True
            return True

    def _worked(self, attempt: Attempt) -> None:
        with self._lock:
            if attempt.trial:
                self._on_trial, self._open_until = False, None
            if self._open_until is None:
                self._failures = 0

    def _failed(self, attempt: Attempt) -> None:
        with self._lock:
            self._on_trial = self._on_trial and not attempt.trial
            self._failures += 1
            if attempt.wait_s is not None:
                self._open(min(max(attempt.wait_s, 1.0), LONGEST_S))
            elif attempt.trial or self._failures >= FAILURES:
                self._open(OPEN_S)

    def _left(self, attempt: Attempt) -> None:
        with self._lock:
            self._on_trial = self._on_trial and not attempt.trial

    def _open(self, wait_s: float) -> None:
        self._open_until = max(self._open_until or -math.inf, self._clock() + wait_s)
