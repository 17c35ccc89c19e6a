"""The table of services: what each one is called, and which module says how it is built.

Rules held here:
- A service is built when it is first asked for, and closed with the others.
- Whoever only reads (`create=False`) makes no database; a key is made when something is signed with it first.
- How a service is built is a function of `Services` beside its like: `vault_parts` for the vault, and so on. What a
  package adds to what is below it, types of entries and rows that end, is listed in `packages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar

from haoma.app import (
    access_parts,
    case_parts,
    consent_parts,
    counts_parts,
    crawl_parts,
    guard_parts,
    judge_parts,
    ledger_parts,
    locate_parts,
    outside_parts,
    packages,
    vault_parts,
    watch_parts,
)
from haoma.settings import Settings

if TYPE_CHECKING:
    from haoma.ledger.entry import EntryType

__all__ = ["Services"]

T = TypeVar("T")


class Services:
    """Everything that runs on one store; a context manager that closes what was opened.

    Without `create` a database that is not there is NotFound, and none is made.
    """

    store = cached_property(ledger_parts.store)
    ledger = cached_property(ledger_parts.ledger)
    view = cached_property(ledger_parts.view)
    publisher = cached_property(ledger_parts.publisher)
    keys = cached_property(ledger_parts.keys)
    log_key = cached_property(ledger_parts.log_key)
    entries_key = cached_property(ledger_parts.entries_key)
    witness = cached_property(ledger_parts.witness)

    http = cached_property(outside_parts.http)
    policy = cached_property(outside_parts.policy)
    chain = outside_parts.chain
    chain_key = outside_parts.chain_key

    vault = cached_property(vault_parts.vault)
    key_store = cached_property(vault_parts.key_store)
    custody = cached_property(vault_parts.custody)
    pseudonyms = cached_property(vault_parts.pseudonyms)
    commitments = cached_property(vault_parts.commitments)
    retention = cached_property(vault_parts.retention)
    rotation = cached_property(vault_parts.rotation)

    gate = cached_property(access_parts.gate)
    people = cached_property(access_parts.people)
    sign_in = cached_property(access_parts.sign_in)
    passkeys = cached_property(access_parts.passkeys)
    oidc = cached_property(access_parts.oidc)
    api_keys = cached_property(access_parts.api_keys)
    requests = cached_property(access_parts.requests)
    cases = cached_property(access_parts.cases)
    approvals = cached_property(access_parts.approvals)
    sealing = cached_property(access_parts.sealing)

    consent = cached_property(consent_parts.consent)

    camara = cached_property(locate_parts.camara)
    gathering = cached_property(locate_parts.gathering)
    locate = cached_property(locate_parts.locate)
    routing = cached_property(locate_parts.routing)
    positions = cached_property(locate_parts.positions)
    case_places = cached_property(locate_parts.case_places)
    customers = cached_property(case_parts.customers)

    registry = cached_property(guard_parts.registry)
    improvement = cached_property(guard_parts.improvement)
    crawl = cached_property(crawl_parts.crawl)
    guard_desk = cached_property(judge_parts.guard_desk)
    reading_bounds = cached_property(judge_parts.reading_bounds)
    page_readers = cached_property(judge_parts.page_readers)
    looker = cached_property(judge_parts.looker)
    guard_channels = cached_property(judge_parts.guard_channels)
    incidents = cached_property(judge_parts.incident_office)
    tell_news = judge_parts.tell_news

    watch_manner = cached_property(watch_parts.watch_manner)
    watch_runner = cached_property(watch_parts.watch_runner)
    watch_sights = cached_property(watch_parts.watch_sights)

    counts = cached_property(counts_parts.counts)

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        self.settings = settings
        self.create = create
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def opened(self, what: AbstractContextManager[T]) -> T:
        """Enter this context, and leave it with all others."""
        return self._open.enter_context(what)

    @staticmethod
    def now() -> datetime:
        """The clock of every service."""
        return datetime.now(UTC)

    @property
    def entry_types(self) -> Sequence[EntryType]:
        """The types of entries that the log takes."""
        return packages.entry_types()

    def receive_hop(self, body: bytes) -> int:
        """Record the hop that a pipeline reports; the id of the fact it became."""
        from haoma.lineage.hop import receive_hop

        done = self.store.write(lambda tx: receive_hop(tx, self.ledger, self.commitments, body, at=self.now()))
        return done.fact_id
