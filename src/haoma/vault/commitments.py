"""The keys of commitments, in the key store: what fills the port that the ledger declares.

Rules held here:
- A commitment is an HMAC of the suite under the newest key of its scope. Key ids are `<scope>-<n>`, never used twice.
- Whoever destroys a scope's keys makes what was committed to unprovable and leaves every proof of the log valid.
"""

from __future__ import annotations

import hmac
import re

from haoma.errors import BadInput
from haoma.ledger.commitment import Commitment
from haoma.vault.key_store import KeyStore, Kind

__all__ = ["KeptCommitments"]

_SCOPE = re.compile(r"[a-z][a-z0-9]{0,23}")


class KeptCommitments:
    """Commits and opens with keys of a key store."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def commit(self, scope: str, data: bytes) -> Commitment:
        """Commit to these bytes under the newest key of the scope, or its first one."""
        if _SCOPE.fullmatch(scope) is None:
            message = "the scope of a key is a word of lower-case letters and digits"
            raise BadInput(message)
        key, digest = self._keys.digester(Kind.COMMITMENT, scope)
        return Commitment(key.key_id, digest(data))

    def opens(self, commitment: Commitment, data: bytes) -> bool:
        """Whether the commitment stands for these bytes; raises NotFound where its key was destroyed."""
        key = self._keys.kept(commitment.key_id)
        return hmac.compare_digest(key.suite.mac(key.secret, data), commitment.mac)

    def destroy(self, scope: str) -> int:
        """Destroy every key of a scope; returns how many there were."""
        return self._keys.destroy([key.key_id for key in self._keys.versions(Kind.COMMITMENT, scope)])
