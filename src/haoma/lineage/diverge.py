"""Where value and evidence part: the earliest hop at which the value is no longer what it should be.

Rules held here:
- A hop is judged by digests alone: of what came in and of what went out. Values are not needed.
- Changed between two hops (in ≠ what went out before) is told apart from changed inside one (in is right, out is not).
- A digest that is missing blames nobody: the answer then names the span in which the change lies.
- A gap behind which the value is right again is none: nothing went wrong there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from haoma.errors import BadInput, Tampered
from haoma.lineage.model import Activity, Fact, Stage

__all__ = ["Divergence", "Hop", "How", "diverge", "hops_of"]


class How(StrEnum):
    """How a value was lost: changed by a hop, changed on the way to it, or somewhere that was not watched."""

    INSIDE = "inside"
    BETWEEN = "between"
    UNWATCHED = "unwatched"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a value's way: the digests of what came in and what went out, None where nobody took them."""

    stage: Stage
    system: str
    input_digest: str | None
    output_digest: str | None
    fact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Divergence:
    """The change lies at hop `index`, or where it was not watched, in the hops from `index` to `until`.

    `seen` is the first digest that is not the expected one; None where the path ends unwatched.
    """

    index: int
    until: int
    stage: Stage
    how: How
    seen: str | None


def diverge(expected: str, path: Sequence[Hop]) -> Divergence | None:
    """The earliest hop at which a value is no longer the expected one; None where it is right to the end.

    `expected` is the digest of the true value, `path` its hops in the order of the way.

    >>> good, bad = "a" * 64, "b" * 64
    >>> found = diverge(good, [Hop(Stage.STORAGE, "crm", good, good), Hop(Stage.DISPLAY, "cms", good, bad)])
    >>> found.index, str(found.stage), str(found.how)
    (1, 'display', 'inside')

    Raises BadInput for a path without hops.
    """
    if not path:
        message = "a path without hops"
        raise BadInput(message, hint="a path is what haoma.lineage.hops_of makes of a trace")
    unwatched: int | None = None  # the first point since which no digest was seen
    for index, hop in enumerate(path):
        if hop.input_digest is not None:
            if hop.input_digest != expected:
                return _parted(path, index, unwatched, How.BETWEEN, hop.input_digest)
            unwatched = None
        elif unwatched is None:
            unwatched = index
        if hop.output_digest is not None:
            if hop.output_digest != expected:
                return _parted(path, index, unwatched, How.INSIDE, hop.output_digest)
            unwatched = None
        elif unwatched is None:
            unwatched = index
    if unwatched is None:
        return None
    return _parted(path, len(path) - 1, unwatched, How.UNWATCHED, None)


def _parted(path: Sequence[Hop], index: int, unwatched: int | None, how: How, seen: str | None) -> Divergence:
    if unwatched is None:
        return Divergence(index, index, path[index].stage, how, seen)
    return Divergence(unwatched, index, path[unwatched].stage, How.UNWATCHED, seen)


def hops_of(facts: Iterable[Fact], activities: Mapping[int, Activity]) -> list[Hop]:
    """The path to the last fact of a trace: back from it along first parents, then told from the beginning.

    A trace may have many sources; the path is that of the value itself, which a hop names as its first parent. Raises
    Tampered for a fact that is made of itself or of a later one.
    """
    known = {fact.fact_id: fact for fact in facts}
    path: list[Hop] = []
    at = known[max(known)] if known else None
    while at is not None:
        activity = activities.get(at.activity_id)
        system = activity.system if activity else at.source
        path.append(Hop(at.stage, system, at.input_digest, at.output_digest, at.fact_id))
        at = _made_of(at, known)
    return path[::-1]


def _made_of(fact: Fact, known: Mapping[int, Fact]) -> Fact | None:
    if fact.parents and fact.parents[0] >= fact.fact_id:
        message = f"fact:{fact.fact_id} is made of fact:{fact.parents[0]}, which is not earlier"
        raise Tampered(message, hint="haoma trace --all names the first fact that differs")
    return known.get(fact.parents[0]) if fact.parents else None
