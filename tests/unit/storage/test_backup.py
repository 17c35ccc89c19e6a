from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from contracts.made import made
from contracts.store import AT, fill, names, put
from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Tampered, Unavailable
from haoma.storage import Store, back_up, inspect_store, open_store, restore, schema
from haoma.storage.manifest import kind_of

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, `from.db`, and a backup of it, `good`."""
    folder = tmp_path_factory.mktemp("backup")
    with open_store(made(f"sqlite:///{folder}/from.db")) as store:
        fill(store)
        back_up(store, folder / "good", at=AT)
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own, filled."""
    shutil.copy(template / "from.db", tmp_path)
    with open_store(f"sqlite:///{tmp_path}/from.db") as store:
        yield store


@pytest.fixture
def good(template: Path, tmp_path: Path) -> Path:
    """A backup of the test's own, sound as it is."""
    return Path(shutil.copy(template / "good", tmp_path))


@pytest.fixture
def to(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/to.db"


def unpack(path: Path) -> Files:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def pack(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def change_a_part(files: Files) -> None:
    name = next(name for name in files if name.startswith("store_info/"))
    files[name] = files[name][:200] + bytes([files[name][200] ^ 1]) + files[name][201:]


def drop_a_part(files: Files) -> None:
    del files[next(name for name in files if name.startswith("store_info/"))]


def swap_two_parts(files: Files) -> None:
    one, other = (next(name for name in files if name.startswith(table)) for table in ("store_info", "ledger_queue"))
    files[one], files[other] = files[other], files[one]


def forget_a_part(files: Files) -> None:
    content = json.loads(files["manifest.json"])
    next(table for table in content["tables"] if table["name"] == "store_info")["parts"].pop()
    files["manifest.json"] = json.dumps(content).encode()


@pytest.mark.parametrize("tamper", [change_a_part, drop_a_part, swap_two_parts, forget_a_part])
def test_a_backup_that_is_not_what_was_written_is_refused_before_a_row_is_written(
    tamper: Callable[[Files], None], good: Path, to: str, tmp_path: Path
) -> None:
    files = unpack(good)
    tamper(files)
    with pytest.raises(Tampered) as caught:
        restore(pack(tmp_path / "bad", files), to)
    assert caught.value.hint
    with pytest.raises(NotFound):
        inspect_store(to)


@pytest.mark.parametrize(
    "member", [tarfile.TarInfo("more"), tarfile.TarInfo("manifest.json"), tarfile.TarInfo("store_info/000000.parquet")]
)
def test_a_backup_with_a_member_more_is_refused(member: tarfile.TarInfo, good: Path, to: str) -> None:
    content = unpack(good).get(member.name, b"x")
    member.size = len(content)
    with tarfile.open(good, "a") as tar:
        tar.addfile(member, io.BytesIO(content))
    with pytest.raises(Tampered):
        restore(good, to)


@pytest.mark.parametrize("more", [b"x", bytes(512), b"x" * 100_000])
def test_a_backup_with_bytes_behind_its_end_is_refused(more: bytes, good: Path, to: str) -> None:
    with good.open("ab") as file:
        file.write(more)
    with pytest.raises(Tampered):
        restore(good, to)
    content = bytearray(good.read_bytes()[: -len(more)])
    content[-1] = 1
    good.write_bytes(content)
    with pytest.raises(Tampered):
        restore(good, to)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"format": ' * 50_000])
def test_a_manifest_of_brackets_is_bad_input(text: bytes, to: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        restore(pack(tmp_path / "bad", {"manifest.json": text}), to)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE ledger_tiles",
        "ALTER TABLE store_info ADD COLUMN more TEXT",
        "INSERT INTO ledger_runs (first_id, first_index, length) VALUES (1, 1, 'many')",
        "UPDATE store_info SET value = x'ff'",
    ],
)
def test_what_could_not_be_restored_is_not_backed_up(change: str, store: Store, tmp_path: Path) -> None:
    with store.changing() as tx:
        tx.execute(sa.text(change))
    with pytest.raises(Tampered) as caught:
        back_up(store, tmp_path / "a", at=AT)
    assert caught.value.hint
    assert not list(tmp_path.glob("a*"))


def test_a_table_of_others_is_not_backed_up(store: Store, to: str, tmp_path: Path) -> None:
    with store.changing() as tx:
        tx.execute(sa.text("CREATE TABLE customers (id INTEGER)"))
    back_up(store, tmp_path / "a", at=AT)
    restore(tmp_path / "a", to)


def test_a_backup_made_anew_is_found_out_by_the_digest_kept_elsewhere(store: Store, to: str, tmp_path: Path) -> None:
    kept = back_up(store, tmp_path / "good", at=AT).sha256
    store.write(put("forged"))
    back_up(store, tmp_path / "anew", at=AT)
    with pytest.raises(Tampered, match="digest"):
        restore(tmp_path / "anew", to, sha256=kept)
    restore(tmp_path / "good", to, sha256=kept.upper())


def broken(files: Files, change: Callable[[dict[str, object]], object]) -> Files:
    content = json.loads(files["manifest.json"])
    change(content)
    return files | {"manifest.json": json.dumps(content).encode()}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda content: content.update(version=2), BadInput),
        (lambda content: content.pop("tables"), BadInput),
        (lambda content: content["tables"][0]["columns"].update(more="integer"), BadInput),
        (lambda content: content["tables"][0]["columns"].update(more="pickle"), BadInput),
        (lambda content: content["tables"].pop(), BadInput),
        (lambda content: content.update(revision="9999_later"), Conflict),
        (lambda content: content.update(revision="another"), Tampered),
        (lambda content: content["tables"][0].update(rows=float("inf")), BadInput),
        (lambda content: content["tables"][0].update(last_key=2**64), BadInput),
        (lambda content: content["tables"].append({**content["tables"][0], "rows": 0, "parts": []}), BadInput),
    ],
)
def test_a_manifest_of_another_form_is_refused_and_nothing_stays(
    change: Callable[[dict[str, object]], object], error: type[HaomaError], good: Path, to: str, tmp_path: Path
) -> None:
    with pytest.raises(error):
        restore(pack(tmp_path / "bad", broken(unpack(good), change)), to)
    with pytest.raises(NotFound):
        inspect_store(to)


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_a_file_that_is_no_backup_is_bad_input(content: bytes, to: str, tmp_path: Path) -> None:
    (tmp_path / "novel").write_bytes(content)
    with pytest.raises((BadInput, Tampered)):
        restore(tmp_path / "novel", to)
    with pytest.raises(BadInput):
        restore(tmp_path / "nowhere", to)


def test_a_backup_that_was_cut_short_is_refused(good: Path, to: str) -> None:
    whole = good.read_bytes()
    for length in (len(whole) // 3, len(whole) * 2 // 3):
        good.write_bytes(whole[:length])
        with pytest.raises((BadInput, Tampered)):
            restore(good, to)


def test_a_backup_is_its_owners_alone_and_writes_over_nothing(store: Store, tmp_path: Path) -> None:
    back_up(store, tmp_path / "a", at=AT)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with pytest.raises(Conflict, match="there already"):
        back_up(store, tmp_path / "a", at=AT)
    with pytest.raises(Unavailable):
        back_up(store, tmp_path / "no such directory" / "a", at=AT)
    assert sorted(path.name for path in tmp_path.iterdir() if "from.db" not in path.name) == ["a"]


def test_a_backup_that_fails_leaves_no_file(store: Store, tmp_path: Path) -> None:
    def fail(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(store, tmp_path / "a", at=AT, advance=fail)
    assert not list(tmp_path.glob("a*"))


def test_a_backup_shows_one_moment_while_others_write(store: Store, to: str, tmp_path: Path) -> None:
    def write_more(_rows: int) -> None:
        store.write(lambda tx: tx.execute(sa.text("DELETE FROM store_info")) and None)

    before = names(store)
    back_up(store, tmp_path / "a", at=AT, advance=write_more)
    restore(tmp_path / "a", to)
    with open_store(to) as restored:
        assert names(restored) == before


def test_a_large_table_is_many_parts_that_any_reader_of_parquet_reads(store: Store, tmp_path: Path, to: str) -> None:
    store.write(lambda tx: [put(f"large {n}", "x" * 60_000)(tx) for n in range(600)] and None)
    made = back_up(store, tmp_path / "a", at=AT)
    parts = next(table for table in made.tables if table.name == "store_info").parts
    assert len(parts) > 1
    files = unpack(tmp_path / "a")
    assert [pq.read_table(io.BytesIO(files[part.path])).num_rows for part in parts] == [part.rows for part in parts]
    restore(tmp_path / "a", to)
    with open_store(to) as restored:
        assert names(restored) == names(store)


def test_an_older_backup_is_brought_up_to_date(tmp_path: Path, to: str) -> None:
    from haoma.storage.opening import store_at

    with store_at(f"sqlite:///{tmp_path}/old.db", create=True) as old:
        with old.changing() as tx:
            schema.migrate(tx, schema.revisions()[:1])
            put("a")(tx)
        assert back_up(old, tmp_path / "a", at=AT).revision == schema.revisions()[0]
    restore(tmp_path / "a", to)
    with open_store(to) as restored:
        assert names(restored) == {"a"}
    assert inspect_store(to).revision == schema.revisions()[-1]


def test_what_was_restored_counts_on_behind_keys_that_were_given_out(store: Store, to: str, tmp_path: Path) -> None:
    back_up(store, tmp_path / "a", at=AT)
    restore(tmp_path / "a", to)
    with open_store(to) as restored:
        key = restored.write(
            lambda tx: tx.exec_driver_sql("INSERT INTO ledger_queue (entries) VALUES (x'00')").lastrowid
        )
    assert key == 8


def test_a_column_that_the_databases_do_not_share_is_named() -> None:
    table = sa.Table("calls", sa.MetaData(), sa.Column("at", sa.DateTime))
    with pytest.raises(BadInput, match=r"calls\.at"):
        kind_of(table.c.at)


def test_every_table_there_is_can_be_backed_up(store: Store) -> None:
    with store.read() as tx:
        kinds = {kind_of(column) for table in schema.tables(tx) for column in table.columns}
    assert kinds <= {"boolean", "integer", "real", "text", "bytes"}
