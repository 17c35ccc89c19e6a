"""How a carrier or whoever else is asked is reached: HTTPS, one deadline for a question, answers of a bounded size.

Rules held here:
- TLS 1.2 or later with a certificate that is checked; plain HTTP to this machine alone. Proxies in the environment are
  not used, cookies are not kept and redirects not followed.
- Number and token travel in bodies and in one header: no URL, message or log holds them.
- The deadline holds for everything together, also where the carrier sends a byte a second. Looking its name up is the
  system's own matter and its time.
- An answer is JSON of at most 64 KiB and not compressed; whatever else comes is Unavailable.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlencode, urlsplit

import httpcore

from haoma.errors import Unavailable
from haoma.wire.breaker import LONGEST_S, Breaker
from haoma.wire.strict import garbage, parsed

__all__ = ["FAULTS", "LARGEST", "Answer", "Backend", "Deadline", "Line", "asked", "is_plain_url", "wait_s"]

LARGEST = 65_536
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
T = TypeVar("T")
FAULTS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)


def is_plain_url(text: object, *, local: bool = True) -> bool:
    """Whether this is `https://host…` and nothing more: no name or password, no query. `local` lets http:// to here.

    >>> is_plain_url("https://api.carrier.example/camara"), is_plain_url("http://api.carrier.example")
    (True, False)
    """
    if not isinstance(text, str) or len(text) > 1024 or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    here = parts.hostname in LOOPBACK
    safe = (parts.scheme == "https" and (local or not here)) or (parts.scheme == "http" and here and local)
    return safe and bool(parts.hostname) and port != 0 and not ({"@", "\\"} & set(text) or {"?", "#"} & set(text))


class Deadline:
    """When a question has taken long enough. `clock` is monotonic, in seconds; `who` is asked, as errors call them."""

    def __init__(self, clock: Callable[[], float], seconds: float, who: str = "the carrier") -> None:
        self.who = who
        self._clock = clock
        self._end = clock() + seconds

    def left_s(self) -> float:
        """What is left; raises Unavailable where nothing is."""
        left = self._end - self._clock()
        if left <= 0:
            message = f"{self.who} did not answer in time"
            raise Unavailable(message, hint="ask again later, or go by what else is known")
        return left


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """Status and fields of one answer; no fields where it is an error that says nothing readable."""

    status: int
    body: Mapping[str, object]
    wait_s: float | None = None


class Line:
    """Connections for one question; a context manager that closes them."""

    def __init__(self, deadline: Deadline, tls: ssl.SSLContext, now: Callable[[], datetime]) -> None:
        self.deadline = deadline
        self._now = now
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=Backend(deadline))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def get(self, url: str) -> Answer:
        """What lies at a URL."""
        return self._ask("GET", url, {}, b"")

    def post_form(self, url: str, form: Mapping[str, str]) -> Answer:
        """Send a form (RFC 6749)."""
        return self._ask("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode())

    def post_json(self, url: str, token: str, correlator: str, body: Mapping[str, object]) -> Answer:
        """Ask a CAMARA interface, as whoever a token stands for."""
        return self.post(url, body, {"Authorization": f"Bearer {token}", "x-correlator": correlator})

    def post(self, url: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Answer:
        """Send JSON."""
        plain = {"Content-Type": "application/json", **headers}
        return self._ask("POST", url, plain, json.dumps(body, allow_nan=False).encode())

    def _ask(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        self.deadline.left_s()
        plain = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "haoma"}
        sent = [(name.encode(), value.encode()) for name, value in (plain | dict(headers)).items()]
        try:
            with self._pool.stream(method, url, headers=sent, content=content) as answer:
                return self._read(answer)
        except FAULTS as error:
            message = f"{self.deadline.who} does not answer ({type(error).__name__})"
            raise Unavailable(message, hint="ask again later, or go by what else is known") from None

    def _read(self, answer: httpcore.Response) -> Answer:
        data = b""
        for chunk in answer.iter_stream():
            data += chunk
            if len(data) > LARGEST:
                raise garbage()
        given: dict[bytes, list[bytes]] = {}
        for name, value in answer.headers:
            given.setdefault(name.lower(), []).append(value)
        waits = given.get(b"retry-after", [b""])[0].decode("latin-1")
        readable = _is_json(given)
        if answer.status != 200:
            return Answer(answer.status, _said(data) if readable else {}, wait_s(waits, self._now()))
        if not readable:
            raise garbage()
        return Answer(200, parsed(data))


def asked(breaker: Breaker, ask: Callable[[], Answer], read: Callable[[Answer], T]) -> T:
    """Ask through a breaker; what `read` cannot read counts as no answer, as do 429 and 5xx."""
    with breaker.trying() as attempt:
        answer = ask()
        if answer.status == 429 or answer.status >= 500:
            busy = answer.status == 429
            attempt.wait_s = answer.wait_s if answer.wait_s is not None or not busy else 30.0
            message = f"{breaker.who} {'takes no more questions for now' if busy else 'is out of order'}"
            raise Unavailable(message, hint="ask again later, or go by what else is known")
        return read(answer)


def wait_s(text: str, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, ten minutes at the most; None where it is none (RFC 9110 §10.2.3).

    >>> wait_s("120", datetime.now(UTC)), wait_s("soon", datetime.now(UTC))
    (120.0, None)
    """
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), LONGEST_S))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_S)


def _is_json(headers: Mapping[bytes, list[bytes]]) -> bool:
    kinds = headers.get(b"content-type", [])
    coded = [one for one in headers.get(b"content-encoding", []) if one.lower() != b"identity"]
    return len(kinds) == 1 and kinds[0].split(b";")[0].strip().lower() == b"application/json" and not coded


def _said(data: bytes) -> Mapping[str, object]:
    """What an error says, nothing where it cannot be read: its status says enough."""
    try:
        return parsed(data)
    except Unavailable:
        return {}


class Backend(httpcore.NetworkBackend):
    """Sockets that end with a deadline: httpcore's own time-outs begin anew with each byte."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A socket that is given up at the deadline, whatever time-out is asked for."""
        left_s = self._deadline.left_s()
        return _Stream(self._inner.connect_tcp(host, port, left_s, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left_s())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = self._deadline.left_s()
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
