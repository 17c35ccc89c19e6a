"""What the parts of guard hand one another: who is meant, and what a page says of them.

Rules held here:
- A hotline is public and stands in clear; a number that a page merely shows may be a person's own, and `repr` masks it.
- Purposes are the words that the trade uses, 客服 · 投诉 · 传真 · 招商 · 售后, and `other`.
- A number of a kind that no person holds is public, whoever's it is; any other one that no registry knows may be a
  person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from haoma.numbers.model import Kind, hide

__all__ = ["PUBLIC_KINDS", "Belongs", "Mention", "Names", "Purpose", "Role"]

PUBLIC_KINDS = frozenset(
    {
        Kind.TOLL_FREE,
        Kind.SHARED_COST,
        Kind.NATIONAL_SERVICE,
        Kind.REGIONAL_SERVICE,
        Kind.CARRIER_SERVICE,
        Kind.PUBLIC_SERVICE,
        Kind.EMERGENCY,
    }
)
"""400, 800, 95xxx, 12345, 110: kinds of number that no person holds."""


class Role(StrEnum):
    """What answers at a number."""

    VOICE = "voice"
    FAX = "fax"
    OTHER = "other"


class Belongs(StrEnum):
    """Whose a number on a page is: the organisation's that was asked about, somebody else's, or not to be told."""

    TARGET = "target"
    OTHER = "other"
    UNSURE = "unsure"


class Purpose(StrEnum):
    """What a number is for."""

    CARE = "客服"
    COMPLAINT = "投诉"
    FAX = "传真"
    PARTNERS = "招商"
    AFTER_SALES = "售后"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Names:
    """How an organisation is known: its name, what else it is called, and the domains that are its own."""

    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Mention:
    """A number on a page and whose it is.

    `digits` as printed, without extension; `uri` as RFC 3966 where it is a number that can ring; `confidence` 0–1 is
    the calibrated probability of `organisation`; `owner` the name on the page that it goes by, where one was found;
    `hidden` where no reader sees it; `reasons` in words.
    """

    text: str
    digits: str
    uri: str | None
    role: Role
    organisation: Belongs
    purpose: Purpose
    confidence: float
    xpath: str
    hidden: bool = False
    owner: str | None = None
    reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The mention, its number masked."""
        return f"Mention({hide(self.text)!r}, {self.role}, {self.organisation}, {self.confidence:.3f})"
