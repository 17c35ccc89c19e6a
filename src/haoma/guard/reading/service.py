"""Reads pages in processes that end where a page takes too long, or too much memory.

Rules held here:
- A page has so many seconds by the clock and its reader so much memory, whatever holds the interpreter there: an
  expression, a parser, a loop. A reader that goes over is ended, and another one takes its place.
- Where a reader ends by itself, the page is read once more by a new one: somebody may have killed it, or the pages
  before have eaten up its memory.
- As many are started as are asked at the same time, `at_once` at most; each reads page after page.
- They end with this process, however it ends.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from queue import LifoQueue
from threading import Lock
from typing import Self

from haoma.errors import BadInput, Unavailable
from haoma.guard.model import Mention, Names
from haoma.guard.reading.child import OUT_OF_MEMORY
from haoma.guard.reading.messages import Answer, Question, answered, encoded
from haoma.guard.reading.process import Process

__all__ = ["Bounds", "Readers", "Unreadable"]

READS = "haoma.guard.extract:mentions_of"
LEAST_MB, MOST_MB = 128, 1 << 20
LONGEST_S = 86_400


class Unreadable(BadInput):
    """A page that cannot be read: it takes too long, or too much memory, or breaks its reader."""


class _Ended(Exception):
    """A process has ended by itself; with its exit code, or the signal as a negative number."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a page may be read, and how much memory its reader may take; raises BadInput where that is none."""

    page_s: float = 120.0
    memory_mb: int = 1_024

    def __post_init__(self) -> None:
        if not 0 < self.page_s <= LONGEST_S:
            raise BadInput(f"guard_read_s is {self.page_s:g}", hint=f"1 to {LONGEST_S} seconds; 120 are usual")
        if not LEAST_MB <= self.memory_mb <= MOST_MB:
            raise BadInput(f"guard_read_mb is {self.memory_mb}", hint=f"{LEAST_MB} to {MOST_MB}; 1024 is usual")


class Readers:
    """Processes that read pages; a context manager that ends them. Called, it reads a page as `mentions_of` does.

    `at_once` is as many as there are cores where it is left out; `reads` the function that they read by, `module:name`.
    Threads may ask at the same time.
    """

    def __init__(self, bounds: Bounds | None = None, at_once: int = 0, reads: str = READS) -> None:
        self.at_once = at_once or _cores()
        self._bounds = bounds or Bounds()
        self._reads = reads
        self._free = LifoQueue[Process | None]()  # None: a place for one that is not started yet
        for _ in range(self.at_once):
            self._free.put(None)
        self._lock = Lock()
        self._running = set[Process]()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(
        self,
        page: bytes,
        *,
        url: str | None = None,
        content_type: str | None = None,
        names: Names | None = None,
        rivals: Sequence[Names] = (),
    ) -> list[Mention]:
        """The numbers on a page, as `haoma.guard.extract.mentions_of` finds them.

        Raises Unreadable for a page that takes too much, and Unavailable where no process can be started.
        """
        asked = encoded(Question(url, content_type, names, tuple(rivals)))
        try:
            said = self._said(asked, page)
        except _Ended:
            said = self._said_anew(asked, page)
        if said.failed:
            raise Unreadable(f"the page breaks its reader ({said.failed})")
        return list(said.mentions)

    def close(self) -> None:
        """End them all, at once; who waits for one is told Unavailable."""
        with self._lock:
            self._closed = True
            running = [*self._running]
        for one in running:
            self._end(one)

    def _said_anew(self, asked: bytes, page: bytes) -> Answer:
        try:
            return self._said(asked, page, anew=True)
        except _Ended as ended:
            if ended.args == (OUT_OF_MEMORY,):
                raise Unreadable(f"the page could not be read within {self._bounds.memory_mb} MB") from None
            raise Unreadable("the page ends its reader") from None

    def _said(self, asked: bytes, page: bytes, *, anew: bool = False) -> Answer:
        """What a process answers, `anew` one that is started for it; one that does not is ended."""
        reader = self._free.get()
        kept = None
        try:
            if anew and reader is not None:
                self._end(reader)
                reader = None
            reader = reader or self._start()
            said = answered(reader.ask(asked, page, time.monotonic() + self._bounds.page_s))
            kept = reader
        except TimeoutError:
            raise Unreadable(f"the page could not be read within {self._bounds.page_s:g} s") from None
        except ValueError:
            raise Unreadable("the page breaks its reader (no answer)") from None
        except (OSError, EOFError):
            how = self._end(reader) if reader is not None else 0
            if self._closed:
                raise Unavailable("pages are read no more") from None
            raise _Ended(how) from None
        finally:
            if kept is None and reader is not None:
                self._end(reader)
            self._free.put(kept)
        return said

    def _start(self) -> Process:
        if find_spec("lxml") is None:
            raise Unavailable("reading pages needs lxml", hint="pip install 'haoma[guard]'")
        try:
            made = Process(self._bounds.memory_mb, self._reads)
        except Unavailable:  # somebody may have killed it as it began
            made = Process(self._bounds.memory_mb, self._reads)
        with self._lock:
            self._running.add(made)
            closed = self._closed
        if closed:
            self._end(made)
            raise Unavailable("pages are read no more")
        return made

    def _end(self, one: Process) -> int:
        with self._lock:
            self._running.discard(one)
        return one.end()


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
