"""Suites of algorithms, and nothing of keys: the same five verbs over AES and SHA-2, or over SM4 and SM3.

Rules held here:
- `aes-sha2` is HMAC-SHA-256 (FIPS 198-1), HKDF-SHA-256 (RFC 5869) and AES-256-SIV (RFC 5297).
- `sm4-sm3` is HMAC-SM3, HKDF-SM3 and SM4 in the SIV composition: the tag is an HMAC-SM3 over lengths, context and text,
  cut to 128 bits, and the first counter block of SM4-CTR (GB/T 32905, GB/T 32907; docs/adr/0013-vault.md).
- Sealing is deterministic and needs no nonce that could be used twice; equal texts under one key and context are equal.
- Texts are filled up to 32 bytes before they are sealed, so that a length tells little.
- What was sealed for one context does not open in another.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hmac import HMAC

from haoma.errors import BadInput, Tampered

__all__ = ["KEY_BYTES", "SUITES", "Sealer", "Suite", "suite_named", "suite_of_letter"]

KEY_BYTES = 32
FILL = 32
TAG = 16
_SHA256_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))

Digester: TypeAlias = Callable[[bytes], Callable[[bytes], bytes]]


class Sealer(Protocol):
    """Seals and opens under one key."""

    def seal(self, text: bytes, context: bytes) -> bytes:
        """The sealed bytes."""

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The text; raises Tampered where key, context or bytes are not those it was sealed with."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One set of algorithms. `letter` stands for it in tokens; all keys are 32 random bytes.

    `digester(key)` prepares the key once and returns a function from a message to its 32 bytes of HMAC.
    """

    name: str
    letter: str
    digester: Digester
    sealer: Callable[[bytes], Sealer]
    derive: Callable[[bytes, bytes], bytes]

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC under a key that is used once.

        >>> suite_named("sm4-sm3").mac(bytes(32), b"").hex()[:8]
        '0d23f72b'
        """
        return self.digester(key)(data)


def suite_named(name: str) -> Suite:
    """The suite of this name; raises BadInput for another."""
    found = next((suite for suite in SUITES if suite.name == name), None)
    if found is None:
        raise BadInput(f"there is no suite {name[:32]!r}", hint=f"vault_suite: {', '.join(one.name for one in SUITES)}")
    return found


def suite_of_letter(letter: str) -> Suite:
    """The suite that a token names; raises BadInput for another."""
    found = next((suite for suite in SUITES if suite.letter == letter), None)
    if found is None:
        message = "a token names a suite that this haoma has not"
        raise BadInput(message)
    return found


def _hmac_sha256(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC with its two pads hashed once: twice as fast as hmac.digest for a short message."""
    if len(key) > _SHA256_BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_SHA256_BLOCK, b"\0")
    inner = hashlib.sha256(block.translate(_INNER))
    outer = hashlib.sha256(block.translate(_OUTER))

    def digest(message: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    return digest


def _hmac_sm3(key: bytes) -> Callable[[bytes], bytes]:
    prepared = HMAC(key, hashes.SM3())

    def digest(message: bytes) -> bytes:
        one = prepared.copy()
        one.update(message)
        return one.finalize()

    return digest


def _derive(digester: Digester, key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """HKDF without salt (RFC 5869 §2.2 and §2.3)."""
    expand = digester(_extract(digester)(key))
    done = block = b""
    for number in range(1, -(-length // KEY_BYTES) + 1):
        block = expand(block + info + bytes([number]))
        done += block
    return done[:length]


@cache
def _extract(digester: Digester) -> Callable[[bytes], bytes]:
    return digester(bytes(KEY_BYTES))


class _AesSiv:
    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(_derive(_hmac_sha256, key, b"haoma vault aes-256-siv", 64))

    def seal(self, text: bytes, context: bytes) -> bytes:
        return self._siv.encrypt(_filled(text), [context])

    def open(self, sealed: bytes, context: bytes) -> bytes:
        try:
            return _emptied(self._siv.decrypt(sealed, [context]))
        except (InvalidTag, ValueError):
            raise _unreadable() from None


class _Sm4Siv:
    def __init__(self, key: bytes) -> None:
        self._mac = _hmac_sm3(_derive(_hmac_sm3, key, b"haoma vault sm4-siv tag"))
        self._key = SM4(_derive(_hmac_sm3, key, b"haoma vault sm4-siv text", 16))

    def seal(self, text: bytes, context: bytes) -> bytes:
        filled = _filled(text)
        tag = self._tag(filled, context)
        return tag + self._counter(tag, filled)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        tag, rest = sealed[:TAG], sealed[TAG:]
        if len(tag) == TAG:
            filled = self._counter(tag, rest)
            if hmac.compare_digest(tag, self._tag(filled, context)):
                return _emptied(filled)
        raise _unreadable()

    def _tag(self, filled: bytes, context: bytes) -> bytes:
        return self._mac(len(context).to_bytes(8, "big") + context + filled)[:TAG]

    def _counter(self, tag: bytes, text: bytes) -> bytes:
        return Cipher(self._key, CTR(tag)).encryptor().update(text)


def _filled(text: bytes) -> bytes:
    """ISO/IEC 7816-4: a byte 0x80, then zeros up to the next 32."""
    return text + b"\x80" + bytes(-(len(text) + 1) % FILL)


def _emptied(filled: bytes) -> bytes:
    text, mark, rest = filled.rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise _unreadable()
    return text


def _unreadable() -> Tampered:
    return Tampered("sealed bytes do not open: they, or what they belong to, were changed", hint="nothing was shown")


SUITES: tuple[Suite, ...] = (
    Suite("aes-sha2", "a", _hmac_sha256, _AesSiv, partial(_derive, _hmac_sha256)),
    Suite("sm4-sm3", "s", _hmac_sm3, _Sm4Siv, partial(_derive, _hmac_sm3)),
)
