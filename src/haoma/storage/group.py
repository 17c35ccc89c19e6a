"""Group commit: what many threads ask for at once is done by one of them, together.

Rules held here:
- The first to come leads. Those who come while a group is under way wait, and are the next group; one of them leads it.
  A group that has not begun may let them join.
- A call ends when its group has ended, and never before.
- A leader that is interrupted (Ctrl-C) gives what it had not finished to the next.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Call", "Group"]

Work = TypeVar("Work")
_TOLD_S = 1.0


class Call(Generic[Work]):
    """One thread's work, and after its group what came of it: a result or an error."""

    __slots__ = ("done", "error", "leads", "result", "turn", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.result: object = None
        self.error: Exception | None = None
        self.done = False
        self.leads = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Group(Generic[Work]):
    """Runs works in groups of at most `limit`; `run` gets the calls of one group and sets `done` in each."""

    def __init__(self, run: Callable[[list[Call[Work]]], None], *, limit: int) -> None:
        self._run = run
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[Call[Work]] = deque()
        self._led = False

    def do(self, work: Work) -> object:
        """Wait until the work is done in a group, and return its result or raise its error."""
        (call,) = self.do_each([work])
        if call.error is not None:
            raise call.error
        return call.result

    def do_each(self, works: Sequence[Work]) -> list[Call[Work]]:
        """Wait until these works are done, in one group as far as it takes them; the calls have what came of each."""
        calls = [Call(work) for work in works]
        try:
            self._enter(calls)
            for call in calls:
                while not (call.done or call.leads):
                    call.turn.acquire(timeout=_TOLD_S)  # a leader that is interrupted may tell nobody
                if not call.done:
                    self._lead(call)
        except BaseException:
            for call in calls:
                self._leave(call)
            raise
        return calls

    def join(self, calls: list[Call[Work]]) -> None:
        """Add those who wait to the calls of a group that has not begun, as far as there is room."""
        with self._lock:
            while self._waiting and len(calls) < self._limit:
                calls.append(self._waiting[0])  # before it waits no more: who is interrupted between loses nobody
                self._waiting.popleft()

    def _enter(self, calls: Sequence[Call[Work]]) -> None:
        """Queue up; where nobody leads, the first of these does."""
        with self._lock:
            self._waiting.extend(calls)
            if calls and not self._led:
                calls[0].leads = self._led = True

    def _leave(self, call: Call[Work]) -> None:
        """Give up waiting or leading."""
        with self._lock:
            if call in self._waiting:
                self._waiting.remove(call)
            if call.leads:
                self._hand_over(call)

    def _lead(self, own: Call[Work]) -> None:
        calls = list[Call[Work]]()
        try:
            self.join(calls)
            self._run(calls)
        finally:
            with self._lock:
                again = [call for call in calls if not call.done and call not in self._waiting]
                # An interrupted leader does not wait for its own.
                self._waiting.extendleft(call for call in reversed(again) if call is not own)
                self._hand_over(own)
            for call in calls:
                if call.done and call is not own:
                    call.turn.release()

    def _hand_over(self, call: Call[Work]) -> None:
        self._led = bool(self._waiting)
        if self._led and not self._waiting[0].leads:
            self._waiting[0].leads = True
            self._waiting[0].turn.release()
        call.leads = False  # last: who is interrupted before hands over again as they leave
