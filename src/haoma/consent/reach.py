"""Which numbers a code can be sent to.

Rules held here:
- A code goes to a mobile number. Nobody holds a landline, an operator's or a hotline's number in their hand, and a
  machine's (IoT) or a satellite's is read by nobody either.
- Abroad libphonenumber says which numbers are mobile; where a country tells no difference (NANP), it counts as one.
"""

from __future__ import annotations

from haoma.errors import BadInput
from haoma.numbers import Kind, Number

__all__ = ["require_reachable"]

_HERE = frozenset({Kind.MOBILE, Kind.MVNO})


def require_reachable(number: Number) -> None:
    """Raise BadInput unless this is a mobile number, which a short message reaches.

    >>> from haoma.numbers import parse
    >>> require_reachable(parse("13800138000"))
    """
    if number.extension is not None or not (number.kind in _HERE or _is_mobile_abroad(number)):
        message = f"a code is sent by short message, and {number.kind} is no mobile number"
        raise BadInput(message, hint="ask on the mobile number of the customer, or of their guardian")


def _is_mobile_abroad(number: Number) -> bool:
    if number.kind is not Kind.INTERNATIONAL or number.e164 is None:
        return False
    from phonenumbers import PhoneNumberType, number_type, parse

    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return number_type(parse(number.e164)) in kinds
