"""A question that this machine alone is asked about: one transaction, and no answer beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import TENANT, World, open_world
from haoma.consent import Grant, make_notice
from haoma.consent import tables as consent_tables
from haoma.consent.answers import Given
from haoma.consent.service import Elsewhere
from haoma.errors import HaomaError, Refused, Tampered, Unavailable
from haoma.locate import Gathering, InRegion, Locate, Near, Question
from haoma.locate import tables as locate_tables
from haoma.locate.fusion import Observation, known_cities, shipped_priors
from haoma.locate.shared import SharedPosition
from haoma.locate.sources.segment import IssuedIn
from haoma.places import named
from haoma.storage import quick
from haoma.storage.look import Looking
from haoma.storage.steps import together
from haoma.vault import Vault
from haoma.vault import tables as vault_tables

AREA = InRegion(named("北京市"))
AREAS = [InRegion(named(name)) for name in ("上海市", "广州市", "浙江省", "四川省", "天津市")]


class Seen(IssuedIn):
    """The source, and the Grants that it was asked with."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault)
        self.grants: list[Grant] = []

    def within(self, tx: sa.Connection, grant: Grant) -> list[Observation]:
        self.grants.append(grant)
        return [*super().within(tx, grant)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A customer who consented to where their number was issued."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.assess()
        sees = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["segment"], "city", 30)
        world.consent.notices.publish(world.people["dpo"], TENANT, sees)
        world.open_case()
        yield world


def desk(world: World, *sources: IssuedIn | SharedPosition, at_once: bool = True) -> Locate:
    gathering = Gathering(world.consent, sources or [IssuedIn(world.vault)], known_cities(), shipped_priors())
    gathering.can_be_within = at_once and gathering.can_be_within
    return Locate(world.consent, gathering)


def asked(world: World) -> Question:
    return Question(world.agent, world.subject(), "customer-care", "acme-desk")


def told(world: World) -> list[tuple[object, ...]]:
    """What is on record: audit rows, disclosures, counts and areas, without what differs from one time to the next."""
    audit, disclosed = vault_tables.audit.c, locate_tables.disclosures.c
    kept = [(audit.action, audit.decision, audit.reason, audit["class"]), (disclosed.question, disclosed.granularity)]
    with world.store.read() as tx:
        rows = [
            tuple(row) for columns in kept for row in tx.execute(sa.select(*columns).order_by(columns[0].table.c[0]))
        ]
        counts = tx.execute(sa.select(locate_tables.counts.c.disclosed)).all()
        areas = tx.scalar(sa.select(sa.func.count()).select_from(locate_tables.areas))
    return [*rows, *map(tuple, counts), (areas,), *((one.type,) for one in world.entries())]


def test_an_answer_at_once_is_the_one_of_the_long_way_with_the_same_records(tmp_path: Path) -> None:
    found, kept = [], []
    for at_once in (True, False):
        with open_world(f"sqlite:///{tmp_path}/{at_once}.db", tmp_path / f"keys-{at_once}") as world:
            world.assess()
            sees = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["segment"], "city", 30)
            world.consent.notices.publish(world.people["dpo"], TENANT, sees)
            world.open_case()
            locate = desk(world, IssuedIn(world.vault), SharedPosition(world.vault), at_once=at_once)
            world.give()
            said = locate.verify(asked(world), AREA)
            found.append((said.verdict, said.match_rate, said.reasons, said.silent))
            kept.append(told(world))
    assert found[0] == found[1]
    assert kept[0] == kept[1]


def test_nothing_is_told_where_the_use_or_the_answer_cannot_be_recorded(world: World) -> None:
    world.give()
    source = Seen(world.vault)
    locate, before = desk(world, source), told(world)
    for action in ("consent.use", "locate.verify"):
        stop = f"BEFORE INSERT ON audit WHEN new.action = '{action}' BEGIN SELECT RAISE(ABORT, 'full'); END"
        world.store.write(lambda tx, stop=stop: quick(tx, f"CREATE TRIGGER stop {stop}"))
        with pytest.raises(HaomaError):
            locate.verify(asked(world), AREA)
        world.store.write(lambda tx: quick(tx, "DROP TRIGGER stop"))
    assert source.grants  # it was opened for the answer that failed: that, and the record of the use, are undone
    assert told(world) == before
    assert locate.verify(asked(world), AREA)


ENDINGS: dict[str, Callable[[World, Given], object]] = {
    "withdrawn": lambda world, given: world.consent.withdrawals.by_receipt(given.receipt),
    "expired": lambda world, _: world.pass_(days=30),
    "policy": lambda world, _: world.store.write(
        lambda tx: quick(tx, "UPDATE access_roles SET revoked_at = 1 WHERE person_id = ?", world.agent.person)
    ),
    "not-assessed": lambda world, _: world.store.write(
        lambda tx: quick(tx, "UPDATE consent_assessments SET until = 1")
    ),
    "holder-unchecked": lambda world, _: world.store.write(
        lambda tx: quick(tx, "UPDATE consent_grants SET checked_at = checked_at - ?", 31 * 24 * 3_600_000_000)
    ),
    "case closed": lambda world, _: world.store.write(lambda tx: quick(tx, "UPDATE access_cases SET closed_at = 1")),
    "end noted": lambda world, given: world.vault.keys.ends.note(given.grant_id, "withdrawn"),
}


def looked(world: World, work: object) -> Looking[object]:
    """The first part done ahead, as while another process writes."""
    assert isinstance(work, Looking)
    with world.store.read() as snapshot:
        work.ahead(snapshot)
    return work


@pytest.mark.parametrize("why", ENDINGS)
def test_what_ends_between_the_look_and_its_turn_is_refused_and_nothing_is_told(world: World, why: str) -> None:
    given, source = world.give(), Seen(world.vault)
    desk(world, Seen(world.vault)).verify(asked(world), AREA)  # what a process reads once is read
    before = told(world)
    steps = desk(world, source).verifying(asked(world), AREA)
    work = looked(world, next(steps))
    assert len(source.grants) == 1  # all is worked out, and waits for its turn
    ENDINGS[why](world, given)
    (held,) = world.store.write_each([work])
    assert isinstance(held.error, Elsewhere)
    assert len(source.grants) == 1
    assert steps.throw(held.error) is None  # goes on by itself, step by step
    with pytest.raises(Refused) as error:
        next(steps)
    reason = {"case closed": "policy", "end noted": "withdrawn"}.get(why, why)
    assert error.value.reason == reason
    with world.store.read() as tx:
        uses = quick(tx, "SELECT decision, reason FROM audit WHERE action IN ('consent.use', 'locate.verify')")
    assert uses[2:] == [("refused", reason)]
    assert told(world).count(("verify", "yes-no")) == before.count(("verify", "yes-no")) == 1


def test_what_changed_meanwhile_is_looked_at_anew(world: World) -> None:
    world.give()
    source = Seen(world.vault)
    locate = desk(world, source)
    locate.verify(asked(world), AREA)
    columns = "asked_at, until FROM locate_areas"
    noted = f"INSERT INTO locate_areas (subject, area, asked_at, until) SELECT subject, 'x', {columns}"
    judged = "UPDATE consent_grants SET checked_at = checked_at + 1"
    for change, times in (("SELECT 1", 1), (judged, 1), (noted, 2)):
        source.grants.clear()
        work = looked(world, next(locate.verifying(asked(world), AREA)))
        world.store.write(lambda tx, change=change: quick(tx, change))
        (held,) = world.store.write_each([work])
        assert held.error is None
        assert len(source.grants) == times


def test_two_who_ask_about_one_customer_at_once_are_both_answered_and_counted(world: World) -> None:
    world.give()
    locate = desk(world)
    first, second = together(world.store, [locate.verifying(asked(world), AREA) for _ in range(2)])
    assert first is not None
    assert second is not None
    assert first.result.verdict == second.result.verdict
    assert told(world).count(("verify", "yes-no")) == 2


@pytest.mark.parametrize("what", ["no-grant", "withdrawn", "expired", "policy"])
def test_who_is_refused_reaches_no_source_and_is_recorded_once(world: World, what: str) -> None:
    source = Seen(world.vault)
    locate, question = desk(world, source), asked(world)
    if what != "no-grant":
        given = world.give()
        if what == "withdrawn":
            world.consent.withdrawals.by_receipt(given.receipt)
        if what == "expired":
            world.pass_(days=31)
            world.open_case()
        if what == "policy":
            question = question._replace(by=world.people["colleague"])
    with pytest.raises(Refused) as error:
        locate.verify(question, AREA)
    assert error.value.reason == what
    assert source.grants == []
    with world.store.read() as tx:
        rows = quick(tx, "SELECT reason FROM audit WHERE action = 'consent.use' AND decision = 'refused'")
    assert rows == [(what,)]


def test_one_area_too_many_is_refused_and_recorded_without_an_answer(world: World) -> None:
    world.give()
    locate = desk(world)
    for area in AREAS:
        locate.verify(asked(world), area)
    for _ in range(2):
        with pytest.raises(Refused) as error:
            locate.verify(asked(world), AREA)
        assert error.value.reason == "areas-many"
    locate.verify(asked(world), AREAS[0])
    with world.store.read() as tx:
        rows = quick(tx, "SELECT decision, count(*) FROM audit WHERE action = 'locate.verify' GROUP BY decision")
        uses = quick(tx, "SELECT count(*) FROM audit WHERE action = 'consent.use'")
    assert rows == [("allowed", 6), ("refused", 2)]
    assert uses == [(8,)]


def test_a_consent_to_other_sources_is_recorded_as_such_and_reaches_none(world: World) -> None:
    sees = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["carrier"], "city", 30)
    world.consent.notices.publish(world.people["dpo"], TENANT, sees)
    world.give()
    source = Seen(world.vault)
    with pytest.raises(Refused) as error:
        desk(world, source).verify(asked(world), AREA)
    assert (error.value.reason, source.grants) == ("source", [])
    with world.store.read() as tx:
        rows = quick(tx, "SELECT decision, reason FROM audit WHERE action IN ('consent.use', 'locate.verify')")
    assert rows == [("refused", "source")]


def test_a_consent_that_shows_too_little_is_told_so_once_its_use_is_recorded(world: World) -> None:
    world.give()
    source = Seen(world.vault)
    with pytest.raises(Refused) as error:
        desk(world, source).verify(asked(world), Near(31.2304, 121.4737, within_m=999))
    assert (error.value.reason, source.grants) == ("granularity", [])
    with world.store.read() as tx:
        rows = quick(tx, "SELECT decision FROM audit WHERE action IN ('consent.use', 'locate.verify')")
    assert rows == [("allowed",)]


def test_a_destroyed_key_opens_nothing_from_the_next_question_on(world: World) -> None:
    world.give()
    locate = desk(world)
    assert [one.code for one in locate.verify(asked(world), AREA).reasons] != ["nothing-said"]
    world.vault.destroy_keys(world.subject())
    assert [one.code for one in locate.verify(asked(world), AREA).reasons] == ["nothing-said"]


def test_without_what_wraps_the_keys_nothing_is_told(world: World, tmp_path: Path) -> None:
    world.give()
    locate = desk(world)
    locate.verify(asked(world), AREA)
    for file in (tmp_path / "keys" / "custody").glob("haoma-keys-*.key"):
        file.unlink()
    world.vault.keys._kept.clear()
    with pytest.raises(Unavailable):
        locate.verify(asked(world), AREA)


def test_a_cell_that_a_hand_wrote_is_told_as_such_and_the_use_recorded(world: World) -> None:
    world.give()
    world.store.write(lambda tx: quick(tx, "UPDATE lineage_facts SET sealed = 'text' WHERE name = 'issued_in'"))
    with pytest.raises(Tampered, match="not of the type that was written"):
        desk(world).verify(asked(world), AREA)
    with world.store.read() as tx:
        assert quick(tx, "SELECT decision FROM audit WHERE action = 'consent.use'") == [("allowed",)]
        assert quick(tx, "SELECT count(*) FROM audit WHERE action = 'locate.verify'") == [(0,)]


def test_sources_that_others_answer_are_asked_between_transactions(world: World) -> None:
    class Abroad:
        terms = IssuedIn.terms
        observe = IssuedIn.observe
        card = IssuedIn.card

    assert desk(world)._gathering.can_be_within
    assert not Gathering(world.consent, [Abroad()], known_cities(), shipped_priors()).can_be_within  # type: ignore[list-item]
    assert world.rows(consent_tables.grants) == []
