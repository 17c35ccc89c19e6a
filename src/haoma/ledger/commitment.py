"""A commitment: a keyed digest that tells nothing of what it stands for, and nothing at all once its key is destroyed.

Rules held here:
- An entry of the log holds commitments to rows, never the rows or their bare digests: ten thousand million phone
  numbers are tried in minutes.
- The key belongs to a scope that can be forgotten (a subject and purpose, or one table). Whoever destroys it makes what
  was committed to unprovable, and leaves every proof of the log valid.
- Keys are somebody else's: `Commitments` is the port, and whoever wires the services fills it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import NamedTuple, Protocol

from haoma.errors import BadInput

__all__ = ["Commitment", "Commitments", "commit"]

_TEXT = re.compile(r"([a-z][a-z0-9-]{0,31}):([0-9a-f]{64})", re.ASCII)


class Commitment(NamedTuple):
    """HMAC-SHA-256 over a row's bytes under the key called `key_id`.

    >>> str(Commitment("facts-1", bytes(32)))[:15]
    'facts-1:0000000'
    """

    key_id: str
    mac: bytes

    def __str__(self) -> str:
        """The form that stands in an entry: key id, colon, the digest in hexadecimal."""
        return f"{self.key_id}:{self.mac.hex()}"

    @classmethod
    def parse(cls, text: str) -> Commitment:
        """Read the form that stands in an entry; raises BadInput for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            message = "this is no commitment; one looks like facts-1: and 64 hexadecimal digits"
            raise BadInput(message)
        return cls(found[1], bytes.fromhex(found[2]))


class Commitments(Protocol):
    """Keeps the keys of commitments."""

    def commit(self, scope: str, data: bytes) -> Commitment:
        """Commit to these bytes under the current key of the scope, which is made if need be."""

    def opens(self, commitment: Commitment, data: bytes) -> bool:
        """Whether the commitment stands for these bytes; raises NotFound where its key was destroyed."""


def commit(key_id: str, key: bytes, data: bytes) -> Commitment:
    """The commitment to these bytes under this key."""
    return Commitment(key_id, hmac.digest(key, data, hashlib.sha256))
