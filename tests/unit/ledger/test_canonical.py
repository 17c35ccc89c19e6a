from __future__ import annotations

import hashlib
import json
import math
import re
import struct
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

import pytest

from haoma.errors import BadInput
from haoma.ledger.canonical import DEEPEST, LARGEST_INT, canonical, number_text


def test_every_outside_document_gets_its_canonical_bytes(shared: Path) -> None:
    folder = shared / "ledger" / "jcs" / "testdata"
    found = sorted((folder / "input").glob("*.json"))
    assert len(found) == 6
    for path in found:
        wanted = (folder / "output" / path.name).read_bytes()
        assert canonical(json.loads(path.read_bytes())) == wanted
        assert bytes.fromhex((folder / "outhex" / path.with_suffix(".txt").name).read_text()) == wanted


def es6_doubles(static: list[int]) -> Iterator[int]:
    """The 64-bit patterns of the outside test file, in its order: edge cases, serial ones, then a SHA-256 chain."""
    yield from static
    yield from range(0x0010000000000000, 0x0010000000000000 + 2000)
    block = bytes(32)
    while True:
        block = hashlib.sha256(block).digest()
        for bits, value in zip(struct.unpack("<4Q", block), struct.unpack("<4d", block), strict=True):
            if value and math.isfinite(value):
                yield bits


def test_a_hundred_thousand_outside_doubles_are_written_as_ecmascript_writes_them(shared: Path) -> None:
    text = (shared / "ledger" / "jcs" / "testdata" / "README.md").read_text(encoding="utf-8")
    listed = text.partition("BigUint64Array([")[2].partition("])")[0]
    bits = es6_doubles([int(hexed, 16) for hexed in re.findall(r"0x([0-9a-f]{16})n", listed)])
    digest = hashlib.sha256()
    for _ in range(100_000):
        pattern = next(bits)
        (value,) = struct.unpack("<d", struct.pack("<Q", pattern))
        digest.update(f"{pattern:x},{number_text(value)}\n".encode())
    assert digest.hexdigest() in text


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, b"null"),
        (True, b"true"),
        ([], b"[]"),
        ((1, 2), b"[1,2]"),
        ({}, b"{}"),
        ({"b": 1, "a": {"d": [], "c": False}}, b'{"a":{"c":false,"d":[]},"b":1}'),
        ('\b\t\n\f\r"\\/\x00\x1f\x7f\u2028', '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\x7f\u2028"'.encode()),
        ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'.encode()),
        ({"号码": 1.0, "a": -0.0}, '{"a":0,"号码":1}'.encode()),
        (LARGEST_INT, b"9007199254740991"),
        (-LARGEST_INT, b"-9007199254740991"),
        (1e300, b"1e+300"),
        (9007199254740993.0, b"9007199254740992"),
        (5e-324, b"5e-324"),
        (1e-6, b"0.000001"),
        (0.1, b"0.1"),
        (-123.456, b"-123.456"),
    ],
)  # fmt: skip
def test_a_value_has_one_spelling(value: object, wanted: bytes) -> None:
    assert canonical(value) == wanted


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, 2**53, -(2**53), 10**400, "\ud800", {"\udc00": 1}, {"\udc00": 1, "é": 1.0},
        {1: 2}, {None: 1}, {True: 1}, {"é": 1, 2: 3}, b"x", {1, 2}, object(), 1j, Colour.RED, Size.SMALL, [Colour.RED],
        {Colour.RED: 1}, {"a": {"b": [2**53]}}, {"a": [math.nan]}, range(3), bytearray(b"x"), [object()],
    ],
    ids=lambda value: repr(value)[:16],
)  # fmt: skip
def test_what_has_no_canonical_form_is_bad_input(value: object) -> None:
    with pytest.raises(BadInput):
        canonical(value)


@pytest.mark.parametrize("leaf", [1, 0.5])
def test_a_value_may_be_a_hundred_levels_deep_and_no_deeper(leaf: float) -> None:
    value: Any = leaf
    for _ in range(DEEPEST):
        value = [value]
    assert canonical(value).count(b"[") == DEEPEST
    for deep in ([value], {"a": value}):
        with pytest.raises(BadInput, match="more than 100 levels"):
            canonical(deep)


def test_a_value_that_holds_itself_is_bad_input() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(BadInput, match="levels deep"):
        canonical(endless)
