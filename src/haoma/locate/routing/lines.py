"""Where a key stands in a TOML file, for whoever has to put it right.

Rules held here:
- A line is told where the file is written as people write one; else none is, and never a wrong one of another key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

__all__ = ["line_of"]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*[=.\]]""", re.ASCII)


def line_of(lines: Sequence[str], where: Sequence[int | str]) -> int | None:
    """The line of a key, else of its table; None where a file is written in another way than people do."""
    table, at, keys = str(where[0]), 0, [str(one) for one in where[1:] if isinstance(one, str)]
    if len(where) > 1 and isinstance(where[1], int):
        header, at = rf"\s*\[\[\s*{re.escape(table)}\s*\]\]", where[1]
    elif keys:
        header = rf"\s*\[\s*{re.escape(table)}\s*[].]"
    else:
        return _key_line(lines, 0, [table]) or _table_line(lines, table)
    found = [number for number, line in enumerate(lines) if re.match(header, line)]
    if at >= len(found):
        return None
    return _key_line(lines, found[at] + 1, keys) or found[at] + 1


def _key_line(lines: Sequence[str], start: int, keys: Sequence[str]) -> int | None:
    for number, line in enumerate(lines[start:], start + 1):
        if re.match(r"\s*\[", line):
            break
        if keys and _first_key(line) == keys[0]:
            return number
    return None


def _table_line(lines: Sequence[str], table: str) -> int | None:
    """The line where a table begins, or one below it."""
    headers = ((number, re.match(r"\s*\[{1,2}", line)) for number, line in enumerate(lines, 1))
    return next((at for at, found in headers if found and _first_key(found.string[found.end() :]) == table), None)


def _first_key(text: str) -> str | None:
    """The key that a line begins with, whatever it is quoted by."""
    found = _KEY.match(text)
    try:
        return next(iter(tomllib.loads(f"{found[1]} = 0"))) if found else None
    except ValueError:
        return None
