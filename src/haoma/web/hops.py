"""Where a company's own pipeline reports its hops: POST a report, get the id of the fact it became.

Rules held here:
- A report asks for `Authorization: Bearer KEY`, with the key in keys/hops.key below `store_dir`.
- What is wrong with a report is told by the names of its fields, never by their values.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from haoma.lineage.hop import LARGEST_REPORT
from haoma.web.requests import body_of, refused, shows

__all__ = ["hop_routes"]


def hop_routes(receive: Callable[[bytes], int], key: str) -> list[Route]:
    """The route of hop reports; `receive` records a report's body and returns the id of its fact."""

    async def hop(request: Request) -> Response:
        if not shows(request, key):
            return refused(401, "hops ask for a key", {"WWW-Authenticate": 'Bearer realm="hops"'})
        body = await body_of(request, LARGEST_REPORT)
        return JSONResponse({"fact": await run_in_threadpool(receive, body)}, 201)

    return [Route("/v1/hops", hop, methods=["POST"])]
