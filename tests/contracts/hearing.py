"""Servers that hear news: one that takes mail, one that takes requests; each can be told to refuse."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class Mailbox:
    """What came by mail. `code` is what the server says to a message."""

    port: int = 0
    code: int = 250
    came: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)


@dataclass
class Postbox:
    """What came by HTTP: path, headers, body. `status` and `said` are the answer."""

    port: int = 0
    status: int = 200
    said: object = None
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A server of as much SMTP as smtplib speaks (RFC 5321)."""
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            to = list[str]()
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "QUIT":
                    self.say("221 bye")
                    return
                if verb == "RCPT":
                    to.append(line.split("<")[1].split(">")[0])
                if verb == "DATA":
                    self.say("354 go on")
                    data = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        data += part.removeprefix(b".")
                    if box.code == 250:
                        box.came.append(message_from_bytes(data, policy=policy.default))
                        box.to.append(to)
                    self.say(f"{box.code} so")
                    continue
                self.say("250 well")

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with running(socketserver.ThreadingTCPServer, Session) as box.port:
        yield box


@contextmanager
def postbox() -> Iterator[Postbox]:
    """A server that takes POST."""
    box = Postbox()

    class Session(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            box.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            said = b"" if box.said is None else json.dumps(box.said).encode()
            self.send_response(box.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with running(HTTPServer, Session) as box.port:
        yield box


@contextmanager
def running(kind: type[socketserver.TCPServer], session: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    """A server in a thread, on a port of its own choice."""
    with kind(("127.0.0.1", 0), session) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
