"""The forms that a field of an entry may have: what passes, and how it is written as canonical JSON.

Rules held here:
- There is no form for free text: digests, commitments, counts, times and words out of a closed alphabet are all.
- A word holds at most six digits in a row: no phone number passes for one.
- Numbers are whole: confidence is ppm, money is fen.
- What passes has one spelling, without escapes, so that writing it is checking it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

__all__ = ["FORMS", "LARGEST", "LONGEST_LIST", "PATTERNS", "Json", "Write", "is_word", "listed", "time_text"]

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
Write: TypeAlias = Callable[[Json], "str | None"]

LARGEST = 2**53 - 1  # RFC 8785 §3.2.2.3: what every JSON reader keeps exactly
LONGEST_LIST = 1_024

PATTERNS = {
    "digest": r"[0-9a-f]{64}",
    "commitment": r"[a-z][a-z0-9-]{0,31}:[0-9a-f]{64}",
    "word": r"(?!.*[0-9]{7})[a-z][a-z0-9._-]{0,63}",
    "time": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}


def _text(pattern: str) -> Write:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: f'"{value}"' if type(value) is str and matches(value) else None


def _whole(largest: int) -> Write:
    return lambda value: str(value) if type(value) is int and 0 <= value <= largest else None


def _flag(value: Json) -> str | None:
    return None if type(value) is not bool else "true" if value else "false"


def listed(write: Write) -> Write:
    """The form of a list of at most 1,024 values of a form."""

    def write_list(value: Json) -> str | None:
        if type(value) is not list or len(value) > LONGEST_LIST:
            return None
        texts = [text for text in map(write, value) if text is not None]
        return f"[{','.join(texts)}]" if len(texts) == len(value) else None

    return write_list


FORMS: Mapping[str, Write] = MappingProxyType(
    {name: _text(pattern) for name, pattern in PATTERNS.items()}
    | {"count": _whole(LARGEST), "ppm": _whole(1_000_000), "flag": _flag}
)


def is_word(value: object) -> bool:
    """Whether this names a type or a field of an entry.

    >>> is_word("file.recorded"), is_word("13800138000")
    (True, False)
    """
    return isinstance(value, str) and FORMS["word"](value) is not None


def time_text(at: datetime) -> str:
    """A time in the form `time`: UTC as RFC 3339 writes it, with microseconds.

    >>> time_text(datetime.fromisoformat("2026-11-22T08:00:00+08:00"))
    '2026-11-22T00:00:00.000000Z'
    """
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"
