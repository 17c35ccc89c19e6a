"""What a hand that writes into the two databases cannot have opened: swapped, copied, replayed and forged rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.vault import HOUR, NOW, OTHER, Permitted, World, number, open_world
from haoma.errors import NotFound, Refused, Tampered
from haoma.vault import Kind, SubjectToken, key_rows, tables
from haoma.vault.key_tables import keys
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

CARE, FRAUD = "customer-care", "fraud-prevention"


@pytest.fixture(params=["aes-sha2", "sm4-sm3"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys", suite=request.param) as world:
        yield world


def by_hand(world: World, *statements: sa.Executable) -> None:
    world.vault.store.write(lambda tx: [tx.execute(one) for one in statements] and None)


def in_key_store(world: World, *statements: sa.Executable) -> None:
    world.vault.keys.store.write(lambda tx: [tx.execute(one) for one in statements] and None)
    world.vault.keys._kept.clear()


def row_of(world: World, subject: SubjectToken, purpose: str = CARE) -> dict[str, object]:
    c = tables.sealed.c
    query = sa.select(tables.sealed).where(c.subject == str(subject), c.purpose == purpose)
    with world.vault.store.read() as tx:
        return dict(tx.execute(query).one()._mapping)


def opened(world: World, subject: SubjectToken, purpose: str = CARE) -> str:
    return world.opener.reveal(Permitted(subject, purpose), actor="agent:1")


@pytest.mark.parametrize("columns", [("sealed",), ("sealed", "key_id")])
def test_the_sealed_number_of_one_subject_does_not_open_for_another(world: World, columns: tuple[str, ...]) -> None:
    mine, other = world.sealed(number()), world.sealed(number(OTHER))
    copied = {name: row_of(world, other)[name] for name in columns}
    by_hand(world, sa.update(tables.sealed).where(tables.sealed.c.subject == str(mine)).values(**copied))
    with pytest.raises(Tampered):
        opened(world, mine)


def test_a_number_does_not_open_for_another_purpose(world: World) -> None:
    token = world.sealed(number())
    by_hand(world, sa.insert(tables.sealed).values(**row_of(world, token) | {"purpose": FRAUD}))
    with pytest.raises(Tampered):
        opened(world, token, FRAUD)


def test_a_row_of_another_tenant_does_not_open(world: World) -> None:
    bank = world.vault.pseudonym("bank", number())
    by_hand(world, sa.insert(tables.sealed).values(**row_of(world, world.sealed(number())) | {"subject": str(bank)}))
    with pytest.raises(Tampered):
        opened(world, bank)


def test_a_row_from_before_an_end_opens_nothing_after_it(world: World) -> None:
    token = world.sealed(number())
    before = row_of(world, token)
    world.vault.shred(token, actor="agent:1", reason="withdrawn")
    world.sealed(number())
    same = sa.update(tables.sealed).where(tables.sealed.c.subject == str(token))
    by_hand(world, same.values(**before))
    with pytest.raises(NotFound):
        opened(world, token)
    by_hand(world, same.values(sealed=before["sealed"], key_id=world.vault.keys_of(token)[0]))
    with pytest.raises(Tampered):
        opened(world, token)


def forged(world: World, old: SubjectToken, new: SubjectToken, commitment: str) -> sa.Executable:
    return sa.insert(tables.aliases).values(old=str(old), new=str(new), at=NOW, commitment=commitment)


FORGERS: dict[str, Callable[[World, str], object]] = {
    "nothing": lambda *_: "",
    "text": lambda *_: "aliases-1:" + "00" * 32,
    "no key": lambda *_: "aliases-9:" + "00" * 32,
    "another link": lambda world, _: world.vault.commitments.commit("aliases", b"acme acme"),
    "another scope": lambda world, content: world.vault.commitments.commit("sealed", content.encode()),
}


@pytest.mark.parametrize("forger", FORGERS)
def test_a_forged_link_makes_nobody_pass_for_somebody_else(world: World, forger: str) -> None:
    vault, mine, other = world.vault, world.sealed(number()), world.sealed(number(OTHER))
    place = vault.seal_bytes(other, CARE, "place", b"where")
    with vault.store.read() as tx:
        assert [str(one) for one in vault.aliases(tx, mine)] == [str(mine)]
    by_hand(world, forged(world, other, mine, str(FORGERS[forger](world, f"{other} {mine}"))))
    by_hand(world, sa.delete(tables.sealed).where(tables.sealed.c.subject == str(mine)))
    for asks in (lambda: opened(world, mine), lambda: world.opener.open_bytes(Permitted(mine), "place", place)):
        with pytest.raises(Tampered, match="no rotation wrote it"):
            asks()
    with pytest.raises(Tampered):
        vault.shred(mine, actor="agent:1", reason="withdrawn")


def test_a_link_that_a_rotation_wrote_holds_and_is_not_moved_by_hand(world: World) -> None:
    mine, other = world.sealed(number()), world.vault.pseudonym("acme", number(OTHER))
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    for _ in range(2):
        rotation.rotate_tenant("acme")
        rotation.go_on()
    assert opened(world, mine) == number().uri
    assert {row.new.split(".")[1][1:] for row in world.rows(tables.aliases)} == {"3"}
    by_hand(world, sa.update(tables.aliases).where(tables.aliases.c.old == str(mine)).values(old=str(other)))
    with pytest.raises(Tampered):
        opened(world, other)


def test_a_rotation_does_not_make_a_forged_link_a_true_one(world: World) -> None:
    mine, other = world.sealed(number()), world.vault.pseudonym("acme", number(OTHER))
    by_hand(world, forged(world, other, mine, "aliases-1:" + "00" * 32))
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    rotation.rotate_tenant("acme")
    with pytest.raises(Tampered):
        rotation.rekey("acme")


@pytest.mark.parametrize("kind", ["data", "pseudonym", "commitment"])
def test_the_key_of_one_row_is_not_taken_for_that_of_another(world: World, kind: str) -> None:
    store = world.vault.keys
    one, other = {
        "data": lambda: [store.current(Kind.SEAL, f"acme.a1.x/{purpose}") for purpose in (CARE, FRAUD)],
        "pseudonym": lambda: [store.current(Kind.PSEUDONYM, "acme"), store.rotate(Kind.PSEUDONYM, "acme")],
        "commitment": lambda: [store.current(Kind.COMMITMENT, "facts"), store.rotate(Kind.COMMITMENT, "facts")],
    }[kind]()
    with store.store.read() as tx:
        wrapped = tx.scalar(sa.select(keys.c.wrapped).where(keys.c.key_id == one.key_id))
    in_key_store(world, sa.update(keys).where(keys.c.key_id == other.key_id).values(wrapped=wrapped))
    with pytest.raises(Tampered):
        store.get(other.key_id)
    assert store.get(one.key_id).secret == one.secret


@pytest.mark.parametrize(
    "change",
    [
        {"version": 7},
        {"suite": "sm4-sm3"},
        {"suite": "aes-sha2"},
        {"key_id": "pseudonym-else"},
        {"owner": "bank"},
        {"scope": "bank", "owner": "bank"},
        {"kind": "token"},
    ],
    ids=str,
)
def test_a_key_row_that_says_another_version_suite_name_or_purpose_opens_nothing(
    world: World, change: dict[str, object]
) -> None:
    store = world.vault.keys
    key = store.current(Kind.PSEUDONYM, "acme")
    if change.get("suite") == key.suite.name:
        return
    in_key_store(world, sa.update(keys).values(**change))
    with pytest.raises(Tampered):
        store.get(str(change.get("key_id", key.key_id)))


def issued(world: World, subject: SubjectToken, value: bytes) -> str:
    vault = world.vault
    return vault.store.write(
        lambda tx: vault.locations.issue(tx, subject, CARE, "agent:1", value, NOW + HOUR, actor="system:locate")
    )


@pytest.mark.parametrize("columns", [("sealed",), ("sealed", "key_id"), ("sealed", "key_id", "subject"), ("purpose",)])
def test_the_place_in_one_location_token_is_not_told_by_another(world: World, columns: tuple[str, ...]) -> None:
    mine, other = (world.vault.pseudonym("acme", number(text)) for text in ("13800138000", OTHER))
    text = issued(world, mine, b"here")
    (first,) = world.rows(tables.tokens)
    issued(world, other, b"there")
    (second,) = [row for row in world.rows(tables.tokens) if row.digest != first.digest]
    copied = {name: getattr(second, name) for name in columns} if columns != ("purpose",) else {"purpose": FRAUD}
    by_hand(world, sa.update(tables.tokens).where(tables.tokens.c.digest == first.digest).values(**copied))
    with pytest.raises(Tampered):
        world.vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")
    last = world.rows(tables.audit)[-1]
    assert (last.decision, last.reason) == ("refused", "token-changed")


def test_two_tokens_of_one_subject_do_not_tell_each_others_place(world: World) -> None:
    mine = world.vault.pseudonym("acme", number())
    text = issued(world, mine, b"here")
    (first,) = world.rows(tables.tokens)
    issued(world, mine, b"there")
    (second,) = [row for row in world.rows(tables.tokens) if row.digest != first.digest]
    by_hand(world, sa.update(tables.tokens).where(tables.tokens.c.digest == first.digest).values(sealed=second.sealed))
    with pytest.raises(Tampered):
        world.vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")


def test_a_permission_of_another_class_opens_nothing(world: World) -> None:
    token = world.sealed(number())

    class Wider(Permitted):
        """One that its maker says is a permission."""

    with pytest.raises(Refused, match="no permission"):
        world.opener.reveal(Wider(token), actor="agent:1")
    with pytest.raises(Refused, match="no permission"):
        world.opener.reveal(None, actor="agent:1")  # type: ignore[arg-type]


def test_a_key_that_was_wrapped_before_its_version_was_bound_opens_and_is_bound_by_the_next_rotation(
    world: World,
) -> None:
    store, token = world.vault.keys, world.sealed(number())
    first, second = store.current(Kind.COMMITMENT, "facts"), store.rotate(Kind.COMMITMENT, "facts")
    older = {
        key.key_id: world.custody.wrap("haoma-keys", key.secret + key_rows._of_before(key)) for key in (first, second)
    }
    for key_id, bytes_ in older.items():
        in_key_store(world, sa.update(keys).where(keys.c.key_id == key_id).values(wrapped=bytes_))
    assert [store.get(key.key_id).secret for key in (first, second)] == [first.secret, second.secret]
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    rotation.rotate_custody()
    rotation.go_on()
    with store.store.read() as tx:
        wrapped = {row.key_id: row.wrapped for row in tx.execute(sa.select(keys.c.key_id, keys.c.wrapped))}
    in_key_store(world, sa.update(keys).where(keys.c.key_id == second.key_id).values(wrapped=wrapped[first.key_id]))
    with pytest.raises(Tampered):
        store.get(second.key_id)
    assert opened(world, token) == number().uri
