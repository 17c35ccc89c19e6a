from __future__ import annotations

import re

import pytest

from contracts.access import World
from haoma.access import Approvals, Asker, Role, Thing, change_effect, request_policy
from haoma.access.policy import shipped_text
from haoma.errors import BadInput, Refused

MORE = f"""{shipped_text()}
@id("auditor-sees-cases")
permit (principal in Role::"audit-admin", action == Action::"see", resource in Object::"case");
"""


@pytest.fixture
def people(world: World) -> dict[str, Asker]:
    system, security = world.admins()
    of = {"pru": Role.APPROVER, "dora": Role.DPO, "aud": Role.AUDIT_ADMIN}
    return {"safe": security} | {login: world.staff(system, security, login, role) for login, role in of.items()}


def test_a_policy_is_changed_by_three_people_and_followed_at_once(world: World, people: dict[str, Asker]) -> None:
    approvals = Approvals(world.gate, {"change-policy": change_effect(world.ledger)}, world.ends)
    thing = Thing("case", people["aud"].tenant, "agent")
    assert not world.gate.ask(people["aud"], "see", thing, world.now()).allowed
    asked = request_policy(approvals, people["safe"], MORE, world.now())
    approvals.approve(people["pru"], asked.id, Role.APPROVER, asked.digest, world.now())
    approvals.approve(people["dora"], asked.id, Role.DPO, asked.digest, world.now())
    assert not world.gate.ask(people["aud"], "see", thing, world.now()).allowed
    approvals.run(people["safe"], asked.id, world.now())
    decision = world.gate.ask(people["aud"], "see", thing, world.now())
    assert (decision.allowed, decision.policies, decision.version) == (True, ("auditor-sees-cases",), 1)
    assert world.entries("access.policy")[0].body["approval"] == asked.id


def test_a_text_that_is_no_policy_is_not_even_requested(world: World, people: dict[str, Asker]) -> None:
    approvals = Approvals(world.gate, {}, world.ends)
    with pytest.raises(BadInput):
        request_policy(approvals, people["safe"], "permit all", world.now())
    with pytest.raises(Refused):
        request_policy(approvals, people["pru"], MORE, world.now())
    assert approvals.waiting(people["pru"], world.now()) == []


def test_a_request_without_a_text_changes_nothing(world: World, people: dict[str, Asker]) -> None:
    approvals = Approvals(world.gate, {"change-policy": change_effect(world.ledger)}, world.ends)
    asked = approvals.request(people["safe"], "change-policy", {"text": MORE}, world.now())
    approvals.approve(people["pru"], asked.id, Role.APPROVER, asked.digest, world.now())
    approvals.approve(people["dora"], asked.id, Role.DPO, asked.digest, world.now())
    with pytest.raises(BadInput):
        approvals.run(people["safe"], asked.id, world.now())
    assert world.ask(world.gate.policy).version == 0


def without(policy_id: str) -> str:
    """The shipped policy without one of its policies."""
    return "".join(
        part for part in re.split(r"(?=^@id)", shipped_text(), flags=re.MULTILINE) if f'@id("{policy_id}")' not in part
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        without("security-admin-rights"),
        without("requesters-run"),
        f'{shipped_text()} @id("none-approve") forbid (principal, action == Action::"approve", resource);',
        f'{shipped_text()} @id("none-asks") forbid (principal, action == Action::"change-policy", resource);',
    ],
    ids=["empty", "no-request", "no-run", "no-approval", "forbidden"],
)
def test_a_policy_under_which_nobody_could_change_the_policy_is_not_put_in_force(
    world: World, people: dict[str, Asker], text: str
) -> None:
    approvals = Approvals(world.gate, {"change-policy": change_effect(world.ledger)}, world.ends)
    with pytest.raises(BadInput, match="nobody could change the policy again"):
        request_policy(approvals, people["safe"], text, world.now())
    asked = approvals.request(people["safe"], "change-policy", {"policy": text}, world.now())
    approvals.approve(people["pru"], asked.id, Role.APPROVER, asked.digest, world.now())
    approvals.approve(people["dora"], asked.id, Role.DPO, asked.digest, world.now())
    with pytest.raises(BadInput, match="nobody could change the policy again"):
        approvals.run(people["safe"], asked.id, world.now())
    assert world.ask(world.gate.policy).version == 0
