"""What comes in from a customer's browser, and what every page goes out with.

Rules held here:
- A form is read to 16 KiB and 20 fields, each of them once; what is none of ours is refused before it is looked at.
- A form comes from our own pages: a browser says so in Sec-Fetch-Site, an older one in Origin (`null`, for our pages
  tell no referrer). Beside that each holds a secret: a token bound to its link, a door or a session.
- An address presses so many buttons a minute, and has a sixth as many codes sent, three of them at once. For that it is
  remembered in memory alone.
- No page is framed, kept, sniffed, or loads anything of anybody else's; no script stands in one; no cookie is set.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from haoma.vault.model import as_letters
from haoma.web.api.rates import Rates
from haoma.web.requests import body_of

__all__ = ["HEADERS", "Door", "answered", "downloaded", "form_token", "is_token", "network_of"]

LONGEST_FORM = 16 << 10  # a receipt is a third of that
MOST_FIELDS = 20
PRESSES_A_CODE = 6
CODES_AT_ONCE = 3  # who mistypes their number begins again at once
FORM = "application/x-www-form-urlencoded"
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Door:
    """Lets forms in that come from pages at `origin`, `per_min` from one address."""

    def __init__(self, origin: str, per_min: int) -> None:
        self._origin = origin
        self._pressed = Rates(per_min)
        self._sent = Rates(max(1, per_min // PRESSES_A_CODE), at_once=CODES_AT_ONCE)

    async def form(self, request: Request, *, sends: bool = False) -> Mapping[str, str]:
        """The fields of a form, and `lang` out of its address; `sends` where it has a code sent.

        Raises HTTPException 400, 403, 413, 415 or 429 for what is no form of ours.
        """
        self._require_own(request)
        network = network_of(request)
        if wait_s := self._pressed.wait_s(network) or (self._sent.wait_s(network) if sends else 0.0):
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(wait_s))})
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
            raise HTTPException(415)
        body = await body_of(request, LONGEST_FORM)
        try:
            pairs = parse_qsl(body.decode("ascii"), True, False, "utf-8", "strict", MOST_FIELDS)
        except ValueError:
            raise HTTPException(400) from None
        if len({name for name, _ in pairs}) != len(pairs):
            raise HTTPException(400)
        return {**dict(pairs), "lang": request.query_params.get("lang", "")}

    def _require_own(self, request: Request) -> None:
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site not in {None, "same-origin", "none"} or origin not in {None, "null", self._origin}:
            raise HTTPException(403)


def form_token(key: bytes, handle: str) -> str:
    """What a page of a link has in its form."""
    return as_letters(hmac.digest(key, b"self form\0" + handle.encode("utf-8", "replace"), hashlib.sha256)[:16])


def is_token(key: bytes, handle: str, token: str) -> bool:
    """Whether this is the token of that link's page."""
    return hmac.compare_digest(form_token(key, handle).encode(), token.encode("utf-8", "replace"))


def answered(page: str, status: int = 200) -> Response:
    """A page as it goes out."""
    return HTMLResponse(page, status, HEADERS)


def downloaded(text: str, name: str) -> Response:
    """A signed statement, as a file."""
    more = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(f"{text}\n", 200, HEADERS | more, "application/jose")


def network_of(request: Request) -> str:
    """The address that asks; of IPv6 its network of 64 bits, which one subscriber has.

    Where one socket listens for both, one of IPv4 comes as one of IPv6 (RFC 4291 §2.5.5.2), and counts as itself.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
