"""What a probe found, as rows of a table and in one sentence.

Rules held here:
- A hop is blamed for what it did alone: a change inside it, between it and the one before, or where nobody looked are
  three sentences.
- A number that may be a person's is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from haoma.guard.probe.model import HopSeen, Probed, Sight
from haoma.lineage.diverge import How
from haoma.lineage.model import canonical_value, digest

__all__ = ["rows", "sentence"]


def rows(probed: Probed) -> list[Mapping[str, object]]:
    """A row for each hop: where it is, what came in and went out, and whether that is right."""
    expected = digest(canonical_value(probed.asked.uri))
    found = probed.divergence
    first = range(found.index, found.until + 1) if found else range(0)
    return [
        {
            "hop": place + 1,
            "stage": str(seen.stage),
            "system": seen.system,
            "in": seen.come.shown if seen.come else None,
            "out": seen.out.shown if seen.out else None,
            "right": _right(seen, expected),
            "first_wrong": probed.wrong and place in first,
            "why": "; ".join(seen.failures) or None,
        }
        for place, seen in enumerate(probed.hops)
    ]


def _right(seen: HopSeen, expected: str) -> bool | None:
    known = [one.digest == expected for one in (seen.come, seen.out) if one]
    return all(known) if known and (seen.out or not all(known)) else None


def sentence(probed: Probed, whose: Callable[[str], str | None] = lambda _uri: None) -> str:
    """Where the hotline is first wrong, in words; `whose` says whose another number is, where the registry knows.

    >>> from datetime import UTC, datetime
    >>> from haoma.guard.probe.model import Asked
    >>> from haoma.lineage.model import Stage
    >>> right = Sight(None, digest(canonical_value("tel:95588;phone-context=+86")), personal=False)
    >>> seen = HopSeen(Stage.STORAGE, "cms", right, right, datetime.now(UTC))
    >>> sentence(Probed.of(Asked("h-1", "o-1", "tel:95588;phone-context=+86", "h-1"), [seen]))
    'the hotline is right at every hop that was read (1 of 1)'
    """
    found, hops = probed.divergence, probed.hops
    read = sum(one.out is not None for one in hops)
    if found is None:
        return f"the hotline is right at every hop that was read ({read} of {len(hops)})"
    if found.seen is None:
        return f"right as far as it was read; {_span(found.index, found.until, hops)} could not be read"
    at, seen = _hop(found.index, hops), _said(probed.culprit(), whose)
    if found.how is How.INSIDE:
        return f"first wrong inside {at}: right when it came in, {seen} when it went out"
    if found.how is How.BETWEEN:
        before = f"between {_hop(found.index - 1, hops)} and" if found.index else "before"
        return f"first wrong {before} {at}: {seen} came in"
    if found.index == found.until:
        blind = hops[found.index].come is None
        unread = " (in it or on the way to it: what comes in there was not read)" if blind else ""
        return f"first wrong at {at}: {seen}{unread}"
    return f"first wrong somewhere in {_span(found.index, found.until, hops)}: {seen} behind what could not be read"


def _hop(place: int, hops: tuple[HopSeen, ...]) -> str:
    return f"hop {place + 1} of {len(hops)} ({hops[place].stage}, {hops[place].system})"


def _span(first: int, last: int, hops: tuple[HopSeen, ...]) -> str:
    return _hop(first, hops) if first == last else f"{_hop(first, hops)} to {_hop(last, hops)}"


def _said(sight: Sight | None, whose: Callable[[str], str | None]) -> str:
    if sight is None:
        return "another number"
    known = whose(sight.uri) if sight.uri else None
    return f"{sight.shown}, {known}," if known else sight.shown
