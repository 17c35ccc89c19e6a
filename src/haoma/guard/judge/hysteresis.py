"""When looks become an alert, and when it is over: runs of bad and good looks. Pure.

Rules held here:
- An alert begins after so many bad looks in a row, and ends after so many good ones in a row; one look alone moves
  neither, so that a page that flickers alerts nobody.
- What a person said is no concern of ours stays quiet for a while, however often it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from haoma.guard.judge.model import Limits

__all__ = ["Run", "Turn", "after"]


class Turn(StrEnum):
    """What a look brings about."""

    NOTHING = "nothing"
    OPENS = "opens"
    CLOSES = "closes"


@dataclass(frozen=True, slots=True)
class Run:
    """How many looks in a row were bad or good, and whether an alert stands; one of both is 0."""

    bad: int = 0
    good: int = 0
    alert: bool = False
    quiet_until: datetime | None = None


def after(run: Run, at: datetime, limits: Limits, *, bad: bool) -> tuple[Run, Turn]:
    """The run after one more look, and what that look brings about.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 22, tzinfo=UTC)
    >>> once, turn = after(Run(), at, Limits(bad_looks=2), bad=True)
    >>> str(turn), str(after(once, at, Limits(bad_looks=2), bad=True)[1])
    ('nothing', 'opens')
    """
    if not bad:
        closes = run.alert and run.good + 1 >= limits.good_looks
        return Run(0, run.good + 1, run.alert and not closes, run.quiet_until), Turn.CLOSES if closes else Turn.NOTHING
    quiet = run.quiet_until is not None and at < run.quiet_until
    opens = not run.alert and not quiet and run.bad + 1 >= limits.bad_looks
    return Run(run.bad + 1, 0, run.alert or opens, run.quiet_until), Turn.OPENS if opens else Turn.NOTHING
