from __future__ import annotations

from itertools import combinations

import pytest

from haoma.access import EXCLUSIONS, Asker, Role, exclusion, parse_role
from haoma.errors import BadInput

ADMINS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


@pytest.mark.parametrize(("one", "other"), list(combinations(ADMINS, 2)))
def test_the_three_administrators_exclude_one_another(one: Role, other: Role) -> None:
    assert exclusion([one], other)
    assert exclusion([other], one) == exclusion([one], other)


@pytest.mark.parametrize("admin", ADMINS)
def test_an_administrator_does_no_business(admin: Role) -> None:
    assert all(exclusion([role], admin) for role in set(Role) - set(ADMINS))


def test_every_exclusion_stands_once_and_has_its_reason() -> None:
    pairs = [frozenset({one.one, one.other}) for one in EXCLUSIONS]
    assert len(set(pairs)) == len(pairs)
    assert all(len(pair) == 2 for pair in pairs)
    assert all(len(one.reason) > 20 for one in EXCLUSIONS)


def test_roles_that_go_together_do() -> None:
    assert exclusion([Role.APPROVER], Role.DPO) is None
    assert exclusion([Role.APPROVER], Role.RISK_ANALYST) is None
    assert exclusion([], Role.AGENT) is None


def test_a_role_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(BadInput) as caught:
        parse_role("king")
    assert "agent" in caught.value.hint


@pytest.mark.parametrize(
    ("methods", "strong"),
    [
        ({"password"}, False),
        ({"totp"}, False),
        ({"oidc"}, False),
        ({"password", "totp"}, True),
        ({"passkey"}, True),
        ({"oidc", "mfa"}, True),
    ],
)
def test_two_factors_are_strong_and_one_is_not(methods: set[str], strong: bool) -> None:
    assert Asker("a", "a", "t", frozenset(), frozenset(methods)).strong is strong
