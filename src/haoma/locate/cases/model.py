"""How a customer is found: by the number of an order or of a customer, in the company's own CRM. Values, no I/O.

Rules held here:
- A reference is personal data: it prints as its kind alone, and is kept as a commitment that only a key can hold to it.
- Of a contact a number comes and nothing else that reaches anybody: of e-mail and app is known that they are there.
- A moment without a zone, as many CRMs write it, is China's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from haoma.consent.ways import Way
from haoma.errors import BadInput, Unavailable
from haoma.ledger.canonical import canonical

__all__ = ["LONGEST", "By", "Contact", "Reference", "contact_of", "garbage"]

LONGEST = 128
CHINA = timezone(timedelta(hours=8))
SKEW = timedelta(days=1)


class By(StrEnum):
    """What a reference names."""

    ORDER = "order"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Reference:
    """An order or a customer, as the CRM calls them.

    >>> Reference(By.ORDER, "A-2026-11-22-0042")
    Reference(order)

    Raises BadInput for what is no id: empty, longer than 128 characters, not printable, or with blanks around it.
    """

    by: By
    id: str = field(repr=False)

    def __post_init__(self) -> None:
        flaw = _flaw_of(self.id)
        if flaw:
            raise BadInput(f"this names no {self.by}: {flaw}", hint=f"1 to {LONGEST} characters, no blanks around them")

    def __repr__(self) -> str:
        return f"Reference({self.by})"

    def content(self, case_id: str) -> bytes:
        """The bytes that are committed to: nobody can tell whether two cases are about one order."""
        return canonical({"by": str(self.by), "case": case_id, "id": self.id})


@dataclass(frozen=True, slots=True)
class Contact:
    """Who was found: their number as the CRM writes it, empty where it has none, and what else reaches them.

    `customer` is what the CRM calls them; `updated_at` and `verified_at` are of the number, as far as the CRM knows.
    """

    number: str = field(repr=False)
    customer: str = field(repr=False)
    updated_at: datetime | None = None
    verified_at: datetime | None = None
    email: bool = False
    in_app: bool = False

    @property
    def ways(self) -> tuple[Way, ...]:
        """What the customer can be offered who declines; the number takes a call back, if there is one."""
        there = {Way.EMAIL: self.email, Way.IN_APP: self.in_app, Way.CALL_BACK: bool(self.number)}
        return tuple(way for way in Way if there[way])


def _flaw_of(id_: str) -> str:
    """What keeps a text from being an id, empty where nothing does; repeats none of it."""
    if not id_.strip():
        return "it is empty"
    if len(id_) > LONGEST:
        return f"it has {len(id_)} characters"
    if not id_.isprintable():
        return "some of its characters do not print"
    return "there are blanks around it" if id_ != id_.strip() else ""


def garbage() -> Unavailable:
    """The error for a CRM that says what no CRM of ours would."""
    message = "what the CRM says of this customer is not what was agreed"
    return Unavailable(message, hint="nothing of it is used; tell who runs it")


def contact_of(row: Mapping[str, object], now: datetime) -> Contact:
    """The contact in a row or an answer; raises Unavailable, without any of it, where that is not what was agreed."""
    number, customer = (_text(row.get(name), blank=name == "number") for name in ("number", "customer"))
    updated_at, verified_at = (_moment(row.get(name), now) for name in ("updated_at", "verified_at"))
    return Contact(number, customer, updated_at, verified_at, _flag(row.get("email")), _flag(row.get("in_app")))


def _text(value: object, *, blank: bool) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if blank and value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable() or not (value or blank):
        raise garbage()
    return value


def _flag(value: object) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in {0, 1}:  # what SQLite knows as true and false
        return bool(value)
    raise garbage()


def _moment(value: object, now: datetime) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else value
    except ValueError:
        raise garbage() from None
    if not isinstance(at, datetime):
        raise garbage()
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise garbage() from None
    if at > now + SKEW:
        raise garbage()
    return at
