"""The only way out for a browser: a proxy on this machine, which checks and pins addresses as the crawl does.

Rules held here:
- It serves who knows its password, and listens on loopback alone.
- A name is looked up once for a connection, and one of the addresses that were checked is connected to; where none may
  be, the answer is 403.
- A connection carries 20 MB at the most and lasts a minute: what a page loads cannot fill this machine's memory or hold
  a worker up.
- A request in the clear goes out alone on its connection, with the path where it had the whole address (RFC 9112 §3.2):
  what a browser sends after it, for whichever host, gets no answer and is not sent there.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from haoma.errors import HaomaError
from haoma.guard.crawl.addresses import Allowed, Lookup, lookup, resolved

__all__ = ["Egress", "serving"]

LONGEST_HEAD = 32_768
LARGEST = 20_000_000
LASTS_S, CONNECT_S, HEAD_S = 60.0, 10.0, 10.0
_PIECE = 65_536
_OWN = (b"proxy-", b"connection:", b"keep-alive:")


class Egress:
    """A forward proxy for HTTP and HTTPS; an asynchronous context manager that serves while it is open."""

    user = "haoma"

    def __init__(self, allowed: Allowed, look: Lookup = lookup) -> None:
        self.password = secrets.token_urlsafe(24)
        self._allowed = allowed
        self._look = look
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._from: dict[tuple[str, int], str] = {}

    def ask_from(self, url: str, address: str) -> None:
        """Reach the host of a URL from this address of the machine, from now on."""
        parts = urlsplit(url)
        self._from[parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)] = address

    @property
    def url(self) -> str:
        """Where it listens; from the beginning, though it serves only once it is open."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, sock=self._socket, limit=LONGEST_HEAD)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            async with asyncio.timeout(LASTS_S):
                await self._one(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        if not self._knows(lines):
            writer.write(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="haoma"\r\n'
                         b"Content-Length: 0\r\nConnection: close\r\n\r\n")  # fmt: skip
            await writer.drain()
            return
        method, target, _ = first.decode("ascii").split(" ")
        tunnel, length = method == "CONNECT", _length(lines)
        parts = urlsplit(f"//{target}" if tunnel else target)
        if not parts.hostname or (not tunnel and (parts.scheme != "http" or length is None)):
            await _refuse(writer, b"400 Bad Request")
            return
        away = await self._connected(parts.hostname, parts.port or (443 if tunnel else 80))
        if away is None:
            await _refuse(writer, b"403 Forbidden")
            return
        if tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = target[target.index("//") + 2 :].partition("/")[2].partition("#")[0]
            kept = [line for line in lines if not line.lower().startswith(_OWN)]
            head = b"\r\n".join([f"{method} /{path} HTTP/1.1".encode(), *kept, b"Connection: close", b"", b""])
            away[1].write(head)
        await _relay((reader, writer), away, None if tunnel else length)

    def _knows(self, lines: list[bytes]) -> bool:
        wanted = b"basic " + base64.b64encode(f"{self.user}:{self.password}".encode())
        given = [line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"proxy-authorization:")]
        return any(hmac.compare_digest(one[:6].lower() + one[6:], wanted) for one in given)

    async def _connected(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            addresses = await asyncio.to_thread(resolved, host, port, self._allowed, self._look)
        except HaomaError:
            return None
        here = self._from.get((host, port))
        local = None if here is None else (here, 0)
        for address in addresses:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    return await asyncio.open_connection(address, port, local_addr=local)
        return None


@contextmanager
def serving(allowed: Allowed) -> Iterator[Egress]:
    """An egress that serves, in a thread of its own, while the block runs."""
    egress, opened = Egress(allowed), Future[Callable[[], object]]()

    async def serve() -> None:
        async with egress:
            over, loop = asyncio.Event(), asyncio.get_running_loop()
            opened.set_result(lambda: loop.call_soon_threadsafe(over.set))
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve()), name="haoma-egress", daemon=True)
    thread.start()
    end = opened.result()
    try:
        yield egress
    finally:
        end()
        thread.join()


async def _refuse(writer: asyncio.StreamWriter, status: bytes) -> None:
    writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


def _length(lines: list[bytes]) -> int | None:
    """How long the body of a request is; None where that cannot be told."""
    named = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in lines}
    said = named.get(b"content-length", b"0")
    return None if b"transfer-encoding" in named or not said.isdigit() else int(said[:9])


async def _relay(
    here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    away: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    out: int | None,
) -> None:
    """Carry bytes both ways, `out` of them at the most, until one side ends, or too many have come."""
    tasks = [asyncio.ensure_future(_carry(here[0], away[1], out)), asyncio.ensure_future(_carry(away[0], here[1]))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[1].done():  # who asks may end early and still wait for the answer
            await tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        away[1].close()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None = None) -> None:
    left = LARGEST if most is None else min(most, LARGEST)
    while left > 0 and (piece := await reader.read(min(_PIECE, left))):
        left -= len(piece)
        writer.write(piece)
        await writer.drain()
    if left > 0 and writer.can_write_eof():
        writer.write_eof()
