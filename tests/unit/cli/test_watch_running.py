"""The commands of the watch, over made-up counts of the last hours."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from contracts.watch import put
from haoma.access.tables import tenants
from haoma.app import Services
from haoma.cli.main import run
from haoma.settings import load
from haoma.watch.model import minute_of, moment_of

DAY, LEARNED, WEEK = 1440, 3 * 1440, 9 * 1440
TENANT = "0aa00000-0000-4000-8000-000000000001"


def the_same_all_day(minutes: int, seed: int, gone: slice = slice(0)) -> np.ndarray:
    """Counts of a hotline that never sleeps: fifty a minute, and nine of ten of them gone for a while."""
    rng = np.random.default_rng(seed)
    told = np.stack([rng.poisson(50.0, minutes), rng.poisson(0.25, minutes)], axis=-1)
    told[gone, 0] = rng.binomial(told[gone, 0], 0.1)
    told[gone, 1] += 4
    return told


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path


@pytest.fixture
def counted(store: Path) -> None:
    """Nine days of two hotlines; of one the callers have been gone for half an hour."""
    with Services(load()) as services:
        now = services.now()
        row = {"tenant_id": TENANT, "name": "acme", "created_at": now}
        services.store.write(lambda tx: tx.execute(sa.insert(tenants).values(**row)) and None)
        since = minute_of(now) - 1 - WEEK
        for seed, (name, gone) in enumerate((("desk-east", slice(WEEK - 30, WEEK)), ("desk-west", slice(0)))):
            put(services.store, TENANT, name, since, the_same_all_day(WEEK, seed, gone).astype(float), now)


def said(capsys: pytest.CaptureFixture[str], *args: str) -> list[dict[str, object]]:
    capsys.readouterr()
    run([*args, "--format", "jsonl"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
@pytest.mark.usefixtures("counted")
def test_what_was_judged_is_shown_and_explained(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (done,) = said(capsys, "watch", "run", "--once")
    assert done["raised"] == 1
    assert said(capsys, "watch", "run", "--once")[0]["minutes"] == 0
    east, west = said(capsys, "watch", "status", "--tenant", "acme")
    assert (east["hotline"], west["hotline"]) == ("desk-east", "desk-west")
    assert east["alert"]
    assert west["alert"] is None
    assert east["incident"] is None
    assert west["inquiries"]["expected"] == pytest.approx(3_000, rel=0.2)
    assert "a 50% diversion shows in about" in west["sees"]
    assert "a 10% diversion" in west["sees"]
    assert (east["alerts_30d"], east["without_cause_30d"]) == (1, 1)
    for which in ("desk-east", str(east["alert"])):
        (told,) = said(capsys, "watch", "explain", which, "--plot", str(store / "east.svg"), "--overwrite")
        assert told["alert"] == east["alert"]
        assert told["fits"]["diverted"] > 0.5
        assert told["inquiries"]["seen"] < told["inquiries"]["expected"]
    assert (store / "east.svg").read_text(encoding="utf-8").startswith("<svg")
    assert run(["watch", "explain", "desk-west", "--format", "table"]) == 0
    assert "█" in capsys.readouterr().out
    assert run(["watch", "status"]) == 1
    assert said(capsys, "watch", "audit") == [{"alerts": 1, "entries": 1}]
    assert run(["watch", "explain", "nobody"]) == 1
    assert run(["watch", "explain", "desk-west", "-o", str(store / "west.png")]) == 0
    assert (store / "west.png").read_bytes().startswith(b"\x89PNG")
    assert run(["watch", "explain", "desk-west", "-o", str(store / "west.png")]) != 0
    assert run(["watch", "explain", "desk-west", "-o", str(store / "west.pdf")]) == 2


@pytest.mark.slow
def test_before_anything_was_judged_that_is_said(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Services(load()) as services:
        services.store.close()
    for args in (["status"], ["explain", "desk"]):
        assert run(["watch", *args]) == 1
        assert "haoma watch run" in capsys.readouterr().err


def a_file(place: Path, every: int = 1) -> Path:
    """Three days and a half of a hotline whose callers go in the last hour; `every` minutes are a bucket."""
    minutes = LEARNED + DAY // 4
    told = the_same_all_day(minutes, 3, slice(minutes - 60, minutes))
    told = told.reshape(-1, every, 2).sum(axis=1)
    start = moment_of(29_808_000)
    with (place / "counts.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "hotline", "inquiries", "errors"])
        for n, (calls, errors) in enumerate(told):
            rows.writerow([(start + timedelta(minutes=n * every)).isoformat(), "desk", calls, errors])
    return place / "counts.csv"


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 5, 60])
def test_a_file_has_its_alert_when_callers_went_and_not_before(
    every: int, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, "watch", "backtest", str(a_file(store, every)), "--no-holidays")
    assert [one["hotline"] for one in found] == ["desk"]
    gone = moment_of(29_808_000 + LEARNED + DAY // 4 - 60)
    assert gone.isoformat() <= found[0]["time"] < (gone + timedelta(minutes=max(10, every))).isoformat()
    assert 0.9 < found[0]["score"] <= 1


def test_a_file_that_is_none_is_usage(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = store / "counts.csv"
    path.write_text("timestamp,value\n", encoding="utf-8")
    assert run(["watch", "backtest", str(path)]) == 2
    assert "no column 'hotline'" in capsys.readouterr().err
    path.write_text("timestamp,hotline,inquiries,errors\n", encoding="utf-8")
    assert run(["watch", "backtest", str(path), "--format", "jsonl"]) == 0
    assert capsys.readouterr().out == ""
