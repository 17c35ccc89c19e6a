"""Sites on loopback, each on a port of its own: what they serve is a function for each path.

Rules held here:
- Only this machine reaches them, and they end with the block that serves them.
- Every path that was asked for is remembered, so that it can be told which were not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

__all__ = ["LittleWeb", "Page", "served"]

LOOPBACK = "127.0.0.1"
LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Page:
    """What lies at a path: its bytes, and what they are said to be."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"


Site = Mapping[str, Callable[[], Page]]


@dataclass(frozen=True, slots=True)
class LittleWeb:
    """The sites that are served: `origins` by name, such as http://127.0.0.1:40001; `asked` are (site, path)."""

    origins: Mapping[str, str]
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def hosts(self) -> list[str]:
        """Host and port of each site."""
        return [origin.removeprefix("http://") for origin in self.origins.values()]


@contextmanager
def served(sites: Mapping[str, Site]) -> Iterator[LittleWeb]:
    """Serve these sites by name, on ports that are free."""
    asked: list[tuple[str, str]] = []
    with ExitStack() as stack:
        ports = {name: stack.enter_context(_served(name, site, asked)) for name, site in sites.items()}
        yield LittleWeb({name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}, asked)


@contextmanager
def _served(name: str, site: Site, asked: list[tuple[str, str]]) -> Iterator[int]:
    class Answers(BaseHTTPRequestHandler):
        """A site's answers."""

        timeout = 10

        def do_GET(self) -> None:
            """Answer with the page of a path."""
            path = self.path.partition("?")[0]
            asked.append((name, path))
            made = site.get(path)
            page = made() if made else Page(b"<!doctype html><title>404</title>")
            self.send_response(200 if made else 404)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_said: object) -> None:
            """Nothing is logged: an address may hold anything."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Answers)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(LOOK_S,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
