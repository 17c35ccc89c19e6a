"""Statements that verify offline: JSON signed as a compact JWS (RFC 7515) with `Ed25519` (RFC 8037, RFC 9864).

Rules held here:
- What is signed is RFC 8785 canonical JSON; a type in the header keeps one kind of statement from passing for another.
- A key is named by its RFC 7638 thumbprint. Who has the JWKS (RFC 7517) of the custody needs nothing else to verify.
- No other algorithm is taken, and none out of the statement itself: `none` and `HS256` do not verify.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from haoma.errors import BadInput, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json
from haoma.vault.custody import Custody

__all__ = ["KEY", "Jwks", "jwks_of", "sign", "verify"]

KEY = "consent"
LONGEST = 65_536
Jwks = Mapping[str, list[dict[str, str]]]


def jwks_of(custody: Custody) -> dict[str, list[dict[str, str]]]:
    """The public keys that statements are signed with, as a JWKS; the first one is made where there is none."""
    if not custody.public_keys(KEY):
        custody.sign(KEY, b"")
    return {"keys": [_jwk(public) for _, public in sorted(custody.public_keys(KEY).items())]}


def sign(custody: Custody, kind: str, body: Mapping[str, Json]) -> str:
    """The statement as a compact JWS; raises Unavailable where custody does not answer."""
    newest = jwks_of(custody)["keys"][-1]
    header = canonical({"alg": "Ed25519", "kid": newest["kid"], "typ": kind})
    signed = f"{_coded(header)}.{_coded(canonical(dict(body)))}"
    return f"{signed}.{_coded(custody.sign(KEY, signed.encode()))}"


def verify(text: str, kind: str, keys: Jwks) -> dict[str, Json]:
    """What the statement says, when one of these keys signed it as one of this kind.

    Raises BadInput where it is no such statement, Tampered where no key of the JWKS signed it.
    """
    try:
        head, body, signature = (part.encode("ascii") for part in text[:LONGEST].strip().split("."))
        header, said = json.loads(_plain(head)), json.loads(_plain(body))
        public = {one["kid"]: _plain(one["x"].encode("ascii")) for one in keys["keys"] if one.get("crv") == "Ed25519"}
        plain = header.keys() == {"alg", "kid", "typ"} and header["alg"] == "Ed25519" and header["typ"] == kind
        key = public.get(header["kid"]) if plain else None
        bare = _plain(signature)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        plain = False
    if not plain or not isinstance(said, dict):
        message = "this is no statement of the kind that was asked for"
        raise BadInput(message, hint=f"a compact JWS, three parts with dots between, of type {kind}")
    if key is None or not _verifies(key, head + b"." + body, bare):
        message = "no key that was given signed this"
        raise Tampered(message, hint="it was changed, or is of another instance: get its keys from there")
    return said


def _verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _jwk(public: bytes) -> dict[str, str]:
    key = {"crv": "Ed25519", "kty": "OKP", "x": _coded(public)}
    return key | {"alg": "Ed25519", "kid": _coded(hashlib.sha256(canonical(dict(key))).digest()), "use": "sig"}


def _coded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _plain(text: bytes) -> bytes:
    data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if _coded(data).encode() != text:
        raise ValueError  # another spelling of the same bytes
    return data
