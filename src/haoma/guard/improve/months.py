"""A month of the business: from its first midnight in Shanghai to the next one's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from haoma.errors import BadInput

__all__ = ["Month"]

CHINA = timezone(timedelta(hours=8))
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """One month, written 2026-11."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> Month:
        """A month as a person writes it; raises BadInput for anything else.

        >>> str(Month.read("2026-11")), str(Month.read("2026-12").after())
        ('2026-11', '2027-01')
        """
        found = _MONTH.fullmatch(text)
        if found is None:
            raise BadInput(f"{text[:20]!r} is no month", hint="2026-11")
        return cls(int(found[1]), int(found[2]))

    def after(self, months: int = 1) -> Month:
        """The month so many later; a negative count is earlier."""
        whole = self.year * 12 + self.month - 1 + months
        return Month(whole // 12, whole % 12 + 1)

    @property
    def begins_at(self) -> datetime:
        """Its first moment, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=CHINA).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment behind it, in UTC."""
        return self.after().begins_at

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.ends_at - self.begins_at).days

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"
