"""Reads what libphonenumber knows about Chinese mobile prefixes, from the installed package `phonenumbers`.

Rules held here:
- The whole of 173 is left out: its one key says 北京市 for prefixes issued in every province.
- Its carrier names are not read: MIIT's table has no fault where the two overlap, and more blocks.
"""

from __future__ import annotations

import importlib
import importlib.util
from array import array
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from haoma.errors import Unavailable
from haoma.numbers.segments.phonedat import FIRST_PREFIX, PREFIXES
from haoma.numbers.segments.regions import Place, UnknownPlace, resolve_text

__all__ = ["Geodata", "find", "read"]

FAULTY = ("86173",)


@dataclass(frozen=True, slots=True)
class Geodata:
    """Its knowledge: for each prefix from 1300000 the number of its place, counted from 1; 0 is none."""

    version: str
    places: tuple[Place, ...]
    place_of: array[int]
    unknown: tuple[str, ...] = ()


def find() -> Path:
    """The directory of the installed package, which is not imported."""
    spec = importlib.util.find_spec("phonenumbers")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the package phonenumbers is not installed", hint="pip install phonenumbers")
    return Path(spec.submodule_search_locations[0])


def _descriptions() -> dict[str, str]:
    """Chinese descriptions of mobile prefixes, national digits, shortest first."""
    found: dict[str, str] = {}
    for file in sorted((find() / "geodata").glob("data*.py")):
        data = importlib.import_module(f"phonenumbers.geodata.{file.stem}").data
        found.update(
            (key[2:], text["zh"])
            for key, text in data.items()
            if key.startswith("861") and "zh" in text and key[3] != "0"
        )
    return dict(sorted((item for item in found.items() if f"86{item[0]}" not in FAULTY), key=lambda item: len(item[0])))


def read() -> Geodata:
    """Read all of it (about 0.8 s). A place that no table has is left out and listed in `unknown`."""
    numbers: dict[Place, int] = {}
    place_of = array("H", bytes(2 * PREFIXES))
    unknown: dict[str, None] = {}
    for key, text in _descriptions().items():
        try:
            number = numbers.setdefault(resolve_text(text), len(numbers) + 1)
        except UnknownPlace:
            unknown[text], number = None, 0
        width = 10 ** (7 - len(key))
        first = int(key) * width - FIRST_PREFIX
        if 0 <= first < PREFIXES:
            place_of[first : first + width] = array("H", [number]) * width
    return Geodata(version("phonenumbers"), tuple(numbers), place_of, tuple(unknown))
