"""The alphabet's tables say of every character what `symbols_of` says."""

from __future__ import annotations

import random

from haoma.numbers.grammar.decode import symbolise
from haoma.numbers.grammar.layout import SYM
from haoma.numbers.grammar.symbols import DOT, HYPHEN, symbols_of
from haoma.numbers.service import scratch
from haoma.numbers.tables import tables


def read(text: str) -> list[int]:
    data = text.encode()
    s = scratch(len(data))
    return s[SYM][: symbolise(tables(), s, data, 0, len(data))]


def test_every_character_has_its_symbols() -> None:
    rng = random.Random(15)
    points = [*range(0x3400), *range(0xF900, 0x10000), *(rng.randrange(0x3400, 0x110000) for _ in range(20_000))]
    for char in (chr(point) for point in points if not 0xD800 <= point < 0xE000):
        assert read(char) == list(symbols_of(char))[: 2 * len(char.encode())], hex(ord(char))


def test_compatibility_forms_become_what_they_stand_for() -> None:
    assert read("⑩１𝟙٣—．") == [1, 0, 1, 1, 3, HYPHEN, DOT]


def test_malformed_bytes_are_symbols_like_any_other() -> None:
    for data in (b"\xff1", b"\xe4\xb8", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xed\xa0\x80"):
        s = scratch(len(data))
        assert symbolise(tables(), s, data, 0, len(data)) >= 1
