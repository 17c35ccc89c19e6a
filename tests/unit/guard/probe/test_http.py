from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from haoma.errors import Unavailable
from haoma.guard.probe import Asked
from haoma.guard.probe.html import HtmlPlace
from haoma.guard.probe.http import LARGEST, HttpPlace, fetch
from haoma.guard.probe.secret import Secret

ASKED = Asked("h-1", "org/1", "tel:95588;phone-context=+86", "fund/7")


class Company(BaseHTTPRequestHandler):
    """An API of a company, and all that can be wrong with one."""

    def do_GET(self) -> None:
        body = json.dumps({"phone": "955 88", "by": self.headers.get("Authorization")}).encode()
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/hotlines/fund%2F7": (200, {}, body),
            "/page": (200, {"Content-Type": "text/html; charset=utf-8"}, "<p id=a>客服 95588</p>".encode("gbk")),
            "/moved": (302, {"Location": "/hotlines/fund%2F7"}, b""),
            "/broken": (500, {}, b"{}"),
            "/text": (200, {}, b"call 95588"),
            "/packed": (200, {"Content-Encoding": "gzip"}, gzip.compress(body)),
            "/large": (200, {}, b"[" + b"1," * (LARGEST // 2) + b"1]"),
        }
        if self.path == "/drip":
            self.drip()
            return
        status, headers, content = answers.get(self.path, (404, {}, b"{}"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def drip(self) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Company) as server:
        server.handle_error = lambda *_: None  # a caller that hangs up is what is tested
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_api_is_asked_with_names_escaped_and_the_token_in_one_header(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "t0ken")
    token = Secret(env="API_TOKEN")
    assert HttpPlace(f"{site}/hotlines/{{key}}", "/phone", token).read(ASKED) == ["955 88"]
    assert HttpPlace(f"{site}/hotlines/{{key}}", "/by", token).read(ASKED) == ["Bearer t0ken"]
    assert HttpPlace(f"{site}/hotlines/{{key}}", "/by").read(ASKED) == []


def test_what_is_not_there_is_nothing(site: str) -> None:
    assert HttpPlace(f"{site}/none", "/phone").read(ASKED) == []
    assert HtmlPlace("#a", f"{site}/none").read(ASKED) == []


@pytest.mark.parametrize("path", ["moved", "broken", "text", "packed", "large"])
def test_an_answer_that_is_none_cannot_be_read(site: str, path: str) -> None:
    with pytest.raises(Unavailable) as found:
        HttpPlace(f"{site}/{path}", "/phone").read(ASKED)
    assert "95588" not in str(found.value)


def test_a_page_is_read_in_its_own_charset_whatever_its_header_says(site: str) -> None:
    assert HtmlPlace("#a", f"{site}/page").read(ASKED) == ["客服 95588"]


def test_one_deadline_holds_for_an_answer_that_drips(site: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        fetch(f"{site}/drip", "application/json", timeout_s=0.5)
    assert time.monotonic() - began < 5


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        fetch("http://127.0.0.1:1/", "application/json")
