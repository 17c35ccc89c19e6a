"""What the guide shows works: its calls of curl, against a real uvicorn."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.api import Client, publish, served_of


@pytest.fixture
def served(api: Client) -> Iterator[str]:
    with served_of(api) as url:
        yield url


def test_what_the_guide_shows_works(api: Client, served: str, root: Path) -> None:
    api.services.ledger.integrate(wait_s=5)
    api.services.publisher.checkpoint()
    for purpose, recipient in (("customer-care", "acme-desk"), ("fraud-prevention", "acme-risk")):
        publish(api, purpose, recipient)
        api.number_case()
        api.consent(purpose=purpose, recipient=recipient)
    text = (root / "docs" / "guide" / "api.md").read_text(encoding="utf-8")
    blocks = [one for one in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "curl" in one]
    env = {"PATH": os.environ["PATH"], "HAOMA": served, "TOKEN": api.tokens["agent"], "no_proxy": "*"}
    env["ANALYST"] = api.tokens["risk-analyst"]
    told = list[str]()
    for block in blocks:
        for call in re.split(r"\n(?=curl)", block.strip()):
            ended = subprocess.run(["bash", "-c", call], env=env, capture_output=True, check=False)
            assert ended.returncode == 0, (call, ended.stderr)
            told.append(ended.stdout.decode())
    number, case, cases, consents, verdict, region, risk, checkpoint = told
    assert json.loads(number)["issued_in"]["city"] == "杭州市"
    assert json.loads(case)["case"] in cases
    assert json.loads(consents)["subject"] == json.loads(case)["subject"]
    assert json.loads(verdict)["verdict"] == "TRUE"
    assert json.loads(region)["region"]["name"] == "华东"
    assert [one["code"] for one in json.loads(risk)["signals"]] == ["declared-contradicted"]
    assert checkpoint.startswith("haoma.local/log\n")
