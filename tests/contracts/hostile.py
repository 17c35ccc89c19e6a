"""Servers on loopback that do what no server should: each behaviour is a path, and what was asked for is counted."""

from __future__ import annotations

import gzip
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

MEGABYTE = 1_000_000
OPEN = b"User-agent: *\nDisallow: /no\n"


class Hostile(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server; `robots` answers for /robots.txt, `more` for paths of a test's own, `asked` are the paths in order."""

    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False  # some handlers wait on purpose
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.agents = set[str]()
        self.robots: Callable[[Handler], None] = lambda handler: handler.answer(200, OPEN)
        self.more: dict[str, Callable[[Handler], None]] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def fetched(self) -> list[str]:
        """What was asked for but robots.txt."""
        return [path for path in self.asked if path != "/robots.txt"]

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever goes away in the middle is none of our business."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hostile
    NAMED: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.agents.add(self.headers.get("User-Agent", ""))
        if self.path == "/robots.txt":
            self.server.robots(self)
            return
        name = self.path.partition("?")[0].strip("/").partition("/")[0]
        own = self.server.more.get(self.path) or self.server.more.get(f"/{name}")
        (own or getattr(Handler, f"on_{name.replace('-', '_')}", Handler.on_page))(self)

    do_POST = do_GET  # noqa: N815 - the name that the base class asks for

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def endless(self, piece: bytes, count: int, **headers: str) -> None:
        """Send a piece over and over, without saying how long it will be."""
        self.send_response(200)
        for key, value in {"Content-Type": "text/html", "Connection": "close", **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.close_connection = True
        for _ in range(count):
            self.wfile.write(piece)

    def on_page(self) -> None:
        self.answer(200, f"<title>{self.path}</title>客服 95588".encode())

    def on_large(self) -> None:
        self.endless(b"x" * MEGABYTE, 50)

    def on_large_said(self) -> None:
        self.answer(200, b"x" * (50 * MEGABYTE))

    def on_bomb(self) -> None:
        self.answer(200, gzip.compress(bytes(50 * MEGABYTE)), Content_Encoding="gzip")

    def on_bomb_in_bomb(self) -> None:
        self.answer(200, gzip.compress(gzip.compress(bytes(500 * MEGABYTE), 1), 1), Content_Encoding="gzip, gzip")

    def on_deflated(self) -> None:
        self.answer(200, zlib.compress(bytes(50 * MEGABYTE)), Content_Encoding="deflate")

    def on_broken_gzip(self) -> None:
        self.answer(200, gzip.compress(b"a" * 1000)[:-9], Content_Encoding="gzip")

    def on_lying_gzip(self) -> None:
        self.answer(200, "客服 95588".encode(), Content_Encoding="gzip")

    def on_circle(self) -> None:
        number = int(self.path.rpartition("/")[2] or 0) if self.path.count("/") > 1 else 0
        self.answer(302, Location=f"/circle/{number + 1}")

    def on_loris(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(120):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.5)

    def on_silent(self) -> None:
        time.sleep(60)

    def on_gbk(self) -> None:
        self.answer(200, "<title>某银行</title>客服热线 95588".encode("gbk"))  # and says that it is UTF-8

    def on_picture(self) -> None:
        self.answer(200, b"\x89PNG\r\n\x1a\n" + bytes(1000))  # and says that it is a page

    def on_headers(self) -> None:
        self.answer(200, b"ok", **{f"X-{n}": "y" * 1000 for n in range(200)})

    def on_garbage(self) -> None:
        self.wfile.write(b"\0\xff" * 2000)
        self.close_connection = True

    def on_void(self) -> None:
        self.close_connection = True

    def on_shorter(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def hostile() -> Iterator[Hostile]:
    """A hostile server of its own."""
    server = Hostile()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def big(site: Hostile, pages: int, *, slow_s: float = 0.0) -> None:
    """Make it a site whose pages, from /p/0 on, lead to ten more each."""

    def page(handler: Handler) -> None:
        time.sleep(slow_s)
        number = int(handler.path.rpartition("/")[2])
        to = range(number * 10 + 1, min(number * 10 + 11, pages))
        links = "".join(f"<a href=/p/{one}>{one}</a>" for one in to)
        handler.answer(200, f"<title>{number}</title>客服 95588 {links}".encode())

    site.more["/p"] = page
