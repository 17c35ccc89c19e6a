"""What a number is: its kind, its identity, where it was issued. Values only, no I/O.

Rules held here:
- Identity is the RFC 3966 URI. A number without E.164 form (95588, 400-810-9090) has a local URI with `phone-context`.
- A number masks itself: `str`, `repr`, `format` and logging print `138****8000`. The whole number is only where code
  asks
  for `.e164`, `.uri` or `.national` by name.
- Whoever takes a Number apart (`dataclasses.asdict`, pickle) has asked for the whole of it.
- `issued_by` and `issued_in` tell who allocated the number and where it was issued; never where its owner is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["IssuedIn", "Kind", "Mention", "Number", "hide", "mask"]


class Kind(StrEnum):
    """Kinds of number that ring in China, in the order of their codes in packed tables (0 is `invalid`)."""

    INVALID = "invalid"
    MOBILE = "mobile"
    MVNO = "mvno"
    IOT = "iot"
    SATELLITE = "satellite"
    LANDLINE = "landline"
    TOLL_FREE = "toll_free"
    SHARED_COST = "shared_cost"
    NATIONAL_SERVICE = "national_service"
    REGIONAL_SERVICE = "regional_service"
    CARRIER_SERVICE = "carrier_service"
    PUBLIC_SERVICE = "public_service"
    EMERGENCY = "emergency"
    INTERNATIONAL = "international"


@dataclass(frozen=True, slots=True)
class IssuedIn:
    """The region a number was issued in, not where its owner is. Codes are strings; unknown parts are None.

    `adcode` is six digits of GB/T 2260, `area_code` is written with its trunk zero ("0571").
    """

    province: str | None = None
    city: str | None = None
    adcode: str | None = None
    area_code: str | None = None
    postcode: str | None = None


def mask(digits: str) -> str:
    """Digits with the middle hidden: eight or more keep three in front and up to four behind, shorter ones two or one.

    >>> mask("13800138000"), mask("95588"), mask("110")
    ('138****8000', '95***', '1**')
    """
    if len(digits) >= 10:
        return digits[:3] + "****" + digits[-4:]
    if len(digits) >= 7:
        return digits[:2] + "****" + digits[-2:]
    shown = 2 if len(digits) > 4 else 1
    return digits[:shown] + "*" * (len(digits) - shown)


def hide(text: str) -> str:
    """A text that an error may show: every run of five digits or more is masked.

    >>> hide("no column '13800138000'")
    "no column '138****8000'"
    """
    return re.sub(r"\d{5,}", lambda found: mask(found.group()), text)


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """One number: kind, identity and what its segment says. Printing it masks it.

    `uri` is the identity (RFC 3966), None for an invalid number. `confidence_ppm` says how sure `issued_by` and
    `issued_in` are, in parts per million; None where they say nothing. `reason` tells why a number is invalid, or what
    is not known of it; it never holds the number's digits.

    >>> number = Number(Kind.MOBILE, "tel:+8613800138000", "138 0013 8000")
    >>> print(number, number.e164)
    138****8000 +8613800138000
    """

    kind: Kind
    uri: str | None = None
    national: str | None = None
    extension: str | None = None
    issued_by: str | None = None
    issued_in: IssuedIn | None = None
    confidence_ppm: int | None = None
    sources: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def valid(self) -> bool:
        """Whether this is a number at all: true for every kind but `invalid`."""
        return self.kind is not Kind.INVALID

    @property
    def e164(self) -> str | None:
        """`+8613800138000`, without extension; None where no E.164 form exists (95588, 400-810-9090)."""
        head = (self.uri or "").removeprefix("tel:").partition(";")[0]
        return head if head.startswith("+") else None

    @property
    def confidence(self) -> float | None:
        """`confidence_ppm` between 0 and 1."""
        return None if self.confidence_ppm is None else self.confidence_ppm / 1_000_000

    @property
    def masked(self) -> str:
        """The number with its middle hidden and no extension; the kind alone where it is invalid."""
        if self.uri is None:
            return str(self.kind)
        head = self.uri.removeprefix("tel:").partition(";")[0]
        home = head.removeprefix("+86")
        if self.kind is Kind.LANDLINE:
            home = f"0{home}"
        return mask(home) if home != head or head[0] != "+" else "+" + mask(head[1:])

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Number({self.kind}, {self.masked})"

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)


@dataclass(frozen=True, slots=True)
class Mention:
    """A number found in a text, and where: `text[start:end]`, extension included."""

    number: Number
    start: int
    end: int
