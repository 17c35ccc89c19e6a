"""One service for all tests of the API: they add to it, and none takes anything away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.api import Client, client_in


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_in(tmp_path_factory.mktemp("api"), api_rate_per_min=1_000_000, api_metrics=True) as client:
        yield client
