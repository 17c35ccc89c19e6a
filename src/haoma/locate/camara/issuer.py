"""A carrier's sign-in server: its metadata, and the two requests of CIBA in poll mode.

Rules held here:
- Its metadata is of exactly the issuer in the settings; its end points are HTTPS, and never on this machine unless the
  issuer is.
- The number travels in `login_hint`, in the body of one request. A scope has exactly one purpose (`dpv:…`).
- A token is a bearer token for the scope that was asked for, or it is none; ID tokens are neither needed nor read.

Reference: OpenID CIBA Core 1.0 §7, §10, §11; CAMARA Security and Interoperability Profile
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from haoma.errors import HaomaError, Unavailable
from haoma.locate.camara.answers import Why
from haoma.locate.camara.client_key import ClientKey
from haoma.locate.camara.errors import refused_by_carrier
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Line, asked, is_plain_url
from haoma.wire.strict import garbage, text, whole

__all__ = ["Begun", "Issued", "Issuer", "Polled"]

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CIBA = "urn:openid:params:grant-type:ciba"
METADATA_S = 3600.0
USUAL_INTERVAL_S, LONGEST_INTERVAL_S = 5, 300
LONGEST_WAIT_S = 600
LONGEST_LIFE_S = 31_536_000


@dataclass(frozen=True, slots=True, repr=False)
class Begun:
    """A request that the customer, or the carrier for them, has yet to allow."""

    auth_req_id: str
    expires_s: int
    interval_s: int


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """An access token, and how long it is good for."""

    value: str
    expires_s: int


class Polled(NamedTuple):
    """What a poll found: a token, or that it is too early (and to be slower), or that the request is over."""

    issued: Issued | None = None
    slower: bool = False
    over: bool = False


class _Ends(NamedTuple):
    begin: str
    token: str
    until: float


@dataclass(slots=True, repr=False)
class Issuer:
    """One carrier's server. `clock` is monotonic, in seconds; `now` is aware."""

    url: str
    client_id: str
    key: ClientKey
    breaker: Breaker
    clock: Callable[[], float]
    now: Callable[[], datetime]
    _known: _Ends | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, line: Line, scope: str, hint: str) -> Begun | Why:
        """Ask for permission to ask; Why where the carrier does not know the number."""
        form = {"scope": scope, "login_hint": hint}
        return asked(self.breaker, lambda: self._post(line, self._ends(line).begin, form), _begun)

    def poll(self, line: Line, begun: Begun, scope: str) -> Polled:
        """Look once whether the permission is there; raises Refused where it was denied."""
        form = {"grant_type": CIBA, "auth_req_id": begun.auth_req_id}
        return asked(
            self.breaker, lambda: self._post(line, self._ends(line).token, form), lambda answer: _polled(answer, scope)
        )

    def _post(self, line: Line, url: str, form: Mapping[str, str]) -> Answer:
        assertion = self.key.assertion(self.client_id, self.url, self.now())
        return line.post_form(url, {**form, "client_assertion_type": BEARER, "client_assertion": assertion})

    def _ends(self, line: Line) -> _Ends:
        with self._lock:
            known = self._known
        if known is None or self.clock() >= known.until:
            known = self._read(line.get(f"{self.url.rstrip('/')}/.well-known/openid-configuration"))
            with self._lock:
                self._known = known
        return known

    def _read(self, answer: Answer) -> _Ends:
        """The end points of our issuer (OpenID Connect Discovery 1.0 §4.3; CIBA Core §4)."""
        said, local = answer.body, self.url.startswith("http://")
        ends = [said.get(name) for name in ("backchannel_authentication_endpoint", "token_endpoint")]
        modes = said.get("backchannel_token_delivery_modes_supported", ["poll"])
        plain = answer.status == 200 and all(is_plain_url(one, local=local) for one in ends)
        if not plain or said.get("issuer") != self.url or not isinstance(modes, list) or "poll" not in modes:
            message = "the carrier's sign-in server is not the one in the settings, or does not offer CIBA by polling"
            raise Unavailable(message, hint="camara_issuer is its issuer, letter by letter")
        return _Ends(str(ends[0]), str(ends[1]), self.clock() + METADATA_S)


def _begun(answer: Answer) -> Begun | Why:
    said = answer.body
    if answer.status != 200:
        if said.get("error") == "unknown_user_id":
            return Why.NO_SUBSCRIBER
        raise _failure(said)
    interval_s = whole({"interval": USUAL_INTERVAL_S} | dict(said), "interval", 0, LONGEST_INTERVAL_S)
    expires_s = min(whole(said, "expires_in", 1, LONGEST_LIFE_S), LONGEST_WAIT_S)
    return Begun(text(said, "auth_req_id", r"[\x21-\x7e]+", 1024), expires_s, max(interval_s, 1))


def _polled(answer: Answer, scope: str) -> Polled:
    said = answer.body
    if answer.status == 200:
        return Polled(_issued(said, scope))
    match said.get("error"):
        case "authorization_pending":
            return Polled()
        case "slow_down":
            return Polled(slower=True)
        case "expired_token" | "invalid_grant" | "invalid_request":
            return Polled(over=True)
    raise _failure(said)


def _issued(said: Mapping[str, object], scope: str) -> Issued:
    value = text(said, "access_token", r"[A-Za-z0-9._~+/-]+=*", 8192)
    if text(said, "token_type", r"[A-Za-z]+", 16).lower() != "bearer":
        raise garbage()
    life_s = whole({"expires_in": 0} | dict(said), "expires_in", 0, LONGEST_LIFE_S)
    if "scope" in said:
        given = set(text(said, "scope", r"[\x20-\x7e]*", 4096).split())
        wanted = set(scope.split()) - {"openid"}
        if not wanted <= given or {one for one in given - wanted if one.startswith("dpv:")}:
            raise refused_by_carrier()
    return Issued(value, life_s)


def _failure(said: Mapping[str, object]) -> HaomaError:
    error = said.get("error")
    if error == "access_denied":
        return refused_by_carrier()
    hints = {
        "invalid_client": "the carrier must know camara_client_id and the public half of camara_key_file",
        "unauthorized_client": "the carrier must let this client use CIBA by polling",
        "invalid_scope": "the interface and the purpose must be agreed with the carrier",
    }
    hint = hints.get(error) if isinstance(error, str) else None
    return Unavailable("the carrier's sign-in server does not let this client ask", hint=hint)
