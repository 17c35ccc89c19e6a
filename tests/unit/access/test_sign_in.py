from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.access import PASSWORD, STRONG, World
from haoma.access import CustodySealing, Role, tables
from haoma.access.secret import digest_of
from haoma.errors import Refused, Tampered
from haoma.vault.local_file import LocalFiles
from haoma.vault.suites import suite_named


@pytest.fixture
def staffed(world: World) -> World:
    """A first person with the login root, who has enrolled."""
    person, token = world.people.add_first("root", "Root", "t", world.now())
    world.enrol(person, token)
    return world


def sign_in(world: World, password: str = PASSWORD, code: str | None = None) -> str:
    now = world.now(seconds=40)
    return world.sign_in.sign_in("root", password, world.code("root", now) if code is None else code, now)


def test_password_and_code_open_a_session(staffed: World) -> None:
    asker = staffed.sign_in.asker(sign_in(staffed), staffed.now())
    assert (asker.roles, asker.methods, asker.strong) == ({Role.SYSTEM_ADMIN}, STRONG, True)


def test_a_wrong_password_and_a_wrong_code_are_told_in_the_same_words(staffed: World) -> None:
    told = set[str]()
    tries = [("root", "wrong password", None), ("root", PASSWORD, "000000"), ("nobody", PASSWORD, None)]
    for login, password, code in tries:
        now = staffed.now(seconds=40)
        with pytest.raises(Refused) as caught:
            staffed.sign_in.sign_in(login, password, code or staffed.code("root", now), now)
        told.add(f"{caught.value} {caught.value.hint}")
    assert len(told) == 1


def test_a_code_opens_one_session(staffed: World) -> None:
    now = staffed.now(seconds=40)
    code = staffed.code("root", now)
    staffed.sign_in.sign_in("root", PASSWORD, code, now)
    with pytest.raises(Refused):
        staffed.sign_in.sign_in("root", PASSWORD, code, now)


def test_five_failures_lock_and_the_lock_ends(staffed: World) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            staffed.sign_in.sign_in("root", "wrong password", "000000", staffed.now())
    with pytest.raises(Refused):
        sign_in(staffed)
    assert [entry.body["change"] for entry in staffed.entries("access.session")] == ["locked"]
    staffed.now(minutes=1)
    assert sign_in(staffed)


def test_each_further_failure_locks_twice_as_long_and_being_right_forgives_all(staffed: World) -> None:
    for lock in (0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60):
        now = staffed.now(hours=2)
        with pytest.raises(Refused):
            staffed.sign_in.sign_in("root", "wrong password", "000000", now)
        until = staffed.ask(lambda tx: tx.scalar(sa.select(tables.attempts.c.locked_until)))
        assert until - now == timedelta(minutes=lock)
    staffed.now(hours=2)
    sign_in(staffed)
    assert staffed.ask(lambda tx: tx.scalar(sa.select(tables.attempts.c.failures))) == 0


def test_an_attempt_counts_before_it_is_looked_at(staffed: World) -> None:
    """Many at once get no more guesses than one behind the other."""
    begun = [
        staffed.store.write(lambda tx: staffed.sign_in._begin(tx, "root", staffed.clock[0])) is not None
        for _ in range(8)
    ]
    assert begun == [True] * 5 + [False] * 3


def test_a_session_ends_after_its_life_and_without_use(staffed: World) -> None:
    token = sign_in(staffed)
    for _ in range(19):
        staffed.sign_in.asker(token, staffed.now(minutes=25))
    with pytest.raises(Refused, match="over"):
        staffed.sign_in.asker(token, staffed.now(minutes=25))
    token = sign_in(staffed)
    with pytest.raises(Refused, match="over"):
        staffed.sign_in.asker(token, staffed.now(minutes=30))


@pytest.mark.parametrize("over", [{"minutes": 31}, {"hours": 9}])
def test_a_session_that_was_found_over_stays_so_when_the_clock_goes_back(staffed: World, over: dict[str, int]) -> None:
    token = sign_in(staffed)
    began = staffed.clock[0]
    with pytest.raises(Refused, match="over"):
        staffed.sign_in.asker(token, began + timedelta(**over))
    with pytest.raises(Refused, match="over"):
        staffed.sign_in.asker(token, began + timedelta(minutes=5))
    assert [entry.body["change"] for entry in staffed.entries("access.session")] == ["opened", "ended"]


def test_a_session_is_not_good_before_it_began_and_is_again_when_the_clock_is_right(staffed: World) -> None:
    token = sign_in(staffed)
    began = staffed.clock[0]
    for back in (timedelta(minutes=1), timedelta(days=3)):
        with pytest.raises(Refused, match="over"):
            staffed.sign_in.asker(token, began - back)
    assert staffed.sign_in.asker(token, began + timedelta(minutes=5))


@pytest.mark.parametrize("change", ["person_id", "expires_at", "created_at", "methods", "binding", "no binding"])
def test_a_session_that_was_changed_by_hand_is_nobodys(staffed: World, change: str) -> None:
    system = staffed.sign_in.asker(token := sign_in(staffed), staffed.now())
    other, _ = staffed.people.add(system, "other", "Other", staffed.now())
    staffed.enrolled(other, "")
    second = sign_in(staffed)
    taken = staffed.ask(lambda tx: tx.scalars(sa.select(tables.sessions.c.binding)).all())[1]
    now = staffed.now()
    values = {
        "person_id": other.id,
        "expires_at": now + timedelta(days=10),
        "created_at": now - timedelta(days=10),
        "methods": "passkey",
        "binding": taken,
        "no binding": None,
    }
    mine = tables.sessions.c.digest == digest_of(token)
    changed = sa.update(tables.sessions).where(mine).values({change.removeprefix("no "): values[change]})
    staffed.store.write(lambda tx: tx.execute(changed) and None)
    with pytest.raises(Tampered, match="not the one that was opened"):
        staffed.sign_in.asker(token, now)
    assert staffed.sign_in.asker(second, now)


def test_who_signs_out_is_out(staffed: World) -> None:
    token = sign_in(staffed)
    staffed.sign_in.sign_out(token, staffed.now())
    with pytest.raises(Refused):
        staffed.sign_in.asker(token, staffed.now())
    staffed.sign_in.sign_out(token, staffed.now())
    assert [entry.body["change"] for entry in staffed.entries("access.session")] == ["opened", "ended"]


def test_a_token_that_is_none_stands_for_nobody(staffed: World) -> None:
    for token in ("", "haoma_session_x", "\ud800"):
        with pytest.raises(Refused):
            staffed.sign_in.asker(token, staffed.now())


def test_an_enrolment_token_is_good_once_and_for_three_days(world: World) -> None:
    person, token = world.people.add_first("root", "Root", "t", world.now())
    with pytest.raises(Refused, match="expired or none"):
        world.sign_in.enrol(token, PASSWORD, world.clock[0] + timedelta(days=3))
    world.enrol(person, token)
    with pytest.raises(Refused):
        world.sign_in.enrol(token, PASSWORD, world.now())


def test_who_enrols_again_has_new_secrets_and_no_session_and_waits_for_another_administrator(world: World) -> None:
    system, security = world.admins()
    person, token = world.people.add(system, "dora", "Dora", world.now())
    world.enrol(person, token)
    now = world.now()
    session = world.sign_in.sign_in("dora", PASSWORD, world.code("dora", now), now)
    again = world.people.enrol_again(system, person.id, world.now())
    with pytest.raises(Refused):
        world.sign_in.asker(session, world.now())
    old = world.secrets["dora"]
    world.enrol(person, again, "another long password")
    assert world.secrets["dora"] != old
    now = world.now(seconds=60)
    with pytest.raises(Refused):
        world.sign_in.sign_in("dora", "another long password", world.code("dora", now), now)
    with pytest.raises(Refused, match="no-policy"):
        world.people.restore(system, person.id, world.now())
    world.people.restore(security, person.id, world.now())
    now = world.now(seconds=60)
    with pytest.raises(Refused):
        world.sign_in.sign_in("dora", PASSWORD, world.code("dora", now), now)
    now = world.now(seconds=60)
    assert world.sign_in.sign_in("dora", "another long password", world.code("dora", now), now)


def test_a_suspended_person_is_out_at_once_and_does_not_come_in(world: World) -> None:
    system, security = world.admins()
    person, token = world.people.add(system, "dora", "Dora", world.now())
    world.enrol(person, token)
    now = world.now()
    session = world.sign_in.sign_in("dora", PASSWORD, world.code("dora", now), now)
    world.people.suspend(security, person.id, world.now())
    with pytest.raises(Refused):
        world.sign_in.asker(session, world.now())
    now = world.now(seconds=60)
    with pytest.raises(Refused):
        world.sign_in.sign_in("dora", PASSWORD, world.code("dora", now), now)


def test_a_copy_of_the_database_holds_no_secret(staffed: World) -> None:
    token = sign_in(staffed)
    path = staffed.store.path
    content = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert staffed.secrets["root"] not in content
    assert token.encode() not in content
    assert PASSWORD.encode() not in content


def test_a_secret_that_was_moved_to_another_person_does_not_open(staffed: World) -> None:
    changed = staffed.sealing.seal(staffed.secrets["root"], "access/totp/another")
    staffed.store.write(lambda tx: tx.execute(sa.update(tables.totp).values(sealed=changed)))
    with pytest.raises(Tampered):
        sign_in(staffed)


def test_secrets_rest_on_the_custody_of_the_vault(tmp_path: Path) -> None:
    custody = LocalFiles(tmp_path / "custody", suite_named("aes-sha2"))
    sealing = CustodySealing(custody)
    sealed = sealing.seal(b"a secret of an", "an")
    assert sealing.unseal(sealed, "an") == b"a secret of an"
    custody.rotate("access")
    assert sealing.unseal(sealed, "an") == b"a secret of an"
    for changed in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", sealed[:9]):
        with pytest.raises(Tampered):
            sealing.unseal(changed, "an")
    with pytest.raises(Tampered):
        sealing.unseal(sealed, "li")
