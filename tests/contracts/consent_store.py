"""What consent promises on every store: a yes, a use and an end are whole or not there, whatever is killed.

A test class derives from `ConsentContract`, `ConsentKillContract` or both and gives the fixture `url`: a database that
is empty, or not there. Kills at many moments take their time and are journeys.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, NUMBER, TENANT, World, open_world, world_on
from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from haoma.consent import tables
from haoma.consent.audit import Audited, audit_consents
from haoma.consent.doors import Doors
from haoma.consent.erasing import verify_deletion
from haoma.consent.own import own, own_withdraw
from haoma.consent.requests import Channel
from haoma.errors import Refused, Tampered
from haoma.locate.fusion import Device
from haoma.locate.shared import Positions, SharedPosition, circle_of
from haoma.locate.shared import keeping as shared
from haoma.numbers import parse
from haoma.storage import Store
from haoma.vault import open_keys
from haoma.vault import tables as vault_tables
from haoma.vault.ends import Ends
from haoma.vault.key_reads import KeyReads
from haoma.vault.retention import Retention

KEYS = "HAOMA_TEST_KEYS"


def consent_and_withdraw(store: Store, n: int) -> None:
    """Somebody says yes in call n, and takes it back."""
    keys = Path(os.environ[KEYS])
    with open_keys(f"sqlite:///{keys}/vault.db") as key_store:
        world = world_on(store, key_store, keys)
        given = world.give(f"1380013{n:04d}", channel=Channel.IVR, call_id=f"call-{n}")
        world.consent.withdrawals.by_receipt(given.receipt)


def check_consent(store: Store, n: int, acknowledged: bool) -> None:
    """Each step of call n is there with its audit row and its entry, or not at all."""
    requests, grants, erasures = tables.requests.c, tables.grants.c, tables.erasures.c
    with store.read() as tx:
        asked = list(tx.scalars(sa.select(requests.state).where(requests.call_id == f"call-{n}")))
        found = list(tx.execute(sa.select(tables.grants).where(grants.call_id == f"call-{n}")))
        ids = [row.grant_id for row in found]
        due = list(tx.execute(sa.select(tables.erasures).where(erasures.grant_id.in_(ids))))
        to_tell = list(tx.scalars(sa.select(tables.deliveries.c.state).where(tables.deliveries.c.grant_id.in_(ids))))
        entries = all_entries(store)
        audits = set(tx.scalars(sa.select(vault_tables.audit.c.commitment)))
    assert len(asked) <= 1
    assert (asked == ["given"]) == (len(found) == 1)
    told = {
        type_: [entry.body for entry in entries if entry.type == f"consent.{type_}"] for type_ in ("given", "ended")
    }
    for row in found:
        assert [body["grant"] for body in told["given"]].count(row.commitment) == 1
        ended = [body["grant"] for body in told["ended"]].count(row.commitment)
        assert ended == len(due) == len(to_tell) == (row.state == "withdrawn")
    assert {str(entry.body["audit"]) for entry in entries if "audit" in entry.body} == audits
    if acknowledged:
        assert [row.state for row in found] == ["withdrawn"]
        assert [row.proof is not None for row in due] == [True]


def assert_whole(url: str, moments: Sequence[float]) -> None:
    """Kill at each of these moments, and look at what is there."""
    assert assert_all_or_nothing(url, consent_and_withdraw, check_consent, after_s=moments) == len(moments)


class InAWorld:
    """A desk that is ready, on the database of `url`."""

    @pytest.fixture
    def world(self, url: str, tmp_path: Path) -> Iterator[World]:
        with open_world(url, tmp_path / "keys") as world:
            world.ready()
            world.open_case()
            yield world


class ConsentKillContract(InAWorld):
    """All or nothing, at many moments."""

    def test_a_yes_and_an_end_are_whole_or_not_there_whenever_their_process_is_killed(
        self, url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEYS, str(tmp_path / "keys"))
        world.give("13800139999")
        assert_whole(url, [0.02 * n for n in range(1, 15)])


class ConsentContract(InAWorld):
    """Holds on SQLite and on PostgreSQL."""

    @pytest.mark.slow
    def test_a_yes_and_an_end_are_whole_or_not_there(
        self, url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEYS, str(tmp_path / "keys"))
        world.give("13800139999")
        assert_whole(url, [0.04, 0.14, 0.24])

    def test_what_a_crash_left_to_destroy_is_destroyed_by_the_next_run(self, world: World) -> None:
        given = world.give()
        world.sent.down.add("places")
        world.consent.withdrawals.by_receipt(given.receipt)
        world.sent.down.clear()
        assert world.consent.run().erased == 1
        assert verify_deletion(world.consent.erasures.proof(given.grant_id), world.keys)["why"] == "withdrawn"

    def test_an_audit_holds_what_was_done_and_names_what_a_hand_did(self, world: World) -> None:
        first, live = world.give(), world.give()
        world.consent.withdrawals.by_receipt(live.receipt)
        world.consent.run()
        with world.store.read() as tx:
            assert audit_consents(tx, world.consent.office) == Audited(2, 1, 2, 0, 0, messages=2)
        revived = sa.update(tables.grants).where(tables.grants.c.grant_id == first.grant_id)
        world.store.write(lambda tx: tx.execute(revived.values(state="given", ended_at=None)).rowcount)
        with world.store.read() as tx, pytest.raises(Tampered, match=first.grant_id):
            audit_consents(tx, world.consent.office)

    def test_what_has_ended_is_found_again_whatever_database_the_keys_are_in(self, url: str) -> None:
        with open_keys(url) as store:
            ends = Ends(store, KeyReads(store), lambda: NOW)
            ends.note("a", "withdrawn")
            ends.note("a", "expired")
            assert (ends.why("a"), ends.why("b"), ends.among(["a", "b"])) == ("withdrawn", "", {"a": "withdrawn"})

    def test_a_yes_that_several_send_at_once_is_one_consent(self, world: World) -> None:
        asked, code = world.ask(), world.sent.code

        def answer(_: int) -> bool:
            try:
                world.consent.answers.yes(asked.request_id, code)
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(answer, range(6))) == 1
        assert [row.state for row in world.rows(tables.grants)] == ["given"]

    def test_several_who_withdraw_at_once_end_it_once(self, world: World) -> None:
        given = world.give()
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda _: world.consent.withdrawals.by_receipt(given.receipt), range(6)))
        assert {one.grant_ids for one in done} == {(given.grant_id,)}
        assert len(world.entries("consent.ended")) == len(world.entries("consent.erased")) == 1
        assert len(world.rows(tables.deliveries)) == 1

    def test_many_at_once_get_grants_up_to_the_withdrawal_and_none_after_it(self, world: World) -> None:
        given, withdrawn = world.give(), threading.Event()

        def use(_: int) -> tuple[bool, bool]:
            after = withdrawn.is_set()
            try:
                world.require()
            except Refused:
                return after, False
            return after, True

        with ThreadPoolExecutor(8) as pool:
            uses = [pool.submit(use, n) for n in range(100)]
            world.consent.withdrawals.by_receipt(given.receipt)
            withdrawn.set()
            uses += [pool.submit(use, n) for n in range(100)]
            outcomes = [one.result() for one in uses]
        assert not any(granted for after, granted in outcomes if after)
        assert len(world.entries("consent.used")) == len(outcomes)

    def test_an_expired_consent_that_many_ask_for_ends_once(self, world: World) -> None:
        world.give(days=1)
        world.pass_(days=1)

        def use(_: int) -> str:
            with pytest.raises(Refused) as refused:
                world.require()
            return refused.value.reason

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(use, range(6))) == {"expired"}
        assert len(world.entries("consent.ended")) == 1

    def test_many_who_have_the_code_of_a_door_come_in_once(self, world: World) -> None:
        given, doors = world.give(), Doors(world.consent.office)
        door, code = doors.knock(TENANT, parse(NUMBER), "zh", "192.0.2.1"), world.sent.code

        def enter(_: int) -> str:
            try:
                return doors.enter(door, code, "192.0.2.1")
            except Refused:
                return ""

        with ThreadPoolExecutor(6) as pool:
            (session,) = filter(None, pool.map(enter, range(6)))
        inside = doors.inside(session)
        assert [one.row.grant_id for one in own(world.consent, inside).permissions] == [given.grant_id]
        assert own_withdraw(world.consent, inside, given.grant_id).grant_ids == (given.grant_id,)
        assert [one.live for one in own(world.consent, inside).permissions] == [False]

    def test_a_shared_position_is_there_for_its_consent_and_goes_with_it(self, world: World) -> None:
        for recipient in ("acme-desk", "acme-shop"):
            world.publish(recipient=recipient, sources=("browser",))
        first, second = world.give(), world.give(recipient="acme-shop")
        positions, source = Positions(world.vault), SharedPosition(world.vault)
        for given in (first, second):
            positions.share(given.grant_id, circle_of(31.2304, 121.4737, 60.0))
        for _ in range(2):
            (seen,) = source.observe(world.require(source="browser"), None)
            positions.share(first.grant_id, circle_of(31.2, 121.4, 50.0))
        assert isinstance(seen, Device)
        assert (seen.circle.lat, seen.circle.lon, seen.circle.radius_m) == (31.2, 121.4, 50.0)
        world.consent.withdrawals.by_receipt(first.receipt)
        Retention(world.vault, shared.EXPIRING).run()
        assert [*positions.kept([first.grant_id, second.grant_id])] == [second.grant_id]
        world.pass_(hours=24)
        assert positions.kept([second.grant_id]) == {}
