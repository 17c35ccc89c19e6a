"""Days and moments, as a person writes them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from haoma.errors import BadInput

__all__ = ["moment"]


def moment(text: str) -> datetime:
    """A day or a moment, in UTC where it names no zone; raises BadInput for anything else.

    >>> moment("2027-01-31").isoformat()
    '2027-01-31T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no date", hint="2027-01-31, or 2027-01-31T08:00+08:00") from None
    return found if found.utcoffset() is not None else found.replace(tzinfo=UTC)
