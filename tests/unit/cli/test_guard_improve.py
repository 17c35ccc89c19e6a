from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from contracts.desk import Desk

WHY = ("--reason", "the board decided so")
MONTH = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m}"


@pytest.fixture
def uids(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, str]]:
    """An editor, an approver and an agent; and two hotlines of one company, each given out on two channels."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.open("acme")
    for login, role in {"ed": "hotline-editor", "pru": "approver", "an": "agent"}.items():
        desk.add(login, role)
    done(desk, "organisation", "add", "安盈基金", *WHY)
    what = ("--organisation", "安盈基金", "--channel", "web", "--channel", "map")
    return desk, {
        purpose: str(done(desk, "add", number, "--purpose", purpose, *what, *WHY)["uid"])
        for purpose, number in (("客服", "95588"), ("传真", "400-810-9090"))
    }


def done(desk: Desk, *args: str) -> dict[str, object]:
    asked = json.loads(desk.ok("hotline", *args, by="ed").splitlines()[-1])
    desk.approve(asked, pru="approver")
    desk.ok("access", "approve", "run", str(asked["approval"]), by="ed")
    return asked


@pytest.mark.slow
def test_a_trial_and_a_sample_come_back_in_the_review_of_the_month(uids: tuple[Desk, dict[str, str]]) -> None:
    desk, uid = uids
    now = datetime.now(UTC)
    times = ("--from", (now + timedelta(seconds=60)).isoformat(), "--until", (now + timedelta(days=40)).isoformat())
    plan = ("--name", "每周复核", "--measure", "share", "--unit", "页面", "--planned", "400")
    (laid,) = desk.rows("guard", "improve", "trial", *plan, *times, by="ed")
    early = ("--trial", str(laid["trial"]), "--arm", "a", "--events", "1", "--size", "9")
    assert desk.haoma("guard", "improve", "count", *early, by="ed").returncode == 1
    assert desk.haoma("guard", "improve", "trial", *plan, *times, by="an").returncode == 3
    assert [one["verdict"] for one in desk.rows("guard", "improve", "trials", by="ed")] == ["running"]
    visits = desk.rows("guard", "improve", "draw", "--month", MONTH, "--visits", "3", "--seed", "s", by="ed")
    assert {one["hotline"] for one in visits} <= set(uid.values())
    desk.ok("guard", "improve", "visit", "--month", MONTH, "--place", "1", "--outcome", "right", by="ed")
    shown = desk.rows("guard", "improve", "sample", "--month", MONTH, by="ed")
    assert [one["outcome"] for one in shown] == ["right", None, None]
    review = desk.ok("guard", "review", "--month", MONTH, "--language", "en", by="ed")
    assert "1 of 3 visits were made, out of 4; the seed is s." in review
    assert "Make the 2 visits of the sample that are left." in review
    assert desk.haoma("guard", "review", "--month", MONTH, by="an").returncode == 3
    assert desk.ok("guard", "review", "--month", MONTH, "--format", "html", by="ed").startswith(
        '<!doctype html>\n<html lang="zh-CN">'
    )
    assert desk.rows("guard", "improve", "audit") == [{"trials": 1, "samples": 1}]
    assert "暂无" in desk.ok("guard", "improve", "sop", by="ed")
