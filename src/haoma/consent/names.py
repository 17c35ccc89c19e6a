"""Names that others give to calls, cases and recipients: short, without room for a phone number."""

from __future__ import annotations

import re

from haoma.numbers import parse

__all__ = ["is_name", "is_recipient"]

_NAME = re.compile(r"(?!.*[0-9]{10})[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_RECIPIENT = re.compile(r"(?!.*[0-9]{3})[a-z][a-z0-9-]{0,31}", re.ASCII)
SHORTEST = 7  # digits of a subscriber's number


def is_name(text: str) -> bool:
    """Whether this may name a call or a case.

    >>> is_name("call-2026-11-22-0110"), is_name("138-0013-8000"), is_name("call of Mr Li")
    (True, False, False)
    """
    digits = sum(character.isdigit() for character in text)
    return _NAME.fullmatch(text) is not None and not (digits >= SHORTEST and parse(text).valid)


def is_recipient(text: str) -> bool:
    """Whether this may name whom a place is told to.

    >>> is_recipient("acme-desk"), is_recipient("13700138108")
    (True, False)
    """
    return _RECIPIENT.fullmatch(text) is not None
