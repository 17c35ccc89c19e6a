"""A pack of this machine's sources, and a small phone.dat written by the test itself."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from haoma import settings
from haoma.numbers.segments import Pack, load

WritePhoneDat = Callable[[Mapping[int, str]], Path]


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The pack that the settings of the tests give."""
    return load(settings.load())


@pytest.fixture
def write_phone_dat(tmp_path: Path) -> WritePhoneDat:
    """Write a phone.dat with the given record per prefix; returns its path."""

    def write(record_of: Mapping[int, str]) -> Path:
        body, offsets = b"", {}
        for text in dict.fromkeys(record_of.values()):
            offsets[text] = 8 + len(body)
            body += text.encode() + b"\0"
        index = b"".join(struct.pack("<iiB", prefix, offsets[text], 1) for prefix, text in sorted(record_of.items()))
        path = tmp_path / "phone.dat"
        path.write_bytes(struct.pack("<4si", b"2401", 8 + len(body)) + body + index)
        return path

    return write
