"""What a number is for does not hang on how its label is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from haoma.guard.extract.purposes import WORDS, purpose_of
from haoma.guard.model import Purpose

WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
PLAIN = [
    (word, purpose)
    for purpose, lists in WORDS.items()
    for words in lists
    for word in words.split()
    if word.replace("-", "").isalnum()
]


@given(st.text(), st.text(), st.text(), st.text("0123456789", max_size=12))
def test_any_text_has_a_purpose(before: str, after: str, heading: str, digits: str) -> None:
    assert isinstance(purpose_of(before, after, heading, digits), Purpose)


@given(st.text(), st.text(), st.text())
def test_width_does_not_matter(before: str, after: str, heading: str) -> None:
    said = purpose_of(before[:40], after[:20], heading[:20])
    assert purpose_of(before[:40].translate(WIDE), after[:20], heading[:20].translate(WIDE)) is said


@given(st.sampled_from(PLAIN), st.text(max_size=80))
def test_a_label_of_its_own_clause_outdoes_what_stands_further_off(label: tuple[str, Purpose], further: str) -> None:
    word, purpose = label
    assert purpose_of(f"{further}；{word}电话：", "", further) is purpose
