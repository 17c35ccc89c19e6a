"""What tests of finding customers stand on: a world of consent, the example CRM, and an agent who asks it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, TENANT, World, open_world
from haoma.access import Asker, Cases
from haoma.access import tables as access
from haoma.consent import Consent
from haoma.errors import Conflict, NotFound, Refused, Tampered
from haoma.locate.cases import By, Crms, Customers, KnownWays, Opened, Reference, tables
from haoma.locate.cases.audit import Audited, audit_cases
from haoma.locate.cases.example import make_example
from haoma.vault import tables as vault

ORDER, SECOND, THIRD, WITHOUT = "A-2026-0001", "A-2026-0002", "A-2026-0003", "A-2026-0005"
CUSTOMER, LANDLINE = "C-1001", "C-1005"
DIGITS = ("13800138201", "13800138202", "13800138203", "01062770334")


def order(id_: str = ORDER) -> Reference:
    return Reference(By.ORDER, id_)


def customer(id_: str = CUSTOMER) -> Reference:
    return Reference(By.CUSTOMER, id_)


@dataclass
class Desk:
    """An agent's desk beside a CRM."""

    world: World
    customers: Customers

    @property
    def agent(self) -> Asker:
        return self.world.agent

    def open(self, reference: Reference | None = None, by: str = "agent") -> Opened:
        return self.customers.open(self.world.people[by], reference or order())

    def case(self, reference: Reference | None = None) -> str:
        return self.open(reference).standing.case.id

    def shown(self, reference: Reference | None = None) -> str:
        """A case whose number was shown to be its customer's, by code."""
        case = self.case(reference)
        self.customers.verify(self.agent, case, reference or order())
        self.customers.confirm(self.agent, case, self.world.sent.code)
        return case

    def decided(self) -> list[tuple[str, str, str]]:
        """What the audit says of cases: action, decision, reason."""
        rows = self.world.rows(vault.audit)
        return [(row.action, row.decision, row.reason) for row in rows if row.action.startswith("case.")]

    def everything(self) -> str:
        """Every row of every table, and every entry, as text."""
        with self.world.store.read() as tx:
            names = sa.inspect(tx).get_table_names()
            rows = [
                str(row) for name in names for row in tx.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
            ]
        return "".join(rows)


@contextmanager
def open_desk(url: str, place: Path, *, recycling: bool = False, due_days: int = 180) -> Iterator[Desk]:
    """A desk on the database of `url`, with the example CRM in `place`."""
    chart = make_example(place / "crm.db", TENANT)
    with open_world(url, place / "keys", recycling=recycling) as world:
        office = replace(world.consent.office, ways=KnownWays(world.vault))
        world.consent = Consent(office)
        yield Desk(world, Customers(world.consent, Cases(office.gate), Crms(chart), due_days))


def person_of(world: World, tenant: str) -> Asker:
    """An agent of another tenant."""
    tenant_id, person = str(uuid.uuid4()), str(uuid.uuid4())

    def work(tx: sa.Connection) -> None:
        tx.execute(sa.insert(access.tenants).values(tenant_id=tenant_id, name=tenant, created_at=NOW))
        row = {"login": tenant, "name": tenant, "state": "active", "created_at": NOW, "version": 1}
        tx.execute(sa.insert(access.people).values(person_id=person, tenant_id=tenant_id, **row))
        role = {"person_id": person, "role": "agent", "granted_by": person, "granted_at": NOW}
        tx.execute(sa.insert(access.roles).values(**role))

    world.store.write(work)
    return replace(world.agent, id=person, person=person, tenant=tenant_id)


class CasesContract:
    """What finding customers promises on every store; `url` is a database that is empty, or not there."""

    @pytest.fixture
    def desk(self, url: str, tmp_path: Path) -> Iterator[Desk]:
        with open_desk(url, tmp_path) as desk:
            yield desk

    def test_a_customer_is_found_checked_by_code_and_due_again(self, desk: Desk) -> None:
        made = desk.open()
        case = made.standing.case
        assert (made.joined, made.masked, made.standing.shown) == (False, "138****8201", None)
        assert [str(way) for way in made.standing.ways] == ["e-mail", "in-app", "call-back"]
        again = desk.open(order(SECOND))
        assert (again.joined, again.standing.case.id) == (True, case.id)
        assert desk.customers.verify(desk.agent, case.id, order()).expires_at
        shown = desk.customers.confirm(desk.agent, case.id, desk.world.sent.code)
        assert (shown.how, shown.shown_at) == ("code", desk.world.clock[0])
        assert [one.shown for one in desk.customers.mine(desk.agent)] == [shown]
        assert desk.customers.due(desk.agent).later == 1
        desk.world.pass_(days=151)
        assert desk.customers.due(desk.agent).soon == 1
        desk.world.pass_(days=30)
        assert desk.customers.due(desk.agent).over == 1

    def test_what_was_done_stands_and_what_a_hand_did_is_found(self, desk: Desk) -> None:
        desk.shown()
        desk.customers.decline(desk.agent, desk.case(order(THIRD)))
        with desk.world.store.read() as tx:
            assert audit_cases(tx, desk.world.consent.office) == Audited(2, 1, 2, 3)
        for table in (tables.references, tables.numbers, tables.codes, tables.searches):
            rows = [dict(row._mapping) for row in desk.world.rows(table)]
            desk.world.store.write(lambda tx, table=table: tx.execute(sa.delete(table)).rowcount)
            with pytest.raises(Tampered), desk.world.store.read() as tx:
                audit_cases(tx, desk.world.consent.office)
            desk.world.store.write(lambda tx, table=table, rows=rows: tx.execute(sa.insert(table), rows).rowcount)
        with desk.world.store.read() as tx:
            assert audit_cases(tx, desk.world.consent.office).searches == 3

    def test_what_is_not_found_or_not_allowed_leaves_no_case(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            desk.open(order("A-2026-9999"))
        with pytest.raises(Conflict):
            desk.open(order(WITHOUT))
        with pytest.raises(Refused):
            desk.open(by="dpo")
        assert desk.customers.mine(desk.agent) == []
        assert [row.state for row in desk.world.rows(tables.searches)] == ["not-found", "unfit"]

    def test_a_number_is_nowhere_in_the_database(self, desk: Desk) -> None:
        for one in (order(), order(THIRD), customer(LANDLINE)):
            desk.open(one)
        desk.shown(order(THIRD))
        kept = desk.everything()
        assert len(kept) > 10_000
        for digits in (*DIGITS, ORDER, SECOND, THIRD, CUSTOMER, "customers.example", "客户甲", "app-1001"):
            assert digits not in kept, digits
