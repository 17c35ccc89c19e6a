"""What the pages are styled with, and the one script, which asks the browser for its position when it is told to."""

from __future__ import annotations

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from haoma.web.self.asked import HEADERS

__all__ = ["static_route"]

KINDS = {"self.css": "text/css; charset=utf-8", "share.js": "text/javascript; charset=utf-8"}


def static_route() -> Route:
    """The route of the files."""
    headers = HEADERS | {"Cache-Control": "max-age=3600"}
    found = {name: files(__package__).joinpath("static", name).read_bytes() for name in KINDS}

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in found:
            raise HTTPException(404)
        return Response(found[name], media_type=KINDS[name], headers=headers)

    return Route("/self/static/{name}", static)
