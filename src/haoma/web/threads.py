"""Threads that questions are answered in: one step in one of them, and back to the loop that it came from.

Rules held here:
- At most so many steps at once; the others wait in their order.
- Who stops waiting stops no step: it goes on to its end, and nobody hears of it.
- `Together` has a few threads, each of which takes on all that wait: works of theirs are one write.
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
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from haoma.storage import Steps, Store
from haoma.storage.steps import Work, alone, together
from haoma.storage.store import Outcome

__all__ = ["MOST", "Threads", "Together"]

T = TypeVar("T")
MOST = 40
TAKERS = 2  # one prepares while the other's works are on their way to the disk
TAKEN = 64  # bounds how long the first of them waits for the last


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


class Together:
    """Steps of many (`haoma.storage.steps`), taken together; who goes on alone does so in a thread of `aside`.

    So do all where the store is on a server: each waits for it by themselves.
    """

    def __init__(self, store: Store, aside: Threads) -> None:
        self._store = store
        self._aside = aside
        self._made = 0
        self._waiting: SimpleQueue[_Asked] = SimpleQueue()
        self._home: _Home | None = None

    async def run(self, steps: Steps[T]) -> T:
        """The answer of these steps, which go in the caller's context; raises what they raise."""
        on_alone = partial(alone, self._store, steps)
        if self._store.dialect != "sqlite":
            return await self._aside.run(on_alone)
        loop = asyncio.get_running_loop()
        if self._home is None or self._home.loop is not loop:
            self._home = _Home(loop)
        while self._made < TAKERS:
            self._made += 1
            threading.Thread(target=self._serve, name=f"haoma-together-{self._made}", daemon=True).start()
        asked = _Asked(steps, self._home, loop.create_future())
        self._waiting.put(asked)
        outcome = await asked.answer
        if outcome is None:
            return await self._aside.run(on_alone)
        if outcome.error is not None:
            raise outcome.error
        return outcome.result  # type: ignore[no-any-return]

    def _serve(self) -> None:
        while True:
            taken = [self._waiting.get()]
            with suppress(Empty):
                while len(taken) < TAKEN:
                    taken.append(self._waiting.get_nowait())
            try:
                ended = together(self._store, taken)
            except Exception as error:  # noqa: BLE001 - raised to all who wait for it
                ended = [Outcome(None, error)] * len(taken)
            for asked, outcome in zip(taken, ended, strict=True):
                asked.home.bring(partial(asked.told, outcome))


class _Asked:
    """Steps in the context of who asked for them, and where their outcome is waited for."""

    def __init__(self, steps: Steps[Any], home: _Home, answer: asyncio.Future[Outcome | None]) -> None:
        self._steps = steps
        self._context = copy_context()
        self.home = home
        self.answer = answer

    def send(self, told: Any, /) -> Work | None:  # noqa: ANN401 - see `Goes`
        """See `Goes`."""
        return self._context.run(self._steps.send, told)

    def throw(self, error: Exception, /) -> Work | None:
        """See `Goes`."""
        return self._context.run(self._steps.throw, error)

    def told(self, outcome: Outcome | None) -> None:
        """Tell who waits, where anybody still does."""
        if not self.answer.done():
            self.answer.set_result(outcome)


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
