"""Threads that questions are answered in: one step in one of them, and back to the loop that it came from.

Rules held here:
- At most so many steps at once; the others wait in their order.
- Who stops waiting stops no step: it goes on to its end, and nobody hears of it.
- A thread is made when it is needed first, and holds up no end of the process.
"""

from __future__ import annotations

import asyncio
import threading
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

    async def run(self, work: Callable[[], T]) -> T:
        """What the work returns, from a thread, in the caller's context; raises what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._under_way += 1
        if self._made < min(self._under_way, self._most):
            self._made += 1
            threading.Thread(target=self._serve, name=f"haoma-answers-{self._made}", daemon=True).start()
        self._steps.put(partial(self._step, loop, answer, copy_context(), work))
        return await answer

    def _serve(self) -> None:
        while True:
            self._steps.get()()

    def _step(
        self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], context: Context, work: Callable[[], T]
    ) -> None:
        try:
            done = partial(answer.set_result, context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(self._told, answer, done)

    def _told(self, answer: asyncio.Future[T], done: Callable[[], None]) -> None:
        self._under_way -= 1
        if not answer.done():
            done()
