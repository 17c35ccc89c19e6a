"""pipeline.toml: the hops of a company's own pipeline, and where a hotline is read at each.

Rules held here:
- An unknown key, a missing one and a value of another type are errors that name file, hop and key, and no value.
- A password or token is named (`{ env = "…" }`, `{ file = "…" }`) and never written there, in a URL neither.
- Paths start at the file. No personal number stands in a name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from haoma.guard.crawl.addresses import Allowed
from haoma.guard.probe.given import Given
from haoma.guard.probe.model import Asked, Place, Station
from haoma.guard.reading import Bounds
from haoma.lineage.model import Stage
from haoma.lineage.personal import require_impersonal

__all__ = ["Pipeline", "read_pipeline"]

MOST_HOPS = 50
NOBODY, USUAL = Allowed(), Bounds()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The hops in the order of the way; `keys` is what it calls a hotline, by UID, where that is not the UID."""

    name: str
    region: str
    keys: Mapping[str, str]
    hops: tuple[Station, ...]

    def asked(self, uid: str, organisation: str, uri: str) -> Asked:
        """What this pipeline is asked for a hotline of the registry; names and purposes are the caller's to add."""
        return Asked(uid, organisation, uri, self.keys.get(uid, uid))


@dataclass(frozen=True, slots=True)
class _Browser:
    """What renders pages, which hosts inside they may ask, and within what they are read."""

    program: Path | None
    allowed: Allowed
    bounds: Bounds


def read_pipeline(
    path: Path, chromium: Path | None = None, allowed: Allowed = NOBODY, bounds: Bounds = USUAL
) -> Pipeline:
    """Read a pipeline; `chromium` renders its pages, or the one on the path, and they may ask `allowed` hosts inside.

    Pages that are read for their numbers are read within `bounds`.

    Raises BadInput naming what is wrong with its file, Refused for a person's number in a name.
    """
    top = Given.file(path)
    top.only("name", "region", "keys", "hop")
    region = top.text("region", "CN")
    if not (len(region) == 2 and region.isascii() and region.isalpha()):
        raise top.wrong("region", "two letters (ISO 3166-1)")
    hops = top.tables("hop")
    if not 1 <= len(hops) <= MOST_HOPS:
        raise top.wrong("hop", f"1 to {MOST_HOPS} of them, [[hop]] for each")
    name, browser = top.text("name", "pipeline"), _Browser(chromium, allowed, bounds)
    found = Pipeline(name, region.upper(), top.texts("keys"), tuple(_station(one, browser) for one in hops))
    systems = {f"the system of hop {place}": one.system for place, one in enumerate(found.hops, 1)}
    require_impersonal("public:pipeline", {"the name of the pipeline": name, **systems})
    return found


def _station(given: Given, browser: _Browser) -> Station:
    given.only("stage", "system", "in", "out")
    stage = given.text("stage")
    if stage not in set(Stage):
        raise given.wrong("stage", f"one of {', '.join(Stage)}")
    come = given.table("in")
    out = given.table("out")
    if out is None:
        raise given.wrong("out", "a table that says where the number is read")
    before = _place(come, browser) if come else None
    return Station(Stage(stage), given.text("system"), _place(out, browser), before)


def _place(given: Given, browser: _Browser) -> Place:
    kind = given.text("kind")
    if kind in _RENDERED:
        return _RENDERED[kind](given, browser)
    if kind not in _PLACES:
        raise given.wrong("kind", f"one of {', '.join([*_PLACES, *_RENDERED])}")
    return _PLACES[kind](given)


def _sql(given: Given) -> Place:
    from haoma.guard.probe.sql import SqlPlace

    given.only("kind", "url", "query", "password", "timeout_s")
    timeout_s = given.whole("timeout_s", 15, 60)
    return SqlPlace(given.database("url"), given.text("query"), given.secret("password"), timeout_s)


def _http(given: Given) -> Place:
    from haoma.guard.probe.http import HttpPlace

    given.only("kind", "url", "pointer", "token")
    token = given.secret("token")
    return HttpPlace(given.url("url", guarded=token is not None), given.pointer("pointer"), token)


def _json(given: Given) -> Place:
    from haoma.guard.probe.files import JsonPlace

    given.only("kind", "file", "pointer")
    return JsonPlace(given.path("file"), given.pointer("pointer"))


def _yaml(given: Given) -> Place:
    from haoma.guard.probe.files import YamlPlace

    given.only("kind", "file", "pointer")
    return YamlPlace(given.path("file"), given.pointer("pointer"))


def _csv(given: Given) -> Place:
    from haoma.guard.probe.files import CsvPlace

    given.only("kind", "file", "column", "where", "encoding")
    where, encoding = given.texts("where"), given.text("encoding", "utf-8-sig")
    return CsvPlace(given.path("file"), given.text("column"), where, encoding)


def _html(given: Given) -> Place:
    from haoma.guard.probe.html import HtmlPlace

    given.only("kind", "url", "file", "selector", "attribute")
    if given.has("url") == given.has("file"):
        raise given.wrong("url", "either url or file")
    return HtmlPlace(given.text("selector"), *_url_or_file(given), given.text("attribute", ""))


def _page(given: Given, browser: _Browser) -> Place:
    from haoma.guard.probe.page import PagePlace

    given.only("kind", "url", "selector", "attribute", "wait_s")
    where = given.url("url"), given.text("selector"), given.text("attribute", "")
    return PagePlace(*where, given.whole("wait_s", 5, 20), browser.program, allowed=browser.allowed)


def _mentions(given: Given, browser: _Browser) -> Place:
    from haoma.guard.probe.mentions import MentionsPlace

    given.only("kind", "url", "file", "render")
    render = given.flag("render")
    if given.has("url") == given.has("file") or (render and given.has("file")):
        raise given.wrong("url", "either url or file; what is rendered has a url")
    return MentionsPlace(*_url_or_file(given), render, browser.program, browser.allowed, browser.bounds)


def _url_or_file(given: Given) -> tuple[str, Path | None]:
    return ("", given.path("file")) if given.has("file") else (given.url("url"), None)


_RENDERED: Mapping[str, Callable[[Given, _Browser], Place]] = {"page": _page, "mentions": _mentions}
_PLACES: Mapping[str, Callable[[Given], Place]] = {
    "sql": _sql,
    "http": _http,
    "json": _json,
    "yaml": _yaml,
    "csv": _csv,
    "html": _html,
}
