"""Passwords: which are taken, and how they are kept.

Rules held here:
- Argon2id, 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet), in its own text form with its salt.
- 12 to 128 characters, in any alphabet, without rules of composition (OWASP ASVS 5.0 §6.2.1, §6.2.5); it does not
  hold the login, and has six different characters at least.
- Whoever has no password costs as much to check as whoever has one.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from haoma.errors import BadInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["check_password", "hash_password", "verify_password"]

SHORTEST, LONGEST, DIFFERENT = 12, 128, 6
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1


def check_password(password: str, login: str) -> None:
    """Raise BadInput for a password that is too easy to guess; it is not in the message."""
    hint = f"{SHORTEST} to {LONGEST} characters of any kind; a few words do"
    if not SHORTEST <= len(_normal(password)) <= LONGEST:
        raise BadInput("the password is too short or too long", hint=hint)
    if login.casefold() in password.casefold() or len(set(password)) < DIFFERENT:
        raise BadInput("the password holds the login, or the same characters again and again", hint=hint)


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return _argon2().hash(_normal(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether this is the password; with None nothing is, after the same time."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _argon2().verify(stored or _nobody(), _normal(password[: LONGEST * 4]))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _normal(password: str) -> str:
    # NIST SP 800-63B §3.1.1.2: the same characters typed on another keyboard are the same password.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


@cache
def _argon2() -> PasswordHasher:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)


@cache
def _nobody() -> str:
    return hash_password("the password of nobody")
