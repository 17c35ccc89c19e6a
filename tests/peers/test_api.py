"""The API as schemathesis asks it, out of its own description: signed in and not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.api import Client, client_in, publish, served_of
from contracts.routing import rules_in


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    place = tmp_path_factory.mktemp("schemathesis")
    more = {"api_rate_per_min": 10_000_000, "api_metrics": True}
    with client_in(place, route_rules=rules_in(place / "rules"), **more) as client:
        publish(client)
        client.number_case("13800138601")
        client.services.ledger.integrate(wait_s=5)
        client.services.publisher.checkpoint()
        yield client


@pytest.mark.parametrize("by", ["", "agent", "dpo"])
def test_whatever_is_asked_is_answered_as_described(house: Client, root: Path, by: str) -> None:
    shown = ["--header", f"Authorization: Bearer {house.tokens[by]}"] if by else []
    with served_of(house) as url:
        command = [
            str(Path(sys.executable).parent / "schemathesis"), "--config-file", "tests/peers/schemathesis.toml",
            "run", "docs/reference/openapi.json", "--url", url, "--max-examples", "25",
            "--seed", "1", "--no-color", "--request-timeout", "30", *shown,
        ]  # fmt: skip
        ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-6000:]
    assert "fault" not in house.log.getvalue()
