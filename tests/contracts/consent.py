"""What tests of consent stand on: a real store, log, vault, gate and custody, a clock, and what was sent."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from contracts.access import STRONG
from contracts.entries import all_entries
from contracts.made import made
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Asker, Gate, Role
from haoma.access import tables as access
from haoma.access.rows import asker_of
from haoma.consent import jws
from haoma.consent.answers import Given
from haoma.consent.entries import ENTRY_TYPES
from haoma.consent.grant import Grant
from haoma.consent.notice import make_notice
from haoma.consent.notices import StoredAssessments
from haoma.consent.office import Office, SteadyClock
from haoma.consent.requests import Asked, Question
from haoma.consent.service import Consent
from haoma.errors import Unavailable
from haoma.ledger.entry import Entry
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.service import Ledger
from haoma.lineage import ENTRY_TYPES as LINEAGE_TYPES
from haoma.locate import ENTRY_TYPES as LOCATE_TYPES
from haoma.locate.cases import ENTRY_TYPES as CASE_TYPES
from haoma.locate.kept.entries import ENTRY_TYPES as KEPT_TYPES
from haoma.numbers import Number, parse
from haoma.storage import Store, open_store
from haoma.vault import ENTRY_TYPES as VAULT_TYPES
from haoma.vault import KeyStore, LocalFiles, SubjectToken, Vault, open_keys, suite_named

NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
TENANT = "acme"
NUMBER = "13800138000"
OTHER = "13800138001"
HOOK = "https://recipient.example/hooks/consent"


@dataclass
class Sent:
    """Messages, requests to recipients and alarms that went out; `down` names what does not answer."""

    messages: list[tuple[Number, str]] = field(default_factory=list)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    recycled_at: dict[str, datetime] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    status: int = 204

    def _up(self, what: str) -> None:
        if what in self.down:
            message = f"{what} does not answer"
            raise Unavailable(message)

    def send(self, number: Number, text: str) -> None:
        self._up("sms")
        self.messages.append((number, text))

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self._up("recipient")
        self.requests.append((url, headers, body))
        return self.status

    def sound(self, kind: str, reference: str, at: datetime) -> None:
        self._up("alarms")
        self.alarms.append((kind, reference))

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        self._up("places")
        self.forgotten.append((str(subject), purpose))
        return 1

    def recycled(self, number: Number, since: datetime) -> bool:
        self._up("carrier")
        at = self.recycled_at.get(str(number.uri))
        return at is not None and at > since

    @property
    def code(self) -> str:
        """The code in the newest message."""
        return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", self.messages[-1][1])[-1]


@dataclass
class World:
    """Consent on one store, its people, and the hands that turn its clock."""

    consent: Consent
    sent: Sent
    custody: LocalFiles
    clock: list[datetime]
    people: dict[str, Asker] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.consent.office.store

    @property
    def vault(self) -> Vault:
        return self.consent.office.vault

    @property
    def agent(self) -> Asker:
        return self.people["agent"]

    @property
    def keys(self) -> jws.Jwks:
        return jws.jwks_of(self.custody)

    def pass_(self, **by: float) -> datetime:
        self.clock[0] += timedelta(**by)
        return self.clock[0]

    def subject(self, number: str = NUMBER) -> SubjectToken:
        return self.consent.office.subject(TENANT, parse(number))

    def publish(
        self,
        purpose: str = "customer-care",
        recipient: str = "acme-desk",
        days: int = 1,
        sources: Sequence[str] = ("carrier", "stated"),
        **more: str,
    ) -> None:
        notice = make_notice(purpose, recipient, "安客", "privacy@acme.example", list(sources), "yes-no", days)
        self.consent.notices.publish(self.people["dpo"], TENANT, notice, **more)

    def assess(self, purpose: str = "customer-care") -> None:
        self.consent.notices.assess(
            self.people["dpo"], TENANT, purpose, "ab" * 32, self.clock[0] + timedelta(days=1000)
        )

    def ready(self, purpose: str = "customer-care", recipient: str = "acme-desk", days: int = 30) -> None:
        self.publish(purpose, recipient, days, webhook=HOOK)
        self.assess(purpose)

    def open_case(self, number: str = NUMBER, agent: str = "agent") -> None:
        """A case of the agent about the holder of a number."""
        asker = self.people[agent]
        row = {"tenant_id": asker.tenant, "agent_id": asker.person, "subject": str(self.subject(number))}
        when = {"opened_at": self.clock[0] - timedelta(days=1), "closes_at": self.clock[0] + timedelta(days=900)}
        insert = sa.insert(access.cases).values(case_id=str(uuid.uuid4()), **row, **when)
        self.store.write(lambda tx: tx.execute(insert).rowcount)

    def ask(self, number: str = NUMBER, by: str | None = None, **more: object) -> Asked:
        question = Question(TENANT, parse(number), **({"purposes": "customer-care", "recipient": "acme-desk"} | more))
        return self.consent.requests.ask(self.people[by] if by else None, question)

    def give(self, number: str = NUMBER, **more: object) -> Given:
        asked = self.ask(number, **more)
        return self.consent.answers.yes(asked.request_id, self.sent.code)

    def require(self, number: str = NUMBER, **more: object) -> Grant:
        asked = {"purpose": "customer-care", "recipient": "acme-desk", "source": "carrier"} | more
        by = self.people[str(asked.pop("by", "agent"))]
        return self.consent.require(by, self.subject(number), **asked)

    def entries(self, type_: str = "") -> list[Entry]:
        return [entry for entry in all_entries(self.store) if entry.type.startswith(type_)]

    def rows(self, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
        with self.store.read() as tx:
            return list(tx.execute(sa.select(table).order_by(*table.primary_key)))


ROLES = {
    "agent": Role.AGENT,
    "colleague": Role.AGENT,
    "dpo": Role.DPO,
    "second": Role.DPO,
    "analyst": Role.RISK_ANALYST,
    "admin": Role.SYSTEM_ADMIN,
    "approver": Role.APPROVER,
}


@contextmanager
def open_world(url: str, keys: Path, *, recycling: bool = True) -> Iterator[World]:
    """Consent on the database of `url`, with its people, notice and assessment, and an open case about NUMBER."""
    with open_store(made(url)) as store, open_keys(f"sqlite:///{keys}/vault.db") as key_store:
        yield world_on(store, key_store, keys, recycling=recycling)


def world_on(store: Store, key_store: Store, keys: Path, *, recycling: bool = True) -> World:
    """Consent on these stores; people and case are made where there are none."""
    clock = [NOW]
    now = SteadyClock(lambda: clock[0])
    custody = LocalFiles(keys / "custody", suite_named("aes-sha2"))
    types = [*LEDGER_TYPES, *LINEAGE_TYPES, *VAULT_TYPES, *ACCESS_TYPES, *ENTRY_TYPES, *LOCATE_TYPES]
    types += [*CASE_TYPES, *KEPT_TYPES]
    vault = Vault(store, KeyStore(key_store, custody, suite_named("aes-sha2"), now), Ledger(store, types, now), now)
    sent = Sent()
    office = Office(
        store=store,
        vault=vault,
        gate=Gate(store, vault.log, vault.commitments),
        custody=custody,
        now=now,
        sms=sent,
        assessments=StoredAssessments(),
        transport=sent,
        alarms=sent,
        recycling=sent if recycling else None,
        places=sent,
    )
    world = World(Consent(office), sent, custody, clock)
    world.people.update(store.write(lambda tx: {login: _person(tx, at, login) for at, login in enumerate(ROLES)}))
    return world


def _person(tx: sa.Connection, at: int, login: str) -> Asker:
    """Somebody who signed in; how people come to their roles has tests of its own."""
    tenant = "00000000-0000-4000-8000-000000000001"
    person = f"00000000-0000-4000-8000-1000000000{at:02d}"
    if tx.scalar(sa.select(access.people.c.person_id).where(access.people.c.person_id == person)) is None:
        if tx.scalar(sa.select(access.tenants.c.name).where(access.tenants.c.tenant_id == tenant)) is None:
            tx.execute(sa.insert(access.tenants).values(tenant_id=tenant, name=TENANT, created_at=NOW))
        row = {"login": login, "name": login, "state": "active", "created_at": NOW, "version": 1}
        tx.execute(sa.insert(access.people).values(person_id=person, tenant_id=tenant, **row))
        role = {"person_id": person, "role": str(ROLES[login]), "granted_by": person, "granted_at": NOW}
        tx.execute(sa.insert(access.roles).values(**role))
    return asker_of(tx, person, STRONG)
