from __future__ import annotations

import itertools
import re
from functools import cache
from urllib.parse import urlsplit

import pytest

from contracts.pages_zh import PAGES, Page, Score, pages, scored
from haoma.guard.extract import mentions_of
from haoma.guard.extract.features import ALL
from haoma.guard.extract.trees import shipped
from haoma.guard.model import Belongs, Names

CARD = PAGES.parent.parent / "docs/guide/extract_card.md"
LITTLE = 20  # runs of tags that any two pages of a few lines share
TAG = re.compile(rb"<(/?[a-zA-Z0-9]+)")
OLDER = ("seen", "held", "held2", "held3", "firms", "apps", "press", "breadth")
LOOKED_INTO = ("finance", "platforms", "sites", "fixtures", "wrong", "mixed")
FURTHER = (
    "brands", "bodies", "lines", "media", "houses", "cases",
    "contacts", "prose", "offices", "listings", "groups", "search", "notices", "results",
)  # fmt: skip
NEWEST = (
    "bulletins", "dealers", "assorted", "institutes", "funds", "makers", "locals", "directories",
    "announcements", "reports", "agents", "publics", "families", "homepages", "portals", "securities",
)  # fmt: skip
PARTS = (*OLDER, *LOOKED_INTO, *FURTHER, *NEWEST)
EVERY = tuple(page for part in PARTS for page in pages(part))
# Floors below what was measured: found 0.96 to 1.00, purposes 0.82 to 1.00; bound 0.85 to 1.00 with at most 2 % of
# others' numbers taken on the parts that the model was trained on (4 % on three of the newest), and 0.95 with two
# numbers on the second held one. Of the third the pages at even places bind at 0.98. Strangers' are in the card.
FOUND, PURPOSE, MOST_HIDDEN = 0.96, 0.8, 4
FOUND_OF = {"notices": 0.93}  # short national lines among prose, and ranges written short
PURPOSE_OF = dict.fromkeys(("bulletins", "reports", "agents"), 0.7)  # told by sentences
BOUND = {
    "seen": (0.95, 0.03),
    "held": (0.93, 0.05),
    "held2": (0.92, 0.07),
    "firms": (0.96, 0.03),
    "apps": (0.93, 0.04),
    "press": (0.93, 0.03),
    **dict.fromkeys((*LOOKED_INTO, *FURTHER), (0.83, 0.03)),
    **dict.fromkeys(NEWEST, (0.83, 0.04)),
}
ANYBODYS = {  # hosts of pages by many, whatever platform an author made up
    "mp.weixinpage.example", "mp.weixin.qq.com", "mp.weixin.example", "mp.weixin.example.com", "baike.zhishi.example",
    "baike.zhihui.example", "baike.example.com", "ditu.example.com", "map.xingtu.example", "www.yunxihotels.example",
    "www.ccgp.example.gov.cn", "www.meitongxun.example", "baike.zhishi.example.com", "www.tonggao.example.com",
}  # fmt: skip
# Names that two authors invented, each another company.
ALIKE = {"曜驰汽车", "清源水务", "凛川电器", "云栖酒店集团", "迅驼速运"}
LOOKED_AT = sorted(pages("held3"), key=lambda page: page.name)[::2]


def tags(page: Page) -> frozenset[tuple[bytes, ...]]:
    names = TAG.findall(page.body.replace(b"\0", b""))
    return frozenset(zip(*(names[n:] for n in range(5)), strict=False))


def test_every_page_has_its_truth_and_every_truth_its_page() -> None:
    assert {page.name for page in EVERY} == {str(file.relative_to(PAGES)) for file in PAGES.glob("*/*.html")}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(PARTS, 2)))
def test_no_host_and_no_organisation_is_in_two_parts(one: str, other: str) -> None:
    first, second = (
        ({urlsplit(page.url).hostname for page in pages(part) if page.url}, {page.names.name for page in pages(part)})
        for part in (one, other)
    )
    assert not first[0] & second[0] - ANYBODYS
    assert not first[1] & second[1] - ALIKE


def test_no_page_is_made_from_another() -> None:
    """Menus of the last parts are composed of few pieces: small pages share up to nine tenths of their tags."""
    known = [(page.part, tags(page)) for page in EVERY]
    for (part, one), (another, other) in itertools.combinations(known, 2):
        most = 0.9 if {part, another} <= {*FURTHER, *NEWEST, "mixed"} else 0.6
        assert len(one & other) <= max(most * len(one | other), LITTLE)


@pytest.mark.parametrize("part", PARTS)
def test_a_number_stands_in_one_list_of_truth(part: str) -> None:
    for page in pages(part):
        for (kind, number), forms in page.known:
            assert (page.name, *page.look(number)) == (page.name, kind, number)
            assert forms


@cache
def of(part: str) -> Score:
    return scored(pages(part))


@pytest.mark.parametrize("part", BOUND)
def test_numbers_on_chinese_pages_are_found_told_from_faxes_and_dead_ones_and_what_they_are_for(part: str) -> None:
    score = of(part)
    assert score.found_f1 >= FOUND_OF.get(part, FOUND), score.mistakes
    assert score.purposes_right >= PURPOSE_OF.get(part, PURPOSE) * score.purposes, score.mistakes
    assert score.hidden <= MOST_HIDDEN, score.mistakes


@pytest.mark.parametrize("part", BOUND)
def test_numbers_on_chinese_pages_are_bound_to_whose_they_are(part: str) -> None:
    least, wrong = BOUND[part]
    score = of(part)
    assert score.bound_f1 >= least, score.mistakes
    assert score.wrong <= wrong, score.mistakes


def test_the_pages_of_another_hand_that_were_looked_at_stay_found_and_bound() -> None:
    score = scored(LOOKED_AT)
    assert score.found_f1 >= 0.98, score.mistakes
    assert score.bound_f1 >= 0.94, score.mistakes
    assert score.wrong <= 0.04, score.mistakes


@pytest.mark.parametrize("part", ["seen", "apps", "sites", "wrong"])
def test_who_is_named_nowhere_on_a_page_owns_none_of_its_numbers(part: str) -> None:
    told = [mentions_of(page.body, url=page.url, names=Names("鑫桦玥贸易有限公司")) for page in pages(part)]
    assert not [one for mentions in told for one in mentions if one.organisation is Belongs.TARGET]


@pytest.mark.parametrize(("part", "row"), [("held", "Chinese, held part"), ("held2", "Chinese, second held part")])
def test_the_card_says_what_the_shipped_model_does(part: str, row: str) -> None:
    (line,) = [line for line in CARD.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row}")]
    score = of(part)
    precision = score.bound_tp / (score.bound_tp + score.bound_fp)
    recall = score.bound_tp / (score.bound_tp + score.bound_fn)
    told = (score.found_f1, precision, recall, score.bound_f1)
    assert line.split(" | ")[1:5] == [f"{figure:.2f}" for figure in told]
    assert f"({score.wrong_organisation} of {score.of_others})" in line


def test_the_card_says_what_the_shipped_model_was_made_of() -> None:
    made, card = shipped(ALL), CARD.read_text(encoding="utf-8")
    counts = re.findall(r"(\d+) pages, (\d+) numbers", made.made)
    assert len(counts) == len(("all", "of Chinese names"))
    assert all(f"{int(pages_):,} pages with {int(numbers):,} numbers" in card for pages_, numbers in counts)
    assert f"from {made.accept_chinese:g} on pages in Chinese" in card
    assert f"from {made.accept:g} on others" in card
