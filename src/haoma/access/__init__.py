"""Who may do what: people, roles, sign-in, policy in Cedar, cases, approvals by four eyes, keys of machines."""

from __future__ import annotations

from haoma.access.api_keys import ApiKey, ApiKeys, draft_key
from haoma.access.approval import Approval, Effect, Vote
from haoma.access.approvals import Approvals
from haoma.access.cases import Case, CaseKeeping, Cases
from haoma.access.change import change_effect, request_policy
from haoma.access.entries import ENTRY_TYPES
from haoma.access.exports import Exportable, export_effect, open_export
from haoma.access.gate import Gate, Thing
from haoma.access.guarded import BACK_UP, GuardedVault, backing_up, vault_effects
from haoma.access.model import EXCLUSIONS, Asker, Exclusion, Role, exclusion, parse_role
from haoma.access.needs import NEEDS, Need
from haoma.access.passkeys import Passkeys
from haoma.access.people import People
from haoma.access.policy import Decision
from haoma.access.rows import Person
from haoma.access.secret import CustodySealing, Sealing, SealingKey
from haoma.access.sign_in import Enrolled, SignIn
from haoma.access.signed import Requests

__all__ = [
    "BACK_UP",
    "ENTRY_TYPES",
    "EXCLUSIONS",
    "NEEDS",
    "ApiKey",
    "ApiKeys",
    "Approval",
    "Approvals",
    "Asker",
    "Case",
    "CaseKeeping",
    "Cases",
    "CustodySealing",
    "Decision",
    "Effect",
    "Enrolled",
    "Exclusion",
    "Exportable",
    "Gate",
    "GuardedVault",
    "Need",
    "Passkeys",
    "People",
    "Person",
    "Requests",
    "Role",
    "Sealing",
    "SealingKey",
    "SignIn",
    "Thing",
    "Vote",
    "backing_up",
    "change_effect",
    "draft_key",
    "exclusion",
    "export_effect",
    "open_export",
    "parse_role",
    "request_policy",
    "vault_effects",
]
