from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.crawl import NOW, World
from contracts.made import made
from haoma.errors import Tampered, Unavailable
from haoma.guard.crawl import snapshots, tables, warc
from haoma.guard.crawl.drawing import Drawer, Failure
from haoma.guard.crawl.model import Snapshot
from haoma.guard.crawl.recording import Seen, keep
from haoma.storage import open_store

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_store(made(f"sqlite:///{tmp_path / 'haoma.db'}")) as store:
        yield World(store)


def kept(world: World, status: int = 200, kind: str = "text/html", picture: str | None = None) -> str:
    """A page of the crawl; the id of its snapshot."""
    made, url = str(uuid.uuid4()), f"https://www.example.com/{uuid.uuid4()}"
    digest = hashlib.sha256(b"page").hexdigest()
    seen = Snapshot(made, str(uuid.uuid4()), url, url, NOW, status, kind, digest, screenshot=picture)
    record = warc.response(made, warc.Answer(url, status, [("Content-Type", kind)], b"page"), NOW)
    world.store.write(lambda tx: keep(tx, world.log, str(uuid.uuid4()), [Seen(seen, {"response": record})], NOW))
    return made


def drawer(world: World) -> Drawer:
    return Drawer(world.store, world.log, lambda: NOW, Path("/no/chromium"))


def test_what_has_a_picture_or_shows_nothing_asks_for_no_browser(world: World) -> None:
    drawn = kept(world)
    world.store.write(lambda tx: drawer(world)._keep(tx, snapshot=drawn, url="https://www.example.com/", png=PNG))
    drawer(world)(
        [drawn, kept(world, picture="ab" * 32), kept(world, 404), kept(world, kind="application/pdf"), "none"]
    )
    with pytest.raises(Unavailable):
        drawer(world)([kept(world)])


def test_a_picture_is_kept_once_and_told_to_the_log(world: World) -> None:
    page = kept(world)
    for png in (PNG, b"another"):
        world.store.write(
            lambda tx, png=png: drawer(world)._keep(tx, snapshot=page, url="https://www.example.com/", png=png)
        )
    with world.store.read() as tx:
        found = snapshots.drawn_of(tx, page)
    assert found is not None
    assert (found.png, found.digest) == (PNG, hashlib.sha256(PNG).hexdigest())
    assert world.told("crawl.drawn") == [{"snapshot": page, "picture": found.digest}]


def test_a_picture_that_was_changed_by_hand_is_told(world: World) -> None:
    page = kept(world)
    world.store.write(lambda tx: drawer(world)._keep(tx, snapshot=page, url="https://www.example.com/", png=PNG))
    world.store.write(lambda tx: tx.execute(sa.update(tables.drawings).values(digest="ab" * 32)))
    with world.store.read() as tx, pytest.raises(Tampered):
        snapshots.drawn_of(tx, page)


def test_what_could_not_be_drawn_is_not_tried_again_unless_somebody_asks_for_it(world: World) -> None:
    page = kept(world)
    for failure in (Failure.SLOW, Failure.BROKE):
        world.store.write(lambda tx, why=failure: drawer(world)._remember(tx, snapshot=page, failure=why))
    drawer(world)([page, page])  # no browser is asked for
    with pytest.raises(Unavailable):
        drawer(world)([page], again=True)
    with world.store.read() as tx:
        found = snapshots.undrawn_of(tx, page)
    assert found is not None
    assert (found.why, found.at) == ("browser-failed", NOW)
    assert [one["why"] for one in world.told("crawl.undrawn")] == ["too-slow", "browser-failed"]
    url = "https://www.example.com/"
    world.store.write(lambda tx: drawer(world)._keep(tx, snapshot=page, url=url, png=PNG))
    world.store.write(lambda tx: drawer(world)._remember(tx, snapshot=page, failure=Failure.SLOW))
    with world.store.read() as tx:
        assert (snapshots.undrawn_of(tx, page), snapshots.drawn_of(tx, page) is None) == (None, False)
