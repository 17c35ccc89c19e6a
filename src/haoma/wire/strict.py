"""Reading what a carrier, or whoever else is asked, sends: everything in it is untrusted.

Rules held here:
- JSON is UTF-8, an object, at most eight deep, without a name twice and without NaN or Infinity (RFC 8259).
- A field is of exactly its type: no 1 for true, no "1" for 1, no number that is not finite.
- A moment has its zone (RFC 3339 §5.6), and is neither in the future nor older than whoever asked can use.
- What breaks a rule is Unavailable, and nothing of it is in the message.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from haoma.errors import Unavailable

__all__ = ["SKEW", "boolean", "garbage", "inner", "moment", "parsed", "real", "text", "whole"]

DEEPEST = 8
SKEW = timedelta(seconds=60)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def garbage() -> Unavailable:
    """The error for an answer that breaks the interface."""
    message = "the answer is not what its interface says"
    return Unavailable(message, hint="nothing of it is used; tell whoever sent it if it goes on")


def parsed(body: bytes) -> Mapping[str, object]:
    """The object of a JSON text; raises Unavailable for anything else.

    >>> parsed(b'{"swapped": true}')
    {'swapped': True}
    """
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refused, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise garbage() from None
    if not isinstance(found, dict) or _too_deep(found):
        raise garbage()
    return found


def boolean(found: Mapping[str, object], name: str) -> bool:
    """A field that is true or false."""
    value = found.get(name)
    if not isinstance(value, bool):
        raise garbage()
    return value


def whole(found: Mapping[str, object], name: str, least: int, most: int) -> int:
    """A field that is a whole number, within bounds."""
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise garbage()
    return value


def real(found: Mapping[str, object], name: str) -> float:
    """A field that is a finite number."""
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9 or not math.isfinite(value):
        raise garbage()
    return float(value)


def text(found: Mapping[str, object], name: str, form: str, longest: int) -> str:
    """A field that is a text of this form (a regular expression), and no longer than that."""
    value = found.get(name)
    if not isinstance(value, str) or len(value) > longest or re.fullmatch(form, value, re.ASCII) is None:
        raise garbage()
    return value


def inner(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A field that is an object."""
    value = found.get(name)
    if not isinstance(value, dict):
        raise garbage()
    return value


def moment(found: Mapping[str, object], name: str, now: datetime, oldest: timedelta | None = None) -> datetime:
    """A field that is a time with its zone, as UTC; at most `oldest` ago, where that is said, and not to come."""
    said = _MOMENT.fullmatch(str(found.get(name))) if isinstance(found.get(name), str) else None
    if said is None:
        raise garbage()
    day, clock, fraction, zone = said.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}{zone.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise garbage() from None
    if at > now + SKEW or (oldest is not None and at < now - oldest - SKEW):
        raise garbage()
    return at


def _refused(_constant: str) -> object:
    raise ValueError


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _too_deep(found: object) -> bool:
    level = [found]
    for _ in range(DEEPEST):
        values = [value for one in level for value in (one.values() if isinstance(one, dict) else _items(one))]
        level = [value for value in values if isinstance(value, dict | list)]
    return bool(level)


def _items(found: object) -> list[object]:
    return found if isinstance(found, list) else []
