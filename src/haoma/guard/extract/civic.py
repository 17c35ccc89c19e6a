"""What a public body is called on the pages of its own town: 市社保局 is 白水市社会保险事业管理局.

Rules held here:
- The level of the body's own place stands for the place, or 本, 我; what follows has the body's characters in order,
  from its first to its last.
- Only who is called by a place with its level, and is a public body by its ending, is called so.
"""

from __future__ import annotations

import re

from haoma.guard.extract.short_forms import CIVIC, PLACED

__all__ = ["FORM", "Local"]

LEAST = 3  # characters of what follows the level
CHINESE = r"[\u4e00-\u9fff]"
FORM = re.compile(rf"(?<!{CHINESE})(?P<level>[省州盟旗市县区])(?P<run>{CHINESE}{{3,14}})")


class Local:
    """The short names that a body's own town has for it; of nobody else."""

    def __init__(self, names: tuple[str, ...]) -> None:
        hits = [hit for name in names if (hit := PLACED.fullmatch(name)) and CIVIC.search(hit["rest"])]
        self.bodies = tuple(dict.fromkeys((hit["level"], hit["rest"]) for hit in hits if len(hit["rest"]) >= LEAST))

    def names(self, text: str) -> bool:
        """Whether a text in simple characters calls the body so.

        >>> Local(("白水市社会保险事业管理局",)).names("市社保局各科室电话")
        True
        >>> Local(("白水市社会保险事业管理局",)).names("市社区服务局")
        False
        """
        return bool(self.bodies) and any(self._begins(hit["level"], hit["run"]) for hit in FORM.finditer(text))

    def _begins(self, level: str, run: str) -> bool:
        """Whether a run of characters begins with a short form of a body of that level."""
        return any(
            level == own and run[0] == rest[0] and any(_in_order(run[:size], rest) for size in _ends(run, rest[-1]))
            for own, rest in self.bodies
        )


def _ends(run: str, last: str) -> list[int]:
    """After how many characters a run may end a short form."""
    return [at for at, char in enumerate(run, 1) if char == last and at >= LEAST]


def _in_order(said: str, rest: str) -> bool:
    left = iter(rest)
    return all(char in left for char in said)
