"""Custody: who keeps the keys that wrap all other keys, and signs. The port, and what its adapters share.

Rules held here:
- A wrapping key never leaves its custody: data keys are sent to be wrapped and unwrapped, data never is.
- What was wrapped says under which version: `<version>.` before the bytes. Versions count from 1, and the newest wraps.
- A custody that does not answer is Unavailable: whoever needed a key is refused, nothing is done without it.
- Signatures are Ed25519 (RFC 8032); who has the public keys can verify them without the custody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from haoma.errors import BadInput, Tampered

__all__ = ["Custody", "check_name", "packed", "unpacked", "version_of"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


class Custody(Protocol):
    """Keeps named, versioned keys. `wrap` and `sign` make the first version of a name that has none."""

    def wrap(self, name: str, key: bytes) -> bytes:
        """The key, wrapped under the newest version of `name`."""

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """The key again; Tampered where the bytes are not ours, Unavailable where that version is gone."""

    def sign(self, name: str, data: bytes) -> bytes:
        """64 bytes of Ed25519 under the newest version of the signing key `name`."""

    def public_keys(self, name: str) -> Mapping[int, bytes]:
        """Version → 32 bytes of every public key of the signing key `name`; empty where there is none."""

    def versions(self, name: str) -> tuple[int, ...]:
        """The versions there are of the wrapping key `name`, ascending; empty where there is none."""

    def rotate(self, name: str) -> int:
        """Make a new version of the wrapping key `name`, which wraps from now on; returns its number."""

    def forget(self, name: str, below: int) -> None:
        """Destroy every version of the wrapping key `name` below this one: what they wrapped never opens again."""


def check_name(name: str) -> str:
    """The name of a key, if it is one; raises BadInput where not."""
    if _NAME.fullmatch(name) is None:
        message = "a key in custody is called by 1 to 32 of a-z, 0-9 and -, and begins with a letter"
        raise BadInput(message)
    return name


def packed(version: int, data: bytes) -> bytes:
    """Wrapped bytes with the version that wrapped them."""
    return b"%d." % version + data


def unpacked(wrapped: bytes) -> tuple[int, bytes]:
    """Version and wrapped bytes; raises Tampered where there is no version."""
    version, dot, data = wrapped.partition(b".")
    if not dot or not version.isdigit() or len(version) > 6:
        message = "a wrapped key does not say what wrapped it"
        raise Tampered(message, hint="put the key store back from its backup")
    return int(version), data


def version_of(wrapped: bytes) -> int:
    """The version that wrapped these bytes."""
    return unpacked(wrapped)[0]
