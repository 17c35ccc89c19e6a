from __future__ import annotations

import pytest

from haoma.access import Role
from haoma.access.policy import Circumstances, Policy, Question, shipped_text

WELL = Circumstances(strong=True, in_case=False, same_tenant=True, scoped=True, own=False)
MAY = {
    "see": {Role.HOTLINE_EDITOR, Role.APPROVER, Role.DPO},
    "decide-mention": {Role.HOTLINE_EDITOR, Role.APPROVER},
    "file-correction": {Role.HOTLINE_EDITOR},
    "export-evidence": {Role.HOTLINE_EDITOR, Role.APPROVER, Role.DPO},
    "close-incident": {Role.APPROVER, Role.DPO},
}


@pytest.mark.parametrize("action", MAY)
def test_who_may_do_what_with_an_incident(action: str) -> None:
    policy = Policy(shipped_text(), 0)
    allowed = {
        role for role in Role if policy.decide(Question(False, frozenset({role}), action, "incident", "", WELL)).allowed
    }
    assert allowed == MAY[action]


@pytest.mark.parametrize("action", ["decide-mention", "export-evidence", "close-incident"])
def test_a_machine_decides_and_closes_nothing(action: str) -> None:
    policy = Policy(shipped_text(), 0)
    roles = frozenset({Role.HOTLINE_EDITOR})
    assert not policy.decide(Question(True, roles, action, "incident", "", WELL)).allowed
