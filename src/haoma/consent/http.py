"""How recipients are reached over HTTP; fills `Transport`.

Rules held here:
- What cannot be reached, or does not answer in time, is Unavailable; no URL of it is in the message.
- Of an answer only its status counts: nothing else of it is read, however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from haoma.errors import Unavailable

if TYPE_CHECKING:
    import httpx

__all__ = ["HttpTransport"]


class HttpTransport:
    """Posts through one client, which is made when something is posted: authorities are read then, for 30 ms."""

    def __init__(self, client: Callable[[], httpx.Client]) -> None:
        self._client = client

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """See `Transport.post`."""
        import httpx

        try:
            with self._client().stream("POST", url, headers=dict(headers), content=body) as answer:
                return answer.status_code
        except httpx.HTTPError as error:
            message = f"a recipient does not answer ({type(error).__name__})"
            raise Unavailable(message) from None
