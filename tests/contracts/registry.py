"""What tests of the registry stand on: an editor who asks, others who approve, and short ways to a hotline."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.access import NOW, World
from contracts.access_store import asker_named
from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from contracts.lineage import Keys
from contracts.made import made
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Approval, Approvals, Asker, Gate, People, Role, SealingKey, SignIn
from haoma.access import tables as access
from haoma.errors import Conflict, Tampered
from haoma.guard.model import Names, Purpose
from haoma.guard.registry import (
    ENTRY_TYPES,
    Change,
    Hotline,
    Organisation,
    Registry,
    added,
    audit_registry,
    changed,
    every_hotline,
    history,
    hotline_effect,
    hotlines,
    known,
    organisations,
    retired,
    tables,
    uri_of,
)
from haoma.guard.registry.entries import CHANGED
from haoma.guard.registry.history import Audited
from haoma.ledger.service import Ledger
from haoma.lineage import ENTRY_TYPES as LINEAGE_TYPES
from haoma.lineage import facts_of, latest
from haoma.lineage import tables as lineage
from haoma.storage import Store, open_store

CARE = frozenset({Purpose.CARE})
ROLES = {"ed": Role.HOTLINE_EDITOR, "el": Role.HOTLINE_EDITOR, "pru": Role.APPROVER, "dora": Role.DPO, "an": Role.AGENT}
NUMBERS = (
    "95588", "400-810-9090", "800-810-1234", "0571-88888888转8001", "0571-12345", "12345", "110", "10086", "118114",
    "010-65051166", "+1-800-633-0738", "+852 2345 6789",
)  # fmt: skip
MALFORMED = (
    "", "95588", "tel:95588", "tel:+", "tel:+95588", "tel:95588;phone-context=+1", "tel:95588;phone-context=+86571234",
    "tel:9558a;phone-context=+86", "tel:95588;phone-context=+86;ext=1", "tel:95;phone-context=+86", "sip:95588@x",
    "tel:95588;ext=;phone-context=+86", "tel:+8610 65051166", "tel:+0571888888", "tel:+861065051166;ext=a",
    "tel:95588;phone-context=+;phone-context=+86", "tel:;phone-context=+86", "TEL:95588;phone-context=+86",
    "tel:95588;phone-context=+86\n", "tel:９５５８８;phone-context=+86", "tel:+1234567890123456",
)  # fmt: skip


def company(name: str = "安盈基金", **names: tuple[str, ...]) -> Organisation:
    return Organisation(str(uuid.uuid4()), Names(name, **names))


def hotline(of: Organisation, number: str = "95588", **values: object) -> Hotline:
    given = {"purposes": CARE, "channels": ("web",), "valid_from": NOW} | values
    return Hotline(str(uuid.uuid4()), of.uid, uri_of(number), **given)


@dataclass
class Desk:
    """An editor, who asks, and those who approve."""

    world: World
    approvals: Approvals
    registry: Registry
    people: dict[str, Asker] = field(default_factory=dict)

    def ask(self, *changes: Change, by: str = "ed", reason: str = "the board decided so") -> Approval:
        return self.registry.propose(self.people[by], changes, reason, self.world.now())

    def yes(self, asked: Approval, by: str = "pru", role: Role = Role.APPROVER) -> Approval:
        return self.approvals.approve(self.people[by], asked.id, role, asked.digest, self.world.now())

    def run(self, asked: Approval, by: str = "ed") -> Approval:
        return self.approvals.run(self.people[by], asked.id, self.world.now())

    def did(self, *changes: Change, reason: str = "the board decided so") -> Approval:
        asked = self.ask(*changes, reason=reason)
        self.yes(asked)
        return self.run(asked)

    def read(self, question: Callable[[sa.Connection], object]) -> object:
        return self.world.ask(question)

    def now_of(self, one: Hotline) -> Hotline:
        return next(other for other in self.read(every_hotline) if other.uid == one.uid)

    def hand(self, statement: sa.Executable) -> None:
        self.world.store.write(lambda tx: tx.execute(statement) and None)

    def audited(self) -> Audited:
        return self.read(lambda tx: audit_registry(tx, self.world.keys))


def desk_on(store: Store) -> Desk:
    """A desk on this store, with nobody at it."""
    clock, keys, sealing = [NOW], Keys(), SealingKey(bytes(range(64)))
    ledger = Ledger(store, [*ACCESS_TYPES, *LINEAGE_TYPES, *ENTRY_TYPES], lambda: clock[0])
    gate = Gate(store, ledger, keys)
    sign_in = SignIn(store, ledger, sealing, keys, "haoma")
    world = World(store, ledger, gate, People(gate), sign_in, sealing, keys, clock)
    approvals = Approvals(gate, {"change-hotline": hotline_effect(gate, keys)}, world.ends)
    return Desk(world, approvals, Registry(gate, approvals))


@contextmanager
def open_desk(url: str) -> Iterator[Desk]:
    """A desk on the database of `url`, with people and nothing in the registry."""
    with open_store(made(url)) as store:
        desk = desk_on(store)
        system, security = desk.world.admins()
        desk.people = {login: desk.world.staff(system, security, login, role) for login, role in ROLES.items()}
        desk.people |= {"root": system, "safe": security}
        yield desk


def run_next(store: Store, _n: int) -> None:
    """Run the first of the requests that were approved before."""
    desk = desk_on(store)
    waiting = access.approvals.c
    query = sa.select(waiting.approval_id).where(waiting.state == "approved").order_by(waiting.requested_at)
    approval_id = desk.read(lambda tx: tx.scalars(query).first())
    editor = asker_named(desk.world, "ed")
    desk.approvals.run(editor, approval_id, NOW + timedelta(hours=1))


def check_run(store: Store, _n: int, _acknowledged: bool) -> None:
    """What a request changed is there with its rows, its entries and its end, or none of it."""
    with store.read() as tx:
        states = dict(tx.execute(sa.select(access.approvals.c.approval_id, access.approvals.c.state)).all())
        rows = tx.execute(sa.select(tables.changes)).all()
        there, names = every_hotline(tx), organisations(tx)
        facts = tx.scalars(sa.select(tables.hotlines.c.fact_id)).all()
        assert {fact.fact_id for fact in facts_of(tx, facts)} == set(facts)
    done = {one for one, state in states.items() if state == "done"}
    assert set(states.values()) <= {"approved", "done"}
    assert Counter(row.approval_id for row in rows) == Counter([*done, *done])
    assert {row.object_id for row in rows} == {one.uid for one in [*there, *names]}
    told = [entry.body["approval"] for entry in all_entries(store) if entry.type == CHANGED]
    assert sorted(told) == sorted([*done, *done])


def row_of(one: Hotline, **values: object) -> dict[str, object]:
    """A row as a hand writes it, without a claim to its number."""
    row = {"hotline_id": one.uid, "organisation_id": one.organisation, "uri": one.uri, "live_uri": None}
    row |= {"purposes": '["客服"]', "channels": "[]", "owner": "", "shared": one.shared, "mobile": one.mobile}
    row |= {"valid_from": NOW, "valid_until": None, "version": 1, "number_fact": 1, "fact_id": 1}
    return row | values


class RegistryContract:
    """What the registry promises on every store; `url` is a database that is empty, or not there."""

    @pytest.fixture
    def desk(self, url: str) -> Iterator[Desk]:
        with open_desk(url) as desk:
            yield desk

    def test_a_hotline_comes_changes_and_goes_and_all_of_it_is_told(self, desk: Desk) -> None:
        of, world = company(aliases=("安盈",), domains=("anying.example",)), desk.world
        line = hotline(of, owner="客服中心")
        desk.did(added(of), added(line), reason="founded")
        first = desk.now_of(line)
        assert first == replace(line, version=1, fact=first.fact)
        other = replace(first, uri=uri_of("400-810-9090"), purposes=CARE | {Purpose.COMPLAINT})
        desk.did(changed(first, other), reason="moved")
        second = desk.now_of(line)
        assert (second.uid, second.uri, second.version) == (line.uid, other.uri, 2)
        assert desk.read(lambda tx: [one.uid for one in known(tx, line.uri)]) == []
        desk.did(retired(second), reason="closed")
        third = desk.now_of(line)
        assert third.valid_until == world.clock[0]
        assert desk.read(lambda tx: hotlines(tx, world.clock[0])) == []
        assert desk.read(lambda tx: hotlines(tx, NOW + timedelta(seconds=1), of.uid)) == [third]
        assert desk.read(lambda tx: known(tx, other.uri)) == [third]
        past = desk.read(lambda tx: history(tx, line.uid, desk.people["ed"].tenant))
        assert [(one.change, one.reason, one.requested_by, one.approved_by) for one in past] == [
            ("added", "founded", "ed", ("pru",)), ("changed", "moved", "ed", ("pru",)),
            ("retired", "closed", "ed", ("pru",)),
        ]  # fmt: skip
        fact = desk.read(lambda tx: latest(tx, f"hotline:{line.uid}", "number"))
        assert (fact.json_value(), fact.supersedes, fact.fact_id) == (other.uri, first.fact, third.fact)
        facts = desk.read(lambda tx: tx.scalars(sa.select(lineage.facts.c.value)).all())
        kept = f"{facts} {all_entries(world.store)}"
        assert ("客服中心" in kept, "moved" in kept, "95588" in str(all_entries(world.store))) == (False, False, False)
        told = [entry.body["change"] for entry in all_entries(world.store) if entry.type == CHANGED]
        assert told == ["added", "added", "changed", "retired"]
        assert desk.audited() == Audited(1, 1, 4)

    def test_the_database_takes_every_kind_of_number(self, desk: Desk) -> None:
        of = company()
        desk.did(added(of), *(added(hotline(of, number)) for number in NUMBERS))
        there = desk.read(lambda tx: [one.uri for one in hotlines(tx, desk.world.clock[0])])
        assert there == sorted(map(uri_of, NUMBERS))

    def test_the_database_refuses_what_is_no_number(self, desk: Desk) -> None:
        of = company()
        desk.did(added(of))
        for uri in MALFORMED:
            with pytest.raises(Conflict):
                desk.hand(sa.insert(tables.hotlines).values(row_of(hotline(of), uri=uri)))
        desk.hand(sa.insert(tables.hotlines).values(row_of(hotline(of))))

    def test_the_database_refuses_a_personal_mobile_that_nobody_meant(self, desk: Desk) -> None:
        of = company()
        desk.did(added(of))
        mobile = hotline(of, "13800138000")
        with pytest.raises(Conflict):
            desk.hand(sa.insert(tables.hotlines).values(row_of(mobile)))
        desk.did(added(replace(mobile, mobile=True)))
        assert desk.now_of(mobile).mobile

    def test_the_database_refuses_a_second_owner(self, desk: Desk) -> None:
        of, rival = company(), company("安赢基金")
        desk.did(added(of), added(rival), added(hotline(of)))
        for shared in (False, True):
            row = row_of(hotline(rival, shared=shared), live_uri=uri_of("95588"))
            with pytest.raises(Conflict):
                desk.hand(sa.insert(tables.hotlines).values(row))
        with pytest.raises(Conflict):
            desk.hand(sa.insert(tables.hotlines).values(row_of(hotline(rival, "95599"), live_uri=uri_of("95599"))))

    def test_a_number_is_shared_where_both_say_so(self, desk: Desk) -> None:
        of, rival = company("南京热线"), company("北京热线")
        one = hotline(of, "12345")
        desk.did(added(of), added(rival), added(one))
        one, other = desk.now_of(one), hotline(rival, "12345", shared=True)
        with pytest.raises(Conflict, match="南京热线"):
            desk.ask(added(other))
        desk.did(added(other), changed(one, replace(one, shared=True)))
        assert len(desk.read(lambda tx: known(tx, one.uri))) == 2
        one = desk.now_of(one)
        with pytest.raises(Conflict):
            desk.ask(changed(one, replace(one, shared=False)))
        desk.did(retired(desk.now_of(other)), changed(one, replace(one, shared=False)))
        assert desk.audited().hotlines == 2

    def test_two_hotlines_change_places_in_one_request(self, desk: Desk) -> None:
        of = company()
        two = [hotline(of), hotline(of, "95599")]
        desk.did(added(of), *map(added, two))
        one, other = map(desk.now_of, two)
        with pytest.raises(Conflict):
            desk.ask(changed(one, replace(one, uri=other.uri)))
        desk.did(changed(one, replace(one, uri=other.uri)), changed(other, replace(other, uri=one.uri)))
        assert [desk.now_of(each).uri for each in two] == [other.uri, one.uri]

    def test_a_number_that_is_over_is_free_again(self, desk: Desk) -> None:
        of, rival = company(), company("安赢基金")
        line, later = hotline(of, valid_until=NOW + timedelta(hours=1)), hotline(rival)
        desk.did(added(of), added(rival), added(line))
        with pytest.raises(Conflict):
            desk.ask(added(later))
        desk.world.now(hours=1)
        desk.did(added(later))
        assert desk.read(lambda tx: {one.uid for one in known(tx, line.uri)}) == {line.uid, later.uid}
        desk.did(retired(desk.now_of(later)))
        desk.did(added(hotline(of)))
        assert desk.audited().hotlines == 3

    def test_what_a_hand_did_is_found(self, desk: Desk) -> None:
        of = company()
        line = hotline(of)
        desk.did(added(of), added(line))
        desk.did(retired(desk.now_of(line)))
        ended, changes, lines, h = desk.now_of(line).valid_until, tables.changes, tables.hotlines, tables.hotlines.c
        for statement, undo in (
            (sa.update(lines).values(uri=uri_of("95599")), sa.update(lines).values(uri=line.uri)),
            (sa.update(lines).values(valid_until=None), sa.update(lines).values(valid_until=ended)),
            (sa.update(lines).values(owner="x"), sa.update(lines).values(owner="")),
            (sa.update(changes).values(reason="x"), sa.update(changes).values(reason="the board decided so")),
            (sa.insert(lines).values(row_of(hotline(of, "95599"))), sa.delete(lines).where(h.uri == uri_of("95599"))),
            (sa.delete(changes).where(changes.c.version == 2), None),
        ):
            desk.audited()
            desk.hand(statement)
            with pytest.raises(Tampered):
                desk.audited()
            if undo is not None:
                desk.hand(undo)
        assert [one.uid for one in desk.read(organisations)] == [of.uid]


class RegistryKillContract:
    """All or nothing, wherever the process is killed."""

    def test_a_request_is_run_whole_or_not_at_all_under_kills(self, url: str) -> None:
        with open_desk(url) as desk:
            for n in range(6):
                of = company(f"安盈{n}")
                desk.yes(desk.ask(added(of), added(hotline(of, f"9558{n}"))))
        assert assert_all_or_nothing(url, run_next, check_run) > 20
