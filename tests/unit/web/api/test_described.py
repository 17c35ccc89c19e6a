from __future__ import annotations

from pathlib import Path

import pytest

from contracts.api import Client
from haoma.web.api.app import api as application
from haoma.web.api.described import document, text_of

FILE = "docs/reference/openapi.json"


@pytest.fixture(scope="module")
def made(api: Client) -> dict[str, object]:
    return document(application(api.services))


def test_the_description_that_is_kept_is_that_of_the_api(root: Path, made: dict[str, object]) -> None:
    kept = (root / FILE).read_text(encoding="utf-8")
    assert kept == text_of(made), f"python tools/describe_api.py writes {FILE} anew: look at what changed"


def test_every_failure_of_every_route_is_described_as_a_problem(made: dict[str, object]) -> None:
    for path, operations in made["paths"].items():
        for operation in operations.values():
            failures = {code: said for code, said in operation["responses"].items() if int(code) >= 400}
            assert path in {"/healthz", "/readyz"} or {"400", "500", "503"} <= failures.keys(), path
            if path != "/readyz":
                assert all([*said["content"]] == ["application/problem+json"] for said in failures.values()), path


def test_what_is_asked_about_the_service_is_described_too(made: dict[str, object]) -> None:
    asked = {path: made["paths"][path]["get"] for path in ("/healthz", "/readyz", "/metrics")}
    assert [*asked["/metrics"]["responses"]["200"]["content"]] == ["text/plain"]
    assert [one["security"] for one in asked.values()] == [[], [], [{"metrics": []}]]


def test_no_number_stands_in_a_path_or_a_query(made: dict[str, object]) -> None:
    for operations in made["paths"].values():
        for operation in operations.values():
            names = {one["name"] for one in operation.get("parameters", ())}
            assert not names & {"number", "phone", "subject", "token", "text"}


def test_every_field_that_comes_in_is_described_and_no_other_is_taken(made: dict[str, object]) -> None:
    schemas = made["components"]["schemas"]
    for operations in made["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for one in body.get("oneOf", [body] if body else []):
                assert schemas[one["$ref"].rpartition("/")[2]]["additionalProperties"] is False
