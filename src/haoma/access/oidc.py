"""Signing in with an identity provider: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

Rules held here:
- State, nonce and verifier are ours, remembered sealed, good once and for five minutes.
- An ID token counts where its issuer is exactly the one in the settings, its signature is by a key of that issuer with
  an asymmetric algorithm, it is for this client, of now, and answers our nonce.
- Nobody is made by signing in: issuer and subject are linked to a person before, by an administrator.
- A provider that answers with more than a megabyte, or takes longer than five seconds for an answer, has not answered.
- It is two factors where the provider says `mfa` (RFC 8176), and one where it does not.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.challenges import Challenges
from haoma.access.secret import Sealing
from haoma.access.sign_in import SignIn, wrong
from haoma.errors import BadInput, Unavailable
from haoma.storage import Store

if TYPE_CHECKING:
    import httpx

__all__ = ["ANSWER_S", "LARGEST_ANSWER", "Oidc", "Provider", "provider_of"]

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
LEEWAY_S = 30
LARGEST_ANSWER, ANSWER_S = 1 << 20, 5.0
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider, and what this instance is to it. `redirect_uri` is the page that it sends people back to."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


class Oidc:
    """Recognises people whom a provider has recognised; `http` asks it, and bounds what it answers."""

    def __init__(self, store: Store, sealing: Sealing, sign_in: SignIn, http: httpx.Client, provider: Provider) -> None:
        self._store = store
        self._sign_in = sign_in
        self._http = http
        self._provider = provider
        self._challenges = Challenges(store, sealing, "oidc")

    def begin(self, now: datetime) -> tuple[str, str]:
        """The URL of the provider to send a person to, and the state for a cookie of the browser that goes there."""
        challenge, grant = _authlib()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        self._challenges.put(state, now, told=json.dumps({"nonce": nonce, "verifier": verifier}).encode())
        asked = {"nonce": nonce, "code_challenge": challenge(verifier), "code_challenge_method": "S256"}
        where, mine = self._known()["authorization_endpoint"], self._provider
        made = grant(where, mine.client_id, "code", mine.redirect_uri, "openid", state, **asked)
        return str(made), state

    def finish(self, callback: str, state: str, now: datetime) -> str:
        """The token of a new session, out of the URL that the person came back with, and the state of their cookie.

        Raises Refused, in the words of every sign-in that fails; Unavailable where the provider does not answer.
        """
        given = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items() if len(values) == 1}
        # Else somebody could have another one's browser sign in as themselves.
        if not secrets.compare_digest(
            state.encode("utf-8", "replace"), given.get("state", "").encode("utf-8", "replace")
        ):
            raise wrong()
        told = json.loads(self._challenges.take(state, now).told)
        # RFC 9207: whoever answers in the place of our provider is told apart.
        if "code" not in given or given.get("iss", self._provider.issuer) != self._provider.issuer:
            raise wrong()
        claims = self._claims(self._exchanged(given["code"], told["verifier"]), told["nonce"], now)
        methods = {"oidc"} | ({"mfa"} & set(claims.get("amr") or ()))

        def work(tx: sa.Connection) -> str:
            known = tables.identities.c
            mine = sa.and_(known.issuer == self._provider.issuer, known.subject == claims["sub"])
            person_id = tx.scalar(sa.select(known.person_id).where(mine))
            if person_id is None:
                raise wrong()
            return self._sign_in.open_session(tx, person_id, frozenset(methods), now)

        return self._store.write(work)

    def _claims(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        asked = {"iss": self._provider.issuer, "aud": self._provider.client_id, "nonce": nonce}
        options = {name: {"essential": True, "value": value} for name, value in asked.items()}
        try:
            keys = KeySet.import_key_set(self._answer("GET", self._known()["jwks_uri"]))
            found = jwt.decode(token, keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(found.claims, found.header, options, {"nonce": nonce})
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise wrong() from None
        # For us alone: a token that others are addressed in as well may have come from them.
        alone = claims.get("aud") in (asked["aud"], [asked["aud"]])
        same = alone and claims.get("nonce") == nonce and claims.get("iss") == asked["iss"]
        if not same or not isinstance(claims.get("sub"), str):
            raise wrong()
        return dict(claims)

    def _exchanged(self, code: str, verifier: str) -> str:
        """The ID token that a code is good for."""
        mine = self._provider
        form = {"grant_type": "authorization_code", "redirect_uri": mine.redirect_uri}
        found = self._answer("POST", self._known()["token_endpoint"], form | {"code": code, "code_verifier": verifier})
        token = found.get("id_token")
        if not isinstance(token, str):
            raise wrong()
        return token

    def _known(self) -> dict[str, str]:
        """What the provider says of itself (OpenID Connect Discovery 1.0 §4)."""
        found = self._answer("GET", f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._provider.issuer or not all(isinstance(found.get(e), str) for e in ENDPOINTS):
            raise Unavailable("the identity provider is not the one in the settings", hint="oidc_issuer is its issuer")
        return {name: str(found[name]) for name in ENDPOINTS}

    def _answer(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        import httpx

        # RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
        own = (quote_plus(self._provider.client_id), quote_plus(self._provider.client_secret)) if form else None
        try:
            answer = self._http.request(method, url, data=form, auth=own)
            found = answer.json()
        except (httpx.HTTPError, ValueError, RecursionError, Unavailable):
            raise Unavailable(
                "the identity provider does not answer", hint="sign in with a password or passkey"
            ) from None
        if answer.status_code in {400, 401}:
            raise wrong()
        if answer.status_code != httpx.codes.OK or not isinstance(found, dict):
            raise Unavailable("the identity provider does not answer as one", hint="sign in with a password or passkey")
        return found


def provider_of(issuer: str, client_id: str, client_secret: str, redirect_uri: str) -> Provider:
    """A provider out of settings; raises BadInput where it is not reached over TLS, save on this machine."""
    parts = urlsplit(issuer)
    if not (parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1"}) or not client_id:
        raise BadInput("this is no identity provider", hint="oidc_issuer is https://…, and oidc_client_id is set")
    return Provider(issuer, client_id, client_secret, redirect_uri)


def _authlib() -> tuple[Any, Any]:
    try:
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge
    except ImportError:
        raise Unavailable("signing in with a provider needs Authlib", hint="pip install 'haoma[oidc]'") from None
    return create_s256_code_challenge, prepare_grant_uri
