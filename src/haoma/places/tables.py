"""Reads the tables shipped in `haoma/places/data`: UTF-8 CSV, `#` lines on top give source, date and licence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

__all__ = ["rows"]

DATA = Path(__file__).resolve().parent / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a shipped table, by column name.

    >>> next(rows("groups.csv"))
    {'code': '11', 'gbt2260': '华北', 'customary': '华北'}
    """
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))
