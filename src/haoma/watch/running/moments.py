"""Minutes as texts, and back. Pure.

Rules held here:
- A time without a zone is the hotline's own, which is UTC+8 unless it is said otherwise.
- Seconds are left out: what was counted in a minute is of that minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from haoma.errors import BadInput
from haoma.watch.model import SHANGHAI_MIN, minute_of, moment_of

__all__ = ["clock_text", "local_text", "minute_text", "read_minute"]

LAST = 120_968_640  # 2200-01-01T00:00Z


def minute_text(minute: int) -> str:
    """When a minute begins, as an entry of the log has it."""
    return f"{moment_of(minute):%Y-%m-%dT%H:%M:%S}.000000Z"


def local_text(minute: int, offset: int) -> str:
    """When a minute begins where local time is so many minutes ahead of UTC.

    >>> local_text(0, 480)
    '1970-01-01 08:00'
    """
    return f"{_local(minute, offset):%Y-%m-%d %H:%M}"


def clock_text(minute: int, offset: int) -> str:
    """The time of day, and the day where it is midnight.

    >>> clock_text(0, 480), clock_text(0, 0)
    ('08:00', '01-01')
    """
    at = _local(minute, offset)
    return f"{at:%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"


def read_minute(text: str, offset: int = SHANGHAI_MIN) -> int:
    """The minute of a time in ISO 8601, from 1970 to 2199; raises BadInput for anything else.

    >>> read_minute("1970-01-01T08:01:30"), read_minute("1970-01-01 00:01Z")
    (1, 1)
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if found.utcoffset() is None:
            found = found.replace(tzinfo=timezone(timedelta(minutes=offset)))
        minute = minute_of(found)
    except (ValueError, OverflowError):
        minute = -1
    if not 0 <= minute < LAST:
        # What stands there may be anything, a number in words too: it is not told back.
        hint = "2027-01-31T08:00, which is local time, or 2027-01-31T08:00+08:00"
        raise BadInput("what stands for a time is none", hint=hint)
    return minute


def _local(minute: int, offset: int) -> datetime:
    return moment_of(minute + offset)
