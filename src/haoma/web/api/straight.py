"""Questions that are asked by the hundred: recognised, read and answered in one step of one thread.

Rules held here:
- A route answers as the framework's own way does, problem by problem; only that it is known who asks before it is
  looked at what they ask.
- A question whose work is `Steps` is taken together with the others that wait: what all of them write is one
  transaction.
- Such a route is found by its path alone, past the framework's middleware, and matched against no pattern.
- Nothing is remembered: whoever shows a token is looked up for each request.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, get_type_hints

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from haoma.access import Asker
from haoma.web.api.callers import now
from haoma.web.api.calls import Call, desk_of
from haoma.web.api.problems import explained

__all__ = ["Straight", "Ways"]

MOST_TOLD = 50  # mistakes in a body
Handle: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class Straight(APIRoute):
    """A route whose function takes a body, `asked`, and a `Call`, `call`, and returns a Response, or Steps to one."""

    def get_route_handler(self) -> Handle:
        """The way from a request to its answer."""
        work, types = self.endpoint, get_type_hints(self.endpoint)
        model, in_steps = types["asked"], types["return"] is not Response

        async def handle(request: Request) -> Response:
            desk, body = desk_of(request), await request.body()
            kind = request.headers.get("Content-Type", "")

            def done(asker: Asker) -> Any:  # noqa: ANN401 - what the function of the route returns
                return work(_read(model, body, kind), Call(desk.services, asker, now(), desk.tenants))

            answer: Response = await (desk.callers.shared if in_steps else desk.callers.answered)(request, done)
            return answer

        return handle


class Ways(FastAPI):
    """The framework's application, with a straight way to the routes that are `Straight`."""

    _straight: Mapping[tuple[str, str], tuple[APIRoute, Handle]] = MappingProxyType({})

    def go_straight(self, routes: Iterable[BaseRoute]) -> None:
        """Know the straight ones of these routes."""
        straight = [route for route in routes if isinstance(route, Straight)]
        found = {(verb, one.path): (one, one.get_route_handler()) for one in straight for verb in one.methods or ()}
        self._straight = {**self._straight, **found}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        found = self._straight.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], (scope["route"], handle) = self, found
        request = Request(scope, receive, send)
        try:
            response = await handle(request)
        except Exception as error:  # noqa: BLE001 - raised again, where it is no failure that is known
            response = await explained(request, error)
        await response(scope, receive, send)


def _read(model: type[BaseModel], body: bytes, kind: str) -> BaseModel:
    """The body as its model; raises RequestValidationError as the framework does."""
    if not _is_json(kind):
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": "a body of JSON is asked for"}])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.error_count() > MOST_TOLD:  # to put each of a hundred thousand into words would hold up all others
            raise RequestValidationError(
                [{"type": "too_many", "loc": ("body",), "msg": "hardly a field is right"}]
            ) from None
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from None


def _is_json(kind: str) -> bool:
    """Whether a media type is JSON's (RFC 8259, or a structured suffix of RFC 6839)."""
    name = kind.partition(";")[0].strip().lower()
    return name.startswith("application/") and name.endswith(("/json", "+json"))
