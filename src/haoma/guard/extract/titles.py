"""Whom a title or a label names: the target, one of its name, another, or nobody.

Rules held here:
- A label, a place, a person, a topic or a department names nobody; an organisation's ending, or its place as a title,
  makes a name. Names are compared in simplified characters.
- Of two companies with one word in their names neither is the other; a group is not its company.
- Two branches of one house are two: who asks about one branch does not mean another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from haoma.guard.extract.cities import CITIES
from haoma.guard.extract.civic import Local
from haoma.guard.extract.everyday import everyday, left_over
from haoma.guard.extract.han import simple
from haoma.guard.extract.names import BRANCH, CJK, NOISE, PLACES, Target, core, one_house, short_form
from haoma.guard.extract.short_forms import CIVIC, PLACED
from haoma.guard.extract.title_words import (
    ADDRESS,
    ASKED,
    BRACKETED,
    BRANCHED,
    CATEGORY,
    CENTRE,
    CITY,
    CODE,
    COMPANY,
    DEPARTMENT,
    ENDS,
    FACILITY,
    FURTHER,
    GAPS,
    GROUP,
    HOUSE_END,
    IN_TOWN,
    INNER,
    INSIDE,
    JOINED,
    KIN,
    LABEL,
    LATIN,
    LETTERS,
    LINKED,
    MARKS,
    NAMED,
    OF_A_HOUSE,
    OF_ANOTHER_KEY,
    OFFICE,
    ON_BEHALF,
    PART_OF_HOUSE,
    PARTS_OF_BODIES,
    PERSON,
    PLACE,
    PUBLIC_BODY,
    SAYS,
    SENTENCE,
    SEVERAL,
    SURELY,
    SURNAMES,
    TOPIC,
    TOWN,
    TRADE,
    TRADE_OF_ITS_OWN,
    TRADES_ALIKE,
    TRANSLATED,
    VERBS,
    WE,
    ZH_FORM,
)

__all__ = ["AKIN", "FAINT", "HOUSE", "NOBODY", "OTHER", "OWN", "PERHAPS", "Titles"]

OWN, AKIN, HOUSE, NOBODY, FAINT, PERHAPS, OTHER = 1.0, 0.5, 0.25, 0.0, -0.25, -0.5, -1.0
OFFICES = re.compile(r"(?:局|委|院|[招考]办|(?<!服务)(?<!办事)(?<!营业)中心|委员会|协会)$")
AGENT = re.compile(
    r"(?:[^\W\d]{2,6}[：:])?(?P<who>[^\W\d]{3,20}(?:公司|店|行|厂|部|中心|经营部))\s?[（(][^（）()]{0,16}(?:代理|经销|加盟|特约|授权|代办)[^（）()]{0,8}[）)]"
)
LONGEST, LONGEST_NAME, LEAST, SENTENCE_LONG, COINED = 60, 12, 2, 5, 2  # characters
LED = re.compile(r".*(?:标称|称为|名为|拨打|致电|联系|原告|被告|系|由|与|向|查询|获悉)")  # up to a name
ANYBODY = "某某"  # in the place of a name behind a place
ANY_ONE = re.compile(
    r"一[家个款种名位]|以(?!色列)|从事|专注|主营|任何|某|各|当地|附近|常去"
)  # no name, whatever it ends with
FULL_NAME = 3  # characters of most people's names
LONGEST_TRADE = 8  # characters behind a name's own word
LARGER_TOWN = re.compile(rf"^(?:{CITIES})市?")
NEAREST = 8  # parts of what stands before a number


class Titles:
    """Judges titles for one target: 1 it, 0.5 one of its name, 0.25 whose page it is (我司), 0 nobody, -1 another's.

    -0.5 is another by its place as a title alone, -0.25 the same of everyday words that no label has.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.cores = tuple(whole for whole in target.cores if len(whole) >= LEAST)
        self.branch = _branch(simple(target.names[0])) if target.names else ""
        given = [core(name) for name in target.names]
        own = _behind_town(min((whole for whole in given if CJK.match(whole)), key=len, default=""))
        self.brand = _own_word(own) if len(own) > LEAST and CJK.match(own) else ""
        self.trade = own[len(self.brand) or LEAST :]
        self.coined = bool(self.brand) and left_over(self.brand) == len(self.brand)
        word = ENDS.sub("", own)
        self.word = word if len(word) > LEAST and CJK.match(word) else ""
        self.legal = bool(target.names) and COMPANY.search(target.names[0]) is not None
        self.grouped = bool(target.names) and GROUP.search(target.names[0]) is not None
        placed = [hit for own in self.cores if (hit := PLACED.fullmatch(own)) and CIVIC.search(hit["rest"])]
        self.place, self.kinds = placed[0]["place"] if placed else "", frozenset(hit["rest"] for hit in placed)
        self.local = Local(self.cores)
        self.judged: dict[tuple[str, bool, bool], float] = {}

    def judge(self, text: str, *, stands: bool, clause: bool = False) -> float:
        """Whom a title names; `stands` where it stands as a title does, `clause` where it is what precedes a number."""
        key = (text, stands, clause)
        if key not in self.judged:
            plain = simple(text).strip()
            self.judged[key] = self._clause(plain, stands=stands) if clause else self._title(plain, stands=stands)
        return self.judged[key]

    def _clause(self, text: str, *, stands: bool) -> float:
        """The name nearest to the end of what stands before a number."""
        if KIN.match(text) and not KIN.match(self.target.names[0]):
            return OTHER
        own = self._target(text) if self.branch and len(text) <= LONGEST else NOBODY
        return own or self._nearest(text, stands=stands)

    def _nearest(self, text: str, *, stands: bool) -> float:
        """The same where no branch is asked for, or none is named."""
        text = OF_ANOTHER_KEY.sub(" ", text)
        parts = [part for part in GAPS.split(INSIDE.sub(r"\g<group>", text)) if part and not CODE.fullmatch(part)]
        stands = stands and not _said(text, parts)
        for place, part in enumerate(reversed(parts[-NEAREST:])):
            if WE.search(part):
                return HOUSE
            first = stands and place == len(parts) - 1
            if self._target(part) and (whole := self._title(part, stands=first)):
                return whole
            if (asked := ASKED.search(part)) and (whole := self._title(asked["who"], stands=True)):
                return whole
            pieces = [piece for piece in VERBS.split(part) if piece] if len(part) > SENTENCE_LONG else [part]
            alone = first and (pieces == [part] or (bool(pieces) and left_over(pieces[0]) > COINED))
            if sign := next(filter(None, (self._title(piece, stands=alone) for piece in reversed(pieces))), NOBODY):
                return sign
        return NOBODY

    def _title(self, text: str, *, stands: bool) -> float:
        if len(TRANSLATED.sub("", text)) > LONGEST:
            return NOBODY
        if (kin := KIN.match(text)) and not KIN.match(self.target.names[0]):
            return OTHER if LETTERS.search(text[kin.end() :]) else NOBODY
        if agent := ON_BEHALF.match(text):
            return max(self._target(agent["who"]), NOBODY) or OTHER
        if own := self._target(text):
            return own
        plain = INSIDE.sub(r"\g<group>", TRANSLATED.sub("", CATEGORY.sub("", NAMED.sub("", text))))
        parts = GAPS.split(MARKS.sub("", plain))[:2]
        chinese = "".join(CJK.findall(text))
        if everyday(chinese) and not ENDS.search(chinese):
            parts = [part for part in parts if CJK.search(part)]  # Export Dept. 外贸部 is no name for its English
        signs = (self._name(part, stands=stands and place == 0) for place, part in enumerate(parts))
        return next(filter(None, signs), NOBODY)

    def _name(self, part: str, *, stands: bool) -> float:
        """Whom a part of a title names, that does not name the target whole."""
        name = LABEL.sub("", LINKED.sub("", part))
        if len(name) < LEAST or not LETTERS.search(name) or ADDRESS.search(part) or ANY_ONE.match(name):
            return NOBODY
        local = self.local.names(part)
        if not local and (
            self._sister(name)
            or self._elsewhere(name)
            or (PUBLIC_BODY.search(name) and not PUBLIC_BODY.search(self.target.names[0]))
        ):
            return OTHER
        if (own := OWN if local else self._short(name)) or TOWN.fullmatch(name):
            return own
        if TOPIC.match(name) or _person(name) or _part_of_house(name) or _part_of_house(part.strip("：:")):
            return NOBODY
        if self.word and self.word in name:
            return AKIN
        return self._another(name, part, stands=stands)

    def _short(self, name: str) -> float:
        """Whether a name is short for the target's: of its house, its end, its trade, or a part of it; no town's."""
        if TOWN.fullmatch(name):
            return NOBODY
        if GROUP.search(name) and not self.grouped and self.coined and self.trade:
            return OTHER if self.brand in name else NOBODY
        if self._shortened(name):
            return AKIN if HOUSE_END.search(self.target.names[0]) and not HOUSE_END.search(name) else OWN
        return HOUSE if self._of_its_trade(name) or self._is_part(name) else NOBODY

    def _shortened(self, name: str) -> bool:
        if self.coined and len(self.brand) > LEAST and self.brand not in name and self.brand[:LEAST] in name:
            return False
        ends = len(core(name)) >= LEAST and len(name) > LEAST and any(own.endswith(core(name)) for own in self.cores)
        return ends or any(one_house(name, own) for own in self.target.names)

    def _another(self, name: str, part: str, *, stands: bool) -> float:
        if self._akin(name):
            sister = self.coined and left_over(self.rest(name)) >= COINED and not self._is_makers(name)
            return OTHER if sister else AKIN
        house = INNER if BRANCH.match(name) or name.endswith("支公司") else TRADE
        traded = house.match(name) is not None and not NOISE.search(name)
        surely = left_over(ENDS.sub("", name)) > 0 or (SURELY.search(name) is not None and name in part)
        if (
            CENTRE.match(part)
            or OF_A_HOUSE.match(name)
            or (surely if traded else not _nobody(name) and not _nobody(part) and _ends_coined(name))
        ):
            return OTHER
        if (office := OFFICE.fullmatch(name)) and left_over(office["who"]) > 1 and not _nobody(office["who"]):
            return PERHAPS
        if not traded and (_nobody(name) or _nobody(part)):
            return NOBODY
        if stands and (traded or (len(name) <= LONGEST_NAME and not SENTENCE.search(part))):
            perhaps = (traded and not FACILITY.search(name) and left_over(name) > 0) or _coined(name)
            return PERHAPS if perhaps else FAINT if traded or (name == part and CJK.search(name)) else NOBODY
        return NOBODY

    def names(self, text: str) -> bool:
        """Whether a text has the target's name, whole, in short or by its own word."""
        return self.judge(text, stands=False) > NOBODY or self.calls(text)

    def calls(self, text: str) -> bool:
        """Whether a text has the target's own coined word, and no other trade behind it: 跃途租车 of 跃途汽车租赁."""
        if not self.coined:
            return False
        for part in simple(text).split(self.brand)[1:]:
            name = FURTHER.match(part)
            trade = name["trade"] if name else ""
            if (
                not trade
                or (self.grouped and GROUP.search(trade))
                or set(trade) <= set(self.trade)
                or any(trade in own for own in self.cores)
            ):
                return True
        return False

    def trades_as(self, text: str) -> bool:
        """Whether a short text is the target's coined word and everyday ones, as a company's sign is: 忆杏健身."""
        name = LABEL.sub("", _behind_town(core(text)))
        rest = name.removeprefix(self.brand)
        return (
            self.coined
            and self.legal
            and name.startswith(self.brand)
            and len(name) <= LONGEST_NAME
            and not (COMPANY.search(text) or GROUP.search(text))
            and left_over(rest) == 0
        )

    def rest(self, name: str) -> str:
        """What a name has beside the target's own word, its town and a trade: 恒驰 of 衡阳恒驰骐远4S店."""
        own = next((own for own in (*self.cores, self.word, self.brand) if own and own in name), "")
        return ENDS.sub(
            "", SEVERAL.sub("", IN_TOWN.sub("", ZH_FORM.sub("", name.replace(own, "", 1) if own else name)))
        )

    def _akin(self, name: str) -> bool:
        """Whether a name has the target's own word in it, as branches and sisters have."""
        if not self.brand or (len(self.word) > len(self.brand) and not self.coined):
            return False
        if self._of_another_trade(name):
            return False
        return self.brand in name if self.coined else name.startswith(self.brand) and not TRADE.match(name)

    def _is_makers(self, name: str) -> bool:
        """Whether a company is called by the target's coined word, where that is a brand: 甲乙丙安防科技."""
        own = PLACES.sub("", IN_TOWN.sub("", name))
        return (
            not self.legal
            and len(self.brand) > LEAST
            and own.startswith(self.brand)
            and COMPANY.search(name) is not None
        )

    def _of_another_trade(self, name: str) -> bool:
        """Whether a name has the target's own word and another trade: 浦澜信托 beside 浦澜融资租赁."""
        near = name[: name.find(self.brand) + len(self.brand) + LONGEST_TRADE] if self.brand else name
        own, other = (TRADE_OF_ITS_OWN.findall(ZH_FORM.sub("", one)) for one in (self.target.names[0], near))
        return bool(own) and bool(other) and not any(_one_trade(one, two) for one in own[-1:] for two in other[-1:])

    def _sister(self, name: str) -> bool:
        """Whether a name is that of another company of the target's word: of two legal persons one is not the other."""
        if self.coined and self.brand and self.brand in name and self._of_another_trade(name):
            return True
        if not (self.brand and self.brand in name and COMPANY.search(name)):
            return False
        if not self.legal:
            return self._of_another_trade(name)
        if GROUP.search(name):
            return not self.grouped
        return not any(short_form(name, own) for own in self.cores)

    def _elsewhere(self, name: str) -> bool:
        """Whether a name is the target's with another place in front: 浔阳市教育考试院 beside 江右省教育考试院."""
        hit = PLACED.fullmatch(core(name)) if self.kinds else None
        if hit is None or hit["place"] == self.place or hit["place"] in self.target.names[0]:
            return False
        return hit["rest"] in self.kinds or OFFICES.search(hit["rest"]) is not None

    def _is_part(self, name: str) -> bool:
        """Whether a name is that of a part that a body like the target has: 数学学院 of a university."""
        if "大学" in name or (name.endswith("学院") and left_over(name)):
            return False
        return any(body.search(self.target.names[0]) and part.match(name) for body, part in PARTS_OF_BODIES)

    def of_its_group(self, text: str) -> bool:
        """Whether a text names the group that the target is a company of."""
        apart = self.legal or (self.coined and bool(self.trade))
        if core(text).replace("市", "") in {own.replace("市", "") for own in self.cores}:
            return False
        return apart and not self.grouped and bool(self.brand) and self.brand in text and bool(GROUP.search(text))

    def _of_its_trade(self, name: str) -> bool:
        """Whether a name is short for the target's own trade: 律所 for 某某律师事务所."""
        rest = iter(self.trade)
        return len(name) >= LEAST and all(char in rest for char in name)

    def _target(self, text: str) -> float:
        """Whether a title names the target: the same branch of it, if one is meant."""
        squeezed = core(text)
        whole = next((whole for whole in self.cores if whole in squeezed), None)
        if whole is None:
            branch = _branch(text)
            apart = (
                self.branch
                and self.brand
                and self.brand in squeezed
                and branch
                and not _same_branch(branch, self.branch)
            )
            return OTHER if apart else NOBODY
        before = squeezed.partition(whole)[0]
        if self._inside_another(text, before) or self._about_by_another(before) or self._agent(text):
            return OTHER
        if self.branch:
            branch = _branch(text) or _branch(LABEL.sub("", text).strip(" ：:，、"))
            return (OWN if _same_branch(branch, self.branch) else OTHER) if branch else AKIN
        rest = LABEL.sub("", squeezed.partition(whole)[2])
        further = LEAST < len(rest) <= LONGEST_NAME and TRADE.match(rest) is not None and not _nobody(rest)
        return PERHAPS if further and not SAYS.match(rest) else OWN

    def _about_by_another(self, before: str) -> bool:
        """Whether somebody else tells of the target: 甲法院关于乙公司的公告."""
        who, about, _ = before.rpartition("关于")
        return bool(about) and LEAST < len(who) <= LONGEST_NAME and self._name(who, stands=False) == OTHER

    def _agent(self, text: str) -> bool:
        """Whether a firm is said to sell for the target: 众付电子科技有限公司（汇付界河南一级代理）."""
        firm = AGENT.match(text)
        return firm is not None and not any(whole in core(firm["who"]) for whole in self.cores)

    def _inside_another(self, text: str, before: str) -> bool:
        """Whether a company has the target's name behind a word of its own: 陕西盛驰凌峰汽车销售有限公司."""
        led = LED.sub("", before)
        own = PLACES.sub("", IN_TOWN.sub("", f"{led}{ANYBODY}")).removesuffix(ANYBODY)
        return bool(own) and COMPANY.search(text) is not None and left_over(own) >= COINED and not GAPS.search(text)


def _part_of_house(name: str) -> bool:
    """Whether a name is that of a part that any house has: a town's works or showroom, its hospital on the web."""
    part = PART_OF_HOUSE.search(name)
    return part is not None and (not name[: part.start()] or CITY.fullmatch(name[: part.start()]) is not None)


def _said(text: str, parts: Sequence[str]) -> bool:
    """Whether what precedes a number is part of a sentence, which begins with no title: 享受八折优惠，预订请致电."""
    verb = VERBS.search(parts[-1]) if parts else None
    return ("，" in text and (len(parts) > LEAST or VERBS.search(text) is not None)) or (
        "、" in text and verb is not None
    )


def _behind_town(name: str) -> str:
    """A name without its place; without a larger town where a coined word follows: 忆杏餐饮 of 徐州忆杏餐饮."""
    own = PLACES.sub("", name)
    rest = LARGER_TOWN.sub("", own)
    return rest if len(rest) > 2 * LEAST and left_over(rest[:LEAST]) == LEAST else own


def _own_word(name: str) -> str:
    """The word that a name begins with and no dictionary has: 林之工 of 林之工整体衣柜; else its first two."""
    left = left_over(name)
    fit = (size for size in (4, 3, 2) if size < len(name) and left_over(name[size:]) <= left - size)
    return name[: next(fit, LEAST)]


def _branch(name: str) -> str:
    """The branch that a name ends with: 卤小匠(人民广场店) → 人民广场店."""
    hit = BRANCHED.search(name) or BRACKETED.search(name)
    return (hit["inner"] or hit["outer"] or "") if hit else ""


def _one_trade(one: str, other: str) -> bool:
    return one == other or any(one in alike and other in alike for alike in TRADES_ALIKE)


def _same_branch(one: str, other: str) -> bool:
    """Whether two names of branches may be one: 河西店, 河西万达店."""
    short, long = sorted((HOUSE_END.sub("", one), HOUSE_END.sub("", other)), key=len)
    rest = iter(long)
    return len(short) >= LEAST and all(char in rest for char in short)


def _ends_coined(name: str) -> bool:
    """Whether a phrase ends with a name that has a trade's ending: 收购岩骨茶厂."""
    end = ENDS.search(name) if JOINED.search(name) else None
    before = name[max(0, end.start() - LEAST) : end.start()] if end else ""
    return len(before) == LEAST and left_over(before) == LEAST


def _coined(name: str) -> bool:
    """Whether a name has more than everyday words, as makers of names see to: 岭东快客, not 配送咨询."""
    return left_over(name) >= COINED if CJK.search(name) else LATIN.fullmatch(name) is not None


def _nobody(text: str) -> bool:
    return bool(DEPARTMENT.search(text) or _person(text) or PLACE.search(text) or TOPIC.match(text))


def _person(name: str) -> bool:
    """Whether a name is a person's: by a title behind it, or a surname and two characters that make no word."""
    if len(name) == FULL_NAME and name[0] in SURNAMES and not ENDS.search(name):
        return left_over(name) >= LEAST
    return PERSON.search(name) is not None
