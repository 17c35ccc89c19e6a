"""A request that changes something: done once, whatever is sent twice.

Rules held here:
- It names itself with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), quoted or not.
- The same request gets the same answer again, a refusal too; another one with the same key gets 422, and 409 while the
  first one is under way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from haoma.access.once import Answer
from haoma.errors import Conflict, HaomaError, Tampered, Unavailable
from haoma.web.api.calls import Call, Caller, desk_of, problems
from haoma.web.api.problems import PROBLEM, Stopped, problem

__all__ = ["CHANGES", "Change", "Changer"]

CHANGES = problems(404, 409, 422)
AGAIN = {"Idempotent-Replayed": "true"}
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="Names this request; the same one again gets the same answer, and is not done again. A UUID does.",
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ),
]


class Change:
    """One request that changes something, of somebody who was recognised."""

    def __init__(self, call: Call, request: Request, key: str, said: bytes) -> None:
        self.call = call
        self._request = request
        self._key = key.strip('"') or key
        self._said = said

    def once(self, work: Callable[[], BaseModel], status: int = 201, kept: type[BaseModel] | None = None) -> Response:
        """Do the work, or answer as before. Where `kept` is given, no more than its fields is answered again."""

        def answer() -> Answer:
            try:
                told = work()
            except (Unavailable, Tampered):
                raise
            except HaomaError as error:
                said = problem(self._request.scope["state"]["request_id"], error)
                return Answer(said.status_code, bytes(said.body))
            less = None if kept is None else kept.model_validate(told.model_dump(include={*kept.model_fields}))
            body = told.model_dump_json().encode()
            return Answer(status, body, None if less is None else less.model_dump_json().encode())

        found = desk_of(self._request).once.do(self.call.asker, self._key, self._said, self.call.at, answer)
        if found is None:
            message = "this Idempotency-Key was used for another request"
            raise Stopped(422, Conflict(message, hint="a new request takes a new key"), reason="key-used")
        kind = "application/json" if found.status < 400 else PROBLEM
        return Response(found.body, found.status, AGAIN if found.again else None, kind)


async def _changing(call: Caller, request: Request, key: Key) -> Change:
    said = b"\0".join((request.method.encode(), request.url.path.encode(), await request.body()))
    return Change(call, request, key, said)


Changer = Annotated[Change, Depends(_changing)]
