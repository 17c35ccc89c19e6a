"""Which numbers a code can be sent to.

Rules held here:
- A code goes to a mobile number. Nobody holds a landline, an operator's or a hotline's number in their hand, and a
  machine's (IoT) or a satellite's is read by nobody either.
- It goes to the countries that a setting names (sms_countries), which is China alone: what is sent abroad costs, and
  whoever gains by that asks for more.
- Abroad libphonenumber says which numbers are mobile; where a country tells no difference (NANP), it counts as one.
"""

from __future__ import annotations

import re

from haoma.errors import BadInput
from haoma.numbers import Kind, Number

__all__ = ["CHINA", "countries_of", "require_reachable"]

CHINA = 86
_CODE = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_HERE = frozenset({Kind.MOBILE, Kind.MVNO})


def countries_of(text: str) -> frozenset[int]:
    """The countries of a setting, as their calling codes; raises BadInput for anything else.

    >>> sorted(countries_of("86, 852"))
    [86, 852]
    """
    words = text.replace(",", " ").split()
    if not words or not all(_CODE.fullmatch(word) for word in words):
        raise BadInput("sms_countries names no countries", hint='calling codes: "86", or "86, 852, 853"')
    return frozenset(map(int, words))


def require_reachable(number: Number, countries: frozenset[int] = frozenset({CHINA})) -> None:
    """Raise BadInput unless this is a mobile number of one of these countries, which a short message reaches.

    >>> from haoma.numbers import parse
    >>> require_reachable(parse("13800138000"))
    """
    country = CHINA if number.kind in _HERE else _mobile_abroad(number)
    if number.extension is not None or country is None:
        message = f"a code is sent by short message, and {number.kind} is no mobile number"
        raise BadInput(message, hint="ask on the mobile number of the customer, or of their guardian")
    if country not in countries:
        message = f"no message is sent to mobile numbers of +{country}"
        raise BadInput(message, hint="the setting sms_countries names the countries that are reached")


def _mobile_abroad(number: Number) -> int | None:
    """The calling code of a mobile number abroad."""
    if number.kind is not Kind.INTERNATIONAL or number.e164 is None:
        return None
    from phonenumbers import PhoneNumberType, number_type, parse

    found = parse(number.e164)
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return found.country_code if number_type(found) in kinds else None
