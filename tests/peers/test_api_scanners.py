"""sqlmap and wapiti against the served API, over tables that have rows; and against a hole, which they must find."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from contracts.api import Client, client_in, lines, publish, served_of
from contracts.serving import running

NUMBER = "13800138801"
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}


@pytest.fixture(scope="module")
def programs(root: Path) -> Path:
    found = subprocess.run(
        ["sh", root / "tests" / "peers" / "scanners.sh"], stdout=subprocess.PIPE, text=True, check=True
    )
    return Path(found.stdout.strip())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_in(tmp_path_factory.mktemp("scanned"), api_rate_per_min=10_000_000) as client:
        publish(client)
        client.number_case(NUMBER)
        client.consent(NUMBER)
        yield client


@pytest.fixture(scope="module")
def subject(house: Client) -> str:
    return house.number_case(NUMBER)


@contextmanager
def scanned(house: Client) -> Iterator[str]:
    """The API on a socket, each POST with an Idempotency-Key of its own: a scanner gives them all the same headers."""

    async def keyed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"idempotency-key", uuid.uuid4().hex.encode())]}
        await house.app(scope, receive, send)

    with served_of(replace(house, app=keyed)) as url:
        yield url


@contextmanager
def holed(place: Path) -> Iterator[str]:
    """A service that puts what it is given into its SQL."""
    database = sqlite3.connect(place / "holed.db", check_same_thread=False, isolation_level=None)
    database.execute("CREATE TABLE cases (subject TEXT, owner TEXT)")
    database.executemany("INSERT INTO cases VALUES (?, ?)", [(f"s{at}", "an") for at in range(20)])

    async def find(request: Request) -> JSONResponse:
        subject = (await request.json())["subject"]
        try:
            rows = database.execute(f"SELECT owner FROM cases WHERE subject = '{subject}'").fetchall()  # noqa: S608
        except sqlite3.Error as error:
            return JSONResponse({"error": f"sqlite3.OperationalError: {error}"}, 500)
        return JSONResponse({"found": rows})

    app = Starlette(routes=[Route("/v1/find", find, methods=["POST"])])
    with running(uvicorn.Config(app, log_level="error", lifespan="off", ws="none")) as port:
        yield f"http://127.0.0.1:{port}"
    database.close()


def sqlmap(programs: Path, place: Path, url: str, body: object, headers: Sequence[str] = ()) -> str:
    """What sqlmap says of every field of a body."""
    shown = [part for one in ("Content-Type: application/json", *headers) for part in ("-H", one)]
    command = [
        programs / "sqlmap", "-u", url, "--method", "POST", "--data", json.dumps(body), *shown, "--batch",
        "--level", "1", "--risk", "2", "--technique", "BEUS", "--flush-session", "--disable-coloring", "--threads", "4",
        "--output-dir", place, "--ignore-code", "*", "--answers", "JSON=Y", "--skip-waf", "--timeout", "20",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800).stdout


def is_holed(said: str) -> bool:
    """Whether sqlmap found where something can be put into SQL; raises where it did not get to look."""
    found = "injection point" in said
    assert found or "do not appear to be injectable" in said, said[-3000:]
    return found


def test_sqlmap_finds_a_hole_where_there_is_one(programs: Path, tmp_path: Path) -> None:
    with holed(tmp_path) as url:
        assert is_holed(sqlmap(programs, tmp_path / "out", f"{url}/v1/find", {"subject": "s1"}))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/numbers/lookup", {"number": NUMBER}),
        ("/v1/cases", {"subject": "SUBJECT"}),
        ("/v1/consents/show?cursor=abcd", {"number": NUMBER}),
        ("/v1/consents/requests", {**CARE, "number": NUMBER}),
        ("/v1/locations/verify", {**CARE, "subject": "SUBJECT", "region": "华东"}),
        ("/v1/locations/region", {**CARE, "number": NUMBER, "stated": {"region": "上海市"}}),
        ("/v1/tokens/resolve", {"token": "loc.aaaaaaaaaaaaaaaa"}),
        ("/v1/approvals", {"action": "reveal-number", "payload": {"subject": "SUBJECT", "purpose": "customer-care"}}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_sqlmap_finds_none_in_the_api(
    programs: Path, house: Client, subject: str, tmp_path: Path, path: str, body: object
) -> None:
    real = json.loads(json.dumps(body).replace("SUBJECT", subject))
    shown = [f"Authorization: Bearer {house.tokens['agent']}"]
    with scanned(house) as url:
        assert not is_holed(sqlmap(programs, tmp_path, f"{url}{path}", real, shown))
    assert "fault" not in house.log.getvalue()


def wapiti(programs: Path, place: Path, url: str, document: dict[str, Any], headers: Sequence[str] = ()) -> list[str]:
    """The kinds of holes that wapiti finds behind a description."""
    described, report = place / "openapi.json", place / "report.json"
    described.write_text(json.dumps({**document, "servers": [{"url": url}]}), encoding="utf-8")
    shown = [part for one in headers for part in ("-H", one)]
    command = [
        programs / "wapiti", "-u", f"{url}/", "--swagger", described, "-m", "sql,exec,file,crlf,xss,redirect,ldap",
        "-f", "json", "-o", report, "--flush-session", "--store-session", place, "--store-config", place,
        "--no-bugreport", "-v", "0", *shown,
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["infos"]["crawled_pages_nbr"] > 0
    return sorted(name for name, found in told["vulnerabilities"].items() if found)


HOLED = {
    "openapi": "3.0.0",
    "info": {"title": "holed", "version": "1"},
    "paths": {
        "/v1/find": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"subject": {"type": "string"}}}
                        }
                    }
                },
                "responses": {"200": {"description": "found"}},
            }
        }
    },
}


def test_wapiti_finds_a_hole_where_there_is_one(programs: Path, tmp_path: Path) -> None:
    with holed(tmp_path) as url:
        assert "SQL Injection" in wapiti(programs, tmp_path, url, HOLED)


def test_wapiti_finds_none_in_the_api(programs: Path, house: Client, subject: str, tmp_path: Path, root: Path) -> None:
    document = json.loads((root / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8"))
    values = {"subject": subject, "region": "上海市", "number": None, "token": "loc.aaaaaaaaaaaaaaaa", **CARE}
    for schema in document["components"]["schemas"].values():
        for name, field in list(schema.get("properties", {}).items()):
            if values.get(name):
                schema["properties"][name] = {"type": "string", "default": values[name]}
            elif "anyOf" in field:
                del schema["properties"][name]
    shown = [f"Authorization: Bearer {house.tokens['agent']}"]
    with scanned(house) as url:
        found = wapiti(programs, tmp_path, url, document, shown)
    bad = [one for one in lines(house) if one["status"] == 500 or "fault" in one]
    assert (found, bad) == ([], [])
    well = {(one["route"], one["status"]) for one in lines(house)}
    assert {("/v1/locations/verify", 200), ("/v1/cases", 201)} <= well  # it got behind the models
