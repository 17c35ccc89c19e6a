"""A page in, its numbers out: what each is, whose, and what for.

Rules held here:
- Pure: no network, no clock, no file but the shipped model, read once.
- Nothing is raised for a page, whatever it holds; a page without a number has an empty list.
- Without a name to ask for, numbers are found and told voice from fax, and whose they are is unsure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from haoma.errors import Unavailable
from haoma.guard.extract.bind import bound
from haoma.guard.extract.charset import decode
from haoma.guard.extract.country import regions_of
from haoma.guard.extract.features import ALL
from haoma.guard.extract.found import Found, found_on
from haoma.guard.extract.lines import Page, lines_with
from haoma.guard.extract.names import CJK, Target, core, written_beside
from haoma.guard.extract.purposes import purpose_of, says
from haoma.guard.extract.scene import Scene, scene_of
from haoma.guard.extract.tables import in_row
from haoma.guard.extract.trees import shipped
from haoma.guard.extract.walk import read
from haoma.guard.model import Belongs, Mention, Names, Purpose, Role

__all__ = ["mentions_of", "understood"]

NO_CHINESE = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")  # of Japanese, of Korean
WARNS = re.compile(r"诈骗|冒[充用名]|假冒|欺诈|骗局|严正声明|郑重声明|防骗|反诈|警惕|詐騙|嚴正聲明")
SAMPLE = 60_000  # characters that are read to tell the country
OWNER_NEAR = 12  # lines


def mentions_of(
    page: bytes | str,
    *,
    url: str | None = None,
    content_type: str | None = None,
    names: Names | None = None,
    rivals: Sequence[Names] = (),
) -> list[Mention]:
    """The numbers on a page, in the order they stand in, each with whose it is: that of who is called `names`, or not.

    `rivals` are other organisations that are known; others are told by the page. Bytes are decoded as what they are.

    >>> page = "<title>甲银行</title><p>甲银行客服热线 <b>95588</b></p>"
    >>> [(one.digits, one.role, one.purpose) for one in mentions_of(page, names=Names("甲银行"))]
    [('95588', <Role.VOICE: 'voice'>, <Purpose.CARE: '客服'>)]

    Raises Unavailable where lxml is not installed.
    """
    html = page if isinstance(page, str) else decode(page, content_type)
    read_page, regions, found = understood(html, url)
    if not found or names is None or not core(names.name):
        return [_mention(read_page, one, Belongs.UNSURE, 0.5, None) for one in found]
    names = _in_chinese(read_page, names)
    scene = scene_of(read_page, found, Target(names), url, _known(rivals))
    answers = bound(scene, regions, shipped(ALL), names.name)
    return [
        _mention(read_page, one, whose, sure, _owner(scene, one))
        for one, (whose, sure) in zip(found, answers, strict=True)
    ]


def understood(html: str, url: str | None) -> tuple[Page, list[str], list[Found]]:
    """A page's lines, the countries it speaks of, and its numbers.

    Raises Unavailable where lxml is not installed.
    """
    try:
        page = read(html)
    except ImportError:
        raise Unavailable("reading pages needs lxml", hint="pip install 'haoma[guard]'") from None
    text = f"{page.title}\n{page.text[:SAMPLE]}"
    urls = [address for address in (url, page.meta.get("base"), page.meta.get("canonical")) if address]
    regions = regions_of(text[:SAMPLE], urls, page.meta["lang"])
    return page, regions, found_on(page, regions)


def _in_chinese(page: Page, names: Names) -> Names:
    """A Latin name as a Chinese page gives it beside that, unless it warns; the asked one as another of it."""
    if any(CJK.search(name) for name in (names.name, *names.aliases)) or not CJK.search(page.text):
        return names
    if NO_CHINESE.search(page.text, 0, SAMPLE) or WARNS.search(page.title):  # warnings quote others' numbers
        return names
    first = names.name.split()[0].casefold()
    near = lines_with(re.compile(re.escape(first)), page.text.casefold())
    texts = [page.title, *(page.lines[order].text for order in near)]
    chinese = written_beside(names.name, texts)
    return replace(names, name=chinese, aliases=(names.name, *names.aliases)) if chinese else names


def _known(rivals: Sequence[Names]) -> list[tuple[str, str]]:
    """The names of rivals with what is their own in each, longest first."""
    pairs = {(core(name), name) for rival in rivals for name in (rival.name, *rival.aliases)}
    return sorted((pair for pair in pairs if len(pair[0]) > 1), key=lambda pair: (-len(pair[0]), pair))


def _mention(page: Page, one: Found, whose: Belongs, sure: float, owner: str | None) -> Mention:
    path = page.root.getroottree().getpath(one.line.element_at(one.one.start))
    return Mention(
        text=one.text, digits=one.one.digits, uri=one.one.uri, role=one.role,
        organisation=whose, purpose=_purpose(page, one), owner=one.owner or owner, reasons=_reasons(one, owner),
        confidence=round(1 - sure if whose is Belongs.OTHER else sure, 4), xpath=path, hidden=one.hidden,
    )  # fmt: skip


def _purpose(page: Page, one: Found) -> Purpose:
    if one.role is Role.FAX:
        return Purpose.FAX
    before = one.said if any(char.isalpha() for char in one.said) else f"{one.lead} {one.said}"
    row = next((text for text in in_row(page, one.line.element) if says(text)), "")
    return purpose_of(f"{one.contact} {before}".strip(), one.behind, row or one.heading, one.one.digits)


def _owner(scene: Scene, one: Found) -> str | None:
    """The name that stands last before a number, near it."""
    spot = (one.line.order, one.one.start)
    ahead = [item for item in scene.named if item[:2] <= spot and item[0] >= spot[0] - OWNER_NEAR]
    return ahead[-1][3] if ahead else None


def _reasons(one: Found, owner: str | None) -> tuple[str, ...]:
    told = []
    if one.hidden:
        told.append("no reader sees it")
    if one.dead:
        told.append("the page says that it is out of use")
    if one.cue is not None:
        told.append(f"labelled as {one.cue}")
    if one.owner:
        told.append("structured data names its owner")
    elif owner:
        told.append("a name stands before it")
    return tuple(told)
