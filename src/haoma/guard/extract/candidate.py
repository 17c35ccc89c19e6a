"""A number found in a line, before anybody asks what it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MAINLAND", "Candidate", "digits_of", "within"]

MAINLAND = "CN"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number in a line: `text[start:end]`; `uri` where it can ring, `region` whose form it was read as."""

    start: int
    end: int
    digits: str
    uri: str | None
    region: str | None


def digits_of(text: str) -> str:
    """The digits of a text, nothing else."""
    return re.sub(r"[^0-9]", "", text)


def within(spans: Sequence[tuple[int, int]], group: tuple[int, int]) -> bool:
    """Whether digits from one place to another touch any of some spans."""
    return any(first < group[1] and group[0] < last for first, last in spans)
