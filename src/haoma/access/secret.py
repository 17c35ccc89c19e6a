"""Secrets: made, compared, and kept so that a copy of the database is of no use to whoever has it.

Rules held here:
- A token is 32 random bytes. It is shown once; its SHA-256 is stored, and needs no salt, for nobody tries 2^256.
- What must be read again (a TOTP secret, a shared key) is sealed with AES-SIV (RFC 5297), bound to what it is for.
- Comparing takes as long for a wrong secret as for the right one.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Protocol

from haoma.errors import Tampered
from haoma.vault.custody import Custody

__all__ = ["CustodySealing", "Sealing", "SealingKey", "digest_of", "new_token"]

CUSTODY_NAME = "access"
KEY_BYTES = 64


class Sealing(Protocol):
    """Seals small secrets; whoever wires the services says under which key."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """The secret, readable again with the same purpose alone."""

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed; raises Tampered for another purpose, another key or changed bytes."""


class SealingKey:
    """Seals under a key of 64 bytes (AES-256-SIV)."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._siv = AESSIV(key)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """See `Sealing.seal`."""
        return self._siv.encrypt(secret, [purpose.encode()])

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """See `Sealing.unseal`."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._siv.decrypt(sealed, [purpose.encode()])
        except (InvalidTag, ValueError):
            raise Tampered(
                "a sealed secret does not open", hint="it was changed, or sealed in another custody"
            ) from None


class CustodySealing:
    """Seals each secret under a key of its own, which the custody wraps: two bytes of length, that key, the secret."""

    def __init__(self, custody: Custody) -> None:
        self._custody = custody

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """See `Sealing.seal`."""
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = self._custody.wrap(CUSTODY_NAME, key)
        return len(wrapped).to_bytes(2, "big") + wrapped + SealingKey(key).seal(secret, purpose)

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """See `Sealing.unseal`."""
        end = 2 + int.from_bytes(sealed[:2], "big")
        key = self._custody.unwrap(CUSTODY_NAME, sealed[2:end])
        return SealingKey(key).unseal(sealed[end:], purpose)


def new_token(kind: str) -> str:
    """A new token, to be shown once: `haoma_KIND_` and 43 characters, so that a scanner finds one that leaked.

    >>> len(new_token("session"))
    57
    """
    return f"haoma_{kind}_{secrets.token_urlsafe(32)}"


def digest_of(token: str) -> bytes:
    """What is stored of a token, and looked up by."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
