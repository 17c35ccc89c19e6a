from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from contracts.vault import HOUR, NOW, NUMBER, OTHER, Permitted, World, number, open_world
from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.numbers import find, parse
from haoma.vault import SubjectToken, tables


@pytest.fixture(params=["aes-sha2", "sm4-sm3"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys", suite=request.param) as world:
        yield world


def test_a_number_has_one_token_in_a_tenant_however_it_is_written(world: World) -> None:
    token = world.vault.pseudonym("acme", number())
    assert token == world.vault.pseudonym("acme", parse("+86 138-0013-8000"))
    assert token != world.vault.pseudonym("acme", number(OTHER))
    assert token != world.vault.pseudonym("bank", number())


def test_a_column_has_the_tokens_that_its_numbers_have_one_by_one(world: World) -> None:
    uris = [number().uri, None, number(OTHER).uri, ""]
    tokens = world.vault.pseudonyms("acme", pa.array(uris, pa.string())).to_pylist()
    one, other = (str(world.vault.pseudonym("acme", number(text))) for text in (NUMBER, OTHER))
    assert tokens == [one, None, other, None]


def test_a_token_reads_back_and_shows_no_number(world: World) -> None:
    token = world.vault.pseudonym("acme", number())
    assert SubjectToken.parse(str(token)) == token
    assert repr(token) == f"SubjectToken({token})"
    assert find(f"{token} {token!r}") == []


@pytest.mark.parametrize("text", ["", "acme.a1.", "acme.a1." + "q" * 32, "acme.a0." + "a" * 32, "a138.a1." + "a" * 32])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        SubjectToken.parse(text)


@pytest.mark.parametrize("tenant", ["", "Acme", "a b", "../x", "tenant-138", "x" * 25])
def test_a_tenant_that_is_no_name_is_refused(world: World, tenant: str) -> None:
    with pytest.raises(BadInput):
        world.vault.pseudonym(tenant, number())


def test_what_is_no_number_has_no_token(world: World) -> None:
    with pytest.raises(BadInput):
        world.vault.pseudonym("acme", parse("nothing"))


def test_a_sealed_number_opens_with_a_permission_and_is_recorded(world: World) -> None:
    token = world.sealed(number())
    assert world.opener.reveal(Permitted(token), actor="agent:1") == number().uri
    last = world.rows(tables.audit)[-1]
    assert (last.action, last.decision, last.subject) == ("vault.unseal", "allowed", str(token))
    assert [entry.type for entry in world.entries()] == ["vault.sealed", "vault.unsealed"]


def test_a_permission_that_is_over_opens_nothing_and_that_is_recorded(world: World) -> None:
    token = world.sealed(number(), until=NOW + 10 * HOUR)
    world.pass_(hours=1)
    with pytest.raises(Refused):
        world.opener.reveal(Permitted(token), actor="agent:1")
    assert world.rows(tables.audit)[-1].decision == "refused"


@pytest.mark.parametrize("wrong", ["subject", "purpose"])
def test_a_permission_for_something_else_opens_nothing(world: World, wrong: str) -> None:
    token = world.sealed(number())
    other = Permitted(world.vault.pseudonym("acme", number(OTHER)))
    permission = other if wrong == "subject" else Permitted(token, "fraud-prevention")
    with pytest.raises(NotFound):
        world.opener.reveal(permission, actor="agent:1")
    sealed = world.vault.seal_bytes(token, "customer-care", "place", b"where")
    with pytest.raises(Tampered if wrong == "subject" else Refused):
        world.opener.open_bytes(permission, "place", sealed)


def test_a_number_that_is_not_the_subjects_is_not_sealed(world: World) -> None:
    vault, token = world.vault, world.vault.pseudonym("acme", number(OTHER))
    with pytest.raises(Refused):
        vault.store.write(lambda tx: vault.seal(tx, token, "customer-care", number(), NOW + HOUR))
    assert world.rows(tables.sealed) == []


def test_bytes_sealed_as_one_thing_do_not_open_as_another(world: World) -> None:
    token = world.vault.pseudonym("acme", number())
    sealed = world.vault.seal_bytes(token, "customer-care", "place", b"where")
    assert world.opener.open_bytes(Permitted(token), "place", sealed) == b"where"
    with pytest.raises(Tampered):
        world.opener.open_bytes(Permitted(token), "number", sealed)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vault_sealed SET sealed = 'text'",
        "UPDATE vault_sealed SET sealed_at = 'then'",
        "UPDATE vault_sealed SET until = 4611686018427387904",
        "INSERT INTO vault_aliases SELECT 'nobody', subject, 0, '' FROM vault_sealed",
    ],
)
def test_a_damaged_row_of_the_vault_is_told_as_such(world: World, change: str) -> None:
    token = world.sealed(number())
    world.vault.store.write(lambda tx: tx.exec_driver_sql(change) and None)
    with pytest.raises(Tampered):
        world.opener.reveal(Permitted(token), actor="agent:1")


def test_shredding_one_purpose_leaves_the_others(world: World) -> None:
    token = world.sealed(number())
    world.sealed(number(), "fraud-prevention")
    done = world.vault.shred(token, "customer-care", actor="system:test", reason="withdrawn")
    assert (done.keys, done.numbers, done.tokens) == (1, 1, 0)
    with pytest.raises(NotFound):
        world.opener.reveal(Permitted(token), actor="agent:1")
    assert world.opener.reveal(Permitted(token, "fraud-prevention"), actor="agent:1") == number().uri


def test_shredding_makes_what_a_backup_of_the_rows_holds_unreadable(world: World) -> None:
    token = world.sealed(number())
    kept = world.vault.seal_bytes(token, "customer-care", "place", b"where")
    world.vault.shred(token, actor="system:test", reason="withdrawn")
    with pytest.raises(NotFound):
        world.opener.open_bytes(Permitted(token), "place", kept)
    again = world.sealed(number())
    with pytest.raises(NotFound):
        world.opener.open_bytes(Permitted(again), "place", kept)


def test_no_number_is_in_any_file_that_the_vault_has_written(world: World, tmp_path: Path) -> None:
    token = world.sealed(number())
    world.opener.reveal(Permitted(token), actor="agent:1")
    world.vault.store.write(
        lambda tx: world.vault.locations.issue(
            tx, token, "customer-care", "agent:1", NUMBER.encode(), NOW + HOUR, actor="agent:1"
        )
    )
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if NUMBER.encode() in path.read_bytes()] == []


def test_a_number_is_kept_no_longer_than_asked(world: World) -> None:
    token = world.sealed(number(), until=NOW + HOUR)
    world.pass_(hours=1)
    with pytest.raises(NotFound):
        world.opener.reveal(Permitted(token, until=NOW + timedelta(days=1)), actor="agent:1")
