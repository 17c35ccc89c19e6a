"""A data key as its row holds it: wrapped together with what it is, so that it opens as that and as nothing else.

Rules held here:
- Kind, scope, version, suite and name of a key are wrapped with it. A row that says another of them, or holds the bytes
  of another row, is Tampered: no key passes for that of another subject, purpose, tenant, version or suite.
- Keys that were wrapped by haoma before that are held to kind and scope, until custody's key is rotated next.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from haoma.errors import Tampered
from haoma.vault.custody import Custody
from haoma.vault.suites import KEY_BYTES, SUITES, Suite

__all__ = ["CUSTODY_NAME", "Key", "KeyRow", "Kind", "opened", "owner_of", "wrapped"]

CUSTODY_NAME = "haoma-keys"
BINDING = 16


class Kind(StrEnum):
    """What a key is for."""

    PSEUDONYM = "pseudonym"
    SEAL = "seal"
    COMMITMENT = "commitment"
    TOKEN = "token"  # noqa: S105 - the word, not a secret


_KINDS = {str(kind): kind for kind in Kind}
_SUITES = {suite.name: suite for suite in SUITES}


@dataclass(frozen=True, slots=True)
class Key:
    """One data key. Printing it shows its name alone."""

    key_id: str
    kind: Kind
    scope: str = field(repr=False)
    version: int
    suite: Suite = field(repr=False)
    secret: bytes = field(repr=False, compare=False)


class KeyRow(NamedTuple):
    """What a key is opened out of, as its row has it."""

    key_id: str
    kind: str
    scope: str
    owner: str
    version: int
    suite: str
    wrapped: bytes


def owner_of(scope: str) -> str:
    """Whose the keys of a scope are: of a sealing key, the subject token in `<token>/<purpose>`."""
    return scope.partition("/")[0]


def wrapped(custody: Custody, key: Key) -> bytes:
    """A key and what it is, as custody wraps them."""
    return custody.wrap(CUSTODY_NAME, key.secret + _whole(key))


def opened(custody: Custody, row: KeyRow) -> Key:
    """The key of a row; raises Tampered where it is not the one that the row says, as custody does besides."""
    found = custody.unwrap(CUSTODY_NAME, row.wrapped)
    secret, binding = found[:KEY_BYTES], found[KEY_BYTES:]
    suite, kind = _SUITES.get(row.suite), _KINDS.get(row.kind)
    if suite is None or kind is None or row.owner != owner_of(row.scope):
        raise _another()
    key = Key(row.key_id, kind, row.scope, row.version, suite, secret)
    if not (hmac.compare_digest(binding, _whole(key)) or hmac.compare_digest(binding, _of_before(key))):
        raise _another()
    return key


def _whole(key: Key) -> bytes:
    return _digest(f"{key.kind} {key.scope} {key.version} {key.suite.name} {key.key_id}")


def _of_before(key: Key) -> bytes:
    return _digest(f"{key.kind} {key.scope}")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:BINDING]


def _another() -> Tampered:
    message = "a key in the key store is not the one of its name"
    return Tampered(message, hint="put the key store back from its backup")
