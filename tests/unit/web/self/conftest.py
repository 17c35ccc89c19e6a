"""One service with the customers' page for all tests, and somebody new for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contracts.api import Client, client_in, publish
from contracts.page import ORIGIN, RECIPIENT, Customer
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log
from haoma.web.self import self_app


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service with the page, and two recipients that ask for everything."""
    changed = {"self_url": ORIGIN, "self_rate_per_min": 1_000_000, "self_codes_per_hour": 1_000_000}
    with client_in(tmp_path_factory.mktemp("self"), **changed) as client:
        for recipient in (RECIPIENT, "acme-shop"):
            publish(client, recipient=recipient)
        yield client


@pytest.fixture(scope="package")
def page(house: Client) -> Client:
    """The same service, asked at its page."""
    log = Log(house.log, strangers_per_min=1_000_000)
    return replace(house, app=Edge(self_app(house.services, floor_s=0.0), log))


_numbers = itertools.count(13700138000)


@pytest.fixture
def customer(page: Client) -> Customer:
    """Somebody new."""
    return Customer(page, str(next(_numbers)))


@pytest.fixture
def another(page: Client) -> Customer:
    """Somebody else."""
    return Customer(page, str(next(_numbers)))
