from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from haoma.consent.purposes import EMERGENCY, NEVER, PURPOSES, Granularity, one_purpose, purpose_named
from haoma.errors import BadInput, Refused

HAN = re.compile(r"[一-鿿]")


@pytest.fixture(scope="session")
def terms(shared: Path) -> set[str]:
    with (shared / "consent" / "purposes.csv").open(encoding="utf-8") as file:
        return {row["term"] for row in csv.DictReader(file)}


def test_every_purpose_is_a_term_of_dpv(terms: set[str]) -> None:
    assert {purpose.dpv for purpose in (*PURPOSES, EMERGENCY)} <= terms


def test_everything_of_dpv_that_is_about_marketing_or_selling_is_refused_by_name(terms: set[str]) -> None:
    words = re.compile("Advertis|Marketing|Personalis|Recommendation|Sell|PoliticalCampaign|PublicRelations")
    shunned = {term for term in terms if words.search(term)}
    assert len(shunned) > 15
    for term in shunned:
        with pytest.raises(Refused) as refused:
            purpose_named(term)
        assert refused.value.reason == "purpose-never", term


def test_no_purpose_that_is_offered_is_refused_by_name() -> None:
    assert not {purpose.name for purpose in PURPOSES} & NEVER


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.name)
def test_every_purpose_speaks_chinese_and_english_and_has_bounds(purpose: object) -> None:
    assert HAN.search(purpose.zh)
    assert HAN.search(purpose.offer_zh)
    assert not HAN.search(purpose.en + purpose.offer_en)
    assert 1 <= purpose.longest_days <= 180
    assert purpose_named(f"dpv:{purpose.dpv}") is purpose_named(purpose.name) is purpose_named(purpose.iri) is purpose


@pytest.mark.parametrize("given", ["", "purpose", "emergency", "PublicBenefit", "locate everyone"])
def test_what_is_not_on_the_list_is_no_purpose(given: str) -> None:
    with pytest.raises((BadInput, Refused)):
        one_purpose(given)


@pytest.mark.parametrize("given", ["customer-care,delivery", "customer-care delivery", ["customer-care", "delivery"]])
def test_two_purposes_in_one_request_are_refused(given: str | list[str]) -> None:
    with pytest.raises(Refused, match="one at a time") as refused:
        one_purpose(given)
    assert refused.value.reason == "bundled"


def test_granularities_are_ordered_from_the_least_on() -> None:
    assert Granularity.YES_NO.rank < Granularity.PROVINCE.rank < Granularity.CITY.rank < Granularity.POINT.rank
