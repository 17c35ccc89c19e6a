from __future__ import annotations

import logging
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.serving import append, settings_in
from haoma.web.guard import HEAD_S, FewLines

SERVE = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); from haoma.cli.main import main; main()"
)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Path]]:
    """A service that may open 256 files; its port, and what it writes on stderr."""
    append(settings_in(tmp_path), 1)
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    errors = tmp_path / "stderr"
    with (
        errors.open("wb") as file,
        subprocess.Popen([sys.executable, "-c", SERVE, "serve", "--port", "0"], stderr=file) as service,
    ):
        until = time.monotonic() + 30
        while b"http://" not in errors.read_bytes():
            assert time.monotonic() < until
            time.sleep(0.02)
        yield int(errors.read_bytes().rpartition(b":")[2].partition(b"/")[0]), errors
        service.terminate()


def status(port: int) -> int:
    with httpx.Client(trust_env=False, timeout=20) as http:
        return http.get(f"http://127.0.0.1:{port}/log/checkpoint").status_code


def ended(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


def test_heads_that_never_end_are_given_ten_seconds_and_no_byte_more_gives_them_more(served: tuple[int, Path]) -> None:
    port, _ = served
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as half, socket.create_connection(("127.0.0.1", port)) as again:
        half.settimeout(HEAD_S + 10)
        again.settimeout(HEAD_S + 10)
        half.send(b"GET /log/checkpoint HTTP/1.1\r\nHost: x\r\n")
        again.send(b"GET /log/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n")
        assert again.recv(12) == b"HTTP/1.1 200"
        again.send(b"GET /log/checkpoint HTTP/1.1\r\n")  # the second head on one connection
        for _ in range(6):
            time.sleep(1)
            half.send(b"X: y\r\n")
        assert ended(half)
        assert HEAD_S - 1 < time.monotonic() - begun < HEAD_S + 4
        while again.recv(4096):
            pass
        assert status(port) == 200


def test_more_connections_than_there_are_descriptors_are_closed_and_nothing_floods_the_log(
    served: tuple[int, Path],
) -> None:
    port, errors = served
    held = list[socket.socket]()
    try:
        for _ in range(600):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=HEAD_S + 10))
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
