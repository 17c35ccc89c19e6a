"""The tools that people use today, asked as their own documentation shows.

Rules held here:
- A peer is timed over the cells that it can read at all: those it answers with something and without raising.
- A missing peer ends the bench: a ratio without one says nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec

from bench.figure import best_cpu_s

__all__ = ["PEERS", "Ask", "ask_phone", "ask_phonenumbers", "rate_mps", "require"]

Ask = Callable[[str], object]


def ask_phone() -> Ask:
    """PyPI's phone: province, city and operator of a mobile number of eleven digits."""
    from phone import Phone

    ask: Ask = Phone().find
    return ask


def ask_phonenumbers() -> Ask:
    """PyPI's phonenumbers: parse, identity, place and operator."""
    import phonenumbers
    from phonenumbers import carrier, geocoder

    def ask(cell: str) -> object:
        number = phonenumbers.parse(cell, "CN")
        uri = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)
        return uri, geocoder.description_for_number(number, "zh"), carrier.name_for_number(number, "zh")

    return ask


PEERS: dict[str, Callable[[], Ask]] = {"phone": ask_phone, "phonenumbers": ask_phonenumbers}


def require(*, logs: bool = False) -> dict[str, str]:
    """The versions of all peers that are there; ends the bench with a message where one is missing.

    pymerkle, which is GPL and so is in no lock but that of the tests against peers, may be missing unless `logs`.
    """
    wanted = [*PEERS, *(["pymerkle"] if logs or find_spec("pymerkle") else [])]
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        sys.exit(f"bench: {', '.join(missing)} is not installed: pip install 'haoma[bench]'")
    return {name: version(name) for name in wanted}


def rate_mps(ask: Ask, cells: Sequence[str]) -> tuple[float, float]:
    """Million cells a second over those that the peer reads, and their share."""
    readable = [cell for cell in cells if _reads(ask, cell)]

    def work() -> None:
        for cell in readable:
            ask(cell)

    return len(readable) / best_cpu_s(work) / 1e6, len(readable) / len(cells)


def _reads(ask: Ask, cell: str) -> bool:
    try:
        return ask(cell) is not None
    except Exception:  # noqa: BLE001 - a peer may raise anything at a cell that it cannot read
        return False
