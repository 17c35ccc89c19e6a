"""What passes in and out of the vault: subject tokens, permissions, location tokens. Values only, no I/O.

Rules held here:
- A subject token is a keyed digest of a number under its tenant's key. It names suite and key version, and its text can
  be logged: it tells no number to whoever has not the key. It is personal data all the same (PIPL art. 73 (3)).
- No text form here can be read as a phone number: what was random or a digest is written in the letters a to p.
- Tokens are compared in constant time.
"""

from __future__ import annotations

import hmac
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from haoma.errors import BadInput, Tampered

__all__ = [
    "MAC_BYTES",
    "NUMBER",
    "Permission",
    "SubjectToken",
    "actor_name",
    "as_letters",
    "check_tenant",
    "from_letters",
    "sealed_context",
    "token_prefix",
]

MAC_BYTES = 16  # 128 bits of an HMAC: two of 10^10 numbers collide with a chance of 10^-19
NUMBER = "number"  # what a sealed number is sealed as
_TENANT = re.compile(r"(?!.*[0-9]{3})[a-z][a-z0-9-]{0,23}", re.ASCII)
_TEXT = re.compile(r"([a-z][a-z0-9-]{0,23})\.([a-z])([1-9][0-9]{0,3})\.([a-p]{32})", re.ASCII)
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")


def as_letters(data: bytes) -> str:
    """Bytes in the letters a to p, two for each.

    >>> as_letters(bytes([0, 255]))
    'aapp'
    """
    return data.hex().translate(_LETTERS)


def from_letters(text: str) -> bytes:
    """The bytes that `as_letters` wrote."""
    return bytes.fromhex(text.translate(_DIGITS))


@lru_cache(maxsize=4_096)
def actor_name(kind: str, id_: str) -> str:
    """A person or a key, by their UUID, as audit rows name who acts: in letters, for digits could look like a number.

    >>> actor_name("person", "00000000-0000-4000-8000-000000000000")
    'person:aaaaaaaaaaaaeaaaiaaaaaaaaaaaaaaa'
    """
    return f"{kind}:{as_letters(uuid.UUID(id_).bytes)}"


def check_tenant(tenant: str) -> str:
    """The tenant's name, if it is one; raises BadInput where not."""
    if _TENANT.fullmatch(tenant) is None:
        message = "a tenant is called by 1 to 24 of a-z, 0-9 and -, begins with a letter, and has no 3 digits in a row"
        raise BadInput(message, hint="acme, bank-2, eu-west")
    return tenant


def sealed_context(context: str, scope: str) -> bytes:
    """What sealed bytes are bound to: what they are, and the subject and purpose (`<token>/<purpose>`) of their key."""
    return f"{context} {scope}".encode()


def token_prefix(tenant: str, letter: str, version: int) -> str:
    """What all tokens of one key begin with."""
    return f"{tenant}.{letter}{version}."


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SubjectToken:
    """Stands for the holder of one number within one tenant. `letter` names the suite, `version` the tenant's key.

    >>> token = SubjectToken("acme", "a", 1, bytes(16))
    >>> str(token)
    'acme.a1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    >>> SubjectToken.parse(str(token)) == token
    True
    """

    tenant: str
    letter: str
    version: int
    mac: bytes

    @classmethod
    def parse(cls, text: str) -> SubjectToken:
        """Read the text form; raises BadInput, without the text, for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            message = "this is no subject token"
            raise BadInput(message, hint="one is a tenant, a suite with a key version, and 32 letters: acme.a1.…")
        return cls(check_tenant(found[1]), found[2], int(found[3]), from_letters(found[4]))

    @classmethod
    def of_row(cls, text: str) -> SubjectToken:
        """Read a token that haoma wrote into a row; raises Tampered for anything else."""
        try:
            return cls.parse(text)
        except BadInput:
            message = "a row names a subject that is no token"
            raise Tampered(message, hint="put a backup back: haoma db restore") from None

    def __str__(self) -> str:
        return _token_text(self.tenant, self.letter, self.version, self.mac)

    def __repr__(self) -> str:
        return f"SubjectToken({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubjectToken) and hmac.compare_digest(str(self).encode(), str(other).encode())

    def __hash__(self) -> int:
        return hash(str(self))


@lru_cache(maxsize=4_096)
def _token_text(tenant: str, letter: str, version: int, mac: bytes) -> str:
    """A token's text, which a question about one subject asks for a dozen times."""
    return f"{token_prefix(tenant, letter, version)}{as_letters(mac)}"


class Permission(Protocol):
    """What has to be held to open anything: it is for one subject and one purpose, and ends. `consent` makes them."""

    @property
    def subject(self) -> SubjectToken:
        """Whom it is about."""

    @property
    def purpose(self) -> str:
        """The one purpose."""

    @property
    def until(self) -> datetime:
        """When it ends, aware."""
