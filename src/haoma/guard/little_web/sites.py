"""What the four sites show: the company's own, a map, a forum and yellow pages, as such sites are written.

Rules held here:
- Three numbers are wrong: the official site's, once its CMS is; the map's, which gives the company's hotline to another
  firm; the yellow pages', which are one digit off. All else that looks wrong is not.
- A page lies beside this module, and is served in the charset that its own head names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from string import Template

from haoma.guard.little_web.company import Company
from haoma.guard.little_web.server import Page, Site

__all__ = ["FORBIDDEN", "sites_of"]

FORBIDDEN = "/member/"
ROBOTS = f"User-agent: *\nDisallow: {FORBIDDEN}\n"


def sites_of(company: Company) -> Mapping[str, Site]:
    """The sites by name, the official one as the company's CMS has it at the moment."""
    return {
        "official": {"/": partial(_official, company), "/api/contacts.json": partial(_api, company), **_robots()},
        "map": {"/": _page("map.html"), **_robots()},
        "forum": {"/": _page("forum.html"), f"{FORBIDDEN}5521": _page("forum.html"), **_robots()},
        "listing": {"/": _page("listing.html", "gb18030", "text/html; charset=gb2312"), **_robots()},
    }


def _official(company: Company) -> Page:
    shown = {f"{name}_{field}": text for name, said in company.contacts().items() for field, text in said.items()}
    return Page(Template(_text("official.html")).substitute(shown).encode())


def _api(company: Company) -> Page:
    return Page(json.dumps(company.contacts(), ensure_ascii=False).encode(), "application/json")


def _robots() -> Site:
    return {"/robots.txt": lambda: Page(ROBOTS.encode(), "text/plain")}


def _page(name: str, charset: str = "utf-8", content_type: str = "text/html; charset=utf-8") -> Callable[[], Page]:
    return lambda: Page(_text(name).encode(charset), content_type)


def _text(name: str) -> str:
    return files("haoma.guard.little_web").joinpath("pages", name).read_text("utf-8")
