"""Opens a customer's number for a source that cannot be asked without it.

Rules held here:
- It is opened when it is needed and not before, by the Grant of the source, in a transaction that records it.
"""

from __future__ import annotations

from collections.abc import Callable

from haoma.consent import Grant
from haoma.numbers import Number, parse
from haoma.vault import Opener, Vault

__all__ = ["Numbers"]

ACTOR = "system:locate"


class Numbers:
    """The numbers of those who have a Grant."""

    def __init__(self, vault: Vault) -> None:
        self._store = vault.store
        self._opener = Opener(vault, Grant)

    def of(self, grant: Grant) -> Callable[[], Number]:
        """A function that opens the number of the Grant's subject; NotFound where it is not kept any more."""

        def reveal() -> Number:
            return parse(self._store.write(lambda tx: self._opener.unseal(tx, grant, actor=ACTOR)))

        return reveal
