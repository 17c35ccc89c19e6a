"""What tests of judging stand on: a real store and log, a registry in memory, and short ways to look at a page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.lineage import Keys
from contracts.made import made
from haoma import lineage
from haoma.errors import NotFound
from haoma.guard.judge import ENTRY_TYPES, Checked, Desk, Limits, Seen, Severity, check
from haoma.guard.judge.incidents import Incident, incidents
from haoma.guard.judge.model import SourceKind
from haoma.guard.model import Belongs, Mention, Names, Purpose, Role
from haoma.ledger.entry import Entry
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store

T = TypeVar("T")
LIMITS = Limits()
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OURS, RIVAL = "0aa00000-0000-4000-8000-000000000001", "0aa00000-0000-4000-8000-000000000002"
CARE, OLD, FAX, THEIRS, BOTH = (
    "tel:4008001234;phone-context=+86",
    "tel:4008005678;phone-context=+86",
    "tel:+861062770335",
    "tel:4006009999;phone-context=+86",
    "tel:12345;phone-context=+86",
)
NEAR, NOBODYS, MOBILE = (
    "tel:4008001235;phone-context=+86",
    "tel:4007770000;phone-context=+86",
    "tel:+8613800138000",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A hotline of the registry in memory."""

    uid: str
    organisation: str
    uri: str
    purposes: frozenset[Purpose] = frozenset({Purpose.CARE})
    valid_from: datetime = NOW - timedelta(days=999)
    valid_until: datetime | None = None
    shared: bool = False


def hotlines() -> list[Kept]:
    """Two organisations: a fund with three numbers of its own, a rival, and a number that both answer."""
    uids = [f"0bb00000-0000-4000-8000-00000000000{n}" for n in range(6)]
    return [
        Kept(uids[0], OURS, CARE),
        Kept(uids[1], OURS, OLD, valid_until=NOW - timedelta(days=30)),
        Kept(uids[2], OURS, FAX, purposes=frozenset({Purpose.FAX})),
        Kept(uids[3], RIVAL, THEIRS),
        Kept(uids[4], OURS, BOTH, shared=True),
        Kept(uids[5], RIVAL, BOTH, shared=True),
    ]


@dataclass
class Shelf:
    """Fills the registry's port, in memory."""

    every: list[Kept] = field(default_factory=hotlines)
    tenant: str = ""
    called: dict[str, Names] = field(
        default_factory=lambda: {
            OURS: Names("安心基金管理有限公司", ("安心基金",)),
            RIVAL: Names("平川基金管理有限公司"),
        }
    )

    def names(self, tx: sa.Connection, organisation: str) -> Names:
        if organisation not in self.called:
            raise NotFound("there is no such organisation")
        return self.called[organisation]

    def rivals(self, tx: sa.Connection, organisation: str) -> Sequence[Names]:
        return [names for uid, names in self.called.items() if uid != organisation]

    def of_tenant(self, tx: sa.Connection, tenant: str) -> Collection[str]:
        return [OURS] if tenant == self.tenant else [RIVAL]

    def hotlines(self, tx: sa.Connection, organisation: str) -> Sequence[Kept]:
        return [one for one in self.every if one.organisation == organisation]

    def known(self, tx: sa.Connection, uri: str) -> Sequence[Kept]:
        return [one for one in self.every if one.uri == uri]


def shows(
    uri: str,
    whose: Belongs = Belongs.TARGET,
    role: Role = Role.VOICE,
    purpose: Purpose = Purpose.CARE,
    *,
    hidden: bool = False,
    owner: str = "",
) -> Mention:
    """A number on a page."""
    digits = uri.removeprefix("tel:").partition(";")[0]
    return Mention(digits, digits, uri, role, whose, purpose, 0.97, "/html/body/p[1]", hidden, owner)


RIGHT = (shows(CARE),)
LABELLED_AS_A_RIVAL = (shows(CARE, Belongs.OTHER, owner="平川基金管理有限公司"),)


@dataclass
class World:
    """A desk, and a clock that every look moves by an hour."""

    store: Store
    desk: Desk
    clock: list[datetime]
    held: set[str]
    looked: int = 0

    def look(
        self, *mentions: Mention, source: str = "map", kind: SourceKind = SourceKind.PAGE, **but: object
    ) -> Checked:
        """Look at a page that shows this."""
        return check(self.desk, self.seen(source, kind, **but), mentions)

    def seen(self, source: str = "map", kind: SourceKind = SourceKind.PAGE, **but: object) -> Seen:
        self.looked += 1
        self.clock[0] += timedelta(hours=1)
        digest = hashlib.sha256(str(self.looked).encode()).hexdigest()
        url = f"https://{source}.example/{source}"
        seen = Seen(f"snapshot-{self.looked}", source, kind, OURS, url, self.clock[0], digest)
        return replace(seen, **but)

    def ask(self, question: Callable[[sa.Connection], T]) -> T:
        with self.store.read() as tx:
            return question(tx)

    def incidents(self) -> list[Incident]:
        return self.ask(incidents)

    def rows(self, table: sa.Table) -> Sequence[sa.Row]:
        return self.ask(lambda tx: tx.execute(sa.select(table).order_by(*table.primary_key.columns)).all())

    def entries(self, type_: str = "guard.") -> list[Entry]:
        return [entry for entry in all_entries(self.store) if entry.type.startswith(type_)]

    def everything(self) -> dict[str, list[str]]:
        """Every row of every table of judging, and every entry, as text."""
        with self.store.read() as tx:
            names = [name for name in sa.inspect(tx).get_table_names() if name.startswith(("judge_", "lineage_"))]
            rows = {name: tx.execute(sa.select(sa.text("*")).select_from(sa.table(name))).all() for name in names}
        return {name: [str(row) for row in found] for name, found in rows.items()} | {
            "entries": [str(entry) for entry in all_entries(self.store)]
        }


def open_world(url: str, limits: Limits = LIMITS, channels: dict[str, Severity] | None = None) -> World:
    """A new world; close its store."""
    return world_on(open_store(made(url)), limits, channels)


def world_on(store: Store, limits: Limits = LIMITS, channels: dict[str, Severity] | None = None) -> World:
    """A world on this store, with keys of its own."""
    clock, held = [NOW], set[str]()
    ledger = Ledger(store, [*lineage.ENTRY_TYPES, *ENTRY_TYPES], lambda: clock[0])

    def hold(tx: sa.Connection, snapshots: Collection[str], *, held: bool) -> None:
        kept.update(snapshots) if held else kept.difference_update(snapshots)

    kept = held
    desk = Desk(store, ledger, Keys(), Shelf(), lambda: clock[0], limits, channels or {}, hold)
    return World(store, desk, clock, held)
