"""What goes wrong, told as RFC 9457 has it and from `haoma.errors` alone.

Rules held here:
- Every failure is `application/problem+json` with type, title, status, detail, code and request id; reason, hint and
  errors where there are.
- What was given is never told back: a field is named by where it stands, and one that nobody knows not even by that.
- Where things lie on this machine or in its network is told to nobody who asks. What keeps the service from answering
  is told whole to its log.
- A fault of haoma's own says that it is one, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from haoma.errors import BadInput, HaomaError, NotFound, Refused
from haoma.web.api.masking import masked

__all__ = ["PROBLEM", "Problem", "Stopped", "add_handlers", "explained", "fault", "problem"]

PROBLEM = "application/problem+json"
PAGE = "docs/reference/errors.md"
MOST_WRONG = 100  # things that are told of one request: it may have as many as it has bytes
TITLES = {
    "bad-input": "What was given cannot be understood",
    "refused": "Understood, and not allowed",
    "not-found": "Understood, and not there",
    "conflict": "Contradicts what is there already",
    "unavailable": "Something haoma needs does not answer",
    "tampered": "A proof, a signature or a digest does not hold",
    "internal": "A fault of haoma's own",
}
_PATH = re.compile(r"(?<![\w.:/])/(?!v1/)(?:[\w.~-]+/)+[\w.~-]+", re.ASCII)
_DECLARED = re.compile(r"[A-Za-z][A-Za-z_-]*", re.ASCII)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S*[\w/]", re.ASCII)
_HTTP: Mapping[int, tuple[type[HaomaError], str, str]] = {
    404: (NotFound, "there is nothing at this path", "docs/reference/openapi.json lists what there is"),
    405: (BadInput, "this path does not take this method", "Allow names those that it takes"),
    408: (BadInput, "the request does not end", "send the whole body within half a minute"),
    413: (BadInput, "the request is too long", "docs/guide/api.md tells how long one may be"),
}


class Wrong(BaseModel):
    """One thing that is wrong with a request."""

    at: str = Field(description="Where it stands: parameters and fields by name, items by index.")
    why: str = Field(description="What is wrong with it; never what it holds.")


class Problem(BaseModel):
    """A failure (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    type: str = Field(description="Where the kind of failure is documented.", examples=[f"{PAGE}#refused"])
    title: str = Field(description="The kind of failure, in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What was seen, and what is allowed. Holds no number, coordinate or token.")
    code: str = Field(description="The kind of failure, as everywhere in haoma.", examples=["refused"])
    request_id: str = Field(description="What this request is called in the service's log.")
    reason: str | None = Field(None, description="Why, as a word out of a closed list, where a program has to know.")
    hint: str | None = Field(None, description="What to do next.")
    errors: list[Wrong] | None = Field(None, description="What is wrong with the request, each.")


class Stopped(Exception):
    """A failure that HTTP has a status of its own for, in the words of a kind of error."""

    def __init__(
        self, status: int, error: HaomaError, *, reason: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(str(error))
        self.status = status
        self.error = error
        self.reason = reason
        self.headers = dict(headers or {})


def problem(
    request_id: str,
    error: HaomaError,
    *,
    status: int | None = None,
    reason: str = "",
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Wrong] = (),
) -> Response:
    """An error as an answer; `status` and `reason` where they are not the error's own."""
    told = Problem(
        type=f"{PAGE}#{error.code}",
        title=TITLES[error.code],
        status=status or error.http_status,
        detail=_shown(_ADDRESS.sub("…", str(error))),  # a hint may show what an address looks like
        code=error.code,
        request_id=request_id,
        reason=reason or (error.reason if isinstance(error, Refused) else "") or None,
        hint=_shown(error.hint) if error.hint else None,
        errors=list(errors) or None,
    )
    shown = told.model_dump(exclude_none=True)
    return JSONResponse(shown, told.status, {"Cache-Control": "no-store", **(headers or {})}, PROBLEM)


def _shown(text: str) -> str:
    """A text for whoever asks: without what looks personal, and without paths of the service's own.

    >>> _shown("/srv/haoma/store/haoma.db: the disk is full")
    '…: the disk is full'
    """
    return masked(_PATH.sub("…", text))


def fault(request_id: str) -> Response:
    """The answer to what nobody foresaw."""
    return problem(request_id, HaomaError("a fault of haoma's own", hint="the service's log tells more"))


def add_handlers(app: FastAPI) -> None:
    """Have an application answer every failure so."""
    for kind, handler in _handlers().items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _unforeseen)


async def explained(request: Request, error: Exception) -> Response:
    """A failure as an answer; what nobody foresaw is raised again."""
    for kind, handler in _handlers().items():
        if isinstance(error, kind):
            return await handler(request, error)
    raise error


@cache
def _handlers() -> Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    return {
        HaomaError: _explained,
        Stopped: _stopped,
        RequestValidationError: _malformed,
        HTTPException: _not_served,
    }


async def _explained(request: Request, error: Exception) -> Response:
    said = error if isinstance(error, HaomaError) else HaomaError(str(error))
    if said.http_status >= 500:
        request.scope["state"]["trouble"] = str(said)
    return problem(_id(request), said)


async def _stopped(request: Request, error: Exception) -> Response:
    if not isinstance(error, Stopped):  # the type that Starlette asks for
        raise error
    return problem(_id(request), error.error, status=error.status, reason=error.reason, headers=error.headers)


async def _malformed(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    wrong = [_wrong(str(one["type"]), one["loc"], str(one["msg"])) for one in found[:MOST_WRONG]]
    said = BadInput("the request is not as it should be", hint="docs/reference/openapi.json tells how it should be")
    return problem(_id(request), said, reason="malformed", errors=wrong)


async def _not_served(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # the type that Starlette asks for
        raise error
    kind, words, hint = _HTTP.get(error.status_code, (BadInput, "this is no request", ""))
    said, headers = kind(words, hint=hint or None), dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    return problem(_id(request), said, status=error.status_code, headers=headers)


def _methods(request: Request) -> list[str]:
    """The methods of a path: the framework tells those of the first route alone that has it."""
    path = str(getattr(request.scope.get("route"), "path", "")).replace(":path}", "}")
    return [method.upper() for method in request.app.openapi()["paths"].get(path, ())]


async def _unforeseen(request: Request, _error: Exception) -> Response:
    return fault(_id(request))


def _wrong(kind: str, where: Sequence[object], message: str) -> Wrong:
    # The name of a field that nobody knows is what was given, and so may be a key of a mapping.
    known = where[:-1] if kind == "extra_forbidden" else where if kind != "json_invalid" else where[:1]
    at = ".".join(str(part) if isinstance(part, int) or _DECLARED.fullmatch(str(part)) else "…" for part in known)
    return Wrong(at=masked(at)[:100], why="an unknown field" if kind == "extra_forbidden" else masked(message)[:200])


def _id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
