"""What a probe asks, what it sees at each hop, and what that says of the hotline.

Rules held here:
- A hop is judged by what goes out of it and, where that is read too, by what comes in.
- Nothing there is an answer, and a wrong one; a place that does not answer, or shows several numbers, blames nobody.
- A number of a kind that a person may hold, a landline too, may be one's where no registry knows it: it is shown
  masked, and its digest is keyed with a key that is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from haoma.guard.model import PUBLIC_KINDS, Names, Purpose
from haoma.lineage.diverge import Divergence, Hop, diverge
from haoma.lineage.model import Stage, canonical_value, digest
from haoma.numbers.model import Number
from haoma.numbers.service import read_cell

__all__ = ["Asked", "HopSeen", "Place", "Probed", "Sight", "Station", "sight_of"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The hotline that is looked for: `uri` is its number in the registry, `key` what this pipeline calls it.

    `names` is how its organisation is known, `rivals` how others are, and `purposes` what it is for.
    """

    uid: str
    organisation: str
    uri: str
    key: str
    names: Names | None = None
    rivals: tuple[Names, ...] = ()
    purposes: frozenset[Purpose] = frozenset()

    def fields(self) -> dict[str, str]:
        """What may stand in a query, a path or a URL; the number may not."""
        return {"uid": self.uid, "organisation": self.organisation, "key": self.key}


class Place(Protocol):
    """Where a pipeline keeps or shows a hotline."""

    def read(self, asked: Asked) -> Sequence[str]:
        """The texts that stand there, none where nothing does; raises HaomaError where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Station:
    """One hop of a pipeline: `out` is read behind it, `come` before it, where that can be read."""

    stage: Stage
    system: str
    out: Place
    come: Place | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Sight:
    """What stands at a place: the number, or None where there is none; `personal` where it is not to be shown."""

    number: Number | None
    digest: str
    personal: bool

    @property
    def uri(self) -> str | None:
        """The number as RFC 3966; None where there is none, or where it may be a person's."""
        return self.number.uri if self.number and not self.personal else None

    @property
    def shown(self) -> str:
        """What a table may show."""
        if self.number is None:
            return "no number"
        return self.number.masked if self.personal else (self.number.national or self.number.masked)

    def __repr__(self) -> str:
        return f"Sight({self.number})"


def sight_of(texts: Sequence[str], known: Callable[[str], bool], salt: bytes, region: str = "CN") -> Sight | None:
    """What a place's texts say; None where they hold several numbers, so that nobody can tell which is meant.

    `known` says whether a registry has a URI, `salt` keys the digests of what may be a person's.

    >>> sight_of(["客服热线 955 88"], lambda _uri: True, b"").shown
    '95588'
    """
    numbers = {one.uri: one for text in texts for one in read_cell(text, region)[0] if one.uri}
    if len(numbers) > 1:
        return None
    if not numbers:
        return Sight(None, digest(canonical_value(None)), personal=False)
    ((uri, number),) = numbers.items()
    personal = number.kind not in PUBLIC_KINDS and not known(str(uri))
    return Sight(number, digest(canonical_value(uri), salt if personal else None), personal)


@dataclass(frozen=True, slots=True)
class HopSeen:
    """One hop as it was found. `failures` tells why a side of it could not be read."""

    stage: Stage
    system: str
    come: Sight | None
    out: Sight | None
    observed_at: datetime
    failures: tuple[str, ...] = ()

    def hop(self) -> Hop:
        """The hop as its digests, for `diverge`."""
        come, out = self.come, self.out
        return Hop(self.stage, self.system, come.digest if come else None, out.digest if out else None)


@dataclass(frozen=True, slots=True)
class Probed:
    """All hops of a pipeline for one hotline, and where it is first wrong; None where it is right to the end."""

    asked: Asked
    hops: tuple[HopSeen, ...]
    divergence: Divergence | None

    @classmethod
    def of(cls, asked: Asked, hops: Collection[HopSeen]) -> Probed:
        """Judge the hops of a hotline."""
        expected = digest(canonical_value(asked.uri))
        return cls(asked, tuple(hops), diverge(expected, [one.hop() for one in hops]))

    @property
    def wrong(self) -> bool:
        """Whether a wrong number, or none, was seen."""
        return self.divergence is not None and self.divergence.seen is not None

    @property
    def told(self) -> bool:
        """Whether it can be told: a wrong number was seen, or the way was read to its end."""
        return self.divergence is None or self.wrong

    def culprit(self) -> Sight | None:
        """What was first seen wrong."""
        found = self.divergence
        if found is None:
            return None
        hop = self.hops[found.until]
        return next((one for one in (hop.come, hop.out) if one and one.digest == found.seen), None)
