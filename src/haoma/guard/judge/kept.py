"""The registry and the crawl of this store, as judging needs them: fills `Registry`, `Hold`, `Recheck` and `Pages`.

Rules held here:
- A page is judged as a reader had it, where a browser rendered it; its evidence is the page as it came.
- What was judged from a file and never crawled is held by nobody, and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.guard.crawl import jobs, snapshots
from haoma.guard.crawl.model import Drawn, Snapshot, Source, Undrawn
from haoma.guard.judge.desk import HotlineLike
from haoma.guard.judge.model import Seen, SourceKind
from haoma.guard.model import Names
from haoma.guard.registry import read
from haoma.lineage.entries import Log

__all__ = ["Again", "Crawled", "KeptRegistry", "seen_of"]

T = TypeVar("T")


class KeptRegistry:
    """The registry in the database; fills `Registry`."""

    def names(self, tx: sa.Connection, organisation: str) -> Names:
        """See `Registry.names`."""
        found = next((one.names for one in read.organisations(tx) if one.uid == organisation), None)
        if found is None:
            raise NotFound("there is no such organisation", hint="haoma hotline organisation list shows them")
        return found

    def rivals(self, tx: sa.Connection, organisation: str) -> Sequence[Names]:
        """See `Registry.rivals`."""
        return [one.names for one in read.organisations(tx) if one.uid != organisation]

    def of_tenant(self, tx: sa.Connection, tenant: str) -> Collection[str]:
        """See `Registry.of_tenant`."""
        return [one.uid for one in read.organisations(tx) if one.tenant == tenant]

    def hotlines(self, tx: sa.Connection, organisation: str) -> Sequence[HotlineLike]:
        """See `Registry.hotlines`."""
        return read.every_hotline(tx, organisation)

    def known(self, tx: sa.Connection, uri: str) -> Sequence[HotlineLike]:
        """See `Registry.known`."""
        return read.known(tx, uri)


class Crawled:
    """What the crawl has kept; fills `Hold` and `Pages`."""

    def __init__(self, log: Log, now: Callable[[], datetime]) -> None:
        self._log = log
        self._now = now

    def __call__(self, tx: sa.Connection, snapshots_: Collection[str], /, *, held: bool) -> None:
        """See `Hold`."""
        change = snapshots.hold if held else snapshots.let_go
        for one in snapshots_:
            _or_none(partial(change, tx, self._log, one, self._now()))

    def body(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """See `Pages.body`."""
        found = _or_none(partial(snapshots.one, tx, snapshot))
        return None if found is None else snapshots.body_of(tx, found)

    def rendered(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """See `Pages.rendered`."""
        found = _or_none(partial(snapshots.one, tx, snapshot))
        return None if found is None else snapshots.rendered_of(tx, found)

    def screenshot(self, tx: sa.Connection, snapshot: str) -> bytes | None:
        """See `Pages.screenshot`."""
        found = _or_none(partial(snapshots.one, tx, snapshot))
        return None if found is None else snapshots.screenshot_of(tx, found)

    def drawn(self, tx: sa.Connection, snapshot: str) -> Drawn | None:
        """See `Pages.drawn`."""
        return snapshots.drawn_of(tx, snapshot)

    def undrawn(self, tx: sa.Connection, snapshot: str) -> Undrawn | None:
        """See `Pages.undrawn`."""
        return snapshots.undrawn_of(tx, snapshot)


class Again:
    """Has the crawl visit sources sooner; fills `Recheck`. One that is none of the crawl's is not its to look at."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def __call__(self, tx: sa.Connection, source: str, /, *, wait: timedelta) -> None:
        """See `Recheck`."""
        jobs.look_again(tx, source, self._now(), wait)


def seen_of(snapshot: Snapshot, source: Source, organisation: str) -> Seen:
    """A snapshot of the crawl as judging sees it."""
    return Seen(
        snapshot.id,
        source.id,
        SourceKind(str(source.kind)),
        organisation,
        snapshot.url,
        snapshot.fetched_at,
        snapshot.digest,
        snapshot.status,
        snapshot.rendered_digest,
        snapshot.screenshot,
    )


def _or_none(get: Callable[[], T]) -> T | None:
    try:
        return get()
    except NotFound:
        return None
