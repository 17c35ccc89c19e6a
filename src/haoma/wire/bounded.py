"""A way for httpx to ask others that neither their size nor their slowness gets the better of.

Rules held here:
- One deadline holds for a question, from connecting to the last byte, also where a byte comes each second.
- An answer has a largest size and is not compressed: nothing is unpacked. Nothing else of it is judged here.
- A connection is for one question. Proxies of the environment are not used.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpcore
import httpx

from haoma.errors import Unavailable
from haoma.wire.line import FAULTS, Backend, Deadline

__all__ = ["Bounded"]


class Bounded(httpx.BaseTransport):
    """A transport; `deadline` begins one for each question, `largest` is in bytes.

    Raises Unavailable for an answer that is too large, too late, compressed or none.
    """

    def __init__(self, deadline: Callable[[], Deadline], tls: ssl.SSLContext, largest: int) -> None:
        self._deadline = deadline
        self._tls = tls
        self._largest = largest

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.BaseTransport.handle_request`."""
        deadline, plain = self._deadline(), [(b"Accept-Encoding", b"identity")]
        sent = [*(one for one in request.headers.raw if one[0].lower() != b"accept-encoding"), *plain]
        with httpcore.ConnectionPool(ssl_context=self._tls, network_backend=Backend(deadline)) as pool:
            try:
                with pool.stream(request.method, str(request.url), headers=sent, content=request.read()) as answer:
                    return httpx.Response(answer.status, headers=answer.headers, content=self._read(answer, deadline))
            except FAULTS as error:
                message = f"{deadline.who} does not answer ({type(error).__name__})"
                raise Unavailable(message, hint="ask again later") from None

    def _read(self, answer: httpcore.Response, deadline: Deadline) -> bytes:
        coded = [value for name, value in answer.headers if name.lower() == b"content-encoding"]
        data = b""
        for chunk in answer.iter_stream():
            data += chunk
            if len(data) > self._largest or any(one.lower() != b"identity" for one in coded):
                message = f"{deadline.who} answers with too much, or compressed; {self._largest:,} bytes are allowed"
                raise Unavailable(message, hint="nothing of it is used; tell whoever runs it if it goes on")
        return data
