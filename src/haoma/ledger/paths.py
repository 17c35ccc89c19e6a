"""Which subtrees a proof is made of, as ranges of leaves: arithmetic alone, no hashes.

Rules held here:
- A tree of n leaves splits at the largest power of two below n (RFC 9162 §2.1.1).
- A subtree is a range [start, end) whose start is a multiple of the smallest power of two that holds its length
  (draft-ietf-plants-merkle-tree-certs-03 §4.1). Every subtree of a tree, and every earlier tree, is one.
- One descent serves the inclusion of a leaf, the consistency of an earlier tree and of a subtree, for those who prove,
  for those who verify, and for those who fetch tiles: they cannot disagree on the order of a proof.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

__all__ = ["Join", "Path", "Span", "Step", "path_to", "perfect_parts"]


class Join(IntEnum):
    """How the sibling at one step is joined on the way up."""

    RIGHT = 0
    """The sibling stands right of the way, in the whole tree alone."""
    LEFT = 1
    """The sibling stands left of the way, in the whole tree alone."""
    SHARED = 2
    """The sibling stands left of the way, in the whole tree and in the subtree both."""


class Span(NamedTuple):
    """A half-open range of leaves, [start, end)."""

    start: int
    end: int


class Step(NamedTuple):
    """One sibling on the way up: how it is joined, and the leaves below it."""

    join: Join
    span: Span


class Path(NamedTuple):
    """The way from a subtree up to the root.

    `seed` is the range to start from. When it is the subtree itself (`whole`), its hash is known to the verifier;
    otherwise the proof begins with it.
    """

    seed: Span
    whole: bool
    steps: list[Step]


def path_to(start: int, end: int, size: int) -> Path:
    """The way up from the subtree [start, end) in a tree of `size` leaves; start < end <= size, and a valid subtree.

    Source: RFC 9162 §2.1.3.1 and §2.1.4.1, draft-ietf-plants-merkle-tree-certs-03 §4.4.1.

    >>> [tuple(step.span) for step in path_to(3, 4, 5).steps]
    [(2, 3), (0, 2), (4, 5)]
    """
    first, low, high = start, 0, size
    steps: list[Step] = []
    while low != start or high != end:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if end <= middle:
            steps.append(Step(Join.RIGHT, Span(middle, high)))
            high = middle
        elif start >= middle:
            steps.append(Step(Join.LEFT, Span(low, middle)))
            low = middle
        else:
            steps.append(Step(Join.SHARED, Span(low, middle)))
            low = start = middle
    steps.reverse()
    return Path(Span(start, end), start == first, steps)


def perfect_parts(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees, from left to right, that a subtree is hashed from: (level, index at that level).

    >>> perfect_parts(0, 7)
    [(2, 0), (1, 2), (0, 6)]
    """
    parts: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append((level, start >> level))
        start += 1 << level
    return parts
