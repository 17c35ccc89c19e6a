"""How a number on a page is kept: in clear where it is a hotline, masked with a keyed token where it may be a person's.

Rules held here:
- In clear stand numbers of the registry, and those of kinds that no person holds: 400, 800, 95xxx, 12345, 110.
- All else is masked, a landline too; the token tells whether two are one, and nothing once its key is destroyed.
- A text out of a page is kept with every mobile in it masked.
"""

from __future__ import annotations

import re

from haoma.guard.judge.model import Shown
from haoma.guard.model import PUBLIC_KINDS
from haoma.ledger.commitment import Commitments
from haoma.numbers import parse
from haoma.numbers.model import mask

__all__ = ["SCOPE", "bare", "digits_of", "holds_mobile", "show", "without_mobiles"]

SCOPE = "guardnumbers"
_EXTENSION = re.compile(r";ext=[^;]*")
# What stands between digits on pages: blanks, all dashes, dots, brackets, and signs of no width.
_BETWEEN = r"[-\s.·•・_()（）\u2010-\u2015\u2212\u00ad\u200b-\u200f\u2060\ufeff]{0,3}"
_MOBILE = re.compile(rf"(?<!\d)((?:(?:\+|00)?86{_BETWEEN})?1[3-9](?:{_BETWEEN}\d){{9}})(?!\d)")


def bare(uri: str) -> str:
    """A number's URI without its extension.

    >>> bare("tel:+8657188888888;ext=8001")
    'tel:+8657188888888'
    """
    return _EXTENSION.sub("", uri)


def digits_of(uri: str) -> str:
    """The digits of a URI as they are dialled within China.

    >>> digits_of("tel:95588;phone-context=+86"), digits_of("tel:+8657188888888")
    ('95588', '057188888888')
    """
    head = bare(uri).removeprefix("tel:").partition(";")[0]
    return parse_digits(head) if head.startswith("+86") else head.removeprefix("+")


def parse_digits(e164: str) -> str:
    """A Chinese E.164 number with its trunk zero, where it has one."""
    home = e164.removeprefix("+86")
    return home if home.startswith("1") and len(home) == 11 else f"0{home}"


def show(uri: str, commitments: Commitments, *, registered: bool) -> Shown:
    """A number as it may be kept."""
    number = parse(bare(uri).removeprefix("tel:").partition(";")[0])
    personal = not registered and number.kind not in PUBLIC_KINDS
    token = str(commitments.commit(SCOPE, bare(uri).encode()))
    text = mask(digits_of(uri)) if personal else digits_of(uri)
    return Shown(text, token, personal)


def holds_mobile(text: str) -> bool:
    """Whether a mobile number stands in a text.

    >>> holds_mobile("致电 138 0013 8000"), holds_mobile("138·0013·8000"), holds_mobile("95588")
    (True, True, False)
    """
    return _MOBILE.search(text) is not None


def without_mobiles(text: str) -> str:
    """A text with every mobile number in it masked.

    >>> without_mobiles("https://example.com/?t=13800138000")
    'https://example.com/?t=138****8000'
    """
    return _MOBILE.sub(lambda found: mask(re.sub(r"\D", "", found[0])[-11:]), text)
