"""Where evidence of a place comes from: two small Protocols, for what is asked and for what is looked up.

Rules held here:
- A source is asked with a Grant for it, and with no other; what it answers are observations, and never an answer.
- One that reads this database alone can be asked in the transaction that records its use, or ahead (`ReadsHere`).
- A source that does not answer raises Unavailable. What it cannot tell is no observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import sqlalchemy as sa

from haoma.consent import Grant, Source
from haoma.locate.areas import Area
from haoma.locate.fusion import Observation
from haoma.locate.given import Raw

__all__ = ["Card", "EvidenceSource", "Reader", "ReadsHere", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a source says of itself before it is asked.

    `needs` is the source that the Grant has to be for. `accuracy_m` is the radius that it usually has, in metres, None
    where it names regions; `cost` what a question costs beside time: none, or as the carrier's contract says; `credit`
    what its licence wants to be shown with every answer that rests on it.
    """

    name: str
    method: str
    needs: Source
    accuracy_m: int | None
    cost: str = "none"
    credit: str = ""


class Card(NamedTuple):
    """What is known of a number and its SIM card; None for what nobody can tell.

    `recycled` is whether it has had another holder since the permission stands; `silent` where a part did not answer.
    """

    sim_swapped_at: datetime | None = None
    roaming: bool | None = None
    recycled: bool | None = None
    silent: bool = False


class EvidenceSource(Protocol):
    """One source of evidence."""

    @property
    def terms(self) -> Terms:
        """What it says of itself."""

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """What it knows of the Grant's subject; `area` is what was asked about, where one was.

        Raises Unavailable where it does not answer, Refused where the Grant does not reach so far.
        """

    def card(self, grant: Grant) -> Card | None:
        """What it knows of the SIM card, None where it knows of none. Raises as `observe`."""


@runtime_checkable
class ReadsHere(Protocol):
    """A source that reads this database and its keys alone, and so can be asked in a transaction of another's."""

    def within(self, tx: sa.Connection, grant: Grant) -> Sequence[Observation]:
        """`EvidenceSource.observe` through a transaction, read with `storage.quick` alone."""


class Reader(Protocol):
    """Looks up what came with a question and tells no place by itself: a network address, access points, cells."""

    @property
    def terms(self) -> Terms:
        """What it says of itself; its name is that of what it reads."""

    def read(self, grant: Grant, given: Raw) -> Sequence[Observation]:
        """Where that puts the Grant's subject. Raises Unavailable where it does not answer."""
