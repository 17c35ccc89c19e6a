"""Changing the policy: what two have approved becomes the next version, and nothing else can.

Rules held here:
- A text is compiled before it is requested and once more before it comes into force: one that cannot be read never is.
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
from haoma.access.model import Asker
from haoma.access.policy import compile_policy
from haoma.errors import BadInput

__all__ = ["change_effect", "request_policy"]

ACTION = "change-policy"


def request_policy(approvals: Approvals, asker: Asker, text: str, now: datetime) -> Approval:
    """Ask that this text take the place of the policy in force; raises BadInput where it is none."""
    compile_policy(text)
    return approvals.request(asker, ACTION, {"policy": text}, now)


def change_effect(log: Log) -> Effect:
    """What running an approved change of policy does."""

    def inside(tx: sa.Connection, approval: Approval, now: datetime) -> None:
        payload = approval.payload
        text = payload.get("policy") if isinstance(payload, dict) else None
        if not isinstance(text, str):
            raise BadInput("the request holds no policy text", hint="request it with haoma access policy change")
        compile_policy(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = {"text": text, "digest": digest, "since": now, "approval_id": approval.id}
        added = sa.insert(tables.policies).values(**row).returning(tables.policies.c.version)
        version = int(tx.execute(added).scalar_one())
        tell(tx, log, "access.policy", now, version=version, digest=digest, approval=approval.id)

    return Effect(inside)
