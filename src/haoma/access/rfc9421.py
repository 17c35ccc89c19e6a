"""HTTP requests that are signed (RFC 9421), so that what arrives is what was sent, by whom it says, and now.

Rules held here:
- A request has one signature, tagged `haoma`. It covers @method and @target-uri, Content-Digest (RFC 9530) where there
  is a body, and Content-Digest, Content-Type and Date wherever they stand; alg, created, keyid and nonce are needed.
- The algorithm is the key's, never the request's choice: hmac-sha256 or ed25519.
- `created` lies at most 300 seconds back and 30 ahead.
- What does not verify is refused in one way. Pure: the time is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import http_sf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_sf.compat import InnerList

from haoma.errors import Refused

__all__ = ["AHEAD", "WINDOW", "Request", "Verified", "key_id_of", "not_let_in", "sign_request", "verify_request"]

WINDOW, AHEAD = timedelta(seconds=300), timedelta(seconds=30)
TAG, LABEL = "haoma", "haoma"
SHORTEST_NONCE, LONGEST_NONCE = 16, 128
ALWAYS = ("@method", "@target-uri")
WHERE_THERE = ("content-digest", "content-type", "date")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived: method, absolute URL, header lines in their order, body before any decoding."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def has(self, name: str) -> bool:
        """Whether a header of this name, in lower case, stands in it."""
        return any(each.lower() == name for each, _ in self.headers)

    @property
    def covered(self) -> tuple[str, ...]:
        """What a signature of this request has to cover."""
        there = tuple(name for name in WHERE_THERE if self.has(name) or (name == "content-digest" and self.body))
        return ALWAYS + there


class Verified(NamedTuple):
    """What a signature says beside what it covers."""

    key_id: str
    nonce: str
    created: datetime


def key_id_of(request: Request) -> str:
    """Whose signature a request says it carries, unverified; raises Refused where it carries none, or several."""
    lines = [value for name, value in request.headers if name.lower() == "signature-input"]
    try:
        found: Any = http_sf.parse(", ".join(lines).encode("ascii"), tltype="dictionary")
        ((_, parameters),) = found.values()
        key_id = parameters["keyid"]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise not_let_in("it carries no signature, or more than one") from None
    return key_id if isinstance(key_id, str) else ""


def verify_request(request: Request, kind: str, key: bytes, now: datetime) -> Verified:
    """Check a request's signature under a key of this kind (hmac-sha256: the secret; ed25519: 32 bytes, public).

    Raises Refused where it does not hold, does not cover what it must, or is of another time.
    """
    try:
        (found,) = _AtTime(kind, key, now).verify(
            _Message(request), max_age=WINDOW, expect_tag=TAG, require_components=request.covered, body=request.body
        )
    except (HTTPMessageSignaturesException, ValueError, TypeError, AttributeError, RecursionError):
        raise not_let_in("its signature does not hold for what arrived") from None
    told = found.parameters
    nonce = told.get("nonce")
    if "alg" not in told or not isinstance(nonce, str) or not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise not_let_in(f"it has no alg, or no nonce of {SHORTEST_NONCE} to {LONGEST_NONCE} characters")
    return Verified(str(told["keyid"]), nonce, datetime.fromtimestamp(int(told["created"]), UTC))


def sign_request(request: Request, key_id: str, kind: str, key: bytes, nonce: str, now: datetime) -> Request:
    """The request with Content-Digest, Signature-Input and Signature (ed25519: 32 bytes, private)."""
    message = _Message(request)
    own = key if kind == "hmac-sha256" else Ed25519PrivateKey.from_private_bytes(key)
    signer = HTTPMessageSigner(signature_algorithm=_algorithm(kind), key_resolver=_Key(own))
    signer.sign(
        message,
        key_id=key_id,
        created=now,
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=request.covered if request.has("content-digest") else _but_digest(request.covered),
        body=request.body or None,
        use_existing_digest=request.has("content-digest"),
    )
    return Request(request.method, request.url, tuple(message.headers.items()), request.body)


def _but_digest(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "content-digest")


class _Headers(dict[str, str]):
    """Header lines in their order; lines of one name are one value (RFC 9110 §5.3)."""

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in lines:
            known = next((each for each in self if each.lower() == name.lower()), name)
            self[known] = f"{self[known]}, {value}" if known in self else value


class _Message:
    """A request as the library takes it."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.url = request.url
        self.headers = _Headers(request.headers)


class _Key(HTTPSignatureKeyResolver):
    """One key, whatever a request calls it."""

    def __init__(self, key: bytes | Ed25519PublicKey | Ed25519PrivateKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> bytes | Ed25519PublicKey | Ed25519PrivateKey:
        """See `HTTPSignatureKeyResolver`."""
        return self._key

    def resolve_private_key(self, key_id: str) -> bytes | Ed25519PublicKey | Ed25519PrivateKey:
        """See `HTTPSignatureKeyResolver`."""
        return self._key


class _AtTime(HTTPMessageVerifier):
    """The library's verifier, at a time that is given."""

    def __init__(self, kind: str, key: bytes, now: datetime) -> None:
        known = key if kind == "hmac-sha256" else Ed25519PublicKey.from_public_bytes(key)
        super().__init__(signature_algorithm=_algorithm(kind), key_resolver=_Key(known))
        self._now_s = now.timestamp()

    def validate_created_and_expires(self, sig_input: InnerList, max_age: timedelta | None = None) -> None:
        """Raise where the signature is of another time."""
        created, expires = sig_input.params.get("created"), sig_input.params.get("expires", 2**40)
        if type(created) is not int or type(expires) is not int:
            raise InvalidSignature("a time is missing, or none")
        of_now = -AHEAD.total_seconds() <= self._now_s - created <= (max_age or WINDOW).total_seconds()
        if not of_now or self._now_s >= expires:
            raise InvalidSignature("of another time")


def _algorithm(kind: str) -> type[HTTPSignatureAlgorithm]:
    return algorithms.HMAC_SHA256 if kind == "hmac-sha256" else algorithms.ED25519


def not_let_in(why: str) -> Refused:
    """The refusal of a request."""
    return Refused(f"this request is not let in: {why}", hint="docs/guide/access.md tells how a request is signed")
