"""What access promises on every store: an approved request is run once, whatever is killed and whoever runs it too.

A test class derives from `AccessContract`, `AccessKillContract` or both and gives the fixture `url`: a database that
is empty, or not there. Kills take their time and are journeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.access import NOW, World, open_world, world_on
from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from haoma.access import Approval, Approvals, Asker, Effect, Role, Thing, tables
from haoma.access.held import Held, hold
from haoma.errors import Conflict, HaomaError, Unavailable
from haoma.storage import Store, inspect_store
from haoma.storage.tables import store_info


def approvals_of(world: World, n: int = 0) -> Approvals:
    """Running number n leaves a row with that number."""

    def do(tx: sa.Connection, approval: Approval, _now: datetime) -> None:
        tx.execute(sa.insert(store_info).values(name=f"did {n}", value=approval.id))

    return Approvals(world.gate, {"bulk-export": Effect(do)}, world.ends)


def asker_named(world: World, login: str) -> Asker:
    from haoma.access.rows import asker_of, person_by_login

    return world.ask(lambda tx: asker_of(tx, person_by_login(tx, login).id, frozenset({"passkey"})))


def staff(world: World) -> dict[str, Asker]:
    """Who it takes; made once."""
    roles = {"ed": Role.RISK_ANALYST, "pru": Role.APPROVER, "dora": Role.DPO}
    try:
        return {login: asker_named(world, login) for login in roles}
    except AttributeError:
        system, security = world.admins()
        return {login: world.staff(system, security, login, role) for login, role in roles.items()}


def approved(world: World, people: dict[str, Asker], n: int) -> Approval:
    approvals = approvals_of(world)
    asked = approvals.request(people["ed"], "bulk-export", f"change {n}", world.now())
    approvals.approve(people["pru"], asked.id, Role.APPROVER, asked.digest, world.now())
    return approvals.approve(people["dora"], asked.id, Role.DPO, asked.digest, world.now())


def run_approved(store: Store, n: int) -> None:
    """Run one of the requests that were approved before."""
    world = world_on(store)
    with store.read() as tx:
        waiting = tables.approvals.c
        query = sa.select(waiting.approval_id).where(waiting.state == "approved").order_by(waiting.requested_at)
        approval_id = tx.scalars(query).first()
    approvals_of(world, n).run(asker_named(world, "ed"), approval_id, NOW + timedelta(hours=1))


def check_approved(store: Store, n: int, acknowledged: bool) -> None:
    """Whatever is done is done once, said in the log, and what is not done can still be run."""
    with store.read() as tx:
        done = set(tx.scalars(sa.select(tables.approvals.c.approval_id).where(tables.approvals.c.state == "done")))
        did = dict(
            tx.execute(
                sa.select(store_info.c.name, store_info.c.value).where(store_info.c.name.startswith("did "))
            ).all()
        )
        entries = all_entries(store)
        states = set(tx.scalars(sa.select(tables.approvals.c.state)))
    told = [entry.body["approval"] for entry in entries if entry.body.get("to") == "done"]
    assert sorted(done) == sorted(did.values()) == sorted(told)
    assert states <= {"approved", "done"}
    assert f"did {n}" in did or not acknowledged


class AccessContract:
    """Holds on SQLite and on PostgreSQL."""

    @pytest.fixture
    def world(self, url: str) -> Iterator[World]:
        world = open_world(url)
        with world.store:
            yield world

    def test_two_runners_run_it_once(self, world: World) -> None:
        people = staff(world)
        asked = approved(world, people, 0)

        def run(_: int) -> str:
            try:
                return approvals_of(world).run(people["ed"], asked.id, world.clock[0]).state
            except (Conflict, Unavailable) as error:
                return error.code

        with ThreadPoolExecutor(4) as pool:
            ended = list(pool.map(run, range(4)))
        assert sorted(ended) == ["conflict"] * 3 + ["done"]
        did = sa.select(store_info.c.value).where(store_info.c.name == "did 0")
        assert world.ask(lambda tx: tx.scalars(did).all()) == [asked.id]

    def test_two_who_approve_in_one_role_at_once_are_one_approval(self, world: World) -> None:
        system, security = world.admins()
        people = {"ed": world.staff(system, security, "ed", Role.RISK_ANALYST)}
        two = [world.staff(system, security, login, Role.APPROVER) for login in ("pru", "per")]
        asked = approvals_of(world).request(people["ed"], "bulk-export", "x", world.now())

        def approve(who: Asker) -> bool:
            try:
                approvals_of(world).approve(who, asked.id, Role.APPROVER, asked.digest, world.clock[0])
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(approve, two)) == [False, True]

    def test_two_roles_that_exclude_one_another_are_not_granted_at_once(self, world: World) -> None:
        system, security = world.admins()
        another = world.staff(system, security, "two", Role.SECURITY_ADMIN)
        for n in range(6):
            person = world.staff(system, security, f"an{n}")

            def grant(way: tuple[Asker, Role], person: Asker = person) -> bool:
                try:
                    world.people.grant(way[0], person.id, way[1], world.clock[0])
                except HaomaError:
                    return False
                return True

            with ThreadPoolExecutor(2) as pool:
                got = list(pool.map(grant, [(security, Role.AGENT), (another, Role.APPROVER)]))
            assert sorted(got) == [False, True]

    def test_guesses_at_once_are_no_way_around_the_lock(self, world: World) -> None:
        person, token = world.people.add_first("root", "Root", "t", world.now())
        world.enrol(person, token)

        def begin(_: int) -> bool:
            return world.store.write(lambda tx: world.sign_in._begin(tx, "root", world.clock[0])) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(begin, range(16))) == 5

    def test_nobody_deletes_or_changes_a_decision_before_its_time(self, world: World) -> None:
        world.admins()
        for statement in (sa.delete(tables.decisions), sa.update(tables.decisions).values(allowed=True)):
            with pytest.raises(Conflict):
                world.store.write(lambda tx, statement=statement: tx.execute(statement) and None)
        assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.decisions)))

    def test_a_trigger_that_is_gone_is_told(self, world: World, url: str) -> None:
        assert inspect_store(url).lost == ()
        on = " ON access_decisions" if world.store.dialect == "postgresql" else ""
        with world.store.changing() as tx:
            tx.exec_driver_sql(f"DROP TRIGGER access_decisions_kept{on}")
        assert inspect_store(url).lost == ("access_decisions_kept",)

    def test_every_decision_is_held_to_the_log_and_the_log_to_it(self, world: World) -> None:
        system, _ = world.admins()
        world.gate.ask(system, "see", Thing("person", system.tenant, "roles"), world.now())
        for _ in range(2):
            with world.store.read() as tx:
                made = tx.scalar(sa.select(sa.func.count()).select_from(tables.decisions))
                assert hold(tx, world.keys, world.clock[0]) == Held(made, 0, 0)
            world.ledger.integrate()


class AccessKillContract:
    """All or nothing, wherever the process is killed."""

    def test_an_approved_request_is_run_whole_or_not_at_all_under_kills(self, url: str) -> None:
        world = open_world(url)
        with world.store:
            people = staff(world)
            for n in range(12):
                approved(world, people, n)
        assert assert_all_or_nothing(url, run_approved, check_approved) > 8
