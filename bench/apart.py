"""Parts of the bench that are taken in a process of their own.

Rules held here:
- What many threads do at once, and who asks a server, has one, as it has where it is used: among the tables that the
  parts before it leave, each step takes a third more CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench.figure import Figure

__all__ = ["apart"]


def apart(measure: Callable[..., Iterator[Figure]], *given: float) -> Iterator[Figure]:
    """The figures of a part that is taken in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield from pool.submit(_listed, measure, *given).result()


def _listed(measure: Callable[..., Iterator[Figure]], *given: float) -> list[Figure]:
    return list(measure(*given))
