from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.carrier import Carrier, Ticks, open_carrier


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    """Whoever is asked, on loopback."""
    with open_carrier() as carrier:
        yield carrier


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()
