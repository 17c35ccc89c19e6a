"""What a detector is made of, over one memory.

Rules held here:
- Each part has fields of its own in the memory, and changes no other's.
"""

from __future__ import annotations

from haoma.watch import alarms, bank, habits, level, profile
from haoma.watch.alarms import Alarms
from haoma.watch.bank import Bank
from haoma.watch.habits import Habits
from haoma.watch.layout import Layout
from haoma.watch.level import Common, Level
from haoma.watch.memory import Field, Memory
from haoma.watch.model import Tuning
from haoma.watch.profile import Profile

__all__ = ["Parts", "fields"]


def fields(tuning: Tuning, signals: int) -> dict[str, Field]:
    """All that is remembered of a hotline."""
    own: dict[str, Field] = {"last": ("<i8", ()), "refused": ("<i8", ()), "seen": ("<f8", ()), "scale": ("<f8", ())}
    parts = (profile.FIELDS, level.FIELDS, habits.fields(signals), bank.fields(tuning), alarms.FIELDS)
    return own | {name: kind for part in parts for name, kind in part.items()}


class Parts:
    """The parts, the memory that they share, and what is the detector's own in it."""

    def __init__(self, tuning: Tuning, layout: Layout, signals: int) -> None:
        self.tuning, self.layout, self.signals = tuning, layout, signals
        self.memory = memory = Memory(layout.hotlines, fields(tuning, signals))
        self.profile = Profile(tuning, memory)
        self.level = Level(tuning, memory)
        self.common = Common(tuning, memory, layout.groups)
        self.habits = Habits(tuning, memory)
        self.bank = Bank(tuning, memory)
        self.alarms = Alarms(tuning, memory)
        self.last = memory.whole("last")  # minute taken
        self.refused = memory.whole("refused")
        self.seen = memory.floats("seen")
        self.scale = memory.floats("scale")  # slow level when the last hour ended
