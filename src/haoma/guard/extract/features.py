"""What is measured of a number to tell whose it is: numbers alone, by structure and lists of words.

Rules held here:
- No word of a page reaches the model: a feature is a distance, a count, a share or a yes.
- Features are computed the same way for training and for use; their order is `NAMES`, and the model file repeats it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain, islice
from math import log1p
from operator import itemgetter

from haoma.guard.extract.found import Found
from haoma.guard.extract.han import simple
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import CJK, WORD, likeness, short_form
from haoma.guard.extract.public_lines import is_anothers, is_own
from haoma.guard.extract.scene import Scene, Section, nearest
from haoma.guard.extract.site import LIKE
from haoma.guard.extract.title_words import WE
from haoma.guard.extract.titles import OWN
from haoma.guard.extract.verdict import CLAUSE, asked_of, owners_of, titled
from haoma.guard.extract.witness import WITNESSES, Witnesses
from haoma.guard.extract.words import ADVERT, FAKE, OURS, PARTS, PLATFORM, PUBLIC, Cue

__all__ = ["ALL", "NAMES", "Around", "compared", "features_of"]

_SECTIONS = ("row", "small", "middle", "large")
NAMES = (
    "target_above", "rival_above", "target_below", "rival_below", "nearer",
    *(f"target_in_{name}" for name in _SECTIONS), *(f"rival_in_{name}" for name in _SECTIONS),
    *(f"own_link_in_{name}" for name in _SECTIONS), *(f"foreign_link_in_{name}" for name in _SECTIONS),
    "named_before", "named_before_far", "named_behind", "named_last", "named_last_far", "fake", "platform", "public", "brand", "reading", "subject",
    "title_above", "title_like", "title_like_best", "owner", "owner_like",
    "named_by_title", "named_for_sure", "title_level", "others_titled", "claimed", "framed", "rivalled", "page_mine",
    "elsewhere", "same_region", "same_area", "same_form", "region_first",
    "shared_small", "shared_middle", "shared_headline", "class_shared", "class_any",
    "place", "foot", "head", "side", "main", "contact", "advert_in_middle", "advert_in_large", "ours_in_middle", "ours_in_large",
    "numbers", "sections", "page_title", "page_host", "page_host_known", "page_target", "page_rivals",
    "title_end", "title_start", "title_parts", "copyright_own", "copyright_other", "branded",
    "toll_free", "label", "fax", "hidden", "linked", "data", "chinese", "size_middle", "siblings", "target_alone", "rival_alone",
    *WITNESSES,
)  # fmt: skip
COMPARED = (
    "target_above", "target_below", "rival_above", "nearer", "target_in_row", "target_in_small", "target_in_middle", "target_in_large", "rival_in_small", "rival_in_middle", "rival_alone", "named_last", "named_last_far", "reading",
    "target_alone", "own_link_in_middle", "own_link_in_large", "foreign_link_in_middle", "foreign_link_in_large", "shared_small", "shared_middle",
    "shared_headline", "class_shared", "elsewhere", "ours_in_middle", "title_like", "title_like_best", "place", "contact", "main", "foot", "same_region", "same_area", "size_middle", "siblings",
)  # fmt: skip
COMPARED_OF = itemgetter(*map(NAMES.index, COMPARED))
ALL = (*NAMES, *(f"{name}_{how}" for name in COMPARED for how in ("lead", "odd")), "others_there")
SENTENCE = re.compile(r"[。；;！!\n]|\.\s")
SUSPECT = re.compile(
    r"^[^\d。！？!?；;]{0,40}(?:骗|转账|自称|冒充|假的|共享屏幕|千万(?:别|不要)|别(?:打|信)|勿(?:打|拨|信)|是(?:真的|你们)吗|真的假的)"
    r"|^[^\d。！？!?]{0,10}[。！？!?]\s{0,2}(?:对方|结果|该号|此号|是骗|不是|骗子)"
)
TRICK = re.compile(
    r"显示为|要求[她他其您你我对方]{0,2}(?:拨打|回拨|添加)|收到[^。]{0,12}短信|网上一?搜"
)  # how a swindle is told
CALLED = re.compile(
    r"(?:被|接到|来电(?:号码)?(?:是|为)?|显示(?:是|为)?)\W{0,2}(?:[\d\s()（）-]{5,}[、，和及]\W?)*$"
)  # who called whoever tells it
QUOTED = re.compile(r"(?:称|短信|自称|谎称|回拨|声称)[：:]?[“「\"][^”」\"]*$")  # what a swindler says
STUCK = re.compile(r"\W{0,2}[^。；]{0,16}(?:不干胶|小广告)")
ADVICE = re.compile(r"[可应](?:以)?(?:拨打|致电|联系)")  # what follows is no longer said of the swindle
GENUINE = re.compile(
    r"(?:可|请|应|立即|及时)(?:拨打|致电|联系|拨)|官方|我司|我行|我公司|本公司|本行|唯一|仅有|核实|正确|\bofficial|\bour\b",
    re.IGNORECASE,
)
SEPARATE = re.compile(r"[\s\u3000，,。；;：:—–|｜/、（）()]+")
GENERIC = re.compile(
    r"电\s*话|電話|热线|熱線|客服|客户|服务|服務|咨询|諮詢|查询|投诉|举报|监督|报修|抢修|维修|售后|招商|加盟|合作|订座|订票|预订|预约|拨打|致电|请|或|及|和|也可|全国|统一|免费|24小时|官方|总机|"
    r"传真|手机|微信|联系|方式|专线|中心|平台|部|处|办公室|值班|人工|开发者|商家|境内|境外|地址|人事|财务|销售|市场|新闻|媒体|营业|网点|分公司|支行|分行|号|店|我们|我司|本公司|公司|[市区县路街楼层室座]"
)
TOLL_FREE = re.compile(
    r"(?:86)?(?:400|800|95\d{3}|96\d{3})|1?(?:800|833|844|855|866|877|888)\d{7}$|0?(?:800|808|300)\d"
)


class Around:
    """What is measured once a page: its numbers' sections, countries and forms."""

    def __init__(self, scene: Scene, regions: Sequence[str]) -> None:
        self.regions = regions
        self.sections = {
            id(one): scene.sections(one.line) if one.line.order < len(scene.page.lines) else _nowhere(scene)
            for one in scene.found
        }
        self.chinese = bool(CJK.search(scene.page.title)) or "CN" in regions[:1]
        asked = asked_of(scene)
        self.owners = owners_of(scene, asked) if asked else {}
        self.witnesses = Witnesses(scene, asked, self.owners) if asked else None
        self.claiming = {
            id(one)
            for one in scene.found
            if self.owners and self.owners[id(one)].sign >= OWN and one.line.kind != Kind.DATA
            if not one.hidden and not _warned(one)
        }
        self.areas: dict[int, str | None] = {id(one): _area(one) for one in scene.found}
        self.forms: dict[int, str | None] = {id(one): _form(one) for one in scene.found}
        self.countries = {id(one): one.one.region for one in scene.found}
        # Numbers beside one another are in the same sections.
        self.shared = cache(partial(_shared, scene))
        self.says = cache(partial(_says, scene))
        middles = {(part[2].first, part[2].last) for part in self.sections.values()}
        self.page = [
            log1p(len(scene.found)), log1p(len(middles)), scene.title_strength, scene.host_own, float(bool(scene.host)),
            log1p(len(scene.target_lines)), log1p(len(set(scene.rivals.values()))),
            *scene.signs,
        ]  # fmt: skip


def features_of(scene: Scene, one: Found, around: Around) -> list[float]:
    """The features of one number, in the order of `NAMES`."""
    sections = around.sections[id(one)]
    order = min(one.line.order, len(scene.page.lines))
    named, words, titles = (
        _named(scene, one, order),
        _words(scene, one, sections[0]),
        _names(scene, one, order, sections[2]),
    )
    return [
        *_distances(scene, order),
        *(max(scene.strength[part.first : part.last], default=0.0) for part in sections),
        *(float(sum(part.first <= line < part.last for line in scene.rival_lines)) for part in sections),
        *(float(_sum(scene.own, part)) for part in sections),
        *(float(_sum(scene.foreign, part)) for part in sections),
        *named,
        *words,
        _reading(scene, named, words, titles),
        _subject(scene, one),
        *titles,
        *titled(scene, one, around.owners, around.claiming),
        *_others(scene, one, sections[2], around),
        *around.shared(tuple(sections[1:])),
        *_place(scene, one, sections, around),
        *around.page,
        *_kind(scene, one),
        *_shape(scene, sections[2]),
        *(around.witnesses.of(one) if around.witnesses else [0.0] * len(WITNESSES)),
    ]


def compared(vectors: list[list[float]], found: Sequence[Found], page: Around) -> list[list[float]]:
    """Each number's features with how they stand against those of the numbers elsewhere on the page.

    Appended for each of `COMPARED`: its value less the largest of the others, and less their mean; then how many there are.
    """
    told = [COMPARED_OF(vector) for vector in vectors]
    spots = [(page.sections[id(one)][2].first, page.sections[id(one)][2].last, one.one.digits[-8:]) for one in found]
    known: dict[tuple[float, ...], int] = {}
    alike = [known.setdefault(tuple(vector), len(known)) for vector in vectors]
    rows = []
    for vector, mine, (first, last, digits) in zip(vectors, told, spots, strict=True):
        others = [
            other
            for other, (begin, end, theirs) in enumerate(spots)
            if theirs != digits and (end <= first or begin >= last or (begin, end) != (first, last))
        ]
        row = list(vector)
        for own, *values in zip(mine, *(told[other] for other in others), strict=True):
            row.append(own - max(values) if values else 0.0)
            row.append(own - sum(values) / len(values) if values else 0.0)
        rows.append([*row, float(min(len({alike[other] for other in others}), 9))])
    return rows


def _nowhere(scene: Scene) -> list[Section]:
    return [Section(scene.page.root, 0, 0)] * 4


def _sum(sums: list[int], part: Section) -> int:
    return sums[min(part.last, len(sums) - 1)] - sums[min(part.first, len(sums) - 1)]


def _distances(scene: Scene, order: int) -> list[float]:
    target_above, target_below = nearest(scene.target_lines, order)
    rival_above, rival_below = nearest(scene.rival_lines, order)
    return [
        log1p(target_above), log1p(rival_above), log1p(target_below), log1p(rival_below), log1p(target_above) - log1p(rival_above),
    ]  # fmt: skip


def _names(scene: Scene, one: Found, order: int, middle: Section) -> list[float]:
    above, like = 99, -1.0
    for line in range(order, max(-1, order - 12), -1):
        if line in scene.titles:
            above, like = order - line, scene.titles[line]
            break
    best = max((worth for line, worth in scene.titles.items() if middle.first <= line < middle.last), default=-1.0)
    owner = max((likeness(one.owner, own) for own in scene.target.names), default=0.0) if one.owner else -1.0
    return [log1p(above), like, best, float(one.owner is not None), owner]


def _named(scene: Scene, one: Found, order: int) -> list[float]:
    """The names right before and behind the number in reading order: 1 the target's, -1 another's, 0 none."""
    start, end = one.one.start, one.one.end
    ahead = [item for item in scene.named if item[:2] <= (order, start)]
    last_order, _, last_own, _ = ahead[-1] if ahead else (-99, 0, False, "")
    in_line = [item for item in ahead if item[0] == order and item[1] >= start - len(one.before)]
    behind = next((item for item in scene.named if item[0] == order and end <= item[1] <= end + 30), None)
    return [
        _sign(in_line[-1][2]) if in_line else 0.0, log1p(start - in_line[-1][1]) if in_line else 9.0, _sign(behind[2]) if behind else 0.0,
        _sign(last_own) if ahead else 0.0, log1p(min(order - last_order, 99)),
    ]  # fmt: skip


def _sign(own: bool) -> float:
    return 1.0 if own else -1.0


def _words(scene: Scene, one: Found, row: Section) -> list[float]:
    text = " ".join(line.text[:300] for line in scene.page.lines[max(0, row.first - 1) : row.last][:8])
    near = one.before[-60:] + one.behind[:40]
    brand = float(bool(scene.brand) and scene.brand in "".join(WORD.findall(near.casefold())))
    digits, names = one.one.digits, scene.target.names
    named = any(digits in own or is_own(digits, simple(own)) for own in names)
    public = PUBLIC.match(digits) is not None or is_anothers(digits, simple(names[0]))
    return [
        float(_warned(one)), float(bool(PLATFORM.search(near))) + float(bool(PLATFORM.search(text))), float(public and not named), brand,
    ]  # fmt: skip


def _warned(one: Found) -> bool:
    """Whether a warning names a number."""
    text = simple(one.line.text)
    ahead = SENTENCE.split(text[max(0, one.one.start - 120) : one.one.start])[-1]
    told = (
        TRICK.search(ahead)
        or STUCK.match(one.behind)
        or FAKE.search(ADVICE.split(ahead)[-1] + CLAUSE.split(simple(one.behind[:40]))[0])
    )
    told = told or SUSPECT.search(text[one.one.end : one.one.end + 60])
    told = told or (CALLED.search(ahead) if not WE.search(ahead) else None)
    if told is not None and QUOTED.search(ahead):
        return True
    return told is not None and not GENUINE.search(CLAUSE.split(simple(one.before[-60:]))[-1])


def _subject(scene: Scene, one: Found) -> float:
    """How many characters before a number on its line name something that is neither the target nor a kind of contact."""
    said = SEPARATE.split(one.before[-40:].rstrip(" ：:—-–"))[-2:]
    left = GENERIC.sub("", "".join(said))
    if not CJK.search(left):
        return 0.0
    for own in scene.target.names:
        if len(left) >= 2 and (left in own or short_form(left, own) or own in left):
            return -1.0
    return float(min(len(CJK.findall(left)), 12))


def _reading(scene: Scene, named: Sequence[float], words: Sequence[float], titles: Sequence[float]) -> float:
    """How a careful reader would take it, -3 somebody else's to 3 the target's, by the first sign that speaks."""
    before, _, _, last, last_far = named
    fake, platform, public, brand = words
    title_above, title_like, _, owner, owner_like = titles
    if public or fake or before:
        return -3.0 if public or fake else 3.0 * before
    if owner:
        return 3.0 if owner_like >= LIKE else -2.0
    if brand or (platform >= 2 and not scene.official):
        return -2.0
    near = log1p(4)
    if title_above <= near and (title_like >= LIKE or (0 <= title_like < 0.2 and not scene.official)):
        return 2.0 if title_like >= LIKE else -1.5
    return _by_page(scene, last, last_far)


def _by_page(scene: Scene, last: float, last_far: float) -> float:
    """The same where no sign at the number speaks: whose page it is, and which name was last."""
    if scene.official:
        return -1.5 if last < 0 and last_far <= log1p(1) else 2.0
    return 1.5 * last if last_far <= log1p(4) else -0.5


def _area(one: Found) -> str:
    number = re.sub(r"^tel:\+?(?:86)?0?", "", one.one.uri or one.one.digits)
    return number[:4] if number.startswith("1") else number[:3]


def _form(one: Found) -> str:
    return re.sub(r"\d+", lambda run: str(len(run.group())), one.text)


def _others(scene: Scene, one: Found, middle: Section, page: Around) -> list[float]:
    outside = [
        other
        for other in scene.found
        if other.one.digits[-8:] != one.one.digits[-8:] and not middle.first <= other.line.order < middle.last
    ]
    again = {other.line.order // 4 for other in scene.found if other.one.digits[-7:] == one.one.digits[-7:]}

    def share(of: dict[int, str | None]) -> float:
        return sum(of[id(other)] == of[id(one)] for other in outside) / len(outside) if outside else -1.0

    return [
        float(min(len(again) - 1, 4)),
        share(page.countries),
        share(page.areas),
        share(page.forms),
        float(bool(page.regions) and one.one.region == page.regions[0]),
    ]


def _shared(scene: Scene, sections: Sequence[Section]) -> list[float]:
    """How much of a section's words and classes the rest of the page has too."""
    shares = []
    for part in sections[:2]:
        inside = Counter(chain.from_iterable(map(scene.words_of, range(part.first, part.last))))
        elsewhere = sum(scene.words[word] > count for word, count in inside.items())
        shares.append(elsewhere / len(inside) if inside else -1.0)
    inside_words = set(inside)
    classes = Counter(
        name for element in sections[1].element.iter() if element.attrib for name in element.get("class", "").split()
    )
    known = sum(scene.classes[name] > count for name, count in classes.items())
    return [
        *shares, len(inside_words & scene.headline) / (len(inside_words) or 1), known / len(classes) if classes else -1.0, float(bool(classes)),
    ]  # fmt: skip


def _says(scene: Scene, part: Section) -> tuple[float, float]:
    """Whether the text of a section says that it is advertised, and that it is the speaker's own."""
    text = " ".join(line.text[:300] for line in scene.page.lines[max(0, part.first - 1) : part.last][:60])
    return float(bool(ADVERT.search(text))), float(bool(OURS.search(text)))


def _place(scene: Scene, one: Found, sections: Sequence[Section], around: Around) -> list[float]:
    told = []
    element = sections[0].element
    for _ in range(14):
        if element is None or not isinstance(element.tag, str):
            break
        told.append(
            f"{element.tag} {element.get('class', '')} {element.get('id', '')}" if element.attrib else element.tag
        )
        element = element.getparent()
    path = " ".join(told)
    near = " ".join(told[:4])
    (advert, ours), (advert_large, ours_large) = map(around.says, sections[2:])
    return [
        one.line.order / (len(scene.page.lines) or 1),
        *(float(bool(PARTS[part].search(path if part != "contact" else near))) for part in ("foot", "head", "side", "main", "contact")),
        advert or float(bool(ADVERT.search(near))), advert_large, ours, ours_large,
    ]  # fmt: skip


def _kind(scene: Scene, one: Found) -> list[float]:
    label = {None: 0.0, Cue.VOICE: 1.0, Cue.FAX: 2.0, Cue.MOBILE: 3.0, Cue.NOT: 4.0}[one.cue]
    return [
        float(bool(TOLL_FREE.match(one.one.digits))), label, float(one.role == "fax"), float(one.hidden),
        float(one.line.kind == Kind.LINK), float(one.line.order >= len(scene.page.lines)), float(bool(CJK.search(scene.page.title or one.before))),
    ]  # fmt: skip


def _shape(scene: Scene, middle: Section) -> list[float]:
    element = middle.element
    parent = element.getparent()
    same = (
        0
        if parent is None
        else sum(
            other.tag == element.tag and other.get("class") == element.get("class") for other in islice(parent, 60)
        )
        - 1
    )
    target = max(scene.strength[middle.first : middle.last], default=0.0) >= 0.7
    rival = any(middle.first <= line < middle.last for line in scene.rival_lines)
    size = (
        scene.lengths[min(middle.last, len(scene.lengths) - 1)]
        - scene.lengths[min(middle.first, len(scene.lengths) - 1)]
    )
    return [log1p(size), log1p(max(same, 0)), float(target and not rival), float(rival and not target)]
