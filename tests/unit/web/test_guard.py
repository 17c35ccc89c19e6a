from __future__ import annotations

import json
import logging
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn

from contracts.guard import assert_heads_end, ended, served, status
from contracts.serving import running
from haoma.web.guard import FewLines, GuardedProtocol


class Impatient(GuardedProtocol):
    """Gives a head a second, and as long for an answer to be taken."""

    head_s = taken_s = 1.0


LONG = 64 << 20  # more than the kernel keeps for a connection


async def answer(
    scope: dict[str, object], _receive: object, send: Callable[[dict[str, object]], Awaitable[None]]
) -> None:
    length = LONG if scope["path"] == "/long" else 0
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % length)]})
    await send({"type": "http.response.body", "body": bytes(length)})


@pytest.fixture
def impatient() -> Iterator[int]:
    """The port of a server that gives a head a second."""
    with running(uvicorn.Config(answer, http=Impatient, ws="none", lifespan="off", log_level="error")) as port:
        yield port


@pytest.mark.slow
def test_heads_that_never_end_are_given_their_time_and_no_byte_more_gives_them_more(impatient: int) -> None:
    assert_heads_end(impatient, Impatient.head_s)


@pytest.mark.slow
def test_an_answer_that_nobody_takes_is_given_its_time(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient), timeout=20) as line:
        line.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(3)  # the buffers fill, and a second goes by
        told = 0
        with suppress(ConnectionResetError):
            while part := line.recv(1 << 20):
                told += len(part)
    assert told < LONG


def test_what_is_no_http_is_a_problem_as_every_failure_is(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient), timeout=20) as line:
        line.sendall(b"\x16\x03\x01 nothing\r\n\r\n")
        told = b""
        while part := line.recv(4096):
            told += part
    assert told.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n")
    assert json.loads(told.partition(b"\r\n\r\n")[2])["code"] == "bad-input"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of the real service, and what it writes on stderr."""
    with served(tmp_path) as one:
        yield one


@pytest.mark.slow
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
    garbage = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "Invalid HTTP request received.", None, None)
    assert [few.filter(one) for one in (flood, flood, garbage, garbage)] == [True, False, True, False]
    assert few.filter(other)
    assert few.filter(other)
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert few.filter(flood)


def test_the_test_itself_may_open_enough_files() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 700
