from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts import access, vault
from contracts.vault import NUMBER, number
from haoma.access import Approval, Approvals, Asker, Role, vault_effects
from haoma.access.approval import Effect
from haoma.errors import BadInput, NotFound, Refused, Unavailable
from haoma.ledger.forms import Json
from haoma.vault import tables
from haoma.vault.key_store import CUSTODY_NAME
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

CUSTODY = {"what": "custody", "scope": CUSTODY_NAME}
APPROVERS = {"pru": Role.APPROVER, "dora": Role.DPO}


@dataclass
class Desk:
    """A vault, and the people who ask for what takes four eyes."""

    vault: vault.World
    access: access.World
    rotation: Rotation
    effects: dict[str, Effect]
    people: dict[str, Asker]

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.access.gate, self.effects, self.vault.vault.keys.ends)

    def request(self, action: str, payload: Json, by: str = "root") -> Approval:
        return self.approvals.request(self.people[by], action, payload, self.access.now())

    def approved(self, action: str, payload: Json, by: str = "root") -> Approval:
        asked = self.request(action, payload, by)
        for login, role in APPROVERS.items():
            asked = self.approvals.approve(self.people[login], asked.id, role, asked.digest, self.access.now())
        return asked

    def run(self, asked: Approval, by: str = "root") -> Approval:
        return self.approvals.run(self.people[by], asked.id, self.access.now())

    def fail_once(self, action: str) -> None:
        """The machine is gone right after the outside was changed, the first time."""
        effect, failed = self.effects[action], list[bool]()

        def outside(approval: Approval) -> None:
            assert effect.outside
            effect.outside(approval)
            if not failed:
                failed.append(True)
                raise Unavailable("the machine is gone")

        self.effects[action] = Effect(effect.inside, outside, effect.check, effect.found, effect.shows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with vault.open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        staff = access.world_on(world.vault.store)
        person, token = staff.people.add_first("root", "Root", "acme", staff.now())
        system = staff.enrolled(person, token)
        security = staff.staff(system, system, "safe", Role.SECURITY_ADMIN)
        roles = APPROVERS | {"ri": Role.RISK_ANALYST}
        people = {login: staff.staff(system, security, login, role) for login, role in roles.items()}
        rotation = Rotation(world.vault, SUBJECT_COLUMNS)
        yield Desk(world, staff, rotation, dict(vault_effects(world.vault, rotation)), {"root": system, **people})


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("rotate-key", {"what": "all", "scope": "acme"}),
        ("rotate-key", {"what": "custody"}),
        ("rotate-key", {**CUSTODY, "more": "x"}),
        ("rotate-key", ["custody", CUSTODY_NAME]),
        ("rotate-key", {"what": "custody", "scope": 1}),
        ("destroy-key", {"subject": NUMBER, "reason": "x"}),
        ("destroy-key", {"subject": f"acme.a1.{'a' * 32}", "reason": "because she said so"}),
        ("destroy-key", {"subject": f"acme.a1.{'a' * 32}", "purpose": "a b", "reason": "x"}),
    ],
)
def test_what_says_no_such_thing_is_not_requested(desk: Desk, action: str, payload: Json) -> None:
    with pytest.raises(BadInput) as raised:
        desk.request(action, payload)
    assert NUMBER not in str(raised.value)


def test_a_key_that_is_not_there_is_not_rotated(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.request("rotate-key", {"what": "pseudonym", "scope": "acme"})
    with pytest.raises(Refused, match="another tenant"):
        desk.request("rotate-key", {"what": "pseudonym", "scope": "bank"})


def test_a_destruction_that_was_cut_off_is_told_as_it_was_when_it_began(desk: Desk) -> None:
    token = desk.vault.sealed(number())
    asked = desk.approved("destroy-key", {"subject": str(token), "reason": "customer-request"})
    desk.fail_once("destroy-key")
    with pytest.raises(Unavailable):
        desk.run(asked)
    assert desk.vault.vault.keys_of(token) == []
    assert len(desk.vault.rows(tables.sealed)) == 1
    assert [entry for entry in desk.vault.entries() if entry.type == "vault.shredded"] == []
    shown = desk.run(asked).shown
    assert isinstance(shown, dict)
    assert (shown["keys"], shown["numbers"], desk.vault.rows(tables.sealed)) == (1, 1, [])
    assert [entry.body["keys"] for entry in desk.vault.entries() if entry.type == "vault.shredded"] == [1]


@pytest.mark.parametrize("what", ["custody", "pseudonym", "commitment"])
def test_a_rotation_that_was_cut_off_makes_one_version_and_tells_it_once(desk: Desk, what: str) -> None:
    desk.vault.sealed(number())
    scope = {"custody": CUSTODY_NAME, "pseudonym": "acme", "commitment": "sealed"}[what]
    asked = desk.approved("rotate-key", {"what": what, "scope": scope})
    desk.fail_once("rotate-key")
    with pytest.raises(Unavailable):
        desk.run(asked)
    assert desk.run(asked).shown == {"version": 2}
    assert desk.rotation.planned(what, scope).version == 3
    told = [entry.body for entry in desk.vault.entries() if entry.type == "vault.rotated"]
    assert told == [{"what": what, "version": 2}]


def test_a_number_is_shown_while_it_is_kept_and_the_record_says_to_whom(desk: Desk) -> None:
    token = desk.vault.sealed(number())
    asked = desk.approved("reveal-number", {"subject": str(token), "purpose": "customer-care", "reason": "x"}, "ri")
    assert desk.run(asked, "ri").shown == {"number": number().uri}
    (row,) = (row for row in desk.vault.rows(tables.audit) if row.action == "vault.unseal")
    assert (row.actor.startswith("person:"), row.decision) == (True, "allowed")


def test_what_is_not_kept_is_not_shown_and_the_request_stays(desk: Desk) -> None:
    token = desk.vault.sealed(number())
    asked = desk.approved("reveal-number", {"subject": str(token), "purpose": "fraud", "reason": "x"}, "ri")
    with pytest.raises(NotFound):
        desk.run(asked, "ri")
    assert desk.approvals.one(desk.people["ri"], asked.id, desk.access.now()).state == "approved"
