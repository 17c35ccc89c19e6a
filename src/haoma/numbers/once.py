"""What a process makes once and keeps: tables, compiled code.

Rules held here:
- Threads that ask at the same time wait for one maker and get the same thing: compiled code holds addresses in it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar

__all__ = ["once"]

Made = TypeVar("Made")


class once(Generic[Made]):  # noqa: N801 - a decorator
    """Make the function's result at the first call and return it ever after; `made` tells whether it is there.

    >>> @once
    ... def table() -> list[int]:
    ...     return [1]
    >>> table.made, table() is table(), table.made
    (False, True, True)
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make, self._lock = make, RLock()
        self._kept: list[Made] = []

    def __call__(self) -> Made:
        """Return what was made, and make it first if need be."""
        if not self._kept:
            with self._lock:
                if not self._kept:
                    self._kept.append(self._make())
        return self._kept[0]

    @property
    def made(self) -> bool:
        """Whether it was made already."""
        return bool(self._kept)
