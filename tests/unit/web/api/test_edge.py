"""What holds for every request."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import time

import httpx
import pytest
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from contracts.api import Client, lines
from haoma.errors import BadInput
from haoma.web.api.edge import HEADERS, LARGEST_BODY, Edge
from haoma.web.api.watching import Log
from haoma.web.serving import application


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("POST", "/v1/numbers/parse", 401),
        ("GET", "/v1/numbers/parse", 405),
        ("DELETE", "/v1/numbers/lookup", 405),
        ("GET", "/v1/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/docs", 404),
        ("POST", "/v1/numbers/parse/", 404),
        ("OPTIONS", "/v1/numbers/parse", 405),
    ],
)
def test_every_answer_has_a_name_and_is_kept_framed_and_sniffed_by_nobody(
    api: Client, method: str, path: str, status: int
) -> None:
    told = api.ask(method, path, {"text": "x"} if method == "POST" else None)
    assert told.status_code == status
    assert HEADERS.items() <= {name.title() if name != "x" else name: v for name, v in told.headers.items()}.items()
    assert re.fullmatch("[a-p]{24}", told.headers["X-Request-Id"])
    assert "server" not in told.headers
    assert not [name for name in told.headers if name.startswith("access-control")]
    if status >= 400:
        assert told.headers["Content-Type"] == "application/problem+json"
        assert told.json()["request_id"] == told.headers["X-Request-Id"]
        assert told.json()["status"] == status


def test_a_method_that_a_path_does_not_take_is_told_with_those_it_takes(api: Client) -> None:
    assert api.get("/v1/numbers/parse").headers["Allow"] == "POST"
    assert api.get("/v1/numbers/lookup").headers["Allow"] == "POST"
    assert {*api.ask("DELETE", "/v1/cases").headers["Allow"].split(", ")} == {"GET", "POST"}


@pytest.mark.parametrize(
    "query", ["number=13800138000", "n=138-0013-8000", "n=%31%33%38%30%30%31%33", "1380013", "n=+86+138+0013+8000"]
)
def test_a_query_with_what_could_be_a_number_is_refused_and_told_nowhere(api: Client, query: str) -> None:
    told = api.get(f"/healthz?{query}")
    assert (told.status_code, told.json()["reason"]) == (400, "number-in-query")
    logged = re.sub(r'"(timestamp|took_ms)": ?[^,}]*', "", api.log.getvalue())
    assert "138" not in told.text + logged


def test_a_query_with_few_digits_is_none_of_them(api: Client) -> None:
    assert api.get("/healthz?limit=100&n=123456").status_code == 200


@pytest.mark.parametrize("path", ["/v1/numbers/parse", "/v1/numbers/lookup"])
def test_a_body_behind_its_bound_is_413(api: Client, path: str) -> None:
    told = api.post(path, content=b" " * (LARGEST_BODY + 1), by="agent")
    assert (told.status_code, told.json()["code"]) == (413, "bad-input")


def test_a_batch_may_be_longer_than_others(api: Client) -> None:
    body = {"texts": ["95588" + " " * 400] * 4000}
    assert api.post("/v1/numbers/batch", body, by="agent").status_code == 200


def test_the_log_names_the_route_and_not_the_path(api: Client) -> None:
    api.get("/v1/13800138000")
    api.post("/v1/numbers/parse", {"text": "13800138000"}, by="agent")
    first, second = lines(api)[-2:]
    assert (first["route"], first["status"]) == ("unmatched", 404)
    assert (second["route"], second["status"]) == ("/v1/numbers/parse", 200)
    assert str(second["caller"]).startswith("person:")
    assert "1380013" not in api.log.getvalue()


class Watching:
    """Remembers what ended, and how."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, BaseException | None]] = []

    def began(self, scope: object) -> None:
        return None

    def ended(self, begun: object, scope: object, status: int, error: BaseException | None) -> None:
        self.seen.append((status, error))


def asked(app: object, path: str = "/", **more: object) -> list[dict[str, object]]:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "path": path, "method": "GET", "query_string": b"", "headers": [], **more}
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_log_that_takes_no_more_costs_nobody_their_answer() -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    async def refusing(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    async def asked() -> int:
        way = httpx.ASGITransport(Edge(refusing, Log(Full())))
        async with httpx.AsyncClient(transport=way, base_url="http://haoma.test") as http:
            return (await http.get("/v1/cases")).status_code

    assert asyncio.run(asked()) == 403


def test_what_nobody_foresaw_is_a_problem_that_does_not_tell_it() -> None:
    async def faulty(*_: object) -> None:
        message = "the number 13800138000 is odd"
        raise ValueError(message)

    watch = Watching()
    sent = asked(Edge(faulty, watch))
    assert sent[0]["status"] == 500
    assert b"13800138000" not in sent[1]["body"]
    assert [(status, type(error)) for status, error in watch.seen] == [(500, ValueError)]


@pytest.mark.parametrize("in_thread", [False, True])
def test_a_request_that_takes_too_long_is_unavailable_at_once(in_thread: bool) -> None:
    ended = threading.Event()

    async def slow(*_: object) -> None:
        await (run_in_threadpool(ended.wait, 20) if in_thread else asyncio.sleep(20))

    begun, told_at = time.monotonic(), list[float]()

    class Timed(Watching):
        def ended(self, *_: object) -> None:
            told_at.append(time.monotonic())
            ended.set()

    sent = asked(Edge(slow, Timed(), longest_s=0.01))
    assert sent[0]["status"] == 503
    assert b"too-slow" in sent[1]["body"]
    assert told_at[0] - begun < 10


async def nothing(*_: object) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    ("version", "names"), [("1.1", ["content-length", "transfer-encoding"]), ("1.0", ["transfer-encoding"])]
)
def test_a_request_with_two_lengths_is_refused_and_its_connection_ended(version: str, names: list[str]) -> None:
    sent = asked(Edge(nothing, Watching()), http_version=version, headers=[(one.encode(), b"x") for one in names])
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"two-lengths" in sent[1]["body"]


def test_a_request_that_is_not_waited_for_at_the_end_is_unavailable() -> None:
    async def cancelled(*_: object) -> None:
        asyncio.current_task().cancel()
        await asyncio.sleep(20)

    sent = asked(Edge(cancelled, Watching()))
    assert sent[0]["status"] == 503
    assert b'"reason":"ending"' in sent[1]["body"]


@pytest.mark.parametrize("prefix", ["log", "/log/", "/v1", "/v1/log", "/healthz"])
def test_a_prefix_of_the_log_is_none_of_the_api(api: Client, prefix: str) -> None:
    with pytest.raises(BadInput):
        application(api.services.settings, prefix)
