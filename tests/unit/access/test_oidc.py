from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contracts.access import World
from haoma.access import Asker, Role
from haoma.access.oidc import Oidc, provider_of
from haoma.errors import BadInput, Refused, Unavailable

jwt = pytest.importorskip("joserfc.jwt", reason="needs the extra oidc")
pytest.importorskip("authlib", reason="needs the extra oidc")

ISSUER, CALLBACK = "https://id.example", "https://console.example/back"
LINKED, STRANGER = "subject-of-dora", "subject-of-nobody"


class Issuer:
    """An identity provider as far as a client sees one; `but` changes what its ID tokens say."""

    def __init__(self, world: World) -> None:
        from joserfc.jwk import ECKey

        self.world = world
        self.key = self.signs = ECKey.generate_key("P-256", {"kid": "1"})
        self.other = ECKey.generate_key("P-256", {"kid": "1"})
        self.but: dict[str, object] = {}
        self.header: dict[str, object] = {"alg": "ES256", "kid": "1"}
        self.document: dict[str, object] = {}
        self.status = 200
        self.nonce = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                known = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
                told = {"issuer": ISSUER} | {name: ISSUER + path for name, path in known.items()}
                return httpx.Response(self.status, json=told | self.document)
            case "/jwks":
                return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
        form = parse_qs(request.content.decode())
        assert request.headers["authorization"].startswith("Basic ")
        assert form["redirect_uri"] == [CALLBACK]
        assert len(form["code_verifier"][0]) >= 43
        return httpx.Response(200, json={"id_token": self.token()})

    def token(self) -> str:
        at = int(self.world.clock[0].timestamp())
        claims = {"iss": ISSUER, "aud": "haoma", "sub": LINKED, "iat": at, "exp": at + 60, "nonce": self.nonce}
        told = {name: value for name, value in (claims | self.but).items() if value is not None}
        return jwt.encode(self.header, told, self.signs, algorithms=["ES256", "HS256", "none"])


@pytest.fixture
def staffed(world: World) -> tuple[World, Issuer, Oidc, Asker]:
    system, security = world.admins()
    dora = world.staff(system, security, "dora", Role.DPO)
    world.people.link(system, dora.id, ISSUER, LINKED, world.now())
    world.people.restore(security, dora.id, world.now())
    issuer = Issuer(world)
    http = httpx.Client(transport=httpx.MockTransport(issuer.answer))
    provider = provider_of(ISSUER, "haoma", "a:secret", CALLBACK)
    return world, issuer, Oidc(world.store, world.sealing, world.sign_in, http, provider), dora


def come_back(world: World, issuer: Issuer, oidc: Oidc, **given: str) -> str:
    url, state = oidc.begin(world.now())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    issuer.nonce = asked["nonce"]
    back = {"state": asked["state"], "code": "c"} | given
    query = "&".join(f"{name}={value}" for name, value in back.items() if value)
    return oidc.finish(f"{CALLBACK}?{query}", given.get("cookie", state), world.now())


def test_whom_the_provider_knows_is_let_in(staffed: tuple) -> None:
    world, issuer, oidc, dora = staffed
    found = world.sign_in.asker(come_back(world, issuer, oidc), world.now())
    assert (found.id, found.methods, found.strong) == (dora.id, {"oidc"}, False)


def test_two_factors_are_two_where_the_provider_says_so(staffed: tuple) -> None:
    world, issuer, oidc, _ = staffed
    issuer.but = {"amr": ["pwd", "mfa"]}
    assert world.sign_in.asker(come_back(world, issuer, oidc), world.now()).strong


@pytest.mark.parametrize(
    "but",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["haoma", "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"sub": STRANGER},
        {"sub": None},
        {"sub": 7},
        {"iat": "yesterday"},
    ],
)
def test_a_token_that_says_something_else_lets_nobody_in(staffed: tuple, but: dict[str, object]) -> None:
    world, issuer, oidc, _ = staffed
    issuer.but = but
    with pytest.raises(Refused, match="signing in failed"):
        come_back(world, issuer, oidc)


def test_a_token_by_another_key_or_with_a_secret_that_all_know_lets_nobody_in(staffed: tuple) -> None:
    from joserfc.jwk import OctKey

    world, issuer, oidc, _ = staffed
    issuer.signs = issuer.other
    with pytest.raises(Refused):
        come_back(world, issuer, oidc)
    issuer.signs, issuer.header = OctKey.import_key(json.dumps(issuer.key.as_dict(private=False))), {"alg": "HS256"}
    with pytest.raises(Refused):
        come_back(world, issuer, oidc)
    issuer.token = lambda: "eyJhbGciOiJub25lIn0.e30."
    with pytest.raises(Refused):
        come_back(world, issuer, oidc)


@pytest.mark.parametrize(
    "given",
    [
        {"state": "another"},
        {"cookie": "another"},
        {"code": ""},
        {"iss": "https://evil.example"},
        {"error": "no", "code": ""},
    ],
)
def test_who_comes_back_with_something_else_is_refused(staffed: tuple, given: dict[str, str]) -> None:
    world, issuer, oidc, _ = staffed
    with pytest.raises(Refused):
        come_back(world, issuer, oidc, **given)


def test_a_state_is_good_once(staffed: tuple) -> None:
    world, _, oidc, _ = staffed
    _, state = oidc.begin(world.now())
    for _ in range(2):
        with pytest.raises(Refused):
            oidc.finish(f"{CALLBACK}?code=c&state={state}", state, world.now())
    assert world.entries("access.session") == []


@pytest.mark.parametrize(
    "change", [{"document": {"issuer": "https://evil.example"}}, {"document": {"jwks_uri": None}}, {"status": 500}]
)
def test_a_provider_that_is_another_or_down_is_unavailable(staffed: tuple, change: dict[str, object]) -> None:
    world, issuer, oidc, _ = staffed
    for name, value in change.items():
        setattr(issuer, name, value)
    with pytest.raises(Unavailable):
        oidc.begin(world.now())


@pytest.mark.parametrize(("issuer", "client"), [("http://id.example", "haoma"), ("https://id.example", "")])
def test_a_provider_is_reached_over_tls(issuer: str, client: str) -> None:
    with pytest.raises(BadInput):
        provider_of(issuer, client, "s", CALLBACK)


def test_a_provider_that_is_too_slow_or_says_too_much_does_not_answer(staffed: tuple) -> None:
    world = staffed[0]

    def too_slow(_request: httpx.Request) -> httpx.Response:
        raise Unavailable("the identity provider did not answer in time")

    http = httpx.Client(transport=httpx.MockTransport(too_slow))
    provider = provider_of(ISSUER, "haoma", "a:secret", CALLBACK)
    with pytest.raises(Unavailable, match="does not answer") as told:
        Oidc(world.store, world.sealing, world.sign_in, http, provider).begin(world.now())
    assert told.value.hint == "sign in with a password or passkey"
