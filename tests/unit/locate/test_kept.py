from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, NUMBER, OTHER, TENANT, World, open_world
from haoma.access import Approval, Approvals, Cases, Role
from haoma.access.keeping import SUBJECT_COLUMNS as ACCESS_COLUMNS
from haoma.consent import Consent
from haoma.consent.erasing import verify_deletion
from haoma.consent.keeping import SUBJECT_COLUMNS as CONSENT_COLUMNS
from haoma.consent.office import actor_of
from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered
from haoma.locate.kept import CasePlaces, extending_effect, places_to_extend
from haoma.locate.kept.keeping import EXPIRING, SUBJECT_COLUMNS
from haoma.locate.kept.tables import case_places
from haoma.numbers import parse
from haoma.vault.key_tables import keys
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.retention import EXPIRING as VAULT_EXPIRING
from haoma.vault.retention import Retention
from haoma.vault.rotation import SUBJECT_COLUMNS as VAULT_COLUMNS
from haoma.vault.rotation import Rotation

PLACE = b'{"adcode":"310000","level":"province","name":"Shanghai"}'
DAY = timedelta(days=1)


@dataclass
class Desk:
    """An agent whose customer has consented, and who have to approve that a place stays longer."""

    world: World
    places: CasePlaces
    cases: Cases
    case: str = ""
    people: dict[str, Role] = field(default_factory=lambda: {"approver": Role.APPROVER, "second": Role.DPO})

    def token(self, number: str = NUMBER) -> str:
        world, actor = self.world, actor_of(self.world.agent)
        subject, until = world.subject(number), world.clock[0] + timedelta(hours=1)
        tokens = LocationTokens(world.vault)
        return world.store.write(
            lambda tx: tokens.issue(tx, subject, "customer-care", actor, PLACE, until, actor=actor)
        )

    def keep(self) -> str:
        return self.places.keep(self.world.agent, self.case, self.token()).id

    @property
    def approvals(self) -> Approvals:
        office = self.world.consent.office
        return Approvals(office.gate, {"extend-retention": extending_effect(office.vault)}, office.vault.keys.ends)

    def request(self, **more: object) -> Approval:
        with self.world.store.read() as tx:
            places = places_to_extend(tx, self.case, self.world.clock[0])
        asked = {"case": self.case, "reason": "police-case", "places": places} | more
        return self.approvals.request(self.world.people["dpo"], "extend-retention", asked, self.world.clock[0])

    def approved(self, **more: object) -> Approval:
        asked = self.request(**more)
        for login, role in self.people.items():
            self.approvals.approve(self.world.people[login], asked.id, role, asked.digest, self.world.clock[0])
        return asked

    def run(self, asked: Approval) -> Approval:
        return self.approvals.run(self.world.people["dpo"], asked.id, self.world.clock[0])

    def retain(self) -> dict[str, int]:
        others = [one for one in VAULT_EXPIRING if one.keys is not None]  # audit rows stay by the database's own clock
        return Retention(self.world.vault, [*others, *EXPIRING]).run(after_pause=True).rows

    def rows(self) -> list[sa.Row[tuple[object, ...]]]:
        return self.world.rows(case_places)

    def keys(self) -> int:
        with self.world.vault.keys.store.read() as tx:
            return tx.scalar(sa.select(sa.func.count()).where(keys.c.scope.contains("/place.")))

    def reopen(self) -> None:
        """A case of the same agent about the same customer, for the one before has closed by itself."""
        self.cases.open(self.world.agent, str(self.world.subject()), self.world.clock[0])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        office = world.consent.office
        places = CasePlaces(world.vault, office.gate)
        world.consent = Consent(replace(office, places=places))
        world.ready(days=90)
        desk = Desk(world, places, Cases(office.gate, places))
        desk.case = desk.cases.open(world.agent, str(world.subject()), NOW).id
        world.give()
        yield desk


def seen(desk: Desk) -> list[bytes]:
    return [one.value for one in desk.places.shown(desk.world.agent, desk.case)]


def test_a_case_keeps_what_a_token_of_its_agent_stands_for_and_shows_it_in_an_open_case(desk: Desk) -> None:
    desk.keep()
    assert seen(desk) == [PLACE]
    (row,) = desk.rows()
    assert (row.until - row.kept_at, PLACE in bytes(row.sealed)) == (180 * DAY, False)
    told = [entry.type for entry in desk.world.entries("place.")]
    assert told == ["place.kept", "place.shown"]
    assert str(PLACE) not in str(desk.places.shown(desk.world.agent, desk.case))


def test_nobody_else_keeps_or_sees_it(desk: Desk) -> None:
    desk.keep()
    for by in ("colleague", "analyst", "dpo", "admin"):
        with pytest.raises(Refused):
            desk.places.shown(desk.world.people[by], desk.case)
        with pytest.raises(Refused):
            desk.places.keep(desk.world.people[by], desk.case, desk.token())
    assert len(desk.rows()) == 1


def test_a_case_of_another_customer_a_closed_one_and_none_keep_nothing(desk: Desk) -> None:
    other = desk.cases.open(desk.world.agent, str(desk.world.subject(OTHER)), NOW).id
    for case, error in ((other, Refused), (str(uuid.uuid4()), NotFound), ("../x", BadInput)):
        with pytest.raises(error):
            desk.places.keep(desk.world.agent, case, desk.token())
    desk.cases.close(desk.world.agent, desk.case, desk.world.clock[0])
    desk.reopen()
    with pytest.raises(NotFound):
        desk.keep()
    assert desk.rows() == []


def test_a_token_that_lost_its_consent_a_moment_ago_is_not_kept(desk: Desk) -> None:
    token = desk.token(OTHER)
    case = desk.cases.open(desk.world.agent, str(desk.world.subject(OTHER)), NOW).id
    with pytest.raises(Refused) as refused:  # there never was a consent of the other one
        desk.places.keep(desk.world.agent, case, token)
    assert (refused.value.reason, desk.rows()) == ("no-grant", [])


def test_what_a_case_keeps_goes_when_its_agent_closes_it_and_stays_when_it_closed_by_itself(desk: Desk) -> None:
    desk.keep()
    desk.world.pass_(hours=13)
    with pytest.raises(Refused):
        seen(desk)
    desk.reopen()
    assert seen(desk) == [PLACE]
    desk.cases.close(desk.world.agent, desk.case, desk.world.clock[0])
    assert (desk.rows(), desk.keys()) == ([], 0)
    with pytest.raises(NotFound):
        seen(desk)


def test_closing_while_the_key_store_is_down_ends_it_and_retention_takes_it_away(desk: Desk) -> None:
    desk.keep()
    desk.world.store.write(lambda tx: desk.places.over(tx, desk.case, desk.world.clock[0]))
    with pytest.raises(NotFound):
        seen(desk)
    assert desk.retain()["location.case"] == 1
    desk.world.pass_(minutes=2)
    desk.retain()
    assert (desk.rows(), desk.keys()) == ([], 0)


@pytest.mark.parametrize("extended", [False, True])
def test_a_withdrawal_takes_every_place_with_it_and_the_proof_counts_it(desk: Desk, extended: bool) -> None:
    desk.keep()
    if extended:
        desk.run(desk.approved())
    ended = desk.world.consent.withdrawals.by_number(TENANT, parse(NUMBER))
    said = verify_deletion(ended.proofs[0], desk.world.keys)
    assert (said["destroyed"]["places"], desk.rows(), desk.keys()) == (1, [], 0)


@pytest.mark.parametrize(("extended", "left"), [(False, 0), (True, 1)])
def test_a_consent_that_is_over_by_time_leaves_what_was_approved_to_stay(desk: Desk, extended: bool, left: int) -> None:
    desk.keep()
    if extended:
        desk.run(desk.approved())
    desk.world.pass_(days=91)
    desk.world.consent.run()
    assert len(desk.rows()) == left
    if extended:
        desk.reopen()
        assert seen(desk) == [PLACE]


def test_of_two_places_the_one_that_was_approved_stays_when_the_consent_is_over(desk: Desk) -> None:
    first = desk.keep()
    desk.run(desk.approved())
    desk.keep()
    desk.world.pass_(days=91)
    desk.world.consent.run()
    assert ([row.place_id for row in desk.rows()], desk.keys()) == ([first], 1)
    desk.reopen()
    assert seen(desk) == [PLACE]


def test_a_place_that_was_put_into_another_case_by_hand_does_not_open(desk: Desk) -> None:
    desk.keep()
    other = desk.cases.open(desk.world.agent, str(desk.world.subject()), NOW).id
    desk.world.store.write(lambda tx: tx.execute(sa.update(case_places).values(case_id=other)).rowcount)
    with pytest.raises(Tampered):
        desk.places.shown(desk.world.agent, other)


def test_half_a_year_is_all_without_an_approval(desk: Desk) -> None:
    desk.keep()
    desk.world.pass_(days=180, seconds=-1)
    assert desk.retain()["location.case"] == 0
    desk.world.pass_(seconds=1)
    desk.reopen()
    with pytest.raises(NotFound):
        seen(desk)
    assert desk.retain()["location.case"] == 1
    desk.world.pass_(minutes=2)
    desk.retain()
    assert desk.keys() == 0


def test_what_two_others_approved_stays_two_years_from_its_keeping_and_not_a_moment_longer(desk: Desk) -> None:
    place = desk.keep()
    desk.world.pass_(days=30)
    done = desk.run(desk.approved())
    assert done.shown["places"] == 1
    (row,) = desk.rows()
    assert (row.place_id, row._mapping["class"], row.approval_id) == (place, "location.case-extended", done.id)
    assert row.until == row.kept_at + 730 * DAY
    (told,) = desk.world.entries("place.extended")
    assert (told.body["approval"], told.body["places"]) == (done.id, 1)
    desk.world.clock[0] = row.until - timedelta(seconds=1)
    assert desk.retain()["location.case-extended"] == 0
    desk.world.pass_(seconds=1)
    assert desk.retain()["location.case-extended"] == 1
    assert desk.rows() == []


def test_an_extension_runs_once_and_moves_exactly_the_places_that_were_approved(desk: Desk) -> None:
    first = desk.keep()
    asked = desk.approved()
    second = desk.keep()
    desk.run(asked)
    classes = {row.place_id: row._mapping["class"] for row in desk.rows()}
    assert classes == {first: "location.case-extended", second: "location.case"}
    with pytest.raises(Conflict):
        desk.run(asked)


def test_an_extension_that_was_not_run_in_time_changes_nothing(desk: Desk) -> None:
    desk.keep()
    asked = desk.approved()
    desk.world.pass_(hours=72)
    with pytest.raises(Conflict, match="expired"):
        desk.run(asked)
    assert [row._mapping["class"] for row in desk.rows()] == ["location.case"]


def test_what_is_gone_meanwhile_is_not_brought_back(desk: Desk) -> None:
    desk.keep()
    asked = desk.approved()
    desk.cases.close(desk.world.agent, desk.case, desk.world.clock[0])
    with pytest.raises(NotFound):
        desk.run(asked)


def test_a_request_that_says_anything_else_is_none(desk: Desk) -> None:
    desk.keep()
    for more in (
        {"reason": "because he said so"},
        {"places": []},
        {"places": [1]},
        {"case": 1},
        {"more": "x"},
        {"places": "all"},
    ):
        with pytest.raises(BadInput):
            desk.request(**more)


def test_nothing_is_kept_that_could_be_kept_for_longer(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.request()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"until": NOW + 400 * DAY}, Conflict),
        ({"class": "location.case-extended", "approval_id": "0" * 36, "until": NOW + 400 * DAY}, Tampered),
        ({"case_id": str(uuid.UUID(int=1))}, NotFound),
        ({"kept_at": NOW + 100 * DAY}, Tampered),
    ],
)
def test_a_hand_in_the_database_makes_no_place_last_longer_or_somebody_elses(
    desk: Desk, change: dict[str, object], told: type[Exception]
) -> None:
    desk.keep()
    desk.reopen()

    def look() -> list[bytes]:
        desk.world.store.write(lambda tx: tx.execute(sa.update(case_places).values(change)).rowcount)
        return seen(desk)

    with pytest.raises(told):
        look()


def test_a_place_is_found_under_the_token_that_a_rotation_gave(desk: Desk) -> None:
    desk.keep()
    columns = [*VAULT_COLUMNS, *SUBJECT_COLUMNS, *ACCESS_COLUMNS, *CONSENT_COLUMNS]
    rotation = Rotation(desk.world.vault, columns)
    rotation.rotate_tenant(TENANT)
    rotation.go_on()
    assert seen(desk) == [PLACE]
    desk.world.consent.withdrawals.by_number(TENANT, parse(NUMBER))
    assert (desk.rows(), desk.keys()) == ([], 0)
