"""The API as OpenAPI 3.1 describes it: what docs/reference/openapi.json holds, to the letter.

Rules held here:
- Every failure of every route is described as the Problem it is; none as the framework would have it.
- What is public says so; everything else asks for a token or a signature, and the figures for a key of their own.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from haoma.web.api import hot
from haoma.web.api.calls import problems
from haoma.web.api.problems import Problem

__all__ = ["document", "text_of"]

ABOUT = """What a number is, who may use it, and what is known lawfully. Numbers stand in bodies alone. Every failure is
a problem (RFC 9457). What changes something takes an Idempotency-Key. docs/guide/api.md has a session to repeat."""
PUBLIC = ("/healthz", "/readyz", "/v1/ledger/checkpoint", "/v1/ledger/tile/", "/v1/ledger/proofs/")
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a session or of a machine's key. A request may be signed instead (RFC 9421).",
    },
    "metrics": {"type": "http", "scheme": "bearer", "description": "What keys/metrics.key below store_dir holds."},
}
METRICS = "/metrics"
FIGURES: dict[str, Any] = {
    "tags": ["health"],
    "summary": "Metrics",
    "description": "Tell the figures of this service (docs/reference/metrics.md), where the setting api_metrics is on.",
    "operationId": "metrics_metrics_get",
    "responses": {
        "200": {
            "description": "The text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **{str(code): said for code, said in problems(404, but=(403, 413, 429)).items()},
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """What OpenAPI 3.1 says of this application."""
    made = get_openapi(title="haoma", version="1", description=ABOUT, routes=app.routes, openapi_version="3.1.0")
    operation, components = hot.described()
    made["paths"][hot.PATH] = {"post": operation}
    made["paths"][METRICS] = {"get": FIGURES}  # a route of who watches (`figures`), and of no noun
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components)
    schemas.update(_problem())
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["securitySchemes"] = SECURITY
    for path, operations in made["paths"].items():
        for one in operations.values():
            _settle(path, one)
    made["paths"] = dict(sorted(made["paths"].items()))
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    return made


def text_of(made: dict[str, Any]) -> str:
    """A description as it lies in a file."""
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def _settle(path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in json.dumps(answers.get("422", {})):
        del answers["422"]
    way = "metrics" if path == METRICS else "token"
    operation["security"] = [] if path.startswith(PUBLIC) else [{way: []}]


def _problem() -> dict[str, Any]:
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    below = made.pop("$defs", {})
    return {"Problem": made, **below}
