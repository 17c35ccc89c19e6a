from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from haoma.guard.crawl import egress
from haoma.guard.crawl.addresses import Allowed
from haoma.guard.crawl.egress import Egress, serving

SAID = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n95588"


async def away(talk: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> tuple[asyncio.Server, int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(await reader.readuntil(b"\r\n\r\n"), writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def asking(line: str, *, knows: bool = True, allowed: bool = True, behind: bytes = b"") -> tuple[bytes, list[bytes]]:
    """What comes back for a request line with PORT in it, and what arrived at the server."""
    arrived: list[bytes] = []

    async def talk(head: bytes, writer: asyncio.StreamWriter) -> None:
        arrived.append(head)
        writer.write(SAID)
        await writer.drain()

    async def run() -> bytes:
        server, port = await away(talk)
        names = Allowed(frozenset({f"127.0.0.1:{port}"} if allowed else ()))
        async with server, Egress(names) as proxy:
            given = base64.b64encode(f"{proxy.user}:{proxy.password if knows else 'guess'}".encode()).decode()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            asked = f"{line.replace('PORT', str(port))} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic {given}\r\n"
            writer.write(f"{asked}Proxy-Connection: keep-alive\r\n\r\n".encode() + behind)
            found = await reader.read()
            writer.close()
            return found

    return asyncio.run(asyncio.wait_for(run(), 10)), arrived


def test_a_request_in_the_clear_goes_out_with_its_path_and_without_the_password() -> None:
    found, (head,) = asking("GET http://127.0.0.1:PORT/a?b=//c#d")
    assert found == SAID
    assert head.startswith(b"GET /a?b=//c HTTP/1.1\r\nHost: x\r\n")
    assert b"roxy" not in head


def test_a_tunnel_carries_what_is_sent_through_it() -> None:
    found, (head,) = asking("CONNECT 127.0.0.1:PORT", behind=b"GET /inside HTTP/1.1\r\n\r\n")
    assert found == b"HTTP/1.1 200 Connection established\r\n\r\n" + SAID
    assert head == b"GET /inside HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET http://127.0.0.1:PORT/", b"403"),
        ("CONNECT 127.0.0.1:PORT", b"403"),
        ("CONNECT [::1]:PORT", b"403"),
        ("GET http://localhost:PORT/", b"403"),
        ("GET http://169.254.169.254/", b"403"),
        ("GET https://127.0.0.1:PORT/", b"400"),
        ("GET /", b"400"),
    ],
)
def test_it_leads_to_nothing_that_is_not_public_and_not_allowed(line: str, status: bytes) -> None:
    found, arrived = asking(line, allowed=False)
    assert found.startswith(b"HTTP/1.1 " + status)
    assert arrived == []


def test_what_comes_after_a_request_in_the_clear_goes_to_no_other_host() -> None:
    body = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body.extend(await reader.readexactly(2))
        writer.write(SAID)  # and it keeps the connection
        with suppress(TimeoutError):
            body.extend(await asyncio.wait_for(reader.read(100), 0.3))
        writer.close()

    async def run() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Egress(Allowed(frozenset({f"127.0.0.1:{port}"}))) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            given = base64.b64encode(f"{proxy.user}:{proxy.password}".encode())
            knows = b"Proxy-Authorization: Basic " + given + b"\r\n"
            first = f"POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 2\r\n".encode() + knows + b"\r\nhi"
            writer.write(first + b"GET http://other.example/ HTTP/1.1\r\n" + knows + b"\r\n")
            found = await reader.read()
            writer.close()
            return found

    assert asyncio.run(asyncio.wait_for(run(), 10)) == SAID
    assert body == b"hi"


def test_it_serves_who_knows_its_password_alone() -> None:
    found, arrived = asking("GET http://127.0.0.1:PORT/", knows=False)
    assert found.startswith(b"HTTP/1.1 407")
    assert arrived == []


@pytest.mark.parametrize("line", ["GET", "GET  ", "CONNECT x:99999999", "GET http://[/ x", "\xff"])
def test_a_line_that_is_no_request_ends_the_connection(line: str) -> None:
    found, arrived = asking(line)
    assert found in {b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}
    assert arrived == []


def test_no_connection_carries_more_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "LARGEST", 100_000)

    async def flood(_head: bytes, writer: asyncio.StreamWriter) -> None:
        for _ in range(100):
            writer.write(bytes(100_000))
            await writer.drain()

    async def run() -> int:
        server, port = await away(flood)
        async with server, Egress(Allowed(frozenset({"127.0.0.1"}))) as proxy:
            given = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            writer.write(
                f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nProxy-Authorization: Basic {given}\r\n\r\nGET\r\n\r\n".encode()
            )
            found = len(await reader.read())
            writer.close()
            return found

    assert asyncio.run(asyncio.wait_for(run(), 10)) < 300_000


def test_a_host_is_reached_from_the_address_that_is_its_own() -> None:
    peers: list[str] = []

    async def talk(_head: bytes, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername")[0])

    async def run() -> None:
        server, port = await away(talk)
        async with server, Egress(Allowed(frozenset({"127.0.0.1"}))) as proxy:
            proxy.ask_from(f"http://127.0.0.1:{port}/", "127.0.0.7")
            given = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            line = f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nProxy-Authorization: Basic {given}\r\n\r\n"
            writer.write(line.encode())
            await reader.read()
            writer.close()

    asyncio.run(asyncio.wait_for(run(), 10))
    assert peers == ["127.0.0.7"]


def test_an_egress_in_a_thread_of_its_own_serves_while_the_block_runs() -> None:
    with serving(Allowed()) as proxy:
        place = ("127.0.0.1", int(proxy.url.rpartition(":")[2]))
        with socket.create_connection(place, timeout=5) as asked:
            asked.sendall(b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n\r\n")
            assert asked.recv(100).startswith(b"HTTP/1.1 407 ")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=5).close()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://cms.example/contact", ("cms.example", 80)),
        ("https://CMS.example/contact", ("cms.example", 443)),
        ("http://127.0.0.1:8080/", ("127.0.0.1", 8080)),
    ],
)
def test_who_may_reach_a_page_reaches_its_port_and_no_other(url: str, place: tuple[str, int]) -> None:
    allowed = Allowed.of_setting("wiki.example").and_of(url)
    assert place in allowed
    assert ("wiki.example", 9) in allowed
    assert (place[0], 22) not in allowed
