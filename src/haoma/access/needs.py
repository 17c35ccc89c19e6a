"""What no one does alone: each action with who may ask for it, who may approve it, and how long that holds.

Rules held here:
- Approvers act in two different roles, so that each action names two at least.
- An action that is not in this table cannot be requested, and one that is cannot be done in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from haoma.access.model import Role

__all__ = ["NEEDS", "Need"]


@dataclass(frozen=True, slots=True)
class Need:
    """Who may request an action on which object, in which roles it is approved, until when, and why it needs that.

    `approvers` is how many others approve it, each in another role. What `lapses` leaves nothing half done: a run that
    has begun and did not come to its end expires with its request, as if it had not.
    """

    object: str
    request: frozenset[Role]
    approve: frozenset[Role]
    good_for: timedelta
    reason: str
    approvers: int = 2
    lapses: bool = False


def _need(
    object_: str,
    request: set[Role],
    approve: set[Role],
    hours: int,
    reason: str,
    approvers: int = 2,
    *,
    lapses: bool = False,
) -> Need:
    good_for = timedelta(hours=hours)
    return Need(object_, frozenset(request), frozenset(approve), good_for, reason, approvers, lapses)


_R = Role
NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "reveal-number": _need(
            "subject", {_R.AGENT, _R.RISK_ANALYST}, {_R.APPROVER, _R.DPO}, 4, "a full number is personal data in clear"
        ),
        "bulk-export": _need(
            "export",
            {_R.RISK_ANALYST, _R.DPO},
            {_R.APPROVER, _R.DPO, _R.SECURITY_ADMIN},
            24,
            "50 location items are a crime's threshold (法释〔2017〕10号 art. 5)",
        ),
        "rotate-key": _need(
            "vault",
            {_R.SYSTEM_ADMIN},
            {_R.SECURITY_ADMIN, _R.DPO, _R.APPROVER},
            24,
            "everything that is sealed rests on it",
        ),
        "destroy-key": _need(
            "vault",
            {_R.SYSTEM_ADMIN, _R.DPO},
            {_R.SECURITY_ADMIN, _R.DPO, _R.APPROVER},
            24,
            "what was sealed with it is gone for ever",
        ),
        "back-up": _need(
            "store",
            {_R.SYSTEM_ADMIN},
            {_R.SECURITY_ADMIN, _R.DPO, _R.APPROVER},
            24,
            "whoever has both backups of the keys has every key",
            lapses=True,
        ),
        "extend-retention": _need(
            "retention",
            {_R.DPO},
            {_R.DPO, _R.APPROVER, _R.SECURITY_ADMIN},
            72,
            "PIPL art. 19 asks for the shortest time",
        ),
        "change-hotline": _need(
            "hotline",
            {_R.HOTLINE_EDITOR},
            {_R.APPROVER, _R.DPO, _R.SECURITY_ADMIN},
            72,
            "customers will call it",
            approvers=1,
        ),
        "change-policy": _need(
            "policy",
            {_R.SECURITY_ADMIN},
            {_R.DPO, _R.APPROVER, _R.SYSTEM_ADMIN},
            72,
            "it decides everything else (GB/T 22239-2019 §8.1.4.2)",
        ),
    }
)
