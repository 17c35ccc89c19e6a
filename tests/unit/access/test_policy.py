from __future__ import annotations

import json
from itertools import product

import cedarpy
import pytest

from haoma.access import Role
from haoma.access.fields import ACTIONS, FIELDS
from haoma.access.policy import Circumstances, Decision, Policy, Question, compile_policy, shipped_text
from haoma.errors import BadInput, Refused

WELL = Circumstances(strong=True, in_case=True, same_tenant=True, scoped=True, own=False)
PERMIT_ALL = '@id("all") permit (principal, action, resource);'


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy(shipped_text(), 0)


def ask(policy: Policy, role: Role | None, action: str, object_: str, field: str = "", **but: bool) -> Decision:
    machine = but.pop("machine", False)
    return policy.decide(
        Question(machine, frozenset({role} if role else ()), action, object_, field, WELL._replace(**but))
    )


def test_an_agent_sees_where_a_number_was_issued_inside_their_case_alone(policy: Policy) -> None:
    inside = ask(policy, Role.AGENT, "see", "subject", "issued_in")
    assert (inside.allowed, inside.policies) == (True, ("agent-sees-subject",))
    outside = ask(policy, Role.AGENT, "see", "subject", "issued_in", in_case=False)
    assert (outside.allowed, outside.policies) == (False, ("limit-need-to-know",))


@pytest.mark.parametrize("role", Role)
def test_a_full_number_is_nobodys_to_see_whatever_the_policy_says(role: Role) -> None:
    assert not ask(Policy(PERMIT_ALL, 1), role, "see", "subject", "number").allowed


def test_what_nobody_permits_is_refused(policy: Policy) -> None:
    assert ask(policy, None, "locate", "subject") == Decision(allowed=False, policies=("no-policy",), version=0)
    assert not ask(policy, Role.RISK_ANALYST, "see", "subject", "place").allowed
    assert not ask(policy, Role.AUDIT_ADMIN, "see", "subject", "masked").allowed


@pytest.mark.parametrize(
    ("action", "object_", "field"), [("fly", "subject", ""), ("see", "moon", ""), ("see", "case", "x")]
)
def test_what_is_in_no_table_is_refused(policy: Policy, action: str, object_: str, field: str) -> None:
    assert ask(policy, Role.DPO, action, object_, field).policies == ("nothing-known",)


@pytest.mark.parametrize("missing", ["strong", "same_tenant"])
@pytest.mark.parametrize("role", Role)
def test_no_permission_stands_without_two_factors_or_across_tenants(role: Role, missing: str) -> None:
    everything = Policy(PERMIT_ALL, 1)
    for action, objects in ACTIONS.items():
        for object_ in objects:
            assert not ask(everything, role, action, object_, **{missing: False}).allowed


@pytest.mark.parametrize("role", Role)
def test_a_machine_has_no_say_about_people_keys_policies_and_approvals(role: Role) -> None:
    of_people = ["add-person", "grant-role", "make-key", "approve", "run-approved", "change-policy", "destroy-key"]
    everything = Policy(PERMIT_ALL, 1)
    assert not any(
        ask(everything, role, action, next(iter(ACTIONS[action])), machine=True).allowed for action in of_people
    )


def test_a_key_is_good_for_its_scopes_alone(policy: Policy) -> None:
    assert ask(policy, Role.AGENT, "locate", "subject", machine=True).allowed
    assert ask(policy, Role.AGENT, "locate", "subject", machine=True, scoped=False).policies == ("limit-scope",)


def test_nobody_gives_themselves_a_role(policy: Policy) -> None:
    assert ask(policy, Role.SECURITY_ADMIN, "grant-role", "person").allowed
    assert not ask(policy, Role.SECURITY_ADMIN, "grant-role", "person", own=True).allowed


def test_whoever_adds_people_gives_no_rights_and_the_other_way(policy: Policy) -> None:
    rights = {
        role: {action for action in ("add-person", "grant-role") if ask(policy, role, action, "person").allowed}
        for role in Role
    }
    assert {role: found for role, found in rights.items() if found} == {
        Role.SYSTEM_ADMIN: {"add-person"},
        Role.SECURITY_ADMIN: {"grant-role"},
    }


def test_a_kept_answer_is_the_one_that_cedar_gives(policy: Policy) -> None:
    for role, (object_, fields), strong in product(Role, FIELDS.items(), (True, False)):
        for field in ("", *fields):
            question = Question(
                False, frozenset({role}), "see", object_, field, Circumstances(strong, True, True, True, False)
            )
            assert policy.decide(question) == policy.decide(question) == policy.decide_anew(question)


def test_a_policy_that_fails_while_it_is_asked_refuses_even_beside_a_permit() -> None:
    faulty = Policy(PERMIT_ALL, 1)
    # Cedar skips a policy that fails. The schema keeps such a one out; this is what would happen to one that got in.
    faulty._set = cedarpy.PolicySet.from_str(
        PERMIT_ALL + '@id("no") forbid (principal, action, resource) when { 1 + context.strong == 2 };'
    )
    assert ask(faulty, Role.DPO, "see", "case", "agent") == Decision(
        allowed=False, policies=("policy-fault",), version=1
    )


@pytest.mark.parametrize(
    "text",
    [
        "permit all",
        "permit (principal, action, resource);",
        '@id("limit-tenant") permit (principal, action, resource);',
        '@id("13800138000") permit (principal, action, resource);',
        '@id("a") permit (principal, action == Action::"fly", resource);',
        '@id("a") permit (principal, action, resource) when { context.moon };',
        '@id("a") permit (principal == ?principal, action, resource);',
    ],
)
def test_a_text_that_is_no_policy_is_not_compiled(text: str) -> None:
    with pytest.raises(BadInput):
        compile_policy(text)


def test_a_refusal_names_the_policies_and_nothing_else() -> None:
    with pytest.raises(Refused, match=r"not allowed \(limit-tenant\)") as caught:
        Decision(allowed=False, policies=("limit-tenant",), version=3).require()
    assert caught.value.reason == "limit-tenant"


def test_every_shipped_policy_is_needed_by_somebody(policy: Policy) -> None:
    made = set[str]()
    for role, action in product([None, *Role], ACTIONS):
        for object_, machine in product(ACTIONS[action], (False, True)):
            for field in ("", *FIELDS.get(object_, ())):
                made |= set(ask(policy, role, action, object_, field, machine=machine).policies)
    found = json.loads(cedarpy.policies_to_json_str(shipped_text()))["staticPolicies"].values()
    assert {one["annotations"]["id"] for one in found} <= made
