"""Laws of the stored log: no byte of it can be changed unnoticed, and how entries came in leaves no trace."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from contracts.log import KEY, Log, open_log, root_of
from haoma.errors import Conflict, Tampered
from haoma.ledger import canonical, verify_consistency
from haoma.ledger.entry import Entry, EntryType, decode, encode
from haoma.ledger.forms import LARGEST, PATTERNS, Json, time_text

SIZES = (1, 255, 256, 300, 700)
COLUMNS = {
    "ledger_tiles": ("level", "number", "hashes"),
    "ledger_bundles": ("number", "entries"),
    "ledger_head": ("size", "root"),
    "ledger_checkpoints": ("size", "root", "note"),
    "ledger_runs": ("first_index", "length"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with a checkpoint over each of these sizes, in one file."""
    path = tmp_path_factory.mktemp("log") / "haoma.db"
    with open_log(f"sqlite:///{path}") as log:
        for size in SIZES:
            log.grow(size - log.next_number)
    return path


def cells(log: Log) -> list[tuple[str, int, str]]:
    with log.store.read() as tx:
        return [
            (table, rowid, column)
            for table, columns in COLUMNS.items()
            for rowid in tx.scalars(sa.text(f"SELECT rowid FROM {table} ORDER BY rowid"))  # noqa: S608
            for column in columns
        ]


def flip(log: Log, cell: tuple[str, int, str], data: st.DataObject) -> None:
    """Change one bit of a cell: of its bytes, or of its number."""
    table, rowid, column = cell
    where = f"{table} WHERE rowid = {rowid}"
    with log.store.read() as tx:
        value = tx.scalar(sa.text(f"SELECT {column} FROM {where}"))  # noqa: S608
    if isinstance(value, int):
        changed: object = value ^ 1 << data.draw(st.integers(0, 62), label="bit")
    else:
        at, bit = data.draw(st.integers(0, len(value) - 1), label="byte"), data.draw(st.integers(0, 7), label="bit")
        changed = value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :]
    try:
        log.change(f"UPDATE {table} SET {column} = :value WHERE rowid = {rowid}", value=changed)  # noqa: S608
    except Conflict:
        reject()  # the database keeps two rows of one key apart


def word() -> st.SearchStrategy[str]:
    return st.from_regex(PATTERNS["word"], fullmatch=True, alphabet=st.characters(codec="ascii"))


VALUES: dict[str, st.SearchStrategy[Json]] = {
    "digest": st.binary(min_size=32, max_size=32).map(bytes.hex),
    "word": word(),
    "time": st.datetimes().map(lambda at: time_text(at.replace(tzinfo=UTC))),
    "count": st.integers(0, LARGEST),
    "ppm": st.integers(0, 1_000_000),
    "flag": st.booleans(),
}


@given(
    forms=st.dictionaries(
        word(), st.sampled_from(sorted(VALUES)).flatmap(lambda one: st.sampled_from([one, f"{one}*"]))
    ),
    at=st.datetimes(timezones=st.just(UTC))
    | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)),
    data=st.data(),
)
def test_an_entry_is_written_as_canonical_json_has_it(forms: dict[str, str], at: datetime, data: st.DataObject) -> None:
    body = {
        name: data.draw(st.lists(VALUES[form[:-1]], max_size=3) if form[-1] == "*" else VALUES[form], label=name)
        for name, form in forms.items()
    }
    written = encode(Entry("all", at, body), {"all": EntryType("all", forms)})
    assert written == canonical({"at": time_text(at), "body": body, "type": "all", "v": 1})
    assert decode(written) == Entry("all", at, body)


@settings(max_examples=50)
@given(data=st.data())
def test_no_bit_of_the_log_can_be_changed_unnoticed(made: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(made, place)
        with open_log(f"sqlite:///{place}/haoma.db") as log:
            flip(log, data.draw(st.sampled_from(cells(log)), label="cell"), data)
            with pytest.raises(Tampered):
                log.audit()


@settings(max_examples=15)
@given(batches=st.lists(st.lists(st.integers(0, 300), max_size=3), min_size=1, max_size=6))
def test_entries_give_one_tree_however_they_were_batched(batches: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as place, open_log(f"sqlite:///{place}/haoma.db") as log:
        heads = []
        for batch in batches:
            for count in batch:
                log.append(count)
            heads.append(log.publisher.checkpoint())
        entries = log.entries()
        assert [b'"bytes":%d,' % number in one for number, one in enumerate(entries)] == [True] * sum(map(sum, batches))
        for head in heads:
            assert head.root == root_of(entries[: head.size])
        assert log.audit(*{head.note for head in heads}).root == root_of(entries)
        for old, new in pairwise(heads):
            if old.size:
                proof = log.view.consistency(old.size, new.size)
                roots = {"old_root": old.root, "new_root": new.root}
                verify_consistency(old_size=old.size, new_size=new.size, proof=proof, **roots)
        assert KEY.name.encode() in heads[0].note
