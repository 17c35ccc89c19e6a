"""A time-stamp authority asked over HTTP (RFC 3161 §3.4).

Rules held here:
- What goes out is a digest and a nonce; what comes back is verified before anyone keeps it.
- An answer is a reply of its media type, of at most `MAX_REPLY` bytes and `MAX_S` seconds; redirects are not followed.
- Whatever the authority or the network does wrong is Unavailable, and the caller asks again; a stamp that does not hold
  is Tampered, for somebody in between may have made it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.ledger.stamp import NONCE_BITS, Stamp, request, require_trust, verify

if TYPE_CHECKING:
    import httpx

__all__ = ["MAX_REPLY", "TimeStampAuthority"]

MAX_REPLY = 65_536  # bytes; with a chain of certificates a reply has about 6,000
MAX_S = 60
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


def new_nonce() -> int:
    """A nonce that nobody can guess."""
    return 1 + secrets.randbelow((1 << NONCE_BITS) - 1)


class TimeStampAuthority:
    """One authority: its address, the HTTP client to ask it with (and its timeouts), the roots that vouch for it.

    `certificates` are others that its replies leave out.
    """

    def __init__(
        self,
        url: str,
        http: httpx.Client,
        roots: Sequence[bytes],
        *,
        certificates: Sequence[bytes] = (),
        nonce: Callable[[], int] = new_nonce,
    ) -> None:
        if not url.startswith(("https://", "http://")):
            raise BadInput("the address of a time-stamp authority is no URL", hint="it begins with https:// or http://")
        self.url = url
        self._http = http
        self._roots = tuple(roots)
        self._others = tuple(certificates)
        self._nonce = nonce

    def stamp(self, data: bytes) -> tuple[bytes, Stamp]:
        """A fresh stamp over data: the reply to keep, and what it says.

        Raises Unavailable, Tampered, or BadInput where the certificates that are set are none.
        """
        require_trust(self._roots, self._others)
        nonce = self._nonce()
        reply = self._ask(request(data, nonce))
        try:
            return reply, verify(reply, data, self._roots, certificates=self._others, nonce=nonce)
        except BadInput as error:
            raise Unavailable(f"the time-stamp authority gave no stamp: {error}", hint=error.hint) from None
        except Tampered as error:
            hint = "check the roots that are set for this authority, and who stands between"
            raise Tampered(f"the time-stamp authority's answer: {error}", hint=hint) from None

    def _ask(self, query: bytes) -> bytes:
        import httpx

        headers = {"Content-Type": QUERY, "Accept": REPLY, "Accept-Encoding": "identity"}
        try:
            with self._http.stream("POST", self.url, content=query, headers=headers, follow_redirects=False) as answer:
                _require_reply(answer)
                return _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"the time-stamp authority does not answer: {type(error).__name__}", hint="it is asked again later"
            ) from None


def _require_reply(answer: httpx.Response) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.status_code != 200 or kind != REPLY:
        raise Unavailable(
            f"the time-stamp authority answers with status {answer.status_code} and {kind[:60] or 'no content type'}",
            hint=f"RFC 3161 asks for status 200 and {REPLY}: check the address",
        )


def _bounded(answer: httpx.Response) -> bytes:
    reply, until = bytearray(), monotonic() + MAX_S
    for part in answer.iter_raw():  # not decompressed: what is small on the wire may be endless behind it
        reply += part
        if len(reply) > MAX_REPLY or monotonic() > until:
            hint = f"at most {MAX_REPLY:,} bytes are read, for {MAX_S} s"
            raise Unavailable("the time-stamp authority's answer does not end", hint=hint)
    return bytes(reply)
