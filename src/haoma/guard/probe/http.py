"""A hotline behind HTTP: what an API of the company answers, and how its pages are fetched.

Rules held here:
- A GET, as the company's own callers make it: one deadline for the whole answer, 5 MB at most, no redirect followed.
- A token goes in one header, over HTTPS or to this machine alone. The number is in no URL; the hotline's names may be.
- What is not 200 cannot be told; an API that says 404 of the hotline says that nothing is there.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpcore

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import at_pointer, filled, in_pointer, in_url
from haoma.guard.probe.secret import Secret
from haoma.wire.line import Backend, Deadline

__all__ = ["Fetched", "HttpPlace", "fetch"]

LARGEST = 5_000_000
ANSWER_S = 15
_FAULTS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies at a URL: its bytes, None where nothing does (404), and what they are said to be."""

    body: bytes | None
    content_type: str


def fetch(url: str, accept: str, token: Secret | None = None, timeout_s: float = ANSWER_S) -> Fetched:
    """Fetch a URL; raises Unavailable for whatever is neither there nor known not to be."""
    headers = [("Accept", accept), ("Accept-Encoding", "identity"), ("User-Agent", "haoma-probe")]
    if token:
        headers.append(("Authorization", f"Bearer {token.read()}"))
    deadline = Deadline(time.monotonic, timeout_s, "the address")
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=Backend(deadline)
            ) as pool,
            pool.stream("GET", url, headers=headers) as answer,
        ):
            return _read(answer)
    except _FAULTS as error:
        raise Unavailable(f"the address does not answer ({type(error).__name__})") from None


def _read(answer: httpcore.Response) -> Fetched:
    given = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    if answer.status == 404:
        return Fetched(None, "")
    if answer.status != 200:
        raise Unavailable(f"the address answers with HTTP {answer.status}")
    if given.get(b"content-encoding", "identity").lower() != "identity":
        raise Unavailable("the answer is compressed, though nobody asked for that")
    data = bytearray()
    for chunk in answer.iter_stream():
        data += chunk
        if len(data) > LARGEST:
            raise Unavailable(f"the answer is larger than {LARGEST:,} bytes")
    return Fetched(bytes(data), given.get(b"content-type", ""))


@dataclass(frozen=True, slots=True)
class HttpPlace:
    """What a JSON Pointer finds in the answer of a URL; fills `Place`."""

    url: str
    pointer: str
    token: Secret | None = None

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        got = fetch(filled(self.url, asked, in_url), "application/json", self.token)
        if got.body is None:
            return []
        try:
            document = json.loads(got.body)
        except (ValueError, RecursionError):
            raise Unavailable("the answer is no JSON") from None
        return at_pointer(document, filled(self.pointer, asked, in_pointer))
