"""When an alarm is raised, and when it ends.

Rules held here:
- An alarm is raised when a channel reaches its threshold and none stands; it is the channel's that stands furthest
  above.
- It ends when every channel has been well below its threshold for a while and the level is back, which is not asked
  of it for ever: after some days what is there is the new level, and it is said that it is.
- A minute that is missing ends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haoma.watch.memory import Field, Memory
from haoma.watch.model import Bools, Closing, Floats, Integers, Tuning

__all__ = ["FIELDS", "Alarms", "Turned"]

FIELDS: dict[str, Field] = {
    "opened": ("<i8", ()),  # minute, 0 while none stands
    "quiet": ("<i8", ()),  # minutes in a row
    "held": ("<f8", ()),  # slow level when it was raised
}
"""What a hotline's alarm needs."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What a minute did: raised, standing afterwards, and Closing."""

    raised: Bools
    standing: Bools
    closed: npt.NDArray[np.int8]


class Alarms:
    """The alarms of all hotlines."""

    def __init__(self, tuning: Tuning, memory: Memory) -> None:
        self.tuning = tuning
        self._opened = memory.whole("opened")
        self._quiet = memory.whole("quiet")
        self._held = memory.floats("held")

    @property
    def standing(self) -> Integers:
        """Which hotlines have an alarm."""
        return np.flatnonzero(self._opened)

    def turn(self, minute: int, highest: Floats, below: Bools, seen: Bools, quick: Floats, slow: Floats) -> Turned:
        """Raise and end alarms: `highest` is nats above the threshold of each hotline's highest channel.

        `below` are those with an alarm of whom all channels are quiet.
        """
        tuning = self.tuning
        stood = self._opened > 0
        raised = ~stood & seen & (highest >= 0)
        self._quiet[...] = np.where(seen, np.where(below, self._quiet + 1, 0), self._quiet)
        calm = stood & (self._quiet >= tuning.close_after_min)
        back = calm & (quick >= (1 - tuning.close_fall) * self._held)
        settled = calm & ~back & (minute - self._opened >= tuning.new_level_min)
        self._held[raised] = slow[raised]
        self._opened[raised] = minute
        self._opened[back | settled] = 0
        closed = np.where(back, Closing.RECOVERED, np.where(settled, Closing.NEW_LEVEL, Closing.NOT)).astype(np.int8)
        return Turned(raised, self._opened > 0, closed)
