"""The vault: keys, subject tokens, sealed numbers, location tokens, audit rows and how long each is kept.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.vault.audit import Audit, AuditRow, Event, recording
from haoma.vault.commitments import KeptCommitments
from haoma.vault.custody import Custody
from haoma.vault.entries import ENTRY_TYPES
from haoma.vault.key_store import KeyStore, Kind, open_keys
from haoma.vault.local_file import LocalFiles
from haoma.vault.location_tokens import LocationTokens, Resolved
from haoma.vault.model import Permission, SubjectToken
from haoma.vault.opening import Opener
from haoma.vault.retention_table import RETENTION, Action, Basis, Rule, rule_of
from haoma.vault.service import Shredded, Vault
from haoma.vault.suites import SUITES, Suite, suite_named

__all__ = [
    "ENTRY_TYPES",
    "RETENTION",
    "SUITES",
    "Action",
    "Audit",
    "AuditRow",
    "Basis",
    "Custody",
    "Event",
    "KeptCommitments",
    "KeyStore",
    "Kind",
    "LocalFiles",
    "LocationTokens",
    "Opener",
    "Permission",
    "Resolved",
    "Rule",
    "Shredded",
    "SubjectToken",
    "Suite",
    "Vault",
    "open_keys",
    "recording",
    "rule_of",
    "suite_named",
]
