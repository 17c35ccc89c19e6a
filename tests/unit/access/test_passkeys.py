from __future__ import annotations

import json
from dataclasses import replace

import pytest

from contracts.access import World
from contracts.authenticator import Authenticator, b64
from haoma.access import Asker, Passkeys, Role
from haoma.errors import BadInput, Conflict, Refused


@pytest.fixture
def staffed(world: World) -> tuple[World, Passkeys, Asker]:
    passkeys = Passkeys(world.store, world.ledger, world.sealing, world.sign_in, "https://console.example")
    return world, passkeys, world.first()


def registered(world: World, passkeys: Passkeys, asker: Asker, authenticator: Authenticator) -> None:
    passkeys.register(asker, authenticator.create(passkeys.begin_registration(asker, world.now())), world.now())


def test_a_passkey_alone_opens_a_strong_session(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    for _ in range(2):
        token = passkeys.sign_in(authenticator.get(passkeys.begin_sign_in(world.now())), world.now())
        found = world.sign_in.asker(token, world.now())
        assert (found.id, found.roles, found.methods, found.strong) == (
            asker.id,
            {Role.SYSTEM_ADMIN},
            {"passkey"},
            True,
        )
    assert [e.body["kind"] for e in world.entries("access.credential")] == ["passkey"]


def test_a_challenge_is_good_once_and_for_five_minutes(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    answer = authenticator.get(passkeys.begin_sign_in(world.now()))
    passkeys.sign_in(answer, world.now())
    with pytest.raises(Refused, match="begun too long ago, or ended"):
        passkeys.sign_in(answer, world.now())
    late = authenticator.get(passkeys.begin_sign_in(world.now()))
    with pytest.raises(Refused):
        passkeys.sign_in(late, world.now(minutes=5))


def test_a_challenge_to_register_is_none_to_sign_in(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    options = json.loads(passkeys.begin_registration(asker, world.now())) | {"rpId": "console.example"}
    with pytest.raises(Refused):
        passkeys.sign_in(authenticator.get(json.dumps(options)), world.now())


@pytest.mark.parametrize("spoiled", [{"origin": "https://console.example.evil"}, {"verifies": False}])
def test_another_page_and_an_unverified_user_are_refused(staffed: tuple, spoiled: dict[str, object]) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    other = replace(authenticator, **spoiled)
    with pytest.raises(Refused):
        passkeys.sign_in(other.get(passkeys.begin_sign_in(world.now())), world.now())
    new = Authenticator(**spoiled)
    with pytest.raises(Refused):
        passkeys.register(asker, new.create(passkeys.begin_registration(asker, world.now())), world.now())


def test_a_copied_passkey_is_told_by_its_counter(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    copy = replace(authenticator)
    for _ in range(2):
        passkeys.sign_in(authenticator.get(passkeys.begin_sign_in(world.now())), world.now())
    with pytest.raises(Refused):
        passkeys.sign_in(copy.get(passkeys.begin_sign_in(world.now())), world.now())


def test_a_passkey_that_nobody_registered_and_another_key_are_refused(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    forged = replace(Authenticator(), credential_id=authenticator.credential_id)
    for other in (Authenticator(), forged):
        with pytest.raises(Refused, match="signing in failed"):
            passkeys.sign_in(other.get(passkeys.begin_sign_in(world.now())), world.now())


def test_one_persons_challenge_registers_no_passkey_of_another(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    other = world.staff(asker, asker, "safe", Role.SECURITY_ADMIN)
    options = passkeys.begin_registration(asker, world.now())
    with pytest.raises(Refused):
        passkeys.register(other, Authenticator().create(options), world.now())


def test_one_factor_adds_no_passkey_and_a_passkey_is_added_once(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    with pytest.raises(Refused):
        passkeys.begin_registration(replace(asker, methods=frozenset({"password"})), world.now())
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    with pytest.raises(Conflict):
        registered(world, passkeys, asker, authenticator)


def test_a_person_has_ten_passkeys_at_most(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    for _ in range(10):
        registered(world, passkeys, asker, Authenticator())
    with pytest.raises(Conflict, match="10 passkeys"):
        registered(world, passkeys, asker, Authenticator())


def test_who_was_suspended_does_not_come_in_with_a_passkey(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    security = world.staff(asker, asker, "safe", Role.SECURITY_ADMIN)
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    world.people.suspend(security, asker.id, world.now())
    with pytest.raises(Refused):
        passkeys.sign_in(authenticator.get(passkeys.begin_sign_in(world.now())), world.now())


@pytest.mark.parametrize(
    "response", ["", "[]", "{}", '{"response": {"clientDataJSON": "AA"}}', "[" * 10_000, "x" * 70_000, '"x"']
)
def test_what_is_no_response_is_refused(staffed: tuple, response: str) -> None:
    world, passkeys, asker = staffed
    with pytest.raises(Refused):
        passkeys.sign_in(response, world.now())
    with pytest.raises(Refused):
        passkeys.register(asker, response, world.now())


def test_a_response_that_lost_its_parts_is_refused(staffed: tuple) -> None:
    world, passkeys, asker = staffed
    authenticator = Authenticator()
    registered(world, passkeys, asker, authenticator)
    for name in ("authenticatorData", "signature"):
        answer = json.loads(authenticator.get(passkeys.begin_sign_in(world.now())))
        answer["response"][name] = b64(b"")
        with pytest.raises(Refused):
            passkeys.sign_in(json.dumps(answer), world.now())


@pytest.mark.parametrize("origin", ["", "console.example", "http://console.example"])
def test_an_origin_is_a_secure_one(world: World, origin: str) -> None:
    with pytest.raises(BadInput):
        Passkeys(world.store, world.ledger, world.sealing, world.sign_in, origin)
