"""The key by which this instance is known to a carrier: `private_key_jwt` (RFC 7523; OpenID Connect Core 1.0 §9).

Rules held here:
- The key lies in a PEM file of its own, which nobody but its owner can read: P-256 (ES256), Ed25519 or RSA (PS256).
- An assertion is good once and for a minute. It is for the issuer alone, so that what another server is shown, or makes
  us send, is of no use to it (CVE-2025-27370).
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from haoma.errors import BadInput
from haoma.ledger.canonical import canonical
from haoma.ledger.key_file import read_private
from haoma.vault.model import as_letters

__all__ = ["LIFE_S", "ClientKey"]

LIFE_S = 60
SHORTEST_RSA = 2048
_HINT = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out carrier.pem && chmod 600 carrier.pem"


class ClientKey:
    """A private key that signs assertions. `jwk` is its public half, for the carrier."""

    def __init__(self, pem: bytes) -> None:
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise BadInput("camara_key_file holds no private key without a passphrase, in PEM", hint=_HINT) from None
        self._sign: Callable[[bytes], bytes]
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            algorithm, public, self._sign = "ES256", _ec_jwk(key.public_key()), lambda data: _es256(key, data)
        elif isinstance(key, Ed25519PrivateKey):
            raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            algorithm, public, self._sign = "EdDSA", {"crv": "Ed25519", "kty": "OKP", "x": _coded(raw)}, key.sign
        elif isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SHORTEST_RSA:
            algorithm, public, self._sign = "PS256", _rsa_jwk(key.public_key()), lambda data: _ps256(key, data)
        else:
            raise BadInput("camara_key_file holds a key of another kind", hint=f"P-256, Ed25519 or RSA: {_HINT}")
        kid = _coded(hashlib.sha256(canonical(dict(public))).digest())  # RFC 7638
        self.jwk: Mapping[str, str] = public | {"alg": algorithm, "kid": kid, "use": "sig"}

    @classmethod
    def read(cls, path: Path) -> ClientKey:
        """The key in a file; raises BadInput where there is none, Refused where others can read it."""
        try:
            return cls(read_private(path))
        except OSError as error:
            message = f"{path}: the file that camara_key_file names cannot be read ({error.strerror})"
            raise BadInput(message, hint=_HINT) from None

    def assertion(self, client_id: str, issuer: str, now: datetime) -> str:
        """Say who we are, to one issuer, once."""
        at = int(now.timestamp())
        claims = {"aud": issuer, "exp": at + LIFE_S, "iat": at, "iss": client_id, "sub": client_id}
        header = {"alg": self.jwk["alg"], "kid": self.jwk["kid"], "typ": "JWT"}
        body = canonical({**claims, "jti": as_letters(secrets.token_bytes(16))})
        signed = f"{_coded(canonical({**header}))}.{_coded(body)}"
        return f"{signed}.{_coded(self._sign(signed.encode()))}"


def _es256(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    # RFC 7518 §3.4: both numbers side by side, and not in DER.
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _ps256(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    return key.sign(data, padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size), SHA256())


def _ec_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (_coded(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _rsa_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    e, n = (_coded(one.to_bytes((one.bit_length() + 7) // 8, "big")) for one in (numbers.e, numbers.n))
    return {"e": e, "kty": "RSA", "n": n}


def _coded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
