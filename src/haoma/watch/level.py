"""How busy a hotline is these minutes, and these days, beside what its profile says.

Rules held here:
- The level follows the counts with a half-life of minutes and is never frozen: a level that stops when something
  looks wrong keeps everything after it wrong.
- Few calls say little of a level, so that it is drawn towards the slow level, the more so the less the hours of a
  hotline stray from that; the slow one follows in days, and is drawn towards the profile.
- Around public holidays the quick level starts again, and the slow one learns nothing on them.
- What half of the hotlines of a group have at once is common to them, and none of them's fault: the median ratio of
  seen to expected is taken out, by as much as it stands clear of chance (the garrote of Breiman 1995). One hotline in
  twenty cannot move it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from haoma.watch.memory import Field, Memory
from haoma.watch.model import Bools, Floats, Integers, Tuning, Which

__all__ = ["FIELDS", "Common", "Level"]

FIELDS: dict[str, Field] = {
    "quick": ("<f8", (2,)),  # inquiries that came and that the profile has, older ones counting less
    "days": ("<f8", (2,)),
    "lately": ("<f8", (2,)),  # came, and expected by the level
    "pace": ("<f8", (2,)),  # inquiries and minutes
}
"""What a hotline's levels need."""

_PACE_HALF_LIFE_MIN = 30.0
_MEDIAN = 1.2533  # standard error of a median over that of a mean, for a normal one
_CLEAR = 2.0  # standard errors that a median must stand clear
_EXPECTED = 5.0  # inquiries below which a ratio says nothing of its median
_ASKED = 4096  # members of a group whose median is theirs: more would not make it surer
_SURE = 0.08  # standard error below which one minute is enough


class Level:
    """The levels of all hotlines, relative to their profiles."""

    def __init__(self, tuning: Tuning, memory: Memory) -> None:
        self._quick = memory.floats("quick")
        self._days = memory.floats("days")
        self._pace = memory.floats("pace")
        self._quick_left = _left(tuning.level_half_life_min)
        self._days_left = _left(tuning.slow_half_life_min)
        self._pace_left = _left(_PACE_HALF_LIFE_MIN)
        self._days_calls = tuning.slow_sd**-2

    def slow(self) -> Floats:
        """Level of these days."""
        came, due = self._days
        found: Floats = (self._days_calls + came) / (self._days_calls + due)
        return found

    def quick(self, slow: Floats, spread: Floats) -> Floats:
        """Level of these minutes, drawn towards that of these days, which an hour strays from by its `spread`."""
        came, due = self._quick
        drawn = spread**-2
        found: Floats = (drawn * slow + came) / (drawn + due)
        return found

    def undrawn(self) -> tuple[Floats, Floats]:
        """Level of these minutes by themselves, 1 where nothing is known; and how many inquiries that rests on."""
        came, due = self._quick
        return np.where(due > 0, came / np.maximum(due, 1e-9), 1.0), due

    def pace(self) -> Floats:
        """Inquiries a minute of late, whatever the profile says."""
        came, minutes = self._pace
        found: Floats = came / np.maximum(minutes, 1.0)
        return found

    def follow(self, came: Floats, told: Bools, known: Floats, due: Floats, weight: Floats, teaching: Floats) -> None:
        """Take in a minute: inquiries that `came` where `told`; those `known` to be `due` by the profile, else 0.

        `weight` is what one of these weighs in the quick level, `teaching` in the slow one.
        """
        both = np.stack((known, due))
        self._quick *= self._quick_left
        self._quick += both * weight
        self._days *= self._days_left
        self._days += both * teaching
        self._pace *= self._pace_left
        self._pace += np.stack((came, told))

    def learn(self, which: Which, came: Floats, due: Floats, weight: Floats) -> None:
        """Let the slow level take in a whole hour at once."""
        self._days[:, which] = self._days[:, which] * self._days_left**60 + np.stack((came, due)) * weight

    def start_again(self, which: Which) -> None:
        """Let the quick level of some hotlines forget nearly all."""
        self._quick[:, which] *= 0.1


class Common:
    """What hotlines of one group have in common."""

    def __init__(self, tuning: Tuning, memory: Memory, groups: Integers) -> None:
        self._lately = memory.floats("lately")
        self._left = _left(tuning.common_half_life_min)
        self._least = tuning.common_least
        ordered = np.argsort(groups, kind="stable")
        bounds = np.searchsorted(groups[ordered], np.arange(1, int(groups.max(initial=0)) + 1))
        self._members = [members[:: -(-len(members) // _ASKED) or 1] for members in np.split(ordered, bounds)]
        self.groups = len(self._members)

    def follow(self, came: Floats, expected: Floats) -> None:
        """Take in a minute."""
        self._lately *= self._left
        self._lately += np.stack((came, expected))

    def factors(self, came: Floats, expected: Floats, levels: Sequence[Floats], dispersion: Floats) -> Floats:
        """[groups, 2]: by how much more came this minute than expected, and than the slow level has, in common.

        `levels` are the quick level by itself, the inquiries that rests on, and the slow level.
        """
        found = np.ones((len(self._members), 2))
        for group, members in enumerate(self._members):
            if len(members) >= self._least:
                found[group] = self._of(members, came, expected, levels, dispersion)
        return found

    def _of(
        self, members: Integers, came: Floats, expected: Floats, levels: Sequence[Floats], dispersion: Floats
    ) -> tuple[float, float]:
        wide = dispersion[members]
        middle, error = self._median(came[members], expected[members], wide)
        if error > _SURE:
            middle, error = self._median(self._lately[0, members], self._lately[1, members], wide)
        quick, calls, slow = (level[members] for level in levels)
        slowly, slow_error = self._median(quick * calls / slow, calls, np.ones_like(calls))
        return _clear(middle, error), _clear(slowly, slow_error)

    def _median(self, came: Floats, expected: Floats, dispersion: Floats) -> tuple[float, float]:
        """Median ratio of the hotlines that expect enough, and its standard error."""
        enough = expected >= _EXPECTED
        many = int(enough.sum())
        if many < self._least:
            return 1.0, float("inf")
        error = _MEDIAN * np.sqrt(np.median(dispersion[enough] / expected[enough]) / many)
        return float(np.median(came[enough] / expected[enough])), float(error)


def _clear(middle: float, error: float) -> float:
    """A median ratio, less what chance may have made of it."""
    off = middle - 1
    if abs(off) <= _CLEAR * error:
        return 1.0
    return max(1 + off * (1 - (_CLEAR * error / off) ** 2), 0.0)


def _left(half_life_min: float) -> float:
    return float(0.5 ** (1 / half_life_min))
