from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contracts.lineage import NOW, draft
from haoma.errors import BadInput, Refused
from haoma.lineage import Activity, Sealed, Stage, canonical_value, digest

MOBILE = "tel:+8613800138000"


def test_a_clear_value_of_a_person_is_refused_and_a_sealed_one_is_not() -> None:
    with pytest.raises(Refused, match="not public"):
        draft(MOBILE, subject="s1-7fd3")
    assert draft(subject="s1-7fd3", value=Sealed(b"x", "k-1")).value == Sealed(b"x", "k-1")


def test_printing_a_fact_shows_neither_value_nor_number() -> None:
    shown = repr(draft(MOBILE, subject="hotline:tel:+8613800138000", source="call from 13800138000"))
    assert "13800138000" not in shown
    assert "138****8000" in shown
    assert repr(Sealed(b"13800138000", "k-1")) == "Sealed(11 bytes, key k-1)"


def test_a_clear_value_has_its_own_digest_and_no_other() -> None:
    assert draft("a").output_digest == digest('"a"')
    with pytest.raises(BadInput, match="output_digest"):
        draft("a", output_digest="0" * 64)


def test_a_fact_without_value_needs_a_digest() -> None:
    with pytest.raises(BadInput, match="neither value nor digest"):
        draft(value=None)
    assert draft(value=None, output_digest="0" * 64).value is None


@pytest.mark.parametrize(
    "changes",
    [
        {"value": '{"b":1, "a":2}'},
        {"value": "not json"},
        {"value": '"' + "a" * 70_000 + '"'},
        {"confidence": 1_000_001},
        {"confidence": -1},
        {"confidence": True},
        {"subject": ""},
        {"name": "line\nfeed"},
        {"source": "x" * 501},
        {"observed_at": datetime(2026, 11, 22)},  # noqa: DTZ001 - what is tested
        {"input_digest": "A" * 64},
        {"input_digest": "13800138000"},
    ],
)
def test_what_is_malformed_is_bad_input_that_shows_no_value(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput) as failure:
        draft(**changes)
    assert "13800138000" not in str(failure.value)


def test_a_digest_with_a_key_is_not_the_bare_one() -> None:
    text = canonical_value(MOBILE)
    assert digest(text, b"key") != digest(text)
    assert digest(text, b"key") != digest(text, b"other")


def test_an_activity_ends_after_it_starts_and_has_a_run_id() -> None:
    activity = Activity("crawl", "a" * 64, "bot", Stage.COLLECTION, NOW, NOW)
    assert len(activity.run_id) == 36
    with pytest.raises(BadInput, match="before it starts"):
        Activity("crawl", "a" * 64, "bot", Stage.COLLECTION, NOW, NOW - timedelta(seconds=1))
    with pytest.raises(BadInput, match="UUID"):
        Activity("crawl", "a" * 64, "bot", Stage.COLLECTION, NOW, NOW, run_id="7")
