"""Numbers of the rest of the world, through libphonenumber's port `phonenumbers`.

Rules held here:
- The library is imported at the first number that needs it (0.2 s).
- A number of China (+86) is never decided here: libphonenumber knows neither 95588 nor 13-digit IoT numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from haoma.errors import BadInput
from haoma.numbers.model import Kind, Number, hide

__all__ = ["find", "is_possible", "is_valid", "parse_global", "parse_national", "uri_of"]

LONGEST = 250  # libphonenumber's own bound on one number's text
_CHINA = 86  # the country code, whose numbers haoma's own grammar reads


def is_valid(digits: str) -> bool:
    """Whether `+digits` is a valid number of a country other than China."""
    return parse_global(digits) is not None


def parse_global(digits: str, extension: str | None = None) -> Number | None:
    """The number that `+digits` is, None where libphonenumber does not hold it valid or it is China's.

    >>> parse_global("4402079460958").uri
    'tel:+442079460958'
    """
    number = _parsed(digits)
    return replace(number, uri=f"{number.uri};ext={extension}", extension=extension) if number and extension else number


@lru_cache(maxsize=4096)
def _parsed(digits: str) -> Number | None:
    import phonenumbers

    try:
        found = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return _number(found, None)


def parse_national(text: str, region: str) -> tuple[Number | None, bool]:
    """(the number that people of `region` mean by a text, None for none; whether it is China's, +86).

    Raises BadInput for a region (ISO 3166-1 alpha-2) that libphonenumber does not know.
    """
    import phonenumbers

    check_region(region)
    try:
        found = phonenumbers.parse(text[:LONGEST], region)
    except phonenumbers.NumberParseException:
        return None, False
    return _number(found, found.extension), found.country_code == _CHINA


def uri_of(digits: str, region: str | None) -> str | None:
    """The `tel:` URI (RFC 3966) of the number that people of `region` mean by digits; None for none, or China's.

    Without a region the digits begin with a country code, and China's are told. For who tries many digits: nothing is
    made of the number but its URI.
    """
    import phonenumbers

    try:
        found = phonenumbers.parse(f"+{digits}" if region is None else digits, region)
    except phonenumbers.NumberParseException:
        return None
    if (region is not None and found.country_code == _CHINA) or not phonenumbers.is_valid_number(found):
        return None
    return f"tel:+{found.country_code}{phonenumbers.national_significant_number(found)}"


def is_possible(digits: str) -> bool:
    """Whether `+digits` is as long as numbers of its country are."""
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def find(text: str, region: str | None) -> Iterator[tuple[int, int, Number | None, str]]:
    """Numbers in a text as libphonenumber sees them: start, end, number, and what was written.

    Without a region only those written with their country code. The number is None where it is China's: whoever asks
    reads it with the engine's own grammar.
    """
    import phonenumbers

    if region is not None:
        check_region(region)
    for match in phonenumbers.PhoneNumberMatcher(text, region, max_tries=len(text) + 1):
        number = _number(match.number, match.number.extension)
        if number is not None or match.number.country_code == _CHINA:
            yield match.start, match.end, number, match.raw_string


def check_region(region: object) -> None:
    """Raise BadInput unless libphonenumber knows the region."""
    import phonenumbers

    if not isinstance(region, str) or region not in phonenumbers.SUPPORTED_REGIONS:
        message = f"region {hide(repr(region))} is not known"
        raise BadInput(message, hint="a two-letter code of ISO 3166-1 in capitals: CN, HK, US")


def _number(found: object, extension: str | None) -> Number | None:
    import phonenumbers

    if not isinstance(found, phonenumbers.PhoneNumber) or found.country_code == _CHINA:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    plain = phonenumbers.PhoneNumber(
        found.country_code, found.national_number, italian_leading_zero=found.italian_leading_zero,
        number_of_leading_zeros=found.number_of_leading_zeros,
    )  # fmt: skip
    e164 = phonenumbers.format_number(plain, phonenumbers.PhoneNumberFormat.E164)
    shown = phonenumbers.format_number(plain, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    uri = f"tel:{e164};ext={extension}" if extension else f"tel:{e164}"
    return Number(Kind.INTERNATIONAL, uri, shown, extension or None)
