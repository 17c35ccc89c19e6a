"""Whose a careful reader would take a number for: by the titles around it, and by whose page it is.

Rules held here:
- Titles speak of a target with a Chinese name alone; of others nothing is said.
- The first sign that speaks decides, and signs stand in the order of what readers trust.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import log1p

from haoma.guard.extract.anatomy import NO_RANK, rank_of
from haoma.guard.extract.found import Found
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import CJK, core
from haoma.guard.extract.owners import FOREIGN, ITEM, LABELLED, NOWHERE, ROW, Owner, Owners
from haoma.guard.extract.scene import Scene
from haoma.guard.extract.site import CHROME_HEAD, LIKE, chrome
from haoma.guard.extract.titles import CHROME, FAINT, HOUSE, NOBODY, OTHER, OWN, PERHAPS, SITE, WE

__all__ = ["CLAUSE", "owners_of", "titled"]

UNSEEN = ("meta", "link", "script")  # elements that show nothing and are not rung
SHORT = 10  # characters of a heading that says whose part of a site it is over
NEAR_HEADING = 8  # lines
PARAGRAPHS, SENTENCE = 2, 20  # lines above a number; characters of a line that is prose
SITE_FAR = 60  # characters before a number in which a line says that it is the site's
ASKED = re.compile(r"(?:洽|联系|致电|拨打|咨询|找)(?![我本])[\u4e00-\u9fff]{3,}\W*$")  # and whom to ask
OFFICIAL = re.compile(r"官方(?:客服|服务|唯一|投诉|售后)?(?:电话|热线|号码)?(?:是|为)?[：:\s]*$")
CLAUSE = re.compile(r"[。；;！!，,？?\n]")


def owners_of(scene: Scene) -> dict[int, Owner]:
    """Who the titles around each number name; of a target with a Chinese name alone."""
    if not any(CJK.search(own) for own in scene.target.names):
        return {}
    owners = Owners(scene.page, scene.target, scene.brand)
    told = {id(one): owners.of(one) for one in scene.found}
    return _told_elsewhere(scene, _settled(told, own=scene.mine > 0) if scene.mine >= 0 else told)


def _told_elsewhere(scene: Scene, owners: dict[int, Owner]) -> dict[int, Owner]:
    """The owners where a number that no title names has that of its other places on the page, if these agree."""
    known: dict[str, set[float]] = {}
    first: dict[str, Owner] = {}
    for one in scene.found:
        owner, key = owners[id(one)], one.one.digits[-8:]
        if owner.sign in (OWN, OTHER) and not one.hidden and one.line.kind != Kind.DATA:
            known.setdefault(key, set()).add(owner.sign)
            first.setdefault(key, owner)
    for one in scene.found:
        key = one.one.digits[-8:]
        if owners[id(one)].sign in (NOBODY, FAINT) and len(known.get(key, ())) == 1:
            owners[id(one)] = first[key]
    return owners


def _settled(owners: dict[int, Owner], *, own: bool) -> dict[int, Owner]:
    """The owners where what stands like a name is one only if another number has one like it at its place.

    On the target's `own` page everywhere, else in the rows of a table whose other rows have labels.
    """
    listed = {(one.level, one.name) for one in owners.values() if one.sign <= PERHAPS and not FOREIGN.search(one.name)}
    labels = not own and not any(one.level == ROW and one.sign > NOBODY for one in owners.values())
    plain = sum(FAINT <= one.sign <= NOBODY for one in owners.values()) if own else 0
    coined = Counter(level for level, _ in listed)

    def stays(one: Owner) -> bool:
        like = coined[one.level] > 1 and coined[one.level] >= plain
        asked = one.level == LABELLED and ASKED.search(one.name) is not None
        return one.sign != PERHAPS or like or asked or not (own or (labels and one.level == ROW))

    return {key: one if stays(one) else replace(one, sign=one.named, level=NOWHERE) for key, one in owners.items()}


def titled(
    scene: Scene,
    one: Found,
    owners: Mapping[int, Owner],
    claiming: Collection[int],
    words: Sequence[float],
    named: Sequence[float],
) -> list[float]:
    """Nine measures of what the page's anatomy says: of this number, of the others, and whose page it is."""
    owner = owners.get(id(one))
    if owner is None:
        return [0.0] * 9
    apart = [other for other in scene.found if other.one.digits[-8:] != one.one.digits[-8:]]
    others = [owners[id(other)].sign for other in apart]
    claimed = float(owner.sign <= 0 and any(id(other) in claiming for other in apart))
    return [
        _verdict(scene, one, owners, claimed, words, named),
        owner.sign, owner.named, float(owner.level), float(owner.others), claimed,
        _sided(scene, one),
        sum(sign < 0 for sign in others) / len(others) if others else -1.0, scene.mine,
    ]  # fmt: skip


def _verdict(
    scene: Scene,
    one: Found,
    owners: Mapping[int, Owner],
    claimed: float,
    words: Sequence[float],
    named: Sequence[float],
) -> float:
    """Whose a careful reader would take it for, -3 another's to 3 the target's, the page's anatomy in sight."""
    fake, _, public, brand = words
    owner = owners[id(one)]
    mine, inside, frame = scene.mine, owner.level <= ITEM, _frame(scene, one)
    near = one.before[-30:] + CLAUSE.split(one.behind[:20])[0]
    foreign = SITE.search(_clause(one)) if mine <= 0 else None
    if mine < 0 and len(one.heading) <= SHORT:
        foreign = foreign or SITE.search(one.heading)
    if mine < 0 and owner.sign < OWN and (frame or scene.title_strength < LIKE):
        foreign = CHROME.search(near)
    reached = (
        (bool(public or fake), -3.0),
        (_contradicted(scene, one, owners), -2.0),
        (
            bool(WE.search(near)) and (owner.sign > OTHER or owner.level >= ITEM),
            2.5 if mine > 0 or owner.sign >= OWN else 0.5 if owner.sign > HOUSE else -1.0,
        ),
        (bool(brand) and owner.level > LABELLED, -2.5),
        (foreign is not None and mine < 0 and owner.level >= ITEM, -2.5),
        (owner.sign >= OWN and inside, 3.0),
        (owner.sign == NOBODY and scene.title_strength >= LIKE and OFFICIAL.search(one.before) is not None, 2.0),
        (foreign is not None and owner.level >= ITEM, -2.5),
        (owner.sign >= OWN and not (frame and mine < 0), 2.5),
        (owner.sign <= OTHER, -3.0 if inside else -2.0),
        (owner.others, -2.0),
        (frame and mine < 0, -2.5),
        (owner.sign == NOBODY and frame and mine > 0, 2.0 + mine / 2),
        (owner.sign == FAINT, 0.5 if mine > 0 or (scene.about and not owner.others and not claimed) else -1.0),
        (owner.sign == PERHAPS and mine < 0 and scene.about and owner.named > NOBODY and not claimed, 0.5),
        (owner.sign == PERHAPS, (0.5 if owner.named > NOBODY else -0.5) if mine > 0 else -1.5),
        (bool(claimed) and mine < 1 and not _said_in_prose(one, named), -1.0),
        (mine > 0 and owner.sign == NOBODY, 1.0 + mine),
        (owner.sign != NOBODY, 1.0 + owner.sign if mine > 0 else 2.0 * owner.sign),
        (_said_in_prose(one, named), 1.0),
        (scene.about, 1.0),
    )
    return next((worth for holds, worth in reached if holds), 0.5 if mine == 0 and not scene.rivals else -0.5)


def _clause(one: Found) -> str:
    """The clause that a number stands in."""
    start, end = one.one.start, one.one.end
    before, behind = one.line.text[max(0, start - SITE_FAR) : start], one.line.text[end : end + SITE_FAR]
    return CLAUSE.split(before)[-1] + CLAUSE.split(behind)[0]


def _said_in_prose(one: Found, named: Sequence[float]) -> bool:
    """Whether a number stands in a sentence, and the text before it, a paragraph or two up, named the target last."""
    _, _, _, last, far = named
    return (
        last > 0
        and far <= log1p(PARAGRAPHS)
        and len(one.line.text) >= SENTENCE
        and CLAUSE.search(one.line.text) is not None
    )


def _contradicted(scene: Scene, one: Found, owners: Mapping[int, Owner]) -> bool:
    """Whether only data that no reader sees state a number, and the page shows others that may be the target's."""
    if one.line.kind != Kind.DATA or one.line.element.tag not in UNSEEN:
        return False
    shown = {
        other.one.digits[-8:]
        for other in scene.found
        if other.line.kind != Kind.DATA and not other.hidden and _may_be_own(scene, other, owners[id(other)])
    }
    return bool(shown) and one.one.digits[-8:] not in shown


def _may_be_own(scene: Scene, one: Found, owner: Owner) -> bool:
    return scene.mine > 0 or (owner.sign >= NOBODY and not owner.others and not _frame(scene, one))


def _sided(scene: Scene, one: Found) -> float:
    """1 in the frame of the target's own page, -1 in that of another's, 0 elsewhere."""
    return float((scene.mine > 0) - (scene.mine < 0)) if _frame(scene, one) else 0.0


def _frame(scene: Scene, one: Found) -> bool:
    """Whether a number stands in the head or the foot of its page; not in a block that the target's own name heads."""
    part = chrome(one.line.element_at(one.one.start))
    headed = part == CHROME_HEAD and scene.mine < 0 and _heads_block(scene, one)
    return part != 0 and not headed


def _heads_block(scene: Scene, one: Found) -> bool:
    """Whether a heading with the target's whole name stands above a number in the same block, a card up at most."""
    lines = scene.page.lines[max(0, one.line.order - NEAR_HEADING) : one.line.order]
    return any(core(line.text) in scene.target.cores and rank_of(line.element) < NO_RANK for line in lines)
