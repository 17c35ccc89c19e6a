"""What tests of access stand on: a real store and log, people who signed in, and a clock of their own."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.lineage import Keys
from contracts.made import made
from haoma.access import ENTRY_TYPES, Asker, Gate, People, Person, Role, SealingKey, SignIn
from haoma.access.totp import code_at
from haoma.ledger.entry import Entry
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
PASSWORD = "correct horse battery"
STRONG = frozenset({"password", "totp"})


class Ended(dict[str, str]):
    """Fills the port of what is over, in memory."""

    def note(self, ended_id: str, why: str) -> None:
        self.setdefault(ended_id, why)

    def why(self, ended_id: str) -> str:
        return self.get(ended_id, "")


@dataclass
class World:
    """Everything of access on one store; `now` moves by a second at each look."""

    store: Store
    ledger: Ledger
    gate: Gate
    people: People
    sign_in: SignIn
    sealing: SealingKey
    keys: Keys
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    secrets: dict[str, bytes] = field(default_factory=dict)
    ends: Ended = field(default_factory=Ended)

    def now(self, **later: float) -> datetime:
        self.clock[0] += timedelta(**later) if later else timedelta(seconds=1)
        return self.clock[0]

    def first(self) -> Asker:
        person, token = self.people.add_first("root", "Root", "acme", self.now())
        return self.enrolled(person, token)

    def admins(self) -> tuple[Asker, Asker]:
        """A system administrator, and a security administrator."""
        system = self.first()
        return system, self.staff(system, system, "safe", Role.SECURITY_ADMIN)

    def staff(self, system: Asker, security: Asker, login: str, *roles: Role) -> Asker:
        person, token = self.people.add(system, login, login.title(), self.now())
        for role in roles:
            self.people.grant(security, person.id, role, self.now())
        return self.enrolled(person, token)

    def enrolled(self, person: Person, token: str) -> Asker:
        """Recognised without the work of Argon2, which has tests of its own."""
        from haoma.access import tables
        from haoma.access.rows import asker_of

        def work(tx: sa.Connection) -> Asker:
            tx.execute(sa.update(tables.people).where(tables.people.c.person_id == person.id).values(state="active"))
            return asker_of(tx, person.id, STRONG)

        return self.store.write(work)

    def enrol(self, person: Person, token: str, password: str = PASSWORD) -> None:
        """As a person does it."""
        told = self.sign_in.enrol(token, password, self.now()).otpauth
        text = parse_qs(urlsplit(told).query)["secret"][0]
        self.secrets[person.login] = base64.b32decode(text + "=" * (-len(text) % 8))

    def code(self, login: str, at: datetime) -> str:
        return code_at(self.secrets[login], int(at.timestamp()) // 30)

    def ask(self, question: Callable[[sa.Connection], object]) -> object:
        with self.store.read() as tx:
            return question(tx)

    def entries(self, type_: str = "") -> list[Entry]:
        return [entry for entry in all_entries(self.store) if entry.type.startswith(type_)]


def open_world(url: str) -> World:
    """A new world; close its store."""
    return world_on(open_store(made(url)))


def world_on(store: Store) -> World:
    """Everything of access on this store."""
    clock, sealing, keys = [NOW], SealingKey(bytes(range(64))), Keys()
    ledger = Ledger(store, ENTRY_TYPES, lambda: clock[0])
    gate = Gate(store, ledger, keys)
    return World(store, ledger, gate, People(gate), SignIn(store, ledger, sealing, keys, "haoma"), sealing, keys, clock)
