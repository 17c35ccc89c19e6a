"""What was drawn of pages later, held to the log."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.crawl import NOW
from contracts.made import made
from haoma.errors import Tampered
from haoma.guard.crawl import snapshots, tables, warc
from haoma.guard.crawl.audit import hold_drawings
from haoma.guard.crawl.drawing import Drawer, Failure
from haoma.guard.crawl.entries import ENTRY_TYPES
from haoma.guard.crawl.model import Snapshot
from haoma.guard.crawl.recording import Seen, keep
from haoma.ledger.scan import scan
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store

URL = "https://www.example.com/"
_d, _u, _s, _r = tables.drawings.c, tables.undrawn.c, tables.snapshots.c, tables.records.c


@dataclass
class World:
    """Four pages: two were drawn, one after a try in vain, and two could not be; the third and fourth are held."""

    store: Store
    log: Ledger
    ids: list[str]

    def audit(self, tx: sa.Connection) -> int:
        return hold_drawings(tx, {one.entry_id: one.entry for one in scan(tx, lambda _data: True)})

    def told(self, *by_hand: sa.Executable) -> str:
        """What the audit says of changes by hand, which are taken back again; empty where it says nothing."""
        said = list[str]()

        def work(tx: sa.Connection) -> None:
            for one in by_hand:
                assert tx.execute(one).rowcount
            try:
                self.audit(tx)
            except Tampered as error:
                said.append(str(error))
            raise Undone

        with pytest.raises(Undone):
            self.store.write(work)
        return "".join(said)


class Undone(Exception):
    """Takes a change back."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_store(made(f"sqlite:///{tmp_path / 'haoma.db'}")) as store:
        log = Ledger(store, ENTRY_TYPES, lambda: NOW)
        drawer, ids = Drawer(store, log, lambda: NOW), [kept(store, log) for _ in range(4)]
        for snapshot in (ids[1], *ids[1:]):
            store.write(lambda tx, one=snapshot: drawer._remember(tx, snapshot=one, failure=Failure.SLOW))
        for snapshot, png in zip(ids[:2], (b"one", b"two"), strict=True):
            store.write(lambda tx, one=snapshot, png=png: drawer._keep(tx, snapshot=one, url=URL, png=png))
        for snapshot in ids[2:]:
            store.write(lambda tx, one=snapshot: snapshots.hold(tx, log, one, NOW))
        store.write(lambda tx: snapshots.let_go(tx, log, ids[3], NOW))
        log.integrate()
        yield World(store, log, ids)


def kept(store: Store, log: Ledger) -> str:
    snapshot, digest = str(uuid.uuid4()), hashlib.sha256(b"page").hexdigest()
    seen = Snapshot(snapshot, str(uuid.uuid4()), URL, URL, NOW, 200, "text/html", digest)
    record = warc.response(snapshot, warc.Answer(URL, 200, [("Content-Type", "text/html")], b"page"), NOW)
    store.write(lambda tx: keep(tx, log, str(uuid.uuid4()), [Seen(seen, {"response": record})], NOW) and None)
    return snapshot


def test_what_was_drawn_holds(world: World) -> None:
    with world.store.read() as tx:
        assert world.audit(tx) == 4


def test_what_a_hand_altered_made_up_or_deleted_is_named(world: World) -> None:
    first, second, third, fourth = world.ids
    later = NOW.replace(year=2027)
    made_up = {"snapshot_id": str(uuid.uuid4()), "entry_id": 1}
    changes: list[tuple[str, tuple[sa.Executable, ...]]] = [
        (first, (sa.update(tables.drawings).where(_d.snapshot_id == first).values(digest="ab" * 32),)),
        (first, (sa.update(tables.drawings).where(_d.snapshot_id == first).values(drawn_at=later),)),
        (first, (sa.update(tables.drawings).where(_d.snapshot_id == first).values(entry_id=1),)),
        (first, (sa.delete(tables.drawings).where(_d.snapshot_id == first),)),
        (first, (sa.delete(tables.records).where(_r.snapshot_id == first, _r.what == "drawn"),)),
        (third, (sa.update(tables.undrawn).where(_u.snapshot_id == third).values(why="no-picture"),)),
        (third, (sa.update(tables.undrawn).where(_u.snapshot_id == third).values(tried_at=later),)),
        (third, (sa.delete(tables.undrawn).where(_u.snapshot_id == third),)),
        (
            made_up["snapshot_id"],
            (sa.insert(tables.drawings).values(**made_up, digest="ab" * 32, drawn_at=NOW),),
        ),
        (
            made_up["snapshot_id"],
            (sa.insert(tables.undrawn).values(**made_up, why="too-slow", tried_at=NOW),),
        ),
        (second, (sa.update(tables.drawings).where(_d.snapshot_id == second).values(snapshot_id=fourth),)),
    ]
    for named, by_hand in changes:
        said = world.told(*by_hand)
        assert named in said or (named == second and fourth in said), by_hand


def test_what_is_over_goes_with_its_snapshot_unless_that_is_held(world: World) -> None:
    first, _, third, fourth = world.ids

    def gone(snapshot: str) -> list[sa.Executable]:
        below = [sa.delete(tables.drawings).where(_d.snapshot_id == snapshot)] if snapshot == first else []
        below += [sa.delete(tables.undrawn).where(_u.snapshot_id == snapshot)] if snapshot != first else []
        return [*below, sa.delete(tables.snapshots).where(_s.snapshot_id == snapshot)]

    assert world.told(*gone(first), *gone(fourth)) == ""
    assert third in world.told(*gone(third))
