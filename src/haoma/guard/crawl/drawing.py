"""Pictures of pages that were fetched without a browser, drawn later from what was kept of them.

Rules held here:
- Nothing is asked of anybody: Chromium gets the page as it came, once, and has no way out. Images, style sheets and
  scripts that lie elsewhere are not there; what a style sheet of the page's own says, is.
- No script runs: the page was judged without any.
- A picture is drawn once, kept beside its snapshot, and its digest told to the log. Persons' mobiles are covered in it
  as in every picture.
- A page that cannot be drawn is not tried again unless somebody asks for that: why and when is kept, and told to the
  log. Pages that are the same are tried once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import NotFound, Unavailable
from haoma.guard.crawl import tables, warc
from haoma.guard.crawl.browser import FLAGS, is_sandboxed, program
from haoma.guard.crawl.model import Snapshot
from haoma.guard.crawl.picture import picture_of
from haoma.guard.crawl.snapshots import drawn_of, one, read_of, undrawn_of
from haoma.guard.crawl.sources import Log
from haoma.ledger.entry import Entry
from haoma.lineage.rows import insert_new
from haoma.storage import Store

if TYPE_CHECKING:
    from playwright.async_api import Browser, Route

__all__ = ["Drawer", "Failure", "Sheet", "draw"]

PAGE_S = 30.0
WIDTH, HEIGHT = 1_280, 1_024
NOWHERE = "https://page.invalid/"  # RFC 6761 §6.4: nobody has this name
SEALED = ("--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND")
_DRAWN = ("text/html", "application/xhtml+xml", "text/plain", "")


class Failure(StrEnum):
    """Why a page was not drawn."""

    SLOW = "too-slow"
    NO_PICTURE = "no-picture"
    BROKE = "browser-failed"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to be drawn: where it was, what it was said to be, and how it came."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws what the crawl of one store has kept; `chromium` is the program, the system's own where it is None."""

    store: Store
    log: Log
    now: Callable[[], datetime]
    chromium: Path | None = None

    def __call__(self, snapshots: Sequence[str], /, *, again: bool = False) -> None:
        """Draw and keep those of these that have no picture; `again` those too that could not be drawn before.

        Raises Unavailable where nothing can be drawn here, which is no page's fault and is not kept.
        """
        with self.store.read() as tx:
            given = [(each, _sheet(tx, each, again=again)) for each in dict.fromkeys(snapshots)]
        found = [(each, sheet) for each, sheet in given if sheet is not None]
        if not found:
            return
        sheets = list(dict.fromkeys(sheet for _, sheet in found))
        made = dict(zip(sheets, draw(sheets, self.chromium), strict=True))
        for snapshot, sheet in found:
            picture = made[sheet]
            if isinstance(picture, Failure):
                self.store.write(partial(self._remember, snapshot=snapshot, failure=picture))
            else:
                self.store.write(partial(self._keep, snapshot=snapshot, url=sheet.url, png=picture))

    def _keep(self, tx: sa.Connection, snapshot: str, url: str, png: bytes) -> None:
        at, digest = self.now(), hashlib.sha256(png).hexdigest()
        row = {"snapshot_id": snapshot, "digest": digest, "drawn_at": at, "entry_id": 0}
        if tx.execute(insert_new(tx, tables.drawings).values(**row)).rowcount == 0:
            return
        entry_id = self.log.append(tx, Entry("crawl.drawn", at, {"snapshot": snapshot, "picture": digest}))
        mine = tables.drawings.c.snapshot_id == snapshot
        tx.execute(sa.update(tables.drawings).where(mine).values(entry_id=entry_id))
        record = warc.conversion(url, snapshot, "image/png", png, at)
        tx.execute(sa.insert(tables.records).values(snapshot_id=snapshot, what="drawn", record=record))
        tx.execute(sa.delete(tables.undrawn).where(tables.undrawn.c.snapshot_id == snapshot))

    def _remember(self, tx: sa.Connection, snapshot: str, failure: Failure) -> None:
        at, mine = self.now(), tables.undrawn.c.snapshot_id == snapshot
        if drawn_of(tx, snapshot) is not None:  # somebody else drew it meanwhile
            return
        tx.execute(sa.delete(tables.undrawn).where(mine))
        entry_id = self.log.append(tx, Entry("crawl.undrawn", at, {"snapshot": snapshot, "why": str(failure)}))
        row = {"snapshot_id": snapshot, "why": str(failure), "tried_at": at, "entry_id": entry_id}
        tx.execute(insert_new(tx, tables.undrawn).values(**row))


def draw(sheets: Sequence[Sheet], chromium: Path | None = None) -> list[bytes | Failure]:
    """A PNG of each page, or why it cannot be drawn; raises Unavailable without Chromium or Playwright."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        raise Unavailable("a page is drawn with Playwright", hint="pip install 'haoma[render]'") from None
    path = program(chromium)
    with ThreadPoolExecutor(1) as aside:  # whoever asks may have a loop of their own
        return aside.submit(lambda: asyncio.run(_drawn(sheets, path))).result()


def _sheet(tx: sa.Connection, snapshot_id: str, *, again: bool) -> Sheet | None:
    """A page that is kept, answered well and has no picture, nor failed to give one unless it is tried `again`."""
    try:
        found = one(tx, snapshot_id)
    except NotFound:
        return None
    kind = found.content_type.partition(";")[0].strip().lower()
    drawable = found.rendered_digest is not None or kind in _DRAWN
    if found.screenshot is not None or drawn_of(tx, found.id) is not None or not drawable or found.status >= 300:
        return None
    if not again and undrawn_of(tx, found.id) is not None:
        return None
    return Sheet(_place(found), _kind(found), read_of(tx, found))


def _place(found: Snapshot) -> str:
    return found.final_url if found.final_url.startswith(("http://", "https://")) else NOWHERE


def _kind(found: Snapshot) -> str:
    return "text/html; charset=utf-8" if found.rendered_digest is not None else found.content_type or "text/html"


async def _drawn(sheets: Sequence[Sheet], path: Path) -> list[bytes | Failure]:
    from playwright.async_api import Error, async_playwright

    made = list[bytes | Failure]()
    try:
        async with async_playwright() as playwright:
            begin = partial(
                playwright.chromium.launch,
                executable_path=path,
                chromium_sandbox=is_sandboxed(),
                args=[*FLAGS, *SEALED],
            )
            browser = await begin()
            for sheet in sheets:
                if not browser.is_connected():  # the page before ended it, which is no fault of this one
                    browser = await begin()
                made.append(await _one(browser, sheet))
            return made
    except Error as error:
        message = f"Chromium does not draw ({type(error).__name__})"
        raise Unavailable(message, hint="start it on this machine: chromium --headless") from None


async def _one(browser: Browser, sheet: Sheet) -> bytes | Failure:
    given = [sheet.body]

    async def answer(route: Route) -> None:
        wanted = route.request
        whole = wanted.is_navigation_request() and wanted.frame.parent_frame is None
        if whole and given:
            await route.fulfill(status=200, headers={"content-type": sheet.content_type}, body=given.pop())
        else:
            await route.abort("aborted")  # as if nobody had asked: a page that moves on stays

    try:
        context = await browser.new_context(
            java_script_enabled=False,
            accept_downloads=False,
            service_workers="block",
            locale="zh-CN",
            viewport={"width": WIDTH, "height": HEIGHT},
        )
        try:
            async with asyncio.timeout(PAGE_S):
                await context.route("**", answer)
                page = await context.new_page()
                await page.goto(sheet.url, wait_until="load")
                return await picture_of(page) or Failure.NO_PICTURE
        finally:
            await context.close()
    except TimeoutError:
        return Failure.SLOW
    except Exception:  # noqa: BLE001 - whatever a page does to a browser, the others are drawn
        return Failure.BROKE
