from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import Tampered
from haoma.numbers.segments.file import (
    FORMAT,
    Contents,
    digest_of,
    open_image,
    pack_image,
    parse_image,
    write_atomically,
)

CONTENTS: Contents = {
    "format": FORMAT,
    "haoma": "0",
    "built_at": "2025-01-01T00:00:00+00:00",
    "fingerprint": "0",
    "sources": [],
    "agreement": {},
    "unknown_places": ["无此城"],
    "fine_first": 0,
}


@given(st.dictionaries(st.text(min_size=1, max_size=9), st.binary(max_size=300), min_size=1, max_size=6))
def test_sections_come_back_as_they_went_in(sections: dict[str, bytes]) -> None:
    image = parse_image(memoryview(pack_image(CONTENTS, sections)), "test")
    assert {name: bytes(image.section(name)) for name in sections} == sections
    assert all(offset % 64 == 0 for offset, _ in image.header["sections"].values())
    assert digest_of(image) == image.header["digest"]
    assert image.header["unknown_places"] == ["无此城"]


@given(st.data())
def test_no_damage_goes_unnoticed(data: st.DataObject) -> None:
    body = bytearray(pack_image(CONTENTS, {"a": b"x" * 100, "b": b"y" * 10}))
    where = data.draw(st.integers(0, len(body) - 1))
    body[where] ^= data.draw(st.integers(1, 255))
    try:
        image = parse_image(memoryview(body), "test")
    except Tampered:
        return
    assert digest_of(image) != image.header["digest"]


@given(st.integers(0, 10_000))
def test_a_truncated_file_is_tampered(cut: int) -> None:
    body = pack_image(CONTENTS, {"a": b"x" * 100})
    with pytest.raises(Tampered):
        parse_image(memoryview(body[: cut % len(body)]), "test")


def test_an_empty_or_foreign_file_is_tampered_and_named(tmp_path: Path) -> None:
    for body in (b"", b"PK\x03\x04" + b"\0" * 50, struct.pack("<8sII", b"haoma-1\n", 2**31, 0)):
        path = tmp_path / "odd.haoma"
        path.write_bytes(body)
        with pytest.raises(Tampered, match=r"odd\.haoma"):
            open_image(path)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError, match="taken"):
        write_atomically(target, b"x")
    assert list(tmp_path.iterdir()) == [target]
