"""Steps in threads, and what comes back of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import pytest

from contracts.store import names, put
from haoma.storage import Steps, Store, open_store
from haoma.web.threads import TAKEN, Threads, Together

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'haoma.db'}") as opened:
        yield opened


def noted(name: str) -> Steps[str]:
    return (yield put(name))


def test_steps_of_many_are_each_answered_to_their_own_and_written_before(store: Store) -> None:
    async def asked() -> list[str]:
        shared = Together(store, Threads())
        return await asyncio.gather(*(shared.run(noted(str(n))) for n in range(5 * TAKEN)))

    assert asyncio.run(asked()) == [str(n) for n in range(5 * TAKEN)]
    assert names(store) == {str(n) for n in range(5 * TAKEN)}


def test_steps_go_in_the_context_of_who_asked_also_where_they_go_on_alone(store: Store) -> None:
    def steps() -> Steps[tuple[str, str, bool]]:
        first = called.get()
        yield put(first)
        here = threading.get_ident()
        yield None
        return first, called.get(), threading.get_ident() != here

    async def one(shared: Together, name: str) -> tuple[str, str, bool]:
        called.set(name)
        return await shared.run(steps())

    async def asked() -> list[tuple[str, str, bool]]:
        shared = Together(store, Threads())
        return await asyncio.gather(*(one(shared, name) for name in "abcd"))

    assert asyncio.run(asked()) == [(name, name, True) for name in "abcd"]


def test_who_goes_on_alone_holds_up_nobody(store: Store) -> None:
    end = threading.Event()

    def slow() -> Steps[str]:
        yield None
        end.wait(timeout=10)
        return "late"

    async def asked() -> tuple[list[str], list[str]]:
        shared = Together(store, Threads())
        waiting = [asyncio.ensure_future(shared.run(slow())) for _ in range(8)]
        done = [await shared.run(noted(str(n))) for n in range(8)]
        end.set()
        return done, await asyncio.gather(*waiting)

    assert asyncio.run(asked()) == ([str(n) for n in range(8)], ["late"] * 8)


def test_steps_that_raise_are_their_askers_and_the_others_are_answered(store: Store) -> None:
    def wrong() -> Steps[str]:
        yield put("wrong")
        raise ZeroDivisionError

    async def asked() -> list[str | BaseException]:
        shared = Together(store, Threads())
        return await asyncio.gather(
            *(shared.run(steps) for steps in (noted("a"), wrong(), noted("b"))), return_exceptions=True
        )

    first, second, third = asyncio.run(asked())
    assert (first, third) == ("a", "b")
    assert isinstance(second, ZeroDivisionError)


def test_a_store_that_fails_is_told_to_all_who_wait_and_not_to_the_next(store: Store) -> None:
    async def asked() -> tuple[list[str | BaseException], str]:
        shared = Together(store, Threads())
        write_each = store.write_each
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store, "write_each", lambda _works: 1 // 0)
            failed = await asyncio.gather(*(shared.run(noted(name)) for name in "ab"), return_exceptions=True)
        assert store.write_each == write_each
        return failed, await shared.run(noted("c"))

    failed, then = asyncio.run(asked())
    assert [type(one) for one in failed] == [ZeroDivisionError] * 2
    assert then == "c"
