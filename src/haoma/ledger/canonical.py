"""One value, one spelling: JSON in the canonical form of RFC 8785 (JCS), so that two hashes of it agree.

Rules held here:
- Values are exactly None, bool, int, float, str, list, tuple and dict with str keys; anything else is BadInput, and
  so is a subclass, because what is hashed shall have no second nature.
- Integers stay within ±(2^53-1), what every reader keeps exactly (RFC 7493 §2.2, RFC 8785 §3.2.2.3): larger ones are
  BadInput, not rounded. Floats are IEEE doubles as ECMAScript writes them; NaN and infinities are BadInput.
- Text is valid Unicode: a lone surrogate is BadInput (RFC 8785 §3.2.2.2). Keys sort by UTF-16 code units (§3.2.3).
- At most 100 levels deep; a value that holds itself is deeper than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING

from haoma.errors import BadInput

if TYPE_CHECKING:
    import msgspec

__all__ = ["DEEPEST", "LARGEST_INT", "canonical", "number_text"]

DEEPEST = 100
LARGEST_INT = 2**53 - 1

PLAIN = frozenset({str, bool, type(None)})
NESTED = frozenset({dict, list, tuple})


def canonical(value: object) -> bytes:
    r"""The canonical JSON of a value, as UTF-8 (RFC 8785).

    >>> canonical({"b": [1.0, 1e21, "é"], "a": None})
    b'{"a":null,"b":[1,1e+21,"\xc3\xa9"]}'
    """
    try:
        return _encoder().encode(value) if _is_plain(value, DEEPEST) else _write(value, DEEPEST).encode()
    except UnicodeEncodeError:
        raise BadInput("a text holds half a surrogate pair", hint="canonical JSON is valid Unicode") from None


def number_text(value: float) -> str:
    """A double as ECMAScript writes it: the shortest digits that read back, in its own choice of form.

    BadInput for NaN and infinities. Source: RFC 8785 §3.2.2.3, ECMA-262 Number::toString.

    >>> number_text(1.0), number_text(-0.0), number_text(1e-7), number_text(123456789012345680000.0)
    ('1', '0', '1e-7', '123456789012345680000')
    """
    if not isfinite(value):
        raise BadInput(f"{value} has no JSON form", hint="a number is finite")
    if value == 0:
        return "0"
    digits, point = _shortest(abs(value))
    sign = "-" if value < 0 else ""
    if 0 < point <= 21:
        whole = digits[:point].ljust(point, "0")
        return f"{sign}{whole}.{digits[point:]}" if len(digits) > point else sign + whole
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


def _shortest(value: float) -> tuple[str, int]:
    """The digits of a positive double, without zeros around them, and where its point stands from their left."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(exponent or 0)
    return digits.rstrip("0"), point


@cache
def _encoder() -> msgspec.json.Encoder:
    import msgspec

    return msgspec.json.Encoder(order="deterministic")


def _is_plain(value: object, depth: int) -> bool:
    """Whether msgspec's encoder, written in C, writes exactly the canonical form of this value."""
    if type(value) is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        return depth > 0 and _are_plain(value.values(), depth)
    if type(value) is list or type(value) is tuple:
        return depth > 0 and _are_plain(value, depth)
    return _are_plain((value,), depth)


def _are_plain(values: Iterable[object], depth: int) -> bool:
    for value in values:
        kind = type(value)
        if kind in PLAIN:
            continue
        if kind is int:
            if not -LARGEST_INT <= value <= LARGEST_INT:  # type: ignore[operator]
                return False
        elif kind not in NESTED or not _is_plain(value, depth - 1):
            return False
    return True


def _write(value: object, depth: int) -> str:
    if depth < 0:
        raise BadInput(f"the value is more than {DEEPEST} levels deep", hint="flatten it, or cut what holds itself")
    if type(value) is dict:
        return _write_object(value, depth)
    if type(value) is list or type(value) is tuple:
        return f"[{','.join([_write(item, depth - 1) for item in value])}]"
    return _write_scalar(value)


def _write_object(value: dict[object, object], depth: int) -> str:
    for key in value:
        if type(key) is not str:
            raise BadInput(f"a key is {type(key).__name__}", hint="keys of JSON are text")
    try:
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
    except UnicodeEncodeError:
        raise BadInput("a key holds half a surrogate pair", hint="canonical JSON is valid Unicode") from None
    return "{" + ",".join([f"{encode_basestring(str(key))}:{_write(value[key], depth - 1)}" for key in keys]) + "}"


def _write_scalar(value: object) -> str:
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is float:
        return number_text(value)
    if type(value) is int and -LARGEST_INT <= value <= LARGEST_INT:
        return str(value)
    if type(value) is int:
        raise BadInput("an integer is outside ±(2^53-1)", hint="write larger ones as text")
    raise BadInput(f"{type(value).__name__} has no JSON form", hint="allowed: None, bool, int, float, str, list, dict")
