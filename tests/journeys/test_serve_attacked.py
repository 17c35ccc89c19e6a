"""`haoma serve` met by somebody who means ill: garbage, two lengths, bodies that never end, answers never taken."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from contracts.api import client_in

HAOMA = [sys.executable, "-c", "from haoma.cli.main import main; main()"]


@dataclass
class Served:
    """A service, its port, the token of an agent, and what it writes on stderr."""

    port: int
    token: str
    errors: Path
    process: subprocess.Popen[bytes]

    def raw(self, *parts: bytes, wait_s: float = 10.0) -> bytes:
        """All that is answered to these bytes until the connection ends, or nothing comes for a second."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as line:
            for part in parts:
                line.sendall(part)
            told = b""
            line.settimeout(1.0)
            try:
                while part := line.recv(65536):
                    told += part
            except (TimeoutError, ConnectionResetError):
                pass
            return told

    def is_well(self) -> bool:
        return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False).status_code == 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("attacked")
    with client_in(place) as client:
        token = client.tokens["agent"]
    with running(place) as (port, errors, process):
        yield Served(port, token, errors, process)


@contextmanager
def running(place: Path, *more: str) -> Iterator[tuple[int, Path, subprocess.Popen[bytes]]]:
    errors = place / "stderr"
    command = [*HAOMA, "--store-dir", str(place / "store"), "serve", "--port", "0", *more]
    with errors.open("wb") as file, subprocess.Popen(command, stderr=file) as process:
        until = time.monotonic() + 60
        while b"/v1" not in errors.read_bytes():
            assert time.monotonic() < until
            time.sleep(0.05)
        yield int(errors.read_bytes().partition(b"/v1")[0].rpartition(b":")[2]), errors, process
        process.terminate()


GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # TLS on a port that has none
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",  # no Host
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
    b"POST /v1/numbers/parse HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /v1/numbers/parse HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/numbers/parse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/numbers/parse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 70_000,  # a head that goes on and on
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % at for at in range(10_000)),
    bytes(range(256)) * 20,
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_http_is_told_so_once_and_the_connection_ends(served: Served, garbage: bytes) -> None:
    told = served.raw(garbage)
    assert told.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401")), told[:300]
    assert told.count(b"HTTP/1.1 ") == 1
    assert served.is_well()


def bearer(served: Served) -> bytes:
    return f"Authorization: Bearer {served.token}\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


def test_a_request_with_two_lengths_is_refused_and_what_is_behind_it_is_not_read(served: Served) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    chunked = b"POST /v1/numbers/parse HTTP/1.1\r\n" + bearer(served) + b"Transfer-Encoding: chunked\r\n"
    for head in (chunked + b"Content-Length: 5\r\n\r\n", chunked.replace(b"HTTP/1.1", b"HTTP/1.0", 1) + b"\r\n"):
        told = served.raw(head + b"0\r\n\r\n" + smuggled)
        assert told.startswith(b"HTTP/1.1 400"), told[:300]
        assert told.count(b"HTTP/1.1 ") == 1
        assert b"two-lengths" in told


def test_requests_in_a_row_are_answered_in_a_row(served: Served) -> None:
    body = b'{"text": "95588"}'
    one = b"POST /v1/numbers/parse HTTP/1.1\r\n" + bearer(served) + b"Content-Length: %d\r\n\r\n" % len(body) + body
    told = served.raw(one * 5 + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + b"garbage\r\n\r\n")
    statuses = [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200"] * 6 + [b"400"]


def test_garbage_inside_a_body_that_is_being_read_ends_that_connection_alone(served: Served) -> None:
    head = b"POST /v1/numbers/parse HTTP/1.1\r\n" + bearer(served) + b"Transfer-Encoding: chunked\r\n\r\n"
    for garbage in (b"5\r\nabcdeXX\r\n", b"ffffffffffffffffffffffff\r\n", b"-1\r\n", b"\x00\r\n"):
        told = served.raw(head, garbage)
        assert told.count(b"HTTP/1.1 ") == 1, told[:300]
        assert told.startswith(b"HTTP/1.1 400")
    assert served.is_well()


def test_a_body_that_says_it_is_long_is_not_waited_for(served: Served) -> None:
    head = b"POST /v1/numbers/parse HTTP/1.1\r\n" + bearer(served)
    begun = time.monotonic()
    for length in (b"1048577", b"99999999999999"):
        told = served.raw(head + b"Content-Length: " + length + b"\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 413"), told[:300]
    told = served.raw(head + b"Transfer-Encoding: chunked\r\n\r\n", *[b"40000\r\n" + bytes(1 << 18) + b"\r\n"] * 5)
    assert told.startswith(b"HTTP/1.1 413") or told == b"", told[:300]
    assert time.monotonic() - begun < 20


def test_a_body_that_never_ends_is_given_half_a_minute(served: Served) -> None:
    head = b"POST /v1/numbers/parse HTTP/1.1\r\n" + bearer(served) + b"Content-Length: 1000\r\n\r\n"
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as line:
        line.sendall(head)
        line.settimeout(1.0)
        told = b""
        while time.monotonic() - begun < 60 and not told:
            try:
                line.sendall(b" ")
                told = line.recv(65536)
            except TimeoutError:
                continue
    assert told.startswith(b"HTTP/1.1 503"), told[:300]
    assert 25 < time.monotonic() - begun < 45
    assert served.is_well()


def test_whoever_floods_it_with_garbage_writes_few_lines_into_its_log(served: Served) -> None:
    before = served.errors.stat().st_size
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", served.port)) as line:
            line.sendall(b"\x00\x01\x02 garbage\r\n\r\n")
            line.recv(4096)
        with socket.create_connection(("127.0.0.1", served.port)) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            line.recv(4096)
    assert served.errors.stat().st_size - before < 2000
    assert served.is_well()


def test_a_second_service_on_the_port_says_that_it_is_taken(served: Served, tmp_path: Path) -> None:
    command = [*HAOMA, "--store-dir", str(tmp_path / "store"), "serve", "--port", str(served.port)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 4
    assert f"127.0.0.1:{served.port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_to_stop_it_ends_what_it_began_and_takes_nothing_new(tmp_path: Path, workers: str) -> None:
    with client_in(tmp_path) as client:
        token = client.tokens["agent"]
    body = json.dumps({"texts": ["0571-88888888 转 8001"] * 9_000}).encode()
    head = b"POST /v1/numbers/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with running(tmp_path, "--workers", workers) as (port, errors, process):
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
                break
            except httpx.HTTPError:
                assert time.monotonic() < until
                time.sleep(0.1)
        for _ in range(2 * int(workers)):  # the first one compiles
            said = {"Authorization": f"Bearer {token}"}
            httpx.post(f"{url}/v1/numbers/batch", json={"texts": ["95588"]}, headers=said, trust_env=False, timeout=90)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
            line.sendall(head + body[:-1])
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            line.sendall(body[-1:])
            told = b""
            while part := line.recv(1 << 20):
                told += part
        assert told.startswith(b"HTTP/1.1 200"), told[:300]
        assert told.count(b'"uri"') == 9_000
        assert process.wait(30) in {-signal.SIGTERM, 128 + signal.SIGTERM}
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset
            socket.create_connection(("127.0.0.1", port), timeout=2).recv(1)
        assert "Traceback" not in errors.read_text()
