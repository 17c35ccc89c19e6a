from __future__ import annotations

import itertools
import re
from functools import cache
from urllib.parse import urlsplit

import pytest

from contracts.pages_zh import PAGES, Page, Score, pages, scored

TAG = re.compile(rb"<(/?[a-zA-Z0-9]+)")
BOTH = (*pages("seen"), *pages("held"))
# Floors below what was measured: 0.99 found, 0.97 of purposes; bound 0.95 with 9 % of others' numbers taken on the seen
# part, which the model was trained on, and 0.88 with 18 % on the held one.
FOUND, PURPOSE, MOST_HIDDEN = 0.95, 0.88, 3
BOUND = {"seen": (0.88, 0.16), "held": (0.82, 0.26)}


def tags(page: Page) -> frozenset[tuple[bytes, ...]]:
    names = TAG.findall(page.body.replace(b"\0", b""))
    return frozenset(zip(*(names[n:] for n in range(5)), strict=False))


def test_every_page_has_its_truth_and_every_truth_its_page() -> None:
    assert {page.name for page in BOTH} == {str(file.relative_to(PAGES)) for file in PAGES.glob("*/*.html")}


def test_no_host_and_no_organisation_is_in_both_parts() -> None:
    seen, held = (
        ({urlsplit(page.url).hostname for page in pages(part) if page.url}, {page.names.name for page in pages(part)})
        for part in ("seen", "held")
    )
    assert not seen[0] & held[0] - {"mp.weixinpage.example"}
    assert not seen[1] & held[1]


def test_no_page_is_made_from_another() -> None:
    for one, other in itertools.combinations([tags(page) for page in BOTH], 2):
        assert len(one & other) <= 0.6 * len(one | other)


@pytest.mark.parametrize("page", BOTH, ids=lambda page: page.name)
def test_a_number_stands_in_one_list_of_truth(page: Page) -> None:
    for (kind, number), forms in page.known:
        assert page.look(number) == (kind, number)
        assert forms


@cache
def of(part: str) -> Score:
    return scored(pages(part))


@pytest.mark.parametrize("part", BOUND)
def test_numbers_on_chinese_pages_are_found_told_from_faxes_and_dead_ones_and_what_they_are_for(part: str) -> None:
    score = of(part)
    assert score.found_f1 >= FOUND, score.mistakes
    assert score.purposes_right >= PURPOSE * score.purposes, score.mistakes
    assert score.hidden <= MOST_HIDDEN, score.mistakes


@pytest.mark.parametrize("part", BOUND)
def test_numbers_on_chinese_pages_are_bound_to_whose_they_are(part: str) -> None:
    least, wrong = BOUND[part]
    score = of(part)
    assert score.bound_f1 >= least, score.mistakes
    assert score.wrong <= wrong, score.mistakes
