"""Organisations and the hotlines that are theirs: what each may be. Values only, no I/O.

Rules held here:
- A UID is a UUID that is made once and never changes, whatever becomes of what it names.
- A hotline's number is public and stands in clear, as RFC 3966 writes it. Every kind of number may be one; a personal
  mobile only where that is said to be on purpose.
- A number is one hotline's at a time, unless each that has it says that it is shared.
- `owner` is who looks after a hotline: a department or a role, and no phone number.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from haoma.errors import BadInput
from haoma.guard.model import Names, Purpose
from haoma.numbers.model import hide
from haoma.numbers.service import parse_cell

__all__ = [
    "CHINA",
    "LONGEST",
    "Hotline",
    "Organisation",
    "check_hotline",
    "check_organisation",
    "check_uid",
    "is_personal",
    "moment_of",
    "purpose_of",
    "uri_of",
]

CHINA = timezone(timedelta(hours=8))
LONGEST = 200
MOST = 50
_PERSONAL = re.compile(r"tel:\+861[0-9]{10,}(?:;.*)?", re.ASCII)
_SEVEN_DIGITS = re.compile(r"\d(?:[\W_]*\d){6}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)
_PURPOSES = {
    "care": Purpose.CARE, "complaint": Purpose.COMPLAINT, "fax": Purpose.FAX, "partners": Purpose.PARTNERS,
    "after-sales": Purpose.AFTER_SALES, "其他": Purpose.OTHER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who has hotlines. `version` counts its changes, `tenant` is the id of whose registry it is in."""

    uid: str
    names: Names
    tenant: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Hotline:
    """One number of an organisation, what it is for, where it is given out, and since when.

    `uri` is RFC 3966, `organisation` the UID of one. It is valid from `valid_from` on and before `valid_until`, for
    ever where that is None. `mobile` says that a personal mobile is meant. `version` counts its changes, and `fact` is
    the id of the fact that its number is.
    """

    uid: str
    organisation: str
    uri: str
    purposes: frozenset[Purpose]
    channels: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None = None
    owner: str = ""
    shared: bool = False
    mobile: bool = False
    version: int = 0
    fact: int = 0

    def valid_at(self, at: datetime) -> bool:
        """Whether customers may be told to call it at this moment."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


def purpose_of(text: str) -> Purpose:
    """The purpose of this name, in Chinese or English.

    >>> purpose_of("客服") is purpose_of("care")
    True

    Raises BadInput where there is none.
    """
    word = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        return _PURPOSES.get(word) or Purpose(word)
    except ValueError:
        said = ", ".join([*Purpose, *_PURPOSES])
        raise BadInput(f"there is no purpose {hide(text)[:40]!r}", hint=f"purposes: {said}") from None


def uri_of(text: str) -> str:
    """The one number in a text, as RFC 3966 writes it.

    >>> uri_of("客服：400-810-9090"), uri_of("95588")
    ('tel:4008109090;phone-context=+86', 'tel:95588;phone-context=+86')

    Raises BadInput where there is none, or more than one.
    """
    found = parse_cell(text)
    if len(found) != 1 or found[0].uri is None:
        seen = f"{len(found)} numbers" if found else "no number"
        raise BadInput(f"{seen} in {hide(text)[:60]!r}", hint="a hotline has one number: 95588, 400-810-9090, 0571-…")
    return found[0].uri


def is_personal(uri: str) -> bool:
    """Whether this is a number of China that one person carries about: a mobile, or a machine's.

    >>> is_personal("tel:+8613800138000"), is_personal("tel:+861065051166")
    (True, False)
    """
    return _PERSONAL.fullmatch(uri) is not None


def moment_of(text: str) -> datetime:
    """A day or a moment; one without a zone is China's.

    >>> moment_of("2027-01-31").isoformat()
    '2027-01-31T00:00:00+08:00'

    Raises BadInput for anything else.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=CHINA)).astimezone(CHINA)
    except (ValueError, OverflowError):
        raise BadInput(f"{hide(text)[:40]!r} is no date", hint="2027-01-31, or 2027-01-31T08:00+08:00") from None


def check_uid(text: object) -> str:
    """A UID as it stands everywhere; raises BadInput for anything else."""
    try:
        found = str(uuid.UUID(str(text)))
    except ValueError:
        found = ""
    if not found or found != text:
        raise BadInput("this is no UID", hint="a UUID in lower case, as haoma hotline list shows them")
    return found


def check_organisation(one: Organisation) -> Organisation:
    """The same organisation; raises BadInput where it could be none."""
    check_uid(one.uid)
    _check_text("the name of an organisation", one.names.name)
    _check_many("alias", one.names.aliases)
    _check_many("domain", one.names.domains)
    for domain in one.names.domains:
        if _DOMAIN.fullmatch(domain) is None:
            message = f"{hide(domain)[:60]!r} is no domain"
            raise BadInput(message, hint="such as example.com.cn; letters beyond ASCII as xn--…")
    return one


def check_hotline(one: Hotline) -> Hotline:
    """The same hotline; raises BadInput where it could be none."""
    check_uid(one.uid)
    check_uid(one.organisation)
    if uri_of(one.uri) != one.uri:
        raise BadInput("this is no number as RFC 3966 writes it", hint="tel:95588;phone-context=+86")
    if is_personal(one.uri) and not one.mobile:
        hint = "a personal mobile as a hotline has to be meant: --mobile-on-purpose, or the column mobile: yes"
        raise BadInput("this is a personal mobile", hint=hint)
    if not one.purposes or not one.purposes <= set(Purpose):
        raise BadInput("a hotline has a purpose", hint=f"purposes: {', '.join(Purpose)}")
    _check_many("channel", one.channels)
    if one.owner:
        _check_text("the owner", one.owner)
        if _SEVEN_DIGITS.search(unicodedata.normalize("NFKC", one.owner)):
            raise BadInput("the owner holds a number", hint="a department or a role, such as 客服中心")
    if one.valid_until is not None and one.valid_until < one.valid_from:
        raise BadInput("it is valid until before it is valid from", hint="a day later, or none")
    return one


def _check_text(what: str, text: str) -> None:
    if not 0 < len(text) <= LONGEST or not text.isprintable() or text != text.strip():
        raise BadInput(
            f"{what} has {len(text)} characters or some that do not print", hint=f"1 to {LONGEST}, no blanks around"
        )


def _check_many(what: str, texts: Iterable[str]) -> None:
    said = tuple(texts)
    if len(said) > MOST or len(set(said)) < len(said):
        raise BadInput(f"{len(said)} of {what}, or one twice", hint=f"{MOST} at the most, each once")
    for text in said:
        _check_text(f"the {what}", text)
