from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from haoma.errors import Unavailable
from haoma.wire.bounded import Bounded
from haoma.wire.line import Deadline

LARGEST, TLS = 10_000, ssl.create_default_context()


class Provider(BaseHTTPRequestHandler):
    """Somebody who is asked, and all that can be wrong with what they answer."""

    def do_GET(self) -> None:
        answers = {
            "/known": (200, {}, b'{"issuer": "here"}'),
            "/no": (401, {}, b"{}"),
            "/large": (200, {}, b"x" * (LARGEST + 1)),
            "/packed": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"{}")),
        }
        if self.path.startswith("/slow"):
            self.drip(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if self.path == "/slow-body" else b"X-Long: ") + b"x" * 200)
            return
        status, headers, content = answers[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.wfile.write(f" {self.headers['Authorization']} {self.headers['Accept-Encoding']}".encode())

    def drip(self, data: bytes) -> None:
        try:
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        server.handle_error = lambda *_: None  # a caller that hangs up is what is tested
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def asking(in_time_s: float = 30.0) -> Iterator[httpx.Client]:
    way = Bounded(lambda: Deadline(time.monotonic, in_time_s, "the provider"), TLS, LARGEST)
    with httpx.Client(transport=way) as client:
        yield client


def test_an_answer_comes_through_whatever_its_status(url: str) -> None:
    with asking() as client:
        assert client.get(f"{url}/known").json() == {"issuer": "here"}
        assert client.get(f"{url}/no").status_code == 401


def test_a_form_goes_out_with_who_asks_and_asks_for_nothing_compressed(url: str) -> None:
    with asking() as client:
        answer = client.post(url, data={"code": "c"}, auth=("haoma", "s"))
    assert answer.text == "code=c Basic aGFvbWE6cw== identity"


@pytest.mark.parametrize("path", ["large", "packed"])
def test_too_much_and_compressed_are_no_answer(url: str, path: str) -> None:
    with asking() as client, pytest.raises(Unavailable, match="too much, or compressed"):
        client.get(f"{url}/{path}")


@pytest.mark.parametrize("path", ["slow-body", "slow-head"])
def test_too_late_is_no_answer_though_a_byte_comes_now_and_then(url: str, path: str) -> None:
    with asking(0.2) as client, pytest.raises(Unavailable, match="the provider"):
        client.get(f"{url}/{path}")


def test_who_is_not_there_does_not_answer() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))  # and nobody listens
        with asking() as client, pytest.raises(Unavailable, match="ConnectError"):
            client.get(f"http://127.0.0.1:{one.getsockname()[1]}/")
