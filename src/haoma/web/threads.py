"""Threads that questions are answered in: one step in one of them, and back to the loop that it came from.

Rules held here:
- At most so many steps at once; the others wait in their order.
- Who stops waiting stops no step: it goes on to its end, and nobody hears of it.
- A thread is made when it is needed first, and holds up no end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["MOST", "Threads"]

T = TypeVar("T")
MOST = 40


class Threads:
    """Up to `most` threads. To hand a step over costs a tenth of what a general pool of threads asks for."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made = 0
        self._under_way = 0
        self._steps: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._home: _Home | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns, from a thread, in the caller's context; raises what it raises."""
        loop = asyncio.get_running_loop()
        if self._home is None or self._home.loop is not loop:
            self._home = _Home(loop)
        answer: asyncio.Future[T] = loop.create_future()
        if self._made < min(self._under_way + 1, self._most):
            self._made += 1
            threading.Thread(target=self._serve, name=f"haoma-answers-{self._made}", daemon=True).start()
        self._under_way += 1
        self._steps.put(partial(self._step, self._home, answer, copy_context(), work))
        return await answer

    def _serve(self) -> None:
        while True:
            self._steps.get()()

    def _step(self, home: _Home, answer: asyncio.Future[T], context: Context, work: Callable[[], T]) -> None:
        try:
            tell = partial(answer.set_result, context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            tell = partial(answer.set_exception, error)
        home.bring(partial(self._told, answer, tell))

    def _told(self, answer: asyncio.Future[T], tell: Callable[[], None]) -> None:
        self._under_way -= 1
        if not answer.done():
            tell()


class _Home:
    """A loop, and what is brought to it: it is woken up once for all that comes before it looks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._brought: deque[Callable[[], None]] = deque()
        self._woken = False

    def bring(self, what: Callable[[], None]) -> None:
        """Have the loop do this soon; from any thread."""
        self._brought.append(what)
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                self.loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._woken = False  # before the look: what comes behind it wakes the loop up again
        while self._brought:
            self._brought.popleft()()
