from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta

import httpx
import pytest

from contracts.lineage import NOW, World, draft
from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Refused, Unavailable
from haoma.lineage import Fact, HopReport, Stage, canonical_value, digest, read_report, receive_hop, report_hop

TEXT = canonical_value("tel:95588;phone-context=+86")


def report(**changes: object) -> HopReport:
    given = {
        "subject": "hotline:95588",
        "name": "number",
        "source": "cms",
        "stage": Stage.DISPLAY,
        "system": "www",
        "activity": "render",
        "code_digest": "c" * 64,
        "observed_at": NOW,
        "output_digest": digest(TEXT),
        "run_id": str(uuid.UUID(int=7)),
    }
    return HopReport(**given | changes)


def received(world: World, body: bytes) -> Fact:
    return world.store.write(lambda tx: receive_hop(tx, world.ledger, world.keys, body, at=world.now()))


def test_a_report_is_read_as_it_was_sent() -> None:
    sent = report(value=TEXT, input_digest="d" * 64, parents=(1, 2), confidence=900_000, version="2.1")
    assert read_report(sent.encode()) == sent


def test_printing_a_report_shows_no_number() -> None:
    shown = repr(report(subject="hotline:tel:+8613800138000", value=canonical_value("tel:+8613800138000")))
    assert "13800138000" not in shown


def test_a_report_becomes_a_fact_with_its_activity_and_parents(world: World) -> None:
    (stored,) = world.record(draft())
    fact = received(world, report(parents=(stored.fact_id,)).encode())
    assert (fact.stage, fact.parents, fact.output_digest, fact.value) == ("display", (1,), digest(TEXT), None)


def test_a_report_that_is_sent_again_is_recorded_once(world: World) -> None:
    body = report().encode()
    assert received(world, body) == received(world, body)


@pytest.mark.parametrize(
    "change",
    [
        {"output_digest": "e" * 64},
        {"input_digest": "e" * 64},
        {"confidence": 1},
        {"source": "crm"},
        {"name": "label"},
        {"subject": "hotline:95599"},
        {"value": TEXT},
        {"observed_at": NOW - timedelta(seconds=1)},
        {"stage": Stage.STORAGE},
        {"system": "crm"},
        {"activity": "save"},
        {"code_digest": "d" * 64},
        {"version": "2"},
    ],
)
def test_another_report_under_one_run_is_a_conflict(world: World, change: dict) -> None:
    received(world, report().encode())
    with pytest.raises(Conflict, match="another hop"):
        received(world, report(**change).encode())


@pytest.mark.parametrize("subject", ["13912345678", "hotline:tel:+8613912345678", "public:job_13912345678",
                                     "customer 139 1234 5678", "010-65051166"])  # fmt: skip
def test_a_personal_number_is_no_subject(subject: str) -> None:
    with pytest.raises(Refused, match="subject shows a personal number") as failure:
        read_report(report(subject=subject).encode())
    assert not {"13912345678", "1234 5678", "65051166"} & {*re.findall(r"[\d ]{8,}", str(failure.value))}


@pytest.mark.parametrize("field", ["name", "source", "system", "activity", "version"])
@pytest.mark.parametrize("text", ["13912345678", "call 139 1234 5678", "/users/13912345678?x", "gw_8613912345678"])
def test_a_mobile_number_stands_in_no_text_that_is_kept_in_clear(field: str, text: str) -> None:
    with pytest.raises(Refused, match=rf"{field} shows a personal number \(139\*\*\*\*5678, mobile\)"):
        read_report(report(**{field: text}).encode())


@pytest.mark.parametrize("subject", ["hotline:010-65051166", "hotline:tel:95588;phone-context=+86", "s1-7fd3ab0c",
                                     "hotline:400-810-9090", "public:工商银行"])  # fmt: skip
def test_hotlines_and_tokens_are_subjects(subject: str) -> None:
    sent = report(subject=subject, source="crawl:2026-11-22T08:00", version="20261122.1")
    assert read_report(sent.encode()) == sent


def test_a_report_from_tomorrow_or_of_unknown_parents_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="ahead"):
        received(world, report(observed_at=NOW + timedelta(days=1)).encode())
    with pytest.raises(NotFound):
        received(world, report(parents=(99,)).encode())


def test_a_clear_value_of_a_person_is_refused() -> None:
    with pytest.raises(Refused):
        read_report(report(subject="s1-7f", value=TEXT).encode())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tel": "13800138000"}, "not known"),
        ({"stage": "13800138000"}, "stage"),
        ({"output_digest": "13800138000"}, "output_digest"),
        ({"observed_at": "yesterday"}, "observed_at"),
        ({"observed_at": "2026-11-22T08:00:00"}, "zone"),
        ({"parents": [0]}, "parents"),
        ({"parents": "1"}, "parents"),
        ({"confidence": 0.9}, "confidence"),
        ({"run_id": "7"}, "UUID"),
        ({"run_id": ""}, "run_id is empty"),
        ({"observed_at": "0001-01-01T00:00:00Z"}, "before 2000"),
        ({"subject": None}, "subject"),
        ({"version": 2}, "version"),
        ({"value": "tel:13800138000"}, "canonical"),
    ],
)
def test_a_malformed_report_is_bad_input_that_names_the_field_and_no_value(changes: dict, said: str) -> None:
    body = json.dumps(json.loads(report().encode()) | changes).encode()
    with pytest.raises(BadInput, match=said) as failure:
        read_report(body)
    assert "13800138000" not in str(failure.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 9_000, b" " * 20_000, b'{"a":'])
def test_what_is_no_report_is_bad_input(body: bytes) -> None:
    with pytest.raises(BadInput, match="hop report"):
        read_report(body)


def test_a_report_is_sent_with_its_token_and_answered_with_the_fact() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["authorization"], read_report(request.content)))
        return httpx.Response(201, json={"fact": 12})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    assert report_hop("https://haoma.example/hops", report(), token="t", client=client) == 12
    assert seen == [("Bearer t", report())]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadInput), (401, Refused), (403, Refused), (404, NotFound), (409, Conflict), (500, Unavailable)],
)
def test_a_report_that_is_declined_says_why(status: int, kind: type[HaomaError]) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    with pytest.raises(kind, match=str(status)):
        report_hop("https://haoma.example/hops", report(), client=client)


@pytest.mark.parametrize("body", ["[]", "{}", '{"fact": "x"}', "<html>"])
def test_an_answer_of_somebody_else_is_unavailable(body: str) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, text=body)))
    with pytest.raises(Unavailable):
        report_hop("https://haoma.example/hops", report(), client=client)


def test_nobody_who_answers_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="ConnectError"):
        report_hop("http://127.0.0.1:9/hops", report())
