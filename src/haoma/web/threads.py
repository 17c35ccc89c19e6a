"""Threads that questions are answered in: one step in one of them, and back to the loop that it came from.

Rules held here:
- At most so many steps at once; the others wait in their order.
- Who stops waiting stops no step: it goes on to its end, and nobody hears of it.
- `Together` has one thread, which takes on all that wait: what they write is one transaction. The loop reads what has
  arrived first, for thread and loop share one interpreter: small groups cost a commit each.
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
from typing import Any, TypeVar

from haoma.storage import Steps, Store
from haoma.storage.steps import alone, together
from haoma.storage.store import Outcome, Work

__all__ = ["MOST", "Threads", "Together"]

T = TypeVar("T")
MOST = 40
LOOKS = 4  # a request takes two or three rounds of the loop from its socket to the line
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
    """Steps of many (`haoma.storage.steps`), in one thread; who goes on alone does so in a thread of `aside`.

    So do all where the store is on a server: each waits for it by themselves.
    """

    def __init__(self, store: Store, aside: Threads) -> None:
        self._store = store
        self._aside = aside
        self._taken: SimpleQueue[tuple[_Line, list[_Asked]]] = SimpleQueue()
        self._line: _Line | None = None

    async def run(self, steps: Steps[T]) -> T:
        """The answer of these steps, which go in the caller's context; raises what they raise."""
        on_alone = partial(alone, self._store, steps)
        if self._store.dialect != "sqlite":
            return await self._aside.run(on_alone)
        loop = asyncio.get_running_loop()
        if self._line is None:
            threading.Thread(target=self._serve, name="haoma-together", daemon=True).start()
        if self._line is None or self._line.home.loop is not loop:
            self._line = _Line(_Home(loop), self._taken)
        asked = _Asked(steps, loop.create_future())
        self._line.join(asked)
        outcome = await asked.answer
        if outcome is None:
            return await self._aside.run(on_alone)
        if outcome.error is not None:
            raise outcome.error
        return outcome.result  # type: ignore[no-any-return]

    def _serve(self) -> None:
        while True:
            line, taken = self._taken.get()
            try:
                ended = together(self._store, taken)
            except Exception as error:  # noqa: BLE001 - raised to all who wait for it
                ended = [Outcome(None, error)] * len(taken)
            line.home.bring(partial(line.ended, taken, ended))


class _Asked:
    """Steps in the context of who asked for them, and where their outcome is waited for."""

    def __init__(self, steps: Steps[Any], answer: asyncio.Future[Outcome | None]) -> None:
        self._steps = steps
        self._context = copy_context()
        self.answer = answer

    def send(self, told: Any, /) -> Work | None:  # noqa: ANN401 - see `Goes`
        """See `Goes`."""
        return self._context.run(self._steps.send, told)

    def throw(self, error: Exception, /) -> Work | None:
        """See `Goes`."""
        return self._context.run(self._steps.throw, error)


class _Line:
    """Who waits in one loop. They are handed over together, once nobody joins for a few rounds of the loop."""

    def __init__(self, home: _Home, taken: SimpleQueue[tuple[_Line, list[_Asked]]]) -> None:
        self.home = home
        self._taken = taken
        self._waiting: list[_Asked] = []
        self._seen = 0
        self._quiet = 0
        self._looking = False
        self._under_way = False

    def join(self, asked: _Asked) -> None:
        """Wait here."""
        self._waiting.append(asked)
        self._look_soon()

    def ended(self, taken: list[_Asked], outcomes: list[Outcome | None]) -> None:
        """Tell those who were handed over, where they still wait, and let the next ones."""
        self._under_way = False
        for asked, outcome in zip(taken, outcomes, strict=True):
            if not asked.answer.done():
                asked.answer.set_result(outcome)
        if self._waiting:
            self._look_soon()

    def _look_soon(self) -> None:
        if not (self._looking or self._under_way):
            self._looking = True
            self.home.loop.call_soon(self._look)

    def _look(self) -> None:
        """Hand over, unless more have come in the last looks: then there may be more to read."""
        self._quiet = self._quiet + 1 if self._seen == len(self._waiting) else 0
        self._seen = len(self._waiting)
        if self._seen < TAKEN and self._quiet < LOOKS:
            self.home.loop.call_soon(self._look)
            return
        taken, self._waiting = self._waiting[:TAKEN], self._waiting[TAKEN:]
        self._seen, self._quiet, self._looking, self._under_way = 0, 0, False, True
        self._taken.put((self, taken))


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
