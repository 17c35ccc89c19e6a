"""What all verbs of consent stand on: the store, vault and gate below, ports to above and outside, and a steady clock.

Rules held here:
- Time never goes back in a process: what has ended stays so, whatever happens to the machine's clock.
- Every decision is one audit row and one entry, in the transaction of what it changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from haoma.access import Asker
from haoma.access import tables as access
from haoma.access.gate import Gate, Thing
from haoma.consent import tables
from haoma.consent.ports import Alarms, ImpactAssessments, Places, RecyclingCheck, SmsPort, Transport, Ways
from haoma.consent.reach import CHINA
from haoma.consent.reasons import refusal
from haoma.ledger.forms import Json
from haoma.numbers import Number
from haoma.storage import Store
from haoma.vault.audit import AuditRow, Event
from haoma.vault.custody import Custody
from haoma.vault.model import SubjectToken, actor_name
from haoma.vault.service import Vault

__all__ = ["HOLDER", "SYSTEM", "Office", "SteadyClock", "actor_of"]

T = TypeVar("T")
HOLDER = "holder"
SYSTEM = "system:consent"


class SteadyClock:
    """A clock that stands still while the one behind it is set back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._latest: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The latest moment seen so far, now included."""
        at = self._now()
        with self._lock:
            self._latest = at if self._latest is None else max(at, self._latest)
            return self._latest


@dataclass(frozen=True, slots=True)
class Office:
    """Store, vault, gate and ports; `self_url` is the origin of the customers' page, empty where there is none.

    `countries` are the calling codes that messages are sent to. `recycling`, `places` and `ways` may be missing: see
    `docs/guide/consent.md`.
    """

    store: Store
    vault: Vault
    gate: Gate
    custody: Custody
    now: Callable[[], datetime]
    sms: SmsPort
    assessments: ImpactAssessments
    transport: Transport
    alarms: Alarms
    recycling: RecyclingCheck | None = None
    places: Places | None = None
    ways: Ways | None = None
    self_url: str = ""
    countries: frozenset[int] = frozenset({CHINA})
    _tenants: dict[str, str] = field(default_factory=dict)

    def may(
        self,
        tx: sa.Connection,
        by: Asker,
        action: str,
        thing: str,
        tenant: str,
        at: datetime,
        subject: SubjectToken | None = None,
    ) -> bool:
        """Whether the policy lets the asker; raises Unavailable where it cannot be asked."""
        tenant_id = self.tenant_id(tx, tenant)
        about = Thing(thing, tenant_id, subject=None if subject is None else str(subject))
        return bool(tenant_id) and self.gate.decide(tx, by, action, about, at).allowed

    def subject(self, tenant: str, number: Number) -> SubjectToken:
        """The token of a number here: the one that its permissions, questions and refusals are under, or the newest.

        A rotation that could not bring a number over leaves its rows under the older token. Raises Refused for a tenant
        that is not there.
        """
        if tenant not in self._tenants:
            with self.store.read() as tx:
                if not self.tenant_id(tx, tenant):
                    raise refusal("policy")  # and no key is made for it
        newest = self.vault.pseudonym(tenant, number)  # before the others: it makes the first key of a tenant
        if not self.vault.was_rotated(tenant):
            return newest
        names = {str(token): token for token in self.vault.known_as(tenant, number)}
        with self.store.read() as tx:
            for table in (tables.grants, tables.refusals, tables.requests):
                c = table.c.subject
                found = set(tx.scalars(sa.select(c).where(c.in_(list(names))).distinct()))
                if found:
                    return next(token for name, token in names.items() if name in found)
        return newest

    def tenant_id(self, tx: sa.Connection, name: str) -> str:
        """The id of the tenant of this name, empty where there is none."""
        if name not in self._tenants:
            found = tx.scalar(sa.select(access.tenants.c.tenant_id).where(access.tenants.c.name == name))
            if found is None:
                return ""
            self._tenants[name] = found
        return self._tenants[name]

    def record(self, tx: sa.Connection, event: Event, type_: str, **body: Json) -> AuditRow:
        """An audit row, and one entry that commits to it."""
        return self.vault.audit.record(tx, event, type_, **body)

    def change(self, by: Asker, action: str, tenant: str, at: datetime, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in one transaction where the policy lets this person act on consent itself.

        Raises Refused where it does not; that is recorded, and nothing is changed.
        """

        def both(tx: sa.Connection) -> list[T]:
            if self.may(tx, by, action, "consent", tenant, at):
                return [work(tx)]
            event = Event(tenant, actor_of(by), f"consent.{action}", "refused", "policy", at)
            self.record(tx, event, "consent.tried", reason="policy")
            return []

        done = self.store.write(both)
        if not done:
            raise refusal("policy")
        return done[0]


def actor_of(by: Asker | None) -> str:
    """A person, a key of one, or the holder of the number (None), as audit rows name them."""
    return HOLDER if by is None else actor_name("person" if by.scopes is None else "key", by.id)
