"""What tests of lineage stand on: a real store, log and keys, and short ways to record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.key_file import KeyFiles
from haoma.ledger.service import Ledger
from haoma.lineage import ENTRY_TYPES, Activity, Draft, Fact, Stage, canonical_value, record, record_activity
from haoma.storage import Store, open_store

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)


@dataclass
class World:
    """What lineage stands on."""

    store: Store
    ledger: Ledger
    keys: KeyFiles
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


def open_world(url: str, keys: Path) -> World:
    """A new world; close its store."""
    store, clock = open_store(url), [NOW]
    return World(store, Ledger(store, [*LEDGER_TYPES, *ENTRY_TYPES], lambda: clock[0]), KeyFiles(keys), clock)
