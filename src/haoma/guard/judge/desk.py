"""What judging stands on, and what it needs to know of the registry.

Rules held here:
- The registry is asked and never changed from here: a page that disagrees with it is a finding, not the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from haoma.guard.judge.model import Limits, Severity
from haoma.guard.model import Names, Purpose
from haoma.ledger.commitment import Commitments
from haoma.ledger.entry import Entry, Json
from haoma.lineage.entries import Log
from haoma.storage import Store

__all__ = ["Desk", "Hold", "HotlineLike", "Recheck", "Registry"]


class HotlineLike(Protocol):
    """A registered hotline, as far as judging reads it."""

    @property
    def uid(self) -> str:
        """What it is called, for ever."""

    @property
    def organisation(self) -> str:
        """The uid of whose it is."""

    @property
    def uri(self) -> str:
        """Its number (RFC 3966)."""

    @property
    def purposes(self) -> frozenset[Purpose]:
        """What it is for."""

    @property
    def valid_from(self) -> datetime:
        """Since when it is good."""

    @property
    def valid_until(self) -> datetime | None:
        """Until when it is good; None while no end is set."""

    @property
    def shared(self) -> bool:
        """Whether several bodies answer there on purpose."""


class Registry(Protocol):
    """Knows whose hotlines are whose."""

    def names(self, tx: sa.Connection, organisation: str) -> Names:
        """How an organisation (uid) is known; raises NotFound where there is none."""

    def rivals(self, tx: sa.Connection, organisation: str) -> Sequence[Names]:
        """How all the others are known."""

    def of_tenant(self, tx: sa.Connection, tenant: str) -> Collection[str]:
        """The organisations (uids) of a tenant (id)."""

    def hotlines(self, tx: sa.Connection, organisation: str) -> Sequence[HotlineLike]:
        """The hotlines of an organisation, those that were retired too."""

    def known(self, tx: sa.Connection, uri: str) -> Sequence[HotlineLike]:
        """Every hotline with this number (RFC 3966), whosever it is, those that were retired too."""


class Hold(Protocol):
    """Keeps what was seen."""

    def __call__(self, tx: sa.Connection, snapshots: Collection[str], /, *, held: bool) -> None:
        """Keep these snapshots for as long as it is not called again, or let them go."""


class Recheck(Protocol):
    """Has a source looked at again."""

    def __call__(self, tx: sa.Connection, source: str, /, *, wait: timedelta) -> None:
        """Have it looked at when so long has passed, where it was to be later and that can be."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Store, log, keys of commitments, registry and limits; `channels` are who hears news of which severity on.

    `hold` keeps snapshots from being deleted, or lets them go again, in the transaction that is given; `recheck` has a
    source looked at sooner.
    """

    store: Store
    log: Log
    commitments: Commitments
    registry: Registry
    now: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    channels: Mapping[str, Severity] = field(default_factory=dict)
    hold: Hold | None = None
    recheck: Recheck | None = None

    def tell(self, tx: sa.Connection, type_: str, at: datetime, **body: Json) -> int:
        """Queue an entry of one of these types; returns its entry id."""
        return self.log.append(tx, Entry(type_, at, body))
