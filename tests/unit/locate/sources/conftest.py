from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.carrier import Carrier, Desk, open_carrier
from haoma.consent import Grant, Source


@pytest.fixture
def server() -> Iterator[Carrier]:
    """Somebody on loopback who answers what a test tells them to."""
    with open_carrier() as server:
        yield server


@pytest.fixture
def sharing() -> Grant:
    """A Grant for what the customer shares with a page."""
    return Desk().require(source=Source.BROWSER)
