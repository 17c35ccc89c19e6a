"""What tests of the log stand on: a real store and log with a key, and what an attacker does to it.

`open_log(url)` is a log with the clock in `clock`. `rewrite` puts other entries where the logged ones were, as somebody
does who may write to the database: the bundles alone, the leaf hashes with them, or everything up to the head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

import sqlalchemy as sa

from contracts.made import made
from haoma.ledger import (
    BundleName,
    Checkpoint,
    KeyType,
    SignerKey,
    decode_bundle,
    format_checkpoint,
    leaf_hash,
    open_note,
    parse_checkpoint,
    root,
    sign_note,
)
from haoma.ledger import tables as ledger_tables
from haoma.ledger.audit import Audited, audit
from haoma.ledger.bundles import encode_bundle
from haoma.ledger.entry import Entry, encode
from haoma.ledger.events import ENTRY_TYPES, FILE_RECORDED
from haoma.ledger.growth import WIDTH, Growth
from haoma.ledger.publish import Attester, Publisher, Signed
from haoma.ledger.service import Ledger
from haoma.ledger.tiles import tile_width
from haoma.ledger.view import View
from haoma.storage import Store, open_store, schema
from haoma.storage.opening import store_at

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KEY = SignerKey("example.com/log", KeyType.ED25519, b"k" * 32)


def entry(number: int, at: datetime = NOW) -> Entry:
    """An entry that says which one it is."""
    return Entry(FILE_RECORDED.name, at, {"sha256": f"{number:064x}", "bytes": number})


def sign(size: int, tree_root: bytes, key: SignerKey = KEY) -> bytes:
    return sign_note(format_checkpoint(Checkpoint(key.name, size, tree_root)), [key])


def checkpoint_of(note: bytes) -> Checkpoint:
    """As whoever kept a checkpoint reads it."""
    return parse_checkpoint(open_note(note, [KEY.verifier.text]).text)


@dataclass
class Log:
    """A log, whoever reads and signs it, and the clock of all of them."""

    store: Store
    attesters: Sequence[Attester] = ()
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    next_number: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store, ENTRY_TYPES, self.now)
        self.view = View(self.store)
        self.publisher = Publisher(self.ledger, sign, self.attesters, self.view.consistency, self.now)

    def now(self) -> datetime:
        return self.clock[0]

    def append(self, count: int = 1) -> Sequence[int]:
        """Queue the next so many entries; their ids."""
        numbers = range(self.next_number, self.next_number + count)
        self.next_number += count
        return self.store.write(lambda tx: self.ledger.append_all(tx, [entry(number) for number in numbers]))

    def grow(self, count: int = 1) -> Signed:
        """Append, integrate, sign."""
        self.append(count)
        return self.publisher.checkpoint()

    def audit(self, *kept: bytes, from_postgresql: bool = False) -> Audited:
        """Audit against these notes, and the key."""
        with self.store.read() as tx:
            checkpoints = [checkpoint_of(note) for note in kept]
            *_, last = audit(tx, checkpoints, [KEY.verifier], from_postgresql=from_postgresql)
        return last

    def entries(self) -> list[bytes]:
        """Every entry in the tree."""
        size = self.view.head().size
        names = [BundleName(number, tile_width(0, number, size)) for number in range(-(-size // WIDTH))]
        return [one for name in names for one in decode_bundle(self.view.bundle(name), name.width)]

    def change(self, statement: str, **values: object) -> None:
        """Change the database behind the log's back; at least one row."""

        def work(tx: sa.Connection) -> None:
            assert tx.execute(sa.text(statement), values).rowcount

        self.store.write(work)


@contextmanager
def open_log(url: str, attesters: Sequence[Attester] = ()) -> Iterator[Log]:
    with open_store(made(url)) as store:
        yield Log(store, attesters)


class Attacker(IntEnum):
    """How far somebody goes who rewrites entries."""

    BUNDLES = 1
    LEAF_HASHES = 2
    ALL_HASHES = 3
    CHECKPOINTS = 4
    """Those in the database too: they are deleted."""


def rewrite(store: Store, entries: Sequence[bytes], attacker: Attacker) -> None:
    """Put these entries where the logged ones are."""
    bundles = {at // WIDTH: encode_bundle(entries[at : at + WIDTH]) for at in range(0, len(entries), WIDTH)}
    tree, tiles = Growth(0, {}), dict[tuple[int, int], bytes]()
    for tile in tree.extend([leaf_hash(one) for one in entries]):
        tiles[tile.level, tile.number] = tile.hashes

    def work(tx: sa.Connection) -> None:
        b, t = ledger_tables.bundles, ledger_tables.tiles
        tx.execute(sa.delete(b))
        tx.execute(sa.insert(b), [{"number": number, "entries": bundle} for number, bundle in bundles.items()])
        levels = {Attacker.BUNDLES: 0, Attacker.LEAF_HASHES: 1}.get(attacker, 64)
        tx.execute(sa.delete(t).where(t.c.level < levels))
        made = [{"level": x, "number": n, "hashes": hashes} for (x, n), hashes in tiles.items() if x < levels]
        if made:
            tx.execute(sa.insert(t), made)
        if attacker >= Attacker.ALL_HASHES:
            tx.execute(sa.update(ledger_tables.head).values(size=len(entries), root=tree.root()))
            tx.execute(sa.update(ledger_tables.runs).values(length=len(entries)))
        if attacker >= Attacker.CHECKPOINTS:
            tx.execute(sa.delete(ledger_tables.attestations))
            tx.execute(sa.delete(ledger_tables.checkpoints))

    store.write(work)


def root_of(entries: Sequence[bytes]) -> bytes:
    return root([leaf_hash(one) for one in entries])


def assert_what_waited_before_bundles_goes_on(url: str) -> None:
    """Entries that waited one to a row, as they did before, and the last of whose ids is gone."""
    before = schema.revisions().index("0016_queue")
    with store_at(url, create=True) as store:
        rows = [{"data": encode(entry(number), {FILE_RECORDED.name: FILE_RECORDED})} for number in range(301)]
        with store.changing() as tx:
            schema.migrate(tx, schema.revisions()[:before])
            tx.execute(sa.text("INSERT INTO ledger_queue (entry) VALUES (:data)"), rows)
            tx.execute(sa.text("DELETE FROM ledger_queue WHERE entry_id IN (7, 301)"))
    with open_store(url) as store:
        log = Log(store, next_number=301)
        assert log.append(2)[0] == 302
        assert log.ledger.integrate() == 301
        assert [log.view.index_of(one) for one in (6, 7, 8, 300, 301, 302, 303)] == [5, None, 6, 298, None, 299, 300]
        assert log.entries()[299] == encode(entry(301), log.ledger.types)
        log.audit(from_postgresql=True)
