"""Steps in threads, and what comes back of them."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from haoma.web.threads import Threads

called: ContextVar[str] = ContextVar("called", default="nobody")


def test_a_step_is_done_in_another_thread_in_the_callers_context() -> None:
    async def asked() -> tuple[str, bool]:
        called.set("an agent")
        here = threading.get_ident()
        return await Threads().run(lambda: (called.get(), threading.get_ident() != here))

    assert asyncio.run(asked()) == ("an agent", True)


def test_what_a_step_raises_is_raised_to_who_waits_and_the_thread_goes_on() -> None:
    async def asked() -> str:
        threads = Threads(1)
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        return await threads.run(lambda: "still here")

    assert asyncio.run(asked()) == "still here"


def test_no_more_steps_than_there_are_threads_are_done_at_once_and_all_are_done() -> None:
    two, most, now = threading.Barrier(2), list[int](), list[int]()

    def step() -> None:
        now.append(1)
        most.append(len(now))
        two.wait(timeout=10)
        now.pop()
        two.wait(timeout=10)

    async def asked() -> None:
        threads = Threads(2)
        await asyncio.gather(*(threads.run(step) for _ in range(8)))

    asyncio.run(asked())
    assert len(most) == 8
    assert max(most) == 2


def test_the_answers_to_many_come_to_their_own_whoever_is_done_first() -> None:
    async def asked() -> list[int]:
        threads = Threads(4)
        return await asyncio.gather(*(threads.run(lambda number=number: number) for number in range(500)))

    assert asyncio.run(asked()) == [*range(500)]


def test_a_step_goes_on_to_its_end_where_nobody_waits_for_it_any_more() -> None:
    begun, end, done = threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        end.wait(timeout=10)
        done.set()

    async def asked() -> str:
        threads = Threads(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await threads.run(step)
        end.set()
        return await threads.run(lambda: "next")

    assert asyncio.run(asked()) == "next"
    assert begun.is_set()
    assert done.is_set()


def test_a_step_that_outlives_its_loop_ends_alone() -> None:
    begun, end = threading.Event(), threading.Event()
    threads = Threads(1)

    async def asked() -> None:
        waiting = asyncio.ensure_future(threads.run(lambda: end.wait(timeout=10)))
        while not begun.is_set() and not waiting.done():
            begun.set()
            await asyncio.sleep(0.01)
        waiting.cancel()

    asyncio.run(asked())
    end.set()
    assert asyncio.run(threads.run(lambda: "another loop")) == "another loop"
