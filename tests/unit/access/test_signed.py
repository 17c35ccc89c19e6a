from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.access import World
from haoma.access import ApiKey, ApiKeys, Asker, Requests, Role, draft_key, tables
from haoma.access.rfc9421 import Request, sign_request
from haoma.errors import Refused

OWN = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(OWN).public_key().public_bytes_raw()
PLAIN = Request("POST", "https://haoma.example/v1/locate", [("Content-Type", "application/json")], b"{}")


@pytest.fixture
def made(world: World) -> tuple[World, Asker, ApiKeys, dict[str, tuple[ApiKey, bytes]]]:
    system, security = world.admins()
    an, keys = world.staff(system, security, "an", Role.AGENT), ApiKeys(world.gate, world.sealing)
    found = {}
    for kind in ("hmac-sha256", "ed25519", "bearer"):
        draft = draft_key(an.id, "desk", kind, Role.AGENT, ["locate"], world.now())
        public = PUBLIC if kind == "ed25519" else None
        key, secret = keys.make(security, draft, world.now(), public_key=public)
        found[kind] = key, bytes.fromhex(secret) if kind == "hmac-sha256" else OWN
    return world, security, keys, found


def signed(world: World, key: ApiKey, secret: bytes, nonce: str = "n" * 20) -> Request:
    return sign_request(PLAIN, key.id, key.kind, secret, nonce, world.clock[0])


@pytest.mark.parametrize("kind", ["hmac-sha256", "ed25519"])
def test_a_machine_is_known_by_its_signature_once(made: tuple, kind: str) -> None:
    world, _, _, keys = made
    request = signed(world, *keys[kind])
    asker = Requests(world.store, world.sealing).asker(request, world.now())
    assert (asker.id, asker.methods, asker.scopes) == (keys[kind][0].id, {"signature"}, {"locate"})
    with pytest.raises(Refused, match="seen before"):
        Requests(world.store, world.sealing).asker(request, world.now())


def test_a_request_that_does_not_verify_uses_up_no_nonce(made: tuple) -> None:
    world, _, _, keys = made
    request = signed(world, *keys["ed25519"])
    with pytest.raises(Refused):
        Requests(world.store, world.sealing).asker(replace(request, body=b"[]"), world.now())
    assert Requests(world.store, world.sealing).asker(request, world.now())


def test_two_keys_may_use_the_same_nonce(made: tuple) -> None:
    world, _, _, keys = made
    for kind in ("hmac-sha256", "ed25519"):
        assert Requests(world.store, world.sealing).asker(signed(world, *keys[kind]), world.now())


def test_a_revoked_key_and_one_that_is_no_key_to_sign_with_are_refused(made: tuple) -> None:
    world, security, keys, found = made
    requests = Requests(world.store, world.sealing)
    key, own = found["ed25519"]
    bearer = sign_request(PLAIN, found["bearer"][0].id, "ed25519", own, "n" * 20, world.clock[0])
    with pytest.raises(Refused):
        requests.asker(bearer, world.now())
    keys.revoke(security, key.id, world.now())
    with pytest.raises(Refused):
        requests.asker(signed(world, key, own), world.now())


def test_nonces_are_forgotten_when_their_signature_is_long_too_old(made: tuple) -> None:
    world, _, _, keys = made
    requests = Requests(world.store, world.sealing)
    for n in range(3):
        requests.asker(signed(world, *keys["ed25519"], nonce=f"{n}" * 20), world.now())
    world.now(minutes=12)
    requests.asker(signed(world, *keys["ed25519"]), world.now())
    assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.nonces))) == 1


def test_a_request_is_not_taken_twice_when_the_clock_jumps_ahead_and_comes_back(made: tuple) -> None:
    world, _, _, keys = made
    requests, began = Requests(world.store, world.sealing), world.clock[0]
    first = signed(world, *keys["ed25519"], nonce="first" * 4)
    assert requests.asker(first, began)
    for n in range(3):
        world.now(minutes=12)
        requests.asker(signed(world, *keys["ed25519"], nonce=f"{n}" * 20), world.clock[0])
    for later in (0, 60, 299):
        with pytest.raises(Refused, match="the clock has gone back"):
            requests.asker(first, began + timedelta(seconds=later))


def test_machines_whose_clocks_part_by_five_minutes_are_known_all_the_same(made: tuple) -> None:
    world, _, _, keys = made
    requests, began = Requests(world.store, world.sealing), world.clock[0]
    request = signed(world, *keys["ed25519"], nonce="late" * 5)
    world.now(minutes=5)
    requests.asker(signed(world, *keys["ed25519"]), world.clock[0])
    assert requests.asker(request, began)
