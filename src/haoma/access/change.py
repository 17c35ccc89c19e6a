"""Changing the policy: what two have approved becomes the next version, and nothing else can.

Rules held here:
- A text is compiled before it is requested and once more before it comes into force: one that cannot be read never is.
- Nor is one under which nobody could change the policy again: it is asked whether a security administrator may request
  a change, whether two roles that approve one may, and whether one of these may run it.
- Versions count up and stay; each names the approval that brought it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.approval import Approval, Effect
from haoma.access.approvals import Approvals
from haoma.access.entries import Log, tell
from haoma.access.model import Asker, Role
from haoma.access.needs import NEEDS
from haoma.access.policy import Circumstances, Policy, Question
from haoma.errors import BadInput

__all__ = ["change_effect", "check_policy", "request_policy"]

ACTION = "change-policy"


def check_policy(text: str) -> None:
    """Hold a text against Cedar, the schema, the limits and what any policy has to leave possible.

    Raises BadInput where it is no policy, or one that nobody could change again.
    """
    policy, need = Policy(text, 0), NEEDS[ACTION]

    def may(role: Role, action: str, object_: str) -> bool:
        well = Circumstances(strong=True, in_case=False, same_tenant=True, scoped=True, own=False)
        return policy.decide(Question(False, frozenset({role}), action, object_, "", well)).allowed

    request = {role for role in need.request if may(role, ACTION, need.object)}
    approve = {role for role in need.approve if may(role, "approve", "approval")}
    run = {role for role in request | approve if may(role, "run-approved", "approval")}
    if not request or len(approve) < need.approvers or not run:
        message = "under this policy nobody could change the policy again"
        raise BadInput(message, hint=_LEAVES)


_LEAVES = (
    "it has to permit change-policy on policy to security-admin, approve on approval to two of"
    f" {', '.join(sorted(NEEDS[ACTION].approve))}, and run-approved on approval to one of these"
)


def request_policy(approvals: Approvals, asker: Asker, text: str, now: datetime) -> Approval:
    """Ask that this text take the place of the policy in force; raises BadInput as `check_policy` does."""
    check_policy(text)
    return approvals.request(asker, ACTION, {"policy": text}, now)


def change_effect(log: Log) -> Effect:
    """What running an approved change of policy does."""

    def inside(tx: sa.Connection, approval: Approval, now: datetime) -> None:
        payload = approval.payload
        text = payload.get("policy") if isinstance(payload, dict) else None
        if not isinstance(text, str):
            raise BadInput("the request holds no policy text", hint="request it with haoma access policy change")
        check_policy(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = {"text": text, "digest": digest, "since": now, "approval_id": approval.id}
        added = sa.insert(tables.policies).values(**row).returning(tables.policies.c.version)
        version = int(tx.execute(added).scalar_one())
        tell(tx, log, "access.policy", now, version=version, digest=digest, approval=approval.id)

    return Effect(inside)
