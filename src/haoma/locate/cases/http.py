"""A CRM behind HTTP, as the company's own service tells of it.

Rules held here:
- The id is in the body of a POST and the number in the answer's: no URL and no log holds either.
- HTTPS, one deadline for the whole question, an answer of a bounded size: as a carrier is reached (`haoma.wire`).
- 200 has the customer and 404 has none. Whatever else comes is Unavailable, and nothing of it is used.
"""

from __future__ import annotations

import ssl
import time
import uuid
from datetime import UTC, datetime

from haoma.errors import Unavailable
from haoma.locate.cases.model import Contact, Reference, contact_of, garbage
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Deadline, Line, asked

__all__ = ["HttpCrm"]


class HttpCrm:
    """Asks one service; fills `Crm`. `token` is what it knows this instance by (RFC 6750)."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext, timeout_s: float) -> None:
        self._url = url
        self._token = token
        self._tls = tls
        self._timeout_s = timeout_s
        self._breaker = Breaker("CRM", time.monotonic)

    def find(self, reference: Reference) -> Contact | None:
        """See `Crm.find`."""
        body = {"by": str(reference.by), "id": reference.id}
        deadline = Deadline(time.monotonic, self._timeout_s)
        try:
            with Line(deadline, self._tls, _now) as line:
                answer = asked(
                    self._breaker, lambda: line.post_json(self._url, self._token, str(uuid.uuid4()), body), _whole
                )
        except Unavailable:
            message = "the CRM does not answer, or not as its interface says"
            raise Unavailable(message, hint="nobody is found meanwhile; tell who runs it") from None
        return _read(answer)


def _whole(answer: Answer) -> Answer:
    """An answer that is one; a row of it that makes no sense is no fault of the line."""
    if answer.status not in {200, 404}:
        raise garbage()
    return answer


def _read(answer: Answer) -> Contact | None:
    if answer.status == 404:
        return None
    if not all(isinstance(answer.body.get(name, False), bool) for name in ("email", "in_app")):
        raise garbage()
    return contact_of(answer.body, _now())


def _now() -> datetime:
    return datetime.now(UTC)
