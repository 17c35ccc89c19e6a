"""What tests of the vault stand on: a real store, log, key store and custody, and a clock of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.made import made
from haoma.ledger.entry import Entry
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.service import Ledger
from haoma.lineage import ENTRY_TYPES as LINEAGE_TYPES
from haoma.numbers import Number, parse
from haoma.storage import open_store
from haoma.vault import ENTRY_TYPES, KeyStore, LocalFiles, Opener, SubjectToken, Vault, open_keys, suite_named

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
NUMBER = "13800138000"
OTHER = "13800138001"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Permitted:
    """What consent gives, as far as the vault looks at it."""

    subject: SubjectToken
    purpose: str = "customer-care"
    until: datetime = NOW + HOUR


@dataclass
class World:
    """A vault, and the hands that turn its clock."""

    vault: Vault
    custody: LocalFiles
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    @property
    def opener(self) -> Opener[Permitted]:
        """What opens for who holds a `Permitted`."""
        return Opener(self.vault, Permitted)

    def pass_(self, **by: float) -> datetime:
        self.clock[0] += timedelta(**by)
        return self.clock[0]

    def sealed(self, number: Number, purpose: str = "customer-care", until: datetime | None = None) -> SubjectToken:
        token = self.vault.pseudonym("acme", number)
        end = until or self.clock[0] + HOUR
        self.vault.store.write(lambda tx: self.vault.seal(tx, token, purpose, number, end))
        return token

    def entries(self) -> list[Entry]:
        return all_entries(self.vault.store)

    def rows(self, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
        with self.vault.store.read() as tx:
            return list(tx.execute(sa.select(table).order_by(*table.primary_key)))


def number(text: str = NUMBER) -> Number:
    return parse(text)


@contextmanager
def open_world(url: str, keys: Path, *, suite: str = "aes-sha2", keys_url: str | None = None) -> Iterator[World]:
    """A vault on the database of `url`, its keys below `keys`."""
    clock = [NOW]
    custody = LocalFiles(keys / "custody", suite_named(suite))
    with open_store(made(url)) as store, open_keys(keys_url or f"sqlite:///{keys}/vault.db") as key_store:
        log = Ledger(store, [*LEDGER_TYPES, *LINEAGE_TYPES, *ENTRY_TYPES], lambda: clock[0])
        kept = KeyStore(key_store, custody, suite_named(suite), lambda: clock[0])
        yield World(Vault(store, kept, log, lambda: clock[0]), custody, clock)
