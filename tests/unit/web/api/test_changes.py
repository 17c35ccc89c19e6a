"""What is sent twice is done once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import sqlalchemy as sa

from contracts.api import Client
from haoma.access import tables
from haoma.access.once import Answer, Once
from haoma.errors import Conflict, Unavailable

HOLDER = "13800138111"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def cases_about(api: Client, subject: str) -> int:
    with api.services.store.read() as tx:
        mine = tables.cases.c.subject == subject
        return int(tx.scalar(sa.select(sa.func.count()).select_from(tables.cases).where(mine)) or 0)


def test_the_same_request_gets_the_same_answer_and_is_done_once(api: Client) -> None:
    key = str(uuid.uuid4())
    asked = {"number": "13800138113"}  # whom no other test opens a case about
    first = api.post("/v1/cases", asked, by="agent", key=key)
    again = api.post("/v1/cases", asked, by="agent", key=f'"{key}"')
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert cases_about(api, first.json()["subject"]) == 1


def test_a_refusal_is_answered_again_as_it_was(api: Client) -> None:
    key, path = str(uuid.uuid4()), f"/v1/cases/{uuid.uuid4()}/close"
    first, again = (api.post(path, by="agent", key=key) for _ in range(2))
    assert (first.status_code, first.content) == (404, again.content)
    assert again.headers["Content-Type"] == "application/problem+json"


def test_another_request_with_the_key_is_422_and_another_callers_key_is_another_key(api: Client) -> None:
    key = str(uuid.uuid4())
    api.post("/v1/cases", {"number": HOLDER}, by="agent", key=key)
    other = api.post("/v1/cases", {"number": "13800138112"}, by="agent", key=key)
    assert (other.status_code, other.json()["reason"]) == (422, "key-used")
    assert api.post(f"/v1/cases/{uuid.uuid4()}/close", by="agent", key=key).status_code == 422
    assert api.post("/v1/cases", {"number": HOLDER}, by="agent@other", key=key).status_code == 201


def test_a_change_without_a_key_is_bad_input(api: Client) -> None:
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 129}, {"Idempotency-Key": "a b"}):
        told = api.post("/v1/cases", {"number": HOLDER}, by="agent", key=None, headers=headers)
        assert (told.status_code, told.json()["reason"]) == (400, "malformed")


def test_what_is_kept_holds_neither_the_number_nor_the_answer_in_clear(api: Client) -> None:
    key = str(uuid.uuid4())
    told = api.post("/v1/cases", {"number": HOLDER}, by="agent", key=key).json()
    with api.services.store.read() as tx:
        rows = [
            str([bytes(v) if isinstance(v, bytes) else v for v in row]) for row in tx.execute(sa.select(tables.answers))
        ]
    assert rows
    for secret in (HOLDER, key, told["subject"], told["case"]):
        assert not any(secret in row for row in rows)


@pytest.fixture
def once(api: Client) -> Once:
    return Once(api.services.store, api.services.commitments, api.services.sealing)


def asker(api: Client) -> object:
    return api.services.sign_in.asker(api.tokens["agent"], datetime.now(UTC))


def test_while_the_first_is_under_way_the_second_is_told_so(api: Client, once: Once) -> None:
    begun, ended = Event(), Event()

    def work() -> Answer:
        begun.set()
        ended.wait(20)
        return Answer(200, b"done")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(once.do, asker(api), "way", b"said", NOW, work)
        assert begun.wait(20)
        with pytest.raises(Conflict):
            once.do(asker(api), "way", b"said", NOW, work)
        ended.set()
        assert first.result() == Answer(200, b"done")
    assert once.do(asker(api), "way", b"said", NOW, work) == Answer(200, b"done", again=True)


def test_what_did_not_answer_is_tried_again_and_what_broke_is_not(api: Client, once: Once) -> None:
    def down() -> Answer:
        raise Unavailable("it does not answer")

    def faulty() -> Answer:
        raise ValueError

    with pytest.raises(Unavailable):
        once.do(asker(api), "down", b"said", NOW, down)
    assert once.do(asker(api), "down", b"said", NOW, lambda: Answer(200, b"")) == Answer(200, b"")
    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        once.do(asker(api), "faulty", b"said", NOW, faulty)
    with pytest.raises(Conflict):
        once.do(asker(api), "faulty", b"said", NOW, lambda: Answer(200, b""))


def test_a_key_is_free_again_after_a_day(api: Client, once: Once) -> None:
    def counted(body: bytes) -> Answer | None:
        return once.do(asker(api), "day", b"said", NOW + days[0], lambda: Answer(200, body))

    days = [timedelta()]
    assert counted(b"one") == Answer(200, b"one")
    days[0] = timedelta(hours=23)
    assert counted(b"two") == Answer(200, b"one", again=True)
    days[0] = timedelta(hours=25)
    assert counted(b"three") == Answer(200, b"three")


def test_less_is_kept_where_less_is_to_be_shown_again(api: Client, once: Once) -> None:
    first = once.do(asker(api), "less", b"said", NOW, lambda: Answer(200, b"secret", b"less"))
    assert first is not None
    assert first.body == b"secret"
    assert once.do(asker(api), "less", b"said", NOW, lambda: Answer(200, b"")) == Answer(200, b"less", again=True)
