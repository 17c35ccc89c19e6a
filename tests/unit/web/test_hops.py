"""Hops reported over a real socket of a real uvicorn."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from contracts.serving import serving, settings_in
from haoma.app import Services
from haoma.errors import NotFound, Refused
from haoma.lineage import HopReport, Stage, canonical_value, digest, report_hop, trace
from haoma.settings import Settings

TEXT = canonical_value("tel:95588;phone-context=+86")


def report(run_id: str, parents: tuple[int, ...] = (), stage: Stage = Stage.STORAGE) -> HopReport:
    return HopReport(
        subject="hotline:95588",
        name="number",
        source="cms",
        stage=stage,
        system="cms",
        activity="save",
        code_digest="c" * 64,
        observed_at=datetime(2026, 11, 22, tzinfo=UTC),
        output_digest=digest(TEXT),
        run_id=run_id,
        value=TEXT,
        parents=parents,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with serving(settings, "/log") as base:
        yield f"{base.removesuffix('/log')}/v1/hops"


def test_two_hops_of_a_pipeline_are_traced_as_one_path(settings: Settings, url: str) -> None:
    with Services(settings) as services:
        key = services.keys.hops()
        first = report_hop(url, report(str(uuid.uuid4())), token=key)
        second = report_hop(url, report(str(uuid.uuid4()), (first,), Stage.DISPLAY), token=key)
        with services.store.read() as tx:
            assert [step.fact_id for step in trace(tx, second).facts] == [first, second]


def test_a_report_sent_twice_is_one_fact(settings: Settings, url: str) -> None:
    key, run_id = Services(settings).keys.hops(), str(uuid.uuid4())
    assert report_hop(url, report(run_id), token=key) == report_hop(url, report(run_id), token=key)


def test_without_the_key_nothing_is_recorded(settings: Settings, url: str) -> None:
    for token in (None, "", "wrong"):
        with pytest.raises(Refused):
            report_hop(url, report(str(uuid.uuid4())), token=token)
    with Services(settings) as services:
        assert services.ledger.queued() + services.view.head().size == 0


def test_a_malformed_report_is_400_and_an_endless_one_413(settings: Settings, url: str) -> None:
    headers = {"Authorization": f"Bearer {Services(settings).keys.hops()}"}
    assert httpx.post(url, content=b"{}", headers=headers, trust_env=False).status_code == 400
    assert httpx.post(url, content=b" " * 20_000, headers=headers, trust_env=False).status_code == 413
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 405
    with pytest.raises(NotFound):
        report_hop(url, report(str(uuid.uuid4()), (99,)), token=headers["Authorization"].removeprefix("Bearer "))
