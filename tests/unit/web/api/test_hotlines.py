"""/v1/watch: how hotlines stand by their counts, what counts said of one, and which alerts there are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import numpy as np
import pytest
import sqlalchemy as sa

from contracts.api import Client, client_in
from contracts.watch import put
from haoma.access import Role
from haoma.access import tables as access
from haoma.errors import Unavailable
from haoma.watch.calendar import Calendar
from haoma.watch.model import minute_of
from haoma.watch.running.sights import Sights

DAY = 1440
NAMES = ("desk/east 一号台", "desk-1", "desk-2")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two days of counts: three hotlines of acme's, of which one lost its callers an hour ago, and one of other's."""
    with client_in(tmp_path_factory.mktemp("watched"), api_rate_per_min=1_000_000) as client:
        services, rng = client.services, np.random.default_rng(1)
        with services.store.read() as tx:
            rows = tx.execute(sa.select(access.tenants.c.name, access.tenants.c.tenant_id))
            ids = {row.name: row.tenant_id for row in rows}
        since = minute_of(services.now()) - 2 * DAY
        for tenant, name in [*(("acme", name) for name in NAMES), ("other", "desk-1")]:
            counts = rng.poisson((20.0, 0.1), (2 * DAY, 2)).astype(float)
            if name == NAMES[0]:
                counts[-60:, 0], counts[-60:, 1] = 1, 3
            put(services.store, ids[tenant], name, since, counts, services.now())
        assert services.watch_runner.once() is not None
        client.machine("watcher", "hotline-editor", Role.HOTLINE_EDITOR, "see-counts")
        yield client


def paged(client: Client, path: str, of: str, by: str, limit: int) -> list[dict[str, object]]:
    """All that a list has, asked for so many at a time."""
    found, cursor = list[dict[str, object]](), ""
    while True:
        told = client.get(f"{path}?limit={limit}{cursor}", by=by)
        assert told.status_code == 200, told.text
        assert len(told.json()[of]) <= limit
        found += told.json()[of]
        if told.json()["next"] is None:
            return found
        cursor = f"&cursor={told.json()['next']}"


def test_hotlines_come_a_page_at_a_time_and_are_those_of_the_tenant(watched: Client) -> None:
    found = paged(watched, "/v1/watch/hotlines", "hotlines", "watcher", 2)
    assert [one["hotline"] for one in found] == [*NAMES]
    assert found == paged(watched, "/v1/watch/hotlines", "hotlines", "watcher", 3)
    assert [one["hotline"] for one in paged(watched, "/v1/watch/hotlines", "hotlines", "dpo@other", 9)] == ["desk-1"]
    east, usual = found[0], found[1]
    assert (east["alert"] is None, usual["alert"]) == (False, None)
    assert east["channels"][east["channel"]] >= 0 > max(usual["channels"].values())
    assert usual["last_hour"][0]["seen"] == pytest.approx(1_200, rel=0.3)
    for one in found:  # on a holiday none is known yet
        assert [each["diverted"] for each in one["shows"]] == ([0.5, 0.1] if one["ready"] else [])
        assert (one["last_hour"][0]["expected"] is not None) == one["ready"]


def test_a_cursor_of_one_is_none_of_another(watched: Client) -> None:
    mine = watched.get("/v1/watch/hotlines?limit=1", by="watcher").json()["next"]
    told = watched.get(f"/v1/watch/hotlines?cursor={mine}", by="approver")
    assert (told.status_code, told.json()["code"]) == (400, "bad-input")


def test_what_counts_said_of_a_hotline_is_told_minute_by_minute(watched: Client) -> None:
    told = watched.get(f"/v1/watch/hotlines/{quote(NAMES[0], safe='')}/explain?hours=2", by="watcher").json()
    inquiries, errors = told["counts"]
    assert (told["hotline"], inquiries["name"], errors["name"]) == (NAMES[0], "inquiries", "errors")
    assert len(inquiries["seen"]) == len(inquiries["expected"]) == 120
    assert inquiries["seen"][-30:] == [1] * 30
    assert sum(inquiries["seen"]) == inquiries["total"]["seen"]
    assert (inquiries["total"]["expected"] is None) == all(one is None for one in inquiries["expected"])
    assert told["alert"]["state"] == "open"
    assert told["alert"]["alert"] == told["now"]["alert"]
    assert told["joined"] is None


def test_alerts_are_the_tenants_and_each_tells_of_itself(watched: Client) -> None:
    (alert,) = paged(watched, "/v1/watch/alerts", "alerts", "watcher", 1)
    assert (alert["hotline"], alert["state"]) == (NAMES[0], "open")
    assert watched.get("/v1/watch/alerts?state=withdrawn", by="watcher").json()["alerts"] == []
    assert watched.get("/v1/watch/alerts", by="dpo@other").json()["alerts"] == []
    path = f"/v1/watch/alerts/{alert['alert']}/explain"
    assert watched.get(path, by="watcher").json()["alert"] == alert
    for by, which in (("dpo@other", path), ("watcher", f"/v1/watch/alerts/{uuid.uuid4()}/explain")):
        assert watched.get(which, by=by).status_code == 404


def test_another_tenants_hotline_is_not_there(watched: Client) -> None:
    for name in ("desk-2", "nobody's", "138-0013-8401", "一三八零零一三八四零一"):
        told = watched.get(f"/v1/watch/hotlines/{quote(name)}/explain", by="dpo@other")
        assert (told.status_code, told.json()["code"]) == (404, "not-found")
        assert name not in told.text + watched.log.getvalue()


def test_nobody_learns_of_an_alert_of_another_tenants_whether_it_was_raised(watched: Client) -> None:
    (alert,) = watched.get("/v1/watch/alerts", by="watcher").json()["alerts"]
    ids = (alert["alert"], str(uuid.uuid4()))
    paths = (f"/v1/watch/{kind}/{id_}/explain" for kind in ("alerts", "hotlines") for id_ in ids)
    told = [watched.get(path, by="dpo@other").json() for path in paths]
    assert len({(one["status"], one["detail"], one["hint"]) for one in told}) == 1


@pytest.mark.parametrize("name", ["%00", "desk-1%00", "%ff%fe", "%ed%a0%80"])
def test_a_name_that_no_text_has_is_nobodys(watched: Client, name: str) -> None:
    told = watched.get(f"/v1/watch/hotlines/{name}/explain", by="watcher")
    assert (told.status_code, told.json()["code"]) == (404, "not-found")


def test_a_key_that_sends_counts_sees_none(watched: Client) -> None:
    watched.machine("sends", "hotline-editor", Role.HOTLINE_EDITOR, "record-counts")
    for path in ("hotlines", "alerts", "hotlines/desk-1/explain", f"alerts/{uuid.uuid4()}/explain"):
        assert watched.get(f"/v1/watch/{path}", by="sends").status_code == 403


def test_where_nothing_was_judged_there_is_nothing_to_tell(api: Client) -> None:
    told = api.get("/v1/watch/hotlines", by="dpo")
    assert (told.status_code, told.json()["code"]) == (404, "not-found")


def test_who_asks_while_another_is_answered_waits_and_is_told_to_come_again(
    watched: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haoma.watch.running.sights.WAIT_S", 0.01)
    sights: Sights = watched.services.watch_sights
    asker = watched.services.sign_in.asker(watched.tokens["dpo"], datetime.now(UTC))
    with sights._alone(), pytest.raises(Unavailable, match="others"):
        sights.hotlines(asker, 0, 1, datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert sights.hotlines(asker, 0, 1, later).hotlines


def test_those_who_wait_are_few_so_that_threads_are_left_for_who_sends_counts(
    watched: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haoma.watch.running.sights.AT_ONCE", 1)
    monkeypatch.setattr("haoma.watch.running.sights.WAIT_S", 60.0)
    sights = Sights(watched.services.gate, watched.services.watch_manner, Calendar())
    begun = time.monotonic()
    for _ in range(3):  # a place that was left is free again
        with sights._alone(), pytest.raises(Unavailable, match="others"), sights._alone():
            pytest.fail("two at once")
    assert time.monotonic() - begun < 30
