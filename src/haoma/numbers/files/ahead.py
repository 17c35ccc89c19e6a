"""Lets an iterator work ahead in a thread of its own, so that reading, enriching and writing overlap.

Rules held here:
- It works at most `depth` items ahead, so that memory stays bounded.
- What it raises is raised to who reads it; who stops reading ends it.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["Ahead"]

Item = TypeVar("Item")
POLL_S = 0.1
FAREWELL_S = 2.0


class Ahead(Generic[Item]):
    """The items of an iterator, made ahead of their use; a context manager that ends the thread.

    >>> with Ahead(iter("abc")) as items:
    ...     list(items)
    ['a', 'b', 'c']
    """

    def __init__(self, items: Iterator[Item], depth: int = 2) -> None:
        self._items = items
        self._made: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(depth)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="haoma-ahead", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._taken()

    def __exit__(self, *_failure: object) -> None:
        self._ended.set()
        # A thread that waits for a pipe cannot be ended; it ends with the process.
        self._thread.join(FAREWELL_S)

    def _taken(self) -> Iterator[Item]:
        while (made := self._made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made[0]

    def _work(self) -> None:
        try:
            for item in self._items:
                if not self._put((item,)):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the items are read
            self._put(error)

    def _put(self, made: tuple[Item] | BaseException | None) -> bool:
        while not self._ended.is_set():
            with contextlib.suppress(queue.Full):
                self._made.put(made, timeout=POLL_S)
                return True
        return False
