"""/healthz and /readyz: whether this process lives, and whether it can decide anything.

Rules held here:
- Both are public, and tell nothing but what is up: no version, no name, no address.
- Ready is who reaches the database, can read the policy in force, and has the keys.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from haoma.access.keeping import decisions_scope
from haoma.errors import HaomaError
from haoma.web.api.callers import now
from haoma.web.api.calls import answered, desk_of

__all__ = ["Health", "Ready", "routes"]

routes = APIRouter(tags=["health"])
State = Literal["up", "down"]


class Health(BaseModel):
    """A process that answers."""

    status: State


class Ready(BaseModel):
    """What a process needs."""

    status: State = Field(description="Up where all of them are.")
    database: State
    policy: State
    keys: State


@routes.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Tell that this process answers."""
    return answered(Health(status="up"))


@routes.get("/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Something is down."}})
def readyz(request: Request) -> Response:
    """Tell whether this process has what it needs to decide."""
    services = desk_of(request).services

    def database() -> None:
        services.view.head()

    def policy() -> None:
        with services.store.read() as tx:
            services.gate.policy(tx)

    def keys() -> None:
        services.commitments.commit(decisions_scope(now()), b"ready")  # what every decision is recorded with

    states: dict[str, State] = {one.__name__: _state(one) for one in (database, policy, keys)}
    status: State = "down" if "down" in states.values() else "up"
    return answered(Ready(status=status, **states), 503 if status == "down" else 200)


def _state(works: object) -> State:
    assert callable(works)  # noqa: S101 - the three above
    try:
        works()
    except HaomaError:
        return "down"
    return "up"
