"""What the log hears of the vault: commitments to audit rows, counts and versions; never a token or a number.

Of a key that is destroyed it hears the SHA-256 of its random name, before it is: so a backup of the key store that is
put back can be held to what has been destroyed since.
"""

from __future__ import annotations

from haoma.ledger.entry import EntryType
from haoma.vault.audit import AUDIT_RECORDED

__all__ = ["ENTRY_TYPES"]

ENTRY_TYPES = (
    AUDIT_RECORDED,
    EntryType("vault.sealed", {"audit": "commitment", "row": "commitment", "until": "time"}),
    EntryType("vault.unsealed", {"audit": "commitment"}),
    EntryType("vault.shredded", {"audit": "commitment", "keys": "count", "numbers": "count", "tokens": "count"}),
    EntryType("vault.token-issued", {"audit": "commitment", "until": "time"}),
    EntryType("vault.token-resolved", {"audit": "commitment"}),
    EntryType("vault.tokens-killed", {"audit": "commitment", "tokens": "count"}),
    EntryType("vault.destroyed", {"keys": "digest*"}),
    EntryType("vault.backed-up", {"what": "word", "digest": "digest", "keys": "count"}),
    EntryType("vault.restored", {"what": "word", "digest": "digest", "keys": "count", "dropped": "count"}),
    EntryType("vault.rotated", {"what": "word", "version": "count"}),
    EntryType("vault.rekeyed", {"version": "count", "numbers": "count"}),
    EntryType("retention.deleted", {"class": "word", "rows": "count", "due": "time"}),
)
