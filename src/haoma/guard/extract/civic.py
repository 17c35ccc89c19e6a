"""What a public body is called on the pages of its own town: 市社保局 is 白水市社会保险事业管理局.

Rules held here:
- The level of the body's own place stands for the place, or 本, 我; what follows has the body's characters in order,
  from its first to its last.
- Only who is called by a place with its level, and is a public body by its ending, is called so.
"""

from __future__ import annotations

import re

from haoma.guard.extract.short_forms import CIVIC, PLACED

__all__ = ["Local"]

LONGEST, LEAST = 14, 3  # characters of what follows the level
CHINESE = r"[\u4e00-\u9fff]"


class Local:
    """The short names that a body's own town has for it; of nobody else."""

    def __init__(self, names: tuple[str, ...]) -> None:
        hits = [hit for name in names if (hit := PLACED.fullmatch(name)) and CIVIC.search(hit["rest"])]
        self.bodies = tuple(dict.fromkeys((hit["level"], hit["rest"]) for hit in hits if len(hit["rest"]) >= LEAST))
        levels = "".join(sorted({level for level, _ in self.bodies}))
        firsts = "".join(sorted({rest[0] for _, rest in self.bodies}))
        lasts = "".join(sorted({rest[-1] for _, rest in self.bodies}))
        self.form = re.compile(
            rf"(?<!{CHINESE})[{levels}](?P<rest>[{firsts}]{CHINESE}{{1,{LONGEST - 2}}}?[{lasts}])"
            if self.bodies
            else "$^"
        )

    def names(self, text: str) -> bool:
        """Whether a text in simple characters calls the body so.

        >>> Local(("白水市社会保险事业管理局",)).names("市社保局各科室电话")
        True
        >>> Local(("白水市社会保险事业管理局",)).names("市社区服务局")
        False
        """
        return any(self._is_short(hit["rest"]) for hit in self.form.finditer(text)) if self.bodies else False

    def _is_short(self, said: str) -> bool:
        return any(said[0] == rest[0] and said[-1] == rest[-1] and _in_order(said, rest) for _, rest in self.bodies)


def _in_order(said: str, rest: str) -> bool:
    left = iter(rest)
    return all(char in left for char in said)
