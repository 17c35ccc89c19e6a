"""What every route does with what comes in: reads a body to a bound, knows a key that is shown, says no in words.

Rules held here:
- A body is read to a bound of size and time, and no further.
- Keys are compared in constant time. A failure is kept by no cache.
"""

from __future__ import annotations

import asyncio
from secrets import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

__all__ = ["body_of", "refused", "shows"]

LONGEST_READ_S = 30


async def body_of(request: Request, longest: int) -> bytes:
    """The body, of at most `longest` bytes; raises HTTPException 400, 408 or 413 for one that does not come whole."""
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_READ_S):
            async for part in request.stream():
                body += part
                if len(body) > longest:
                    raise HTTPException(413, "the request is too long")
    except TimeoutError:
        raise HTTPException(408, "the request does not end") from None
    except ClientDisconnect:
        raise HTTPException(400, "the request was broken off") from None
    return bytes(body)


def shows(request: Request, key: str) -> bool:
    """Whether the request shows this key, as `Authorization: Bearer KEY` (RFC 6750 §2.1)."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), key.encode())


def refused(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    """A failure in words, which no cache keeps."""
    return PlainTextResponse(f"{words}\n", status, {"Cache-Control": "no-store", **(headers or {})})
