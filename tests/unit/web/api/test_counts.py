"""/v1/watch: counts of hotlines, as their systems send them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from contracts.api import Client, client_in
from haoma.access import Role
from haoma.watch.counts import every_series, read
from haoma.watch.model import minute_of

PATH = "/v1/watch/counts"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture(scope="module", autouse=True)
def sender(api: Client) -> None:
    api.machine("sender", "hotline-editor", Role.HOTLINE_EDITOR, "record-counts")


def row(hotline: str, back_min: int = 1, **said: object) -> dict[str, object]:
    return {"hotline": hotline, "timestamp": (NOW - timedelta(minutes=back_min)).isoformat(), **said}


def seen(api: Client, name: str, back_min: int = 1) -> list[float]:
    at = minute_of(NOW) - back_min
    with api.services.store.read() as tx:
        (one,) = (found.id for found in every_series(tx) if found.name == name)
        return [float(value) for value in read(tx, [one], at, at + 1)[0, 0]]


def test_a_system_sends_counts_with_a_key_of_its_own_and_corrects_them(api: Client) -> None:
    told = api.post(PATH, {"counts": [row("desk-a", inquiries=12, errors=1)]}, by="sender")
    assert (told.status_code, told.json()) == (200, {"taken": 1, "changed": 1, "refused": 0, "rows": []})
    api.post(PATH, {"counts": [row("desk-a", errors=3)]}, by="sender")
    assert seen(api, "desk-a") == [12, 3]


def test_a_batch_that_is_sent_again_with_its_key_is_not_taken_again(api: Client) -> None:
    key, first = str(uuid.uuid4()), {"counts": [row("desk-b", inquiries=5, errors=0)]}
    api.post(PATH, first, by="sender", key=key)
    api.post(PATH, {"counts": [row("desk-b", inquiries=6)]}, by="sender")
    again = api.post(PATH, first, by="sender", key=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert seen(api, "desk-b") == [6, 0]
    assert api.post(PATH, {"counts": [row("desk-b", inquiries=7)]}, by="sender", key=key).status_code == 422


def test_rows_that_cannot_be_are_told_by_place_and_reason_and_not_by_what_they_hold(api: Client) -> None:
    rows = [
        row("desk-c", inquiries=-3),
        row("desk-c", inquiries=float("nan")),
        row("desk-c", inquiries=2e6),
        row("desk-c", back_min=-24 * 60, inquiries=1),
        row("desk-c", back_min=60 * 24 * 8, inquiries=1),
        {"hotline": "desk-c", "timestamp": "2026-11-22 09:31", "inquiries": 1},
        row("138-0013-8000", inquiries=1),
        row("desk-c"),
        row("desk-c", inquiries=4, further={"rival-desk": 2}),
    ]
    told = api.post(PATH, {"counts": rows}, by="sender")
    reasons = ["negative", "not-a-number", "huge", "future", "late", "time", "name", "empty"]
    assert told.json()["rows"] == [{"row": at, "reason": reason} for at, reason in enumerate(reasons)]
    assert (told.json()["taken"], told.json()["refused"]) == (1, 8)
    assert "8000" not in told.text + api.log.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"counts": []},
        {"counts": [row("x", inquiries="many")]},
        {"counts": [row("x", inquiries=1, colour="red")]},
        {"counts": [row("x", inquiries=1)], "revision": -1},
        {"counts": [row("x", inquiries=1, further={"call 138-0013-8000": 1})]},
        {"counts": [row("x", inquiries=1, further={"\ud800": 1})]},
        {"counts": [row("x", inquiries=10**400)]},
        {"counts": [row("x", further={f"count-{one}-{at}": 1 for at in range(6)}) for one in range(2)]},
        {"counts": [row("\ud800", inquiries=1)]},
    ],
)
def test_a_body_that_is_none_is_bad_input(api: Client, body: object) -> None:
    told = api.post(PATH, body, by="sender")
    assert (told.status_code, told.json()["code"]) == (400, "bad-input")


@pytest.mark.parametrize(
    "more",
    [{f"field-{one}": 1 for one in range(3_000)}, {"further": {f"count-{one}": "" for one in range(3_000)}}],
    ids=["fields that nobody knows", "counts that are none"],
)
def test_of_whatever_is_wrong_with_a_body_the_first_hundred_are_told(api: Client, more: dict[str, object]) -> None:
    told = api.post(PATH, {"counts": [row("x", inquiries=1) | more]}, by="sender")
    assert told.status_code == 400
    assert len(told.json()["errors"]) == 100


def test_the_name_of_a_count_is_not_told_back_in_whatever_script_it_is(api: Client) -> None:
    further = {"一三八零零一三八零零零": "many", "1\u00b73\u00b78\u00b70\u00b70\u00b71\u00b73": "many"}
    told = api.post(PATH, {"counts": [row("x", further=further)]}, by="sender")
    assert [one["at"] for one in told.json()["errors"]] == ["body.counts.0.further.…"] * 2


@pytest.mark.parametrize("content", [b'{"counts":' + b"[" * 100_000, b'{"counts":[{"inquiries":' + b"9" * 100_000])
def test_a_body_that_goes_on_and_on_is_bad_input(api: Client, content: bytes) -> None:
    assert api.post(PATH, by="sender", content=content).status_code == 400


def test_a_key_of_another_scope_sends_nothing(api: Client) -> None:
    api.machine("reader", "hotline-editor", Role.HOTLINE_EDITOR, "read-number")
    for path, more in ((PATH, {"body": {"counts": [row("x", inquiries=1)]}}), ("/v1/watch/prometheus", {})):
        assert api.post(path, by="reader", **more).status_code == 403


def test_two_tenants_do_not_meet(api: Client) -> None:
    api.post(PATH, {"counts": [row("desk-d", inquiries=1)]}, by="sender")
    assert api.post(PATH, {"counts": [row("desk-d", inquiries=9)]}, by="hotline-editor@other").json()["changed"] == 1
    with api.services.store.read() as tx:
        assert len({one.tenant for one in every_series(tx) if one.name == "desk-d"}) == 2


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_in(tmp_path_factory.mktemp("small"), watch_rows_per_min=60) as client:
        yield client


def test_a_flood_is_answered_429_and_told_when_to_come_again(small: Client) -> None:
    rows = [row(f"desk-{one}", inquiries=1) for one in range(6_000)]
    first, second = (small.post(PATH, {"counts": rows}, by="hotline-editor") for _ in range(2))
    assert first.status_code == 200
    assert (second.status_code, second.json()["reason"]) == (429, "too-many-counts")
    assert int(second.headers["Retry-After"]) > 1_000
    other = small.post(PATH, {"counts": rows[:5]}, by="hotline-editor@other")
    assert other.status_code == 200


def sample(value: bytes, at_ms: int, name: bytes = b"haoma_inquiries") -> bytes:
    def part(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    at = bytearray()
    while at_ms > 127:
        at.append(at_ms & 127 | 128)
        at_ms >>= 7
    labels = [(b"__name__", name), (b"hotline", b"desk-p")]
    named = b"".join(part(1, part(1, label) + part(2, text)) for label, text in labels)
    return part(1, named + part(2, b"\x09" + value + b"\x10" + bytes(at) + bytes([at_ms])))


def test_prometheus_writes_with_a_key_and_the_same_again_changes_nothing(api: Client) -> None:
    at_ms = minute_of(NOW) * 60_000 + 4_000
    body = bytes(pa.Codec("snappy").compress(sample(b"\x00\x00\x00\x00\x00\x00\x28\x40", at_ms), asbytes=True))
    for _ in range(2):
        told = api.post("/v1/watch/prometheus", content=body, by="sender", key=None)
        assert (told.status_code, told.text) == (204, "")
    assert seen(api, "desk-p")[0] == 12
    late = bytes(pa.Codec("snappy").compress(sample(bytes(8), 60_000), asbytes=True))
    assert api.post("/v1/watch/prometheus", content=late, by="sender", key=None).status_code == 400
    assert api.post("/v1/watch/prometheus", content=b"nothing", by="sender", key=None).status_code == 400
    other = bytes(pa.Codec("snappy").compress(sample(bytes(8), at_ms, b"up"), asbytes=True))
    assert api.post("/v1/watch/prometheus", content=other, by="sender", key=None).status_code == 204


def test_how_long_counts_took_is_a_figure_of_its_own(api: Client) -> None:
    def told() -> tuple[float, float]:
        text = api.get("/metrics", headers={"Authorization": f"Bearer {api.services.keys.metrics()}"}).text
        lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("haoma_counts_delay"))
        return float(lines["haoma_counts_delay_seconds_count"]), float(lines["haoma_counts_delay_seconds_sum"])

    before = told()
    rows = [row(name, back_min=5, inquiries=1) for name in ("desk-x", "desk-y")]
    api.post(PATH, {"counts": [*rows, row("desk-x", back_min=24 * 60, inquiries=1)]}, by="sender")
    count, total = (now - then for now, then in zip(told(), before, strict=True))
    assert count == 1
    assert 4 * 60 <= total < 24 * 60 * 60
