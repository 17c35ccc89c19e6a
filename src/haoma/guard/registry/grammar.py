"""What the database itself holds of a hotline's number, in words that SQLite and PostgreSQL both know.

Rules held here:
- A number is `tel:+` and 7 to 15 digits (E.164), or `tel:` and 3 to 12 digits with `;phone-context=+86` and the digits
  of an area, as 95588 and 400-810-9090 have it; either may have an extension, `;ext=` and digits, before the context
  (RFC 3966 §3, §5.1). Nothing else is one: no mobile-only pattern, which would refuse every hotline.
- A personal mobile stands there only where the row says that it is meant.
"""

from __future__ import annotations

__all__ = ["CLAIM", "MOBILE", "TIMES", "URI"]

_D = "'0123456789'"
_CONTEXT = "';phone-context=+'"
_BARE = f"rtrim(uri, {_D})"  # without the digits of the context, or of whatever stands last
_LOCAL = f"substr(uri, 5, length({_BARE}) - 20)"  # between tel: and the context


def _digits(text: str, least: int, most: int) -> str:
    """That a text begins with so many digits."""
    return f"length({text}) - length(ltrim({text}, {_D})) BETWEEN {least} AND {most}"


def _rest(text: str) -> str:
    """That nothing, or an extension, stands behind the digits of a text."""
    rest = f"ltrim({text}, {_D})"
    ext = f"substr({rest}, 1, 5) = ';ext=' AND length({rest}) BETWEEN 6 AND 12 AND ltrim(substr({rest}, 6), {_D}) = ''"
    return f"({rest} = '' OR ({ext}))"


_GLOBAL = "substr(uri, 6)"
URI = (
    f"(substr(uri, 1, 5) = 'tel:+' AND substr(uri, 6, 1) <> '0' AND {_digits(_GLOBAL, 7, 15)} AND {_rest(_GLOBAL)})"
    f" OR (substr(uri, 1, 4) = 'tel:' AND substr(uri, length({_BARE}) - 15, 16) = {_CONTEXT}"
    f" AND substr(uri, length({_BARE}) + 1, 2) = '86' AND length(uri) - length({_BARE}) BETWEEN 2 AND 5"
    f" AND {_digits(_LOCAL, 3, 12)} AND {_rest(_LOCAL)})"
)
"""That `uri` is a number."""

MOBILE = f"mobile OR NOT (substr(uri, 1, 8) = 'tel:+861' AND length({_GLOBAL}) - length(ltrim({_GLOBAL}, {_D})) >= 13)"
"""That `uri` is no personal mobile, unless `mobile` says so."""

CLAIM = "live_uri IS NULL OR live_uri = uri"
TIMES = "valid_until IS NULL OR valid_until >= valid_from"
