"""What tests of the bounds on connections stand on: a real service with few descriptors, and heads that never end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from contracts.serving import append, settings_in

SERVE = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); from haoma.cli.main import main; main()"
)
CHECKPOINT = "/log/checkpoint"


@contextmanager
def served(place: Path) -> Iterator[tuple[int, Path]]:
    """A service that may open 256 files; its port, and what it writes on stderr."""
    append(settings_in(place), 1)
    errors = place / "stderr"
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0"]
    env = os.environ | {"HAOMA_STORE_DIR": str(place / "store")}
    with errors.open("wb") as file, subprocess.Popen(command, stderr=file, env=env) as service:
        until = time.monotonic() + 30
        while b"http://" not in errors.read_bytes():
            assert time.monotonic() < until
            time.sleep(0.02)
        yield int(errors.read_bytes().rpartition(b":")[2].partition(b"/")[0]), errors
        service.terminate()


def status(port: int) -> int:
    with httpx.Client(trust_env=False, timeout=20) as http:
        return http.get(f"http://127.0.0.1:{port}{CHECKPOINT}").status_code


def ended(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


def assert_heads_end(port: int, head_s: float) -> None:
    """A head that goes on byte by byte is given `head_s`, the first of a connection and a later one."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as half, socket.create_connection(("127.0.0.1", port)) as again:
        again.settimeout(head_s + 10)
        half.send(f"GET {CHECKPOINT} HTTP/1.1\r\nHost: x\r\n".encode())
        again.send(f"GET {CHECKPOINT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert again.recv(12) == b"HTTP/1.1 200"
        again.send(f"GET {CHECKPOINT} HTTP/1.1\r\n".encode())  # the second head on one connection
        assert closed_while_fed(half, head_s / 10, begun + head_s + 4)
        assert time.monotonic() - begun > head_s * 0.9
        while again.recv(4096):
            pass
        assert status(port) == 200


def closed_while_fed(one: socket.socket, every_s: float, until: float) -> bool:
    """Send a line at a time; whether the other side has ended that before `until`."""
    one.settimeout(every_s)
    while time.monotonic() < until:
        try:
            one.send(b"X: y\r\n")
            if not one.recv(1):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False
