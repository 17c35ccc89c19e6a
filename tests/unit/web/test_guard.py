from __future__ import annotations

import logging
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from contracts.guard import assert_heads_end, ended, served, status
from contracts.serving import running
from haoma.web.guard import FewLines, GuardedProtocol


class Impatient(GuardedProtocol):
    """Gives a head a second."""

    head_s = 1.0


async def answer(_scope: object, _receive: object, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@pytest.fixture
def impatient() -> Iterator[int]:
    """The port of a server that gives a head a second."""
    with running(uvicorn.Config(answer, http=Impatient, ws="none", lifespan="off", log_level="error")) as port:
        yield port


def test_heads_that_never_end_are_given_their_time_and_no_byte_more_gives_them_more(impatient: int) -> None:
    assert_heads_end(impatient, Impatient.head_s)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of the real service, and what it writes on stderr."""
    with served(tmp_path) as one:
        yield one


def test_more_connections_than_there_are_descriptors_are_closed_and_nothing_floods_the_log(
    service: tuple[int, Path],
) -> None:
    port, errors = service
    held = list[socket.socket]()
    try:
        for _ in range(600):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        assert ended(held[-1])
        assert errors.stat().st_size < 10_000
        for one in held:
            one.close()
        time.sleep(0.5)
        assert status(port) == 200
    finally:
        for one in held:
            one.close()


def test_of_a_flood_of_lines_one_a_minute_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    few = FewLines()
    flood = logging.LogRecord("asyncio", logging.ERROR, "", 0, "socket.accept() out of system resource", None, None)
    other = logging.LogRecord("asyncio", logging.ERROR, "", 0, "something else", None, None)
    assert [few.filter(flood), few.filter(flood), few.filter(other), few.filter(other)] == [True, False, True, True]
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert few.filter(flood)


def test_the_test_itself_may_open_enough_files() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 700
