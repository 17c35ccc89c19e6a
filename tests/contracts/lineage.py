"""What tests of lineage stand on: a real store, log and keys, and short ways to record."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from contracts.made import made
from haoma.errors import NotFound
from haoma.ledger.commitment import Commitment, commit
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.service import Ledger
from haoma.lineage import ENTRY_TYPES, Activity, Draft, Fact, Stage, canonical_value, record, record_activity
from haoma.storage import Store, open_store

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)


class Keys:
    """Fills the ledger's port with keys in memory: lineage rests on the port alone, whoever keeps the keys."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def commit(self, scope: str, data: bytes) -> Commitment:
        return commit(f"{scope}-1", self._secrets.setdefault(f"{scope}-1", secrets.token_bytes(32)), data)

    def opens(self, commitment: Commitment, data: bytes) -> bool:
        if commitment.key_id not in self._secrets:
            raise NotFound("the key is gone")
        return commit(commitment.key_id, self._secrets[commitment.key_id], data) == commitment

    def destroy(self, key_id: str) -> None:
        del self._secrets[key_id]


@dataclass
class World:
    """What lineage stands on."""

    store: Store
    ledger: Ledger
    keys: Keys
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    def now(self) -> datetime:
        self.clock[0] += timedelta(milliseconds=1)
        return self.clock[0]

    def ran(self, name: str = "etl.load", code: str = "a" * 64, system: str = "crm") -> Activity:
        at = self.now()
        activity = Activity(name, code, system, Stage.STORAGE, at, at)
        return self.store.write(lambda tx: record_activity(tx, self.ledger, activity, at=at))

    def record(self, *drafts: Draft, activity: Activity | None = None) -> list[Fact]:
        by = activity or self.ran()
        return self.store.write(lambda tx: record(tx, self.ledger, self.keys, by, drafts, at=self.now()))

    def ask(self, question: Callable[[sa.Connection], object]) -> object:
        with self.store.read() as tx:
            return question(tx)


def draft(said: object = "tel:95588;phone-context=+86", /, **changes: object) -> Draft:
    """A fact about a hotline."""
    given = {
        "subject": "hotline:95588",
        "name": "number",
        "value": canonical_value(said),
        "source": "registry",
        "stage": Stage.STORAGE,
        "observed_at": NOW,
    }
    return Draft(**given | changes)


def ids(facts: Sequence[Fact]) -> list[int]:
    return [fact.fact_id for fact in facts]


def open_world(url: str) -> World:
    """A new world; close its store."""
    return world_on(open_store(made(url)))


def world_on(store: Store) -> World:
    """A world on this store, with keys of its own."""
    clock = [NOW]
    return World(store, Ledger(store, [*LEDGER_TYPES, *ENTRY_TYPES], lambda: clock[0]), Keys(), clock)
