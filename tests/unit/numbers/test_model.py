"""Numbers mask themselves, and tell their parts by name."""

from __future__ import annotations

import logging

import pytest

from haoma.numbers import Kind, Number, parse
from haoma.numbers.model import mask

CELLS = [
    "13800138000",
    "010-65051166转801",
    "400-810-9090",
    "95588",
    "110",
    "+1 650 253 0000",
    "1440012345678",
    "0571-12345",
]


@pytest.mark.parametrize("cell", CELLS)
def test_no_way_of_printing_shows_the_whole_number(cell: str, caplog: pytest.LogCaptureFixture) -> None:
    number = parse(cell)
    whole = (number.uri or "").removeprefix("tel:").partition(";")[0].removeprefix("+86")
    with caplog.at_level(logging.INFO):
        logging.getLogger("x").info("%s %r", number, number)
    shown = [str(number), repr(number), f"{number}", f"{number:>30}", f"{number!r}", str([number]), caplog.text]
    assert all(whole not in text and "*" in text for text in shown)


def test_an_invalid_number_prints_its_kind_alone() -> None:
    assert str(parse("138001380001")) == "invalid"


def test_only_what_can_be_dialled_from_abroad_has_e164() -> None:
    assert [parse(cell).e164 for cell in CELLS] == [
        "+8613800138000", "+861065051166", None, None, None, "+16502530000", "+861440012345678", None,
    ]  # fmt: skip


@pytest.mark.parametrize("length", range(3, 16))
def test_a_mask_keeps_the_length_of_short_codes_and_hides_at_least_half(length: int) -> None:
    digits = "123456789012345"[:length]
    assert mask(digits) != digits
    assert sum(char.isdigit() for char in mask(digits)) <= max(7, length // 2)


def test_confidence_is_between_0_and_1_at_the_edge() -> None:
    assert Number(Kind.MOBILE, confidence_ppm=980_000).confidence == 0.98
    assert parse("95588").confidence is None
