"""What can be asked for: every object with its fields, each of a class, and every action.

Rules held here:
- What is not in these tables is in no policy and is refused. The Cedar schema is made out of them.
- A decision depends on the class of a field, never on a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ACTIONS", "FIELDS", "OBJECTS"]

FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "subject": {
            "token": "pseudonym",
            "masked": "pseudonym",
            "number": "number",
            "kind": "issued",
            "issued_by": "issued",
            "issued_in": "issued",
            "place": "place",
            "risk": "risk",
            "grants": "permission",
            "refusals": "permission",
        },
        "case": {"agent": "work", "subject": "pseudonym", "opened_at": "work", "closed_at": "work"},
        "hotline": {
            "number": "public",
            "purpose": "public",
            "channels": "public",
            "organisation": "public",
            "valid": "public",
            "owner": "work",
            "reason": "work",
            "verdict": "work",
        },
        "incident": {"state": "work", "votes": "work", "evidence": "work"},
        "person": {"login": "account", "name": "account", "state": "account", "roles": "account"},
        "key": {"name": "account", "role": "account", "scopes": "account", "expires_at": "account"},
        "approval": {"action": "work", "state": "work", "payload": "request"},
        "audit": {"decisions": "audit", "entries": "audit"},
    }
)
OBJECTS = frozenset({*FIELDS, "number", "desk", "counts", "policy", "retention", "vault", "consent", "export", "store"})

ACTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "see": frozenset(FIELDS),
        "write": frozenset(FIELDS),
        "read-number": frozenset({"number"}),
        "pick-desk": frozenset({"desk"}),
        "locate": frozenset({"subject"}),
        "score": frozenset({"subject"}),
        "ask-consent": frozenset({"subject"}),
        "withdraw-consent": frozenset({"subject"}),
        "take-reply": frozenset({"consent"}),
        "verify-number": frozenset({"subject"}),
        "reveal-number": frozenset({"subject"}),
        "open-case": frozenset({"case"}),
        "find-customer": frozenset({"case"}),
        "close-case": frozenset({"case"}),
        "change-hotline": frozenset({"hotline"}),
        "decide-mention": frozenset({"incident"}),
        "file-correction": frozenset({"incident"}),
        "export-evidence": frozenset({"incident"}),
        "close-incident": frozenset({"incident"}),
        "record-measure": frozenset({"incident"}),
        "record-counts": frozenset({"counts"}),
        "see-counts": frozenset({"counts"}),
        "bulk-export": frozenset({"export"}),
        "add-person": frozenset({"person"}),
        "suspend-person": frozenset({"person"}),
        "restore-person": frozenset({"person"}),
        "enrol-again": frozenset({"person"}),
        "grant-role": frozenset({"person"}),
        "revoke-role": frozenset({"person"}),
        "link-identity": frozenset({"person"}),
        "make-key": frozenset({"key"}),
        "revoke-key": frozenset({"key"}),
        "approve": frozenset({"approval"}),
        "run-approved": frozenset({"approval"}),
        "change-policy": frozenset({"policy"}),
        "rotate-key": frozenset({"vault"}),
        "destroy-key": frozenset({"vault"}),
        "extend-retention": frozenset({"retention"}),
        "run-retention": frozenset({"retention"}),
        "publish-notice": frozenset({"consent"}),
        "review-emergency": frozenset({"consent"}),
        "back-up": frozenset({"store"}),
    }
)
