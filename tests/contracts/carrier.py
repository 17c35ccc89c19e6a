"""A carrier on loopback that answers what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contracts.consent import NOW, NUMBER
from haoma.consent import Grant, Granularity, Source
from haoma.consent.grant import Standing, mint
from haoma.locate.camara import Camara, ClientKey
from haoma.locate.camara.ciba import Tokens
from haoma.locate.camara.issuer import Issuer
from haoma.numbers import Number, parse
from haoma.vault.model import SubjectToken
from haoma.wire.breaker import Breaker

TOKEN = "a-token.of_the~carrier+/=="
REQUEST = "req-1c2d"
CLIENT = "acme-desk"
PEM = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
BEGIN, POLL, META = "/bc-authorize", "/token", "/.well-known/openid-configuration"
VERIFY, RETRIEVE = "/location-verification/v3/verify", "/location-retrieval/v0.5/retrieve"
NUMBER_VERIFY, SIM_SWAP = "/number-verification/v2/verify", "/sim-swap/v2/retrieve-date"
RECYCLING, ROAMING = "/number-recycling/v0.2/check", "/device-roaming-status/v1/retrieve"


@dataclass(frozen=True)
class Reply:
    """One answer. `body` is sent as it is where it is bytes, and as JSON where not."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items() if len(values) == 1}

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass
class Carrier:
    """What it says: the replies of a path, one after the other, the last one for ever."""

    url: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    on_request: Callable[[Heard], Reply | None] = lambda _heard: None

    def says(self, path: str, *replies: Reply | object) -> None:
        self.replies[path] = [one if isinstance(one, Reply) else Reply(one) for one in replies]

    def error(self, path: str, status: int, code: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.says(path, Reply({"status": status, "code": code, "message": "…"}, status, named))

    def asked(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path == path]

    def reply(self, heard: Heard) -> Reply:
        self.heard.append(heard)
        other = self.on_request(heard)
        if other is not None:
            return other
        waiting = self.replies.get(heard.path) or [Reply({}, 404)]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def open_carrier() -> Iterator[Carrier]:
    """A carrier that lets everybody ask at once, and knows nothing yet."""
    carrier = Carrier()

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # heads and bodies go apart, and would wait for each other
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = carrier.reply(Heard(self.path, headers, body))
            self.send_response(reply.status)
            plain = {"content-type": "application/json", "content-length": str(len(reply.data))}
            for name, value in (plain | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.data)

        do_GET = do_POST = do  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_args: object) -> None:
            """Nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        carrier.url = f"http://127.0.0.1:{server.server_address[1]}"
        ends = {"backchannel_authentication_endpoint": carrier.url + BEGIN, "token_endpoint": carrier.url + POLL}
        carrier.says(META, {"issuer": carrier.url, **ends})
        carrier.says(BEGIN, {"auth_req_id": REQUEST, "expires_in": 120, "interval": 2})
        carrier.says(POLL, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield carrier
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Ticks:
    """A monotonic clock that only sleeping and tests move."""

    s: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.s += seconds


@dataclass
class Desk:
    """Consents without a store: Grants as consent makes them, for whoever holds NUMBER."""

    clock: list[datetime] = field(default_factory=lambda: [NOW])
    given: datetime = NOW
    consents: int = 1

    def now(self) -> datetime:
        return self.clock[0]

    def subject(self, number: str = NUMBER) -> SubjectToken:
        return self.known_as("acme", parse(number))[0]

    def known_as(self, tenant: str, number: Number) -> tuple[SubjectToken, ...]:
        return (SubjectToken(tenant, "a", 1, hashlib.sha256(str(number.uri).encode()).digest()[:16]),)

    def require(
        self, purpose: str = "customer-care", source: Source = Source.CARRIER, fine: Granularity = Granularity.YES_NO
    ) -> Grant:
        """A Grant of this minute, under the newest consent of thirty days."""
        until = self.given + timedelta(days=30)
        standing = Standing(f"consent-{self.consents}", purpose, "acme-desk", fine, "consent", self.given, until)
        return mint(standing, self.subject(), source, self.now(), 1)


def camara_at(url: str, desk: Desk, ticks: Ticks) -> Camara:
    """A client of a carrier at this URL, in the time of a desk."""
    server = Issuer(url, CLIENT, ClientKey(PEM), Breaker("sign-in server", ticks), ticks, desk.now)
    tokens = Tokens(server, ticks, desk.now, ticks.sleep)
    return Camara(url, tokens, desk.known_as, _tls(), ticks, desk.now)


@cache
def _tls() -> ssl.SSLContext:
    """Reading whom the system trusts takes as long as a test."""
    return ssl.create_default_context()
