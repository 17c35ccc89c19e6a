from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.vault import HOUR, NOW, OTHER, Permitted, World, number, open_world
from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Refused, Tampered, Unavailable
from haoma.ledger.view import View
from haoma.vault import Kind, SubjectToken, passphrase_file, tables
from haoma.vault.key_backup import Backup, Length, Made, back_up_files, back_up_store, is_key_file
from haoma.vault.key_restore import (
    PutBack,
    destroyed,
    entries_since,
    put_back_files,
    put_back_store,
    require_length,
)
from haoma.vault.key_tables import ends, keys
from haoma.vault.passphrase_file import PART, Unlocked, write_lines
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

WORDS = "correct horse battery staple"
CARE = "customer-care"


def length(world: World) -> Length:
    world.vault.log.integrate()
    head = View(world.vault.store).head()
    return Length(head.size, head.root)


def made(world: World, path: Path) -> Made:
    return back_up_store(world.vault.keys.store, path, WORDS, world.clock[0], length(world))


def put_back(world: World, path: Path, ended: dict[str, str] | None = None) -> PutBack:
    backup = Backup(path, WORDS)
    length(world)
    view = View(world.vault.store)
    require_length(view, backup.length)
    gone = frozenset(name for entry in entries_since(view, backup.length.size) for name in destroyed(entry))
    return put_back_store(backup, world.vault.keys, gone, ended or {}, world.clock[0])


def lose(world: World) -> None:
    """The key store, as on a disk that is gone; custody is there."""
    store = world.vault.keys
    store.store.write(lambda tx: [tx.execute(sa.delete(table)) for table in (keys, ends)] and None)
    store._kept.clear()


def opened(world: World, token: SubjectToken) -> str:
    return world.opener.reveal(Permitted(token, until=world.clock[0] + HOUR), actor="agent:1")


def sealed(world: World, text: str) -> SubjectToken:
    return world.sealed(number(text), until=NOW + timedelta(days=999))


def test_what_was_backed_up_opens_again_when_the_key_store_is_lost(world: World, tmp_path: Path) -> None:
    tokens = [sealed(world, text) for text in ("13800138000", OTHER)]
    done = made(world, tmp_path / "backup")
    assert (done.counts["key"], stat.S_IMODE((tmp_path / "backup").stat().st_mode)) == (5, 0o600)
    lose(world)
    with pytest.raises(NotFound):
        opened(world, tokens[0])
    assert put_back(world, tmp_path / "backup") == PutBack(5)
    assert [opened(world, token) for token in tokens] == [number().uri, number(OTHER).uri]
    assert world.vault.pseudonym("acme", number()) == tokens[0]


def test_a_key_that_was_destroyed_since_does_not_come_back(world: World, tmp_path: Path) -> None:
    gone, kept = (sealed(world, text) for text in ("13800138000", OTHER))
    row = world.rows(tables.sealed)[0]._asdict()
    before = {token: world.vault.keys_of(token) for token in (gone, kept)}
    made(world, tmp_path / "backup")
    world.vault.shred(gone, actor="agent:1", reason="withdrawn")
    lose(world)
    assert put_back(world, tmp_path / "backup") == PutBack(4, dropped=1)
    assert [world.vault.keys_of(token) for token in (gone, kept)] == [[], before[kept]]
    older = sa.insert(tables.sealed).values(**{**row, "subject": str(gone), "key_id": before[gone][0]})
    world.vault.store.write(lambda tx: tx.execute(older) and None)  # as in an older backup of the data
    with pytest.raises(NotFound):
        opened(world, gone)
    assert opened(world, kept) == number(OTHER).uri


def test_a_key_that_was_about_to_be_destroyed_does_not_come_back_either(world: World, tmp_path: Path) -> None:
    """The log hears of it before: whatever ends the process in between, the backup is held to it."""
    token = sealed(world, OTHER)
    made(world, tmp_path / "backup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.vault.keys.store, "write", lambda _work: (_ for _ in ()).throw(Unavailable("gone")))
        with pytest.raises(Unavailable):
            world.vault.destroy_keys(token)
    assert world.vault.keys_of(token)
    lose(world)
    assert put_back(world, tmp_path / "backup").dropped == 1


def test_where_the_log_does_not_hear_of_it_no_key_is_destroyed(world: World) -> None:
    token = sealed(world, OTHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.vault.store, "write", lambda _work: (_ for _ in ()).throw(Unavailable("away")))
        with pytest.raises(Unavailable):
            world.vault.destroy_keys(token)
    assert opened(world, token) == number(OTHER).uri


def test_what_has_ended_stays_so_before_the_backup_and_since(world: World, tmp_path: Path) -> None:
    store = world.vault.keys
    store.ends.note("one", "withdrawn")
    store.current(Kind.PSEUDONYM, "acme")
    made(world, tmp_path / "backup")
    lose(world)
    put_back(world, tmp_path / "backup", {"one": "expired", "two": "done"})
    assert [store.ends.why(name) for name in ("one", "two", "three")] == ["withdrawn", "done", ""]


def test_a_backup_from_before_two_rotations_of_custody_opens_nothing(world: World, tmp_path: Path) -> None:
    sealed(world, OTHER)
    made(world, tmp_path / "backup")
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    for _ in range(2):
        rotation.rotate_custody()
        rotation.go_on()
    lose(world)
    with pytest.raises(Conflict, match="custody has not"):
        put_back(world, tmp_path / "backup")


def test_nothing_is_put_over_a_key_store_that_is_there(world: World, tmp_path: Path) -> None:
    token = sealed(world, OTHER)
    made(world, tmp_path / "backup")
    with pytest.raises(Conflict, match="not empty"):
        put_back(world, tmp_path / "backup")
    assert opened(world, token) == number(OTHER).uri
    with pytest.raises(Conflict, match="already"):
        made(world, tmp_path / "backup")


def test_the_log_has_to_be_the_one_and_as_long_as_it_was(world: World, tmp_path: Path) -> None:
    sealed(world, OTHER)
    then = length(world)
    with open_world(f"sqlite:///{tmp_path}/other.db", tmp_path / "keys") as other:
        view = View(other.vault.store)
        length(other)
        with pytest.raises(Conflict, match="had 1 when"):
            require_length(view, then)
        require_length(view, then, older_log=True)
        sealed(other, "13800138000")
        length(other)
        with pytest.raises(Conflict, match="another log"):
            require_length(view, then, older_log=True)


def test_entries_are_read_from_where_the_log_was_and_held_to_their_hashes(world: World) -> None:
    for at in range(600):
        world.vault.store.write(lambda tx, at=at: world.vault.append(tx, "vault.rotated", what="custody", version=at))
    length(world)
    view = View(world.vault.store)
    for size in (0, 1, 255, 256, 257, 599, 600):
        assert [entry.body["version"] for entry in entries_since(view, size)] == list(range(size, 600))


def test_a_backup_that_is_older_than_what_is_kept_of_ends_is_not_put_back(world: World, tmp_path: Path) -> None:
    sealed(world, OTHER)
    made(world, tmp_path / "backup")
    lose(world)
    world.pass_(days=401)
    with pytest.raises(Refused, match="none older than 400 days"):
        put_back(world, tmp_path / "backup")


def test_files_of_keys_come_back_and_take_the_place_of_none(world: World, tmp_path: Path) -> None:
    sealed(world, OTHER)
    place = tmp_path / "keys"
    (place / "log.key").write_text("secret\n")
    (place / "log.key").chmod(0o600)
    files = {path.relative_to(place): path.read_bytes() for path in place.rglob("*.key")}
    back_up_files(place, tmp_path / "backup", WORDS, NOW, length(world))
    backup = Backup(tmp_path / "backup", WORDS)
    assert put_back_files(backup, tmp_path / "new", NOW) == PutBack(len(files))
    for name, text in files.items():
        assert ((tmp_path / "new" / name).read_bytes(), (tmp_path / "new" / name).stat().st_mode & 0o777) == (
            text,
            0o600,
        )
    assert put_back_files(backup, tmp_path / "new", NOW) == PutBack(0)
    (tmp_path / "new" / "log.key").write_text("another\n")
    with pytest.raises(Conflict, match="another one"):
        put_back_files(backup, tmp_path / "new", NOW)
    with pytest.raises(Refused, match="not of the store"):
        put_back_store(backup, world.vault.keys, frozenset(), {}, NOW)


@pytest.mark.parametrize("name", ["../log.key", "/log.key", "custody/../log.key", "log.txt", "a/b/log.key", ".key"])
def test_no_file_is_written_elsewhere(name: str) -> None:
    assert not is_key_file(name)


def test_no_key_and_no_token_is_in_a_backup_in_clear(world: World, tmp_path: Path) -> None:
    token = sealed(world, OTHER)
    made(world, tmp_path / "backup")
    back_up_files(tmp_path / "keys", tmp_path / "files", WORDS, NOW, length(world))
    for path in (tmp_path / "backup", tmp_path / "files"):
        data = path.read_bytes()
        assert str(token).encode() not in data
        assert b"aes-sha2" not in data


PARTS = PART + 16
CHANGES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "cut": lambda head, body: head + body[: -PART // 2],
    "part cut off": lambda head, body: head + body[:PARTS],
    "swapped": lambda head, body: head + body[PARTS : 2 * PARTS] + body[:PARTS] + body[2 * PARTS :],
    "bit": lambda head, body: head + body[:-9] + bytes([body[-9] ^ 1]) + body[-8:],
    "first bit": lambda head, body: head + bytes([body[0] ^ 1]) + body[1:],
    "weaker": lambda head, body: head.replace(b'"passes":2', b'"passes":1') + body,
    "costlier": lambda head, body: head.replace(b'"passes":2', b'"passes":9999') + body,
    "other salt": lambda head, body: head.replace(b'"salt":"', b'"salt":"00') + body,
    "no magic": lambda head, body: head[13:] + body,
    "another magic": lambda head, body: b"x" + head + body,
    "empty": lambda *_: b"",
    "only head": lambda head, _: head,
}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase_file, "_COST", {"lanes": 1, "memory_kib": 64, "passes": 2})


def test_each_guess_at_a_passphrase_costs_64_mib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    write_lines(tmp_path / "file", WORDS, [b"line"])
    assert b'{"lanes":4,"memory_kib":65536,"passes":3,' in (tmp_path / "file").read_bytes()
    assert list(Unlocked(tmp_path / "file", WORDS).lines()) == [b"line"]


def test_lines_come_back_as_they_were_however_long(tmp_path: Path) -> None:
    lines = [b"%07d %s" % (at, b"x" * 900) for at in range(2500)]
    digest = write_lines(tmp_path / "file", WORDS, lines)
    unlocked = Unlocked(tmp_path / "file", WORDS)
    assert (list(unlocked.lines()), unlocked.digest()) == (lines, digest)


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_changed_does_not_open(tmp_path: Path, change: str) -> None:
    write_lines(tmp_path / "file", WORDS, [b"x" * 999] * 2500)
    data = (tmp_path / "file").read_bytes()
    at = data.index(b"\n", 20) + 1
    (tmp_path / "file").write_bytes(CHANGES[change](data[:at], data[at:]))
    with pytest.raises((BadInput, Refused, Tampered)):
        list(Unlocked(tmp_path / "file", WORDS).lines())


def test_a_wrong_passphrase_opens_nothing_and_a_short_one_closes_nothing(tmp_path: Path) -> None:
    write_lines(tmp_path / "file", WORDS, [b"line"])
    with pytest.raises(Refused, match="does not open"):
        list(Unlocked(tmp_path / "file", "Correct horse battery staple").lines())
    with pytest.raises(BadInput, match="16 characters"):
        write_lines(tmp_path / "other", "short", [b"line"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"head":{}}', b'{"head":{"what":"store","at":"x","size":1,"root":""}}']
)
def test_what_is_no_backup_inside_is_told(tmp_path: Path, text: bytes) -> None:
    write_lines(tmp_path / "file", WORDS, [text])
    with pytest.raises(Tampered, match="not as haoma wrote it"):
        Backup(tmp_path / "file", WORDS)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b'{"last":{"key":1}}'],
        [b'{"last":{}}', b'{"key":{}}'],
        [b'{"key":{}}', b'{"last":{"key":1}}'],
        [b'{"none":{}}', b'{"last":{}}'],
    ],
    ids=str,
)
def test_a_backup_without_its_end_or_with_more_than_it_says_is_told(
    world: World, tmp_path: Path, lines: list[bytes]
) -> None:
    head = b'{"head":{"at":1795334400000000,"root":"","size":0,"what":"store"}}'
    write_lines(tmp_path / "file", WORDS, [head, *lines])
    with pytest.raises(HaomaError) as raised:
        put_back_store(Backup(tmp_path / "file", WORDS), world.vault.keys, frozenset(), {}, NOW)
    assert raised.value.code == "tampered"
