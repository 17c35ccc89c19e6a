from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contracts.carrier import Carrier, Desk, Ticks, camara_at, open_carrier
from contracts.consent import NUMBER
from haoma.locate.camara import Camara
from haoma.numbers import Number, parse


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    """A carrier on loopback."""
    with open_carrier() as carrier:
        yield carrier


@pytest.fixture
def desk() -> Desk:
    """A desk to which a customer has consented: customer care, from the carrier, yes or no."""
    return Desk()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def camara(carrier: Carrier, desk: Desk, ticks: Ticks) -> Camara:
    return camara_at(carrier.url, desk, ticks)


@pytest.fixture
def reveal() -> Callable[[], Number]:
    """Opens the number of the customer who consented."""
    return lambda: parse(NUMBER)
