"""The forms that a field of an entry may have: what passes.

Rules held here:
- There is no form for free text: digests, commitments, counts, times and words out of a closed alphabet are all.
- A word holds at most six digits in a row: no phone number passes for one.
- Numbers are whole: confidence is ppm, money is fen.
- What passes is of an exact type and has one spelling as JSON, without escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

__all__ = ["FORMS", "LARGEST", "LONGEST_LIST", "PATTERNS", "Json", "Passes", "is_word", "listed", "time_text"]

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
Passes: TypeAlias = Callable[[Json], bool]

LARGEST = 2**53 - 1  # RFC 8785 §3.2.2.3: what every JSON reader keeps exactly
LONGEST_LIST = 1_024
KNOWN = 1_024

PATTERNS = {
    "digest": r"[0-9a-f]{64}",
    "commitment": r"[a-z][a-z0-9-]{0,31}:[0-9a-f]{64}",
    "word": r"(?!.*[0-9]{7})[a-z][a-z0-9._-]{0,63}",
    "time": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}


def _text(pattern: str) -> Passes:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: type(value) is str and matches(value) is not None


def _word(pattern: str) -> Passes:
    """As `_text`, for what is out of a short list nearly always: words that passed are known again."""
    matches = re.compile(pattern, re.ASCII).fullmatch
    known = set[str]()

    def passes(value: Json) -> bool:
        if type(value) is not str or (value not in known and matches(value) is None):
            return False
        if len(known) < KNOWN:
            known.add(value)
        return True

    return passes


def _whole(largest: int) -> Passes:
    return lambda value: type(value) is int and 0 <= value <= largest


def _flag(value: Json) -> bool:
    return type(value) is bool


def listed(passes: Passes) -> Passes:
    """The form of a list of at most 1,024 values of a form."""
    return lambda value: type(value) is list and len(value) <= LONGEST_LIST and all(map(passes, value))


FORMS: Mapping[str, Passes] = MappingProxyType(
    {name: _text(pattern) for name, pattern in PATTERNS.items()}
    | {"word": _word(PATTERNS["word"]), "count": _whole(LARGEST), "ppm": _whole(1_000_000), "flag": _flag}
)


def is_word(value: object) -> bool:
    """Whether this names a type or a field of an entry.

    >>> is_word("file.recorded"), is_word("13800138000")
    (True, False)
    """
    return isinstance(value, str) and FORMS["word"](value)


def time_text(at: datetime) -> str:
    """A time in the form `time`: UTC as RFC 3339 writes it, with microseconds.

    >>> time_text(datetime.fromisoformat("2026-11-22T08:00:00+08:00"))
    '2026-11-22T00:00:00.000000Z'
    """
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"
