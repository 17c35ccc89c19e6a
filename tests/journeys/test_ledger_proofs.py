from __future__ import annotations

from datetime import UTC, datetime

from contracts.made import made
from haoma.ledger import leaf_hash, verify_inclusion
from haoma.ledger.audit import audit
from haoma.ledger.entry import Entry
from haoma.ledger.events import ENTRY_TYPES
from haoma.ledger.service import Ledger
from haoma.ledger.view import View
from haoma.storage import open_store


def test_every_entry_is_proved_out_of_postgresql(postgres: str) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    with open_store(made(postgres)) as store:
        ledger, view = Ledger(store, ENTRY_TYPES, lambda: at), View(store)
        for first, last in ((0, 300), (300, 301), (301, 700)):
            entries = [Entry("file.recorded", at, {"sha256": f"{n:064x}", "bytes": n}) for n in range(first, last)]
            store.write(lambda tx, entries=entries: ledger.append_all(tx, entries))
            assert ledger.integrate() == last - first
        head = view.head()
        for index in range(0, head.size, 7):
            leaf, proof = leaf_hash(view.entry(index)), view.inclusion(index, head.size)
            verify_inclusion(leaf_hash=leaf, index=index, size=700, proof=proof, root=head.root)
        with store.read() as tx:
            assert list(audit(tx))[-1].root == head.root
