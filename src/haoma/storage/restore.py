"""A backup back into a database that holds nothing yet.

Rules held here:
- A backup holds what its manifest tells and nothing else: no second part of a name, nothing in between or behind.
- The whole backup is held against its digests before a row is written, and each part again as it is written.
- All of it arrives or nothing does: one transaction makes the tables, fills them, and brings them up to date.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, HaomaError, Tampered, Unavailable
from haoma.storage import schema
from haoma.storage.keys import set_last_key
from haoma.storage.manifest import MANIFEST, Manifest, Part, Saved, arrow_schema, kind_of, parse_manifest
from haoma.storage.opening import OPENING_S, store_at

__all__ = ["restore"]


def restore(
    source: Path, url: str, *, sha256: str | None = None, advance: Callable[[int], None] = lambda _rows: None
) -> Manifest:
    """Put the backup in the file `source` into the database at `url`; `advance` is told of the rows written.

    `sha256` is what `back_up` said of the manifest; with it a backup that was made anew by another is found out.
    Raises Tampered where a digest does not hold, Conflict where the database holds something or the backup is of a
    newer haoma, BadInput for a file that is no backup.
    """
    with _opened(source) as tar:
        manifest = _verified(tar, sha256)
        with store_at(url, create=True) as store, store.leader("open", wait_s=OPENING_S) as leads:
            if not leads:
                raise Unavailable(f"{store.name}: another process is opening it", hint="wait for its end")
            with store.changing() as tx:
                present = _prepare(tx, manifest, store.name)
                _same_tables(present, manifest)
                for table in present:
                    _fill(tx, table, tar, manifest, advance)
                schema.migrate(tx, schema.pending(manifest.revision, store.name))
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:") as tar:
            yield tar
    except tarfile.TarError:
        raise BadInput(
            f"{source}: this is no backup, or only a piece of one", hint="haoma db backup writes them"
        ) from None
    except HaomaError:
        raise
    except OSError as error:
        raise BadInput(f"{source}: {error.strerror}", hint="name a file that haoma db backup has written") from None


def _verified(tar: tarfile.TarFile, sha256: str | None) -> Manifest:
    """The manifest, after every part was held against it."""
    manifest = parse_manifest(_bytes(tar, MANIFEST))
    if sha256 is not None and sha256.lower() != manifest.sha256:
        raise Tampered(f"this backup has the digest {manifest.sha256}, and another was asked for", hint=_HINT)
    for table in manifest.tables:
        for part in table.parts:
            _content(tar, part)
        if sum(part.rows for part in table.parts) != table.rows:
            raise Tampered(f"the backup lacks rows of {table.name}", hint=_HINT)
    _nothing_else(tar, manifest)
    return manifest


def _nothing_else(tar: tarfile.TarFile, manifest: Manifest) -> None:
    """Raise Tampered for a file that holds more than the parts, in their order, the manifest and the end of a tar."""
    names = [*(part.path for table in manifest.tables for part in table.parts), MANIFEST]
    members = tar.getmembers()
    end = 0
    for member in members:
        if not member.isreg() or member.pax_headers or member.offset != end:
            raise Tampered(f"{member.name} is in the backup and was not written there", hint=_HINT)
        end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    file = cast("io.BufferedReader", tar.fileobj)
    file.seek(end)
    rest = file.read(2 * tarfile.RECORDSIZE)
    size = -(-(end + 2 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
    if [member.name for member in members] != names or rest != bytes(size - end):
        raise Tampered(f"the backup holds more than its {MANIFEST} tells, or holds it twice", hint=_HINT)


_HINT = "do not use this file; take another copy of the backup"


def _content(tar: tarfile.TarFile, part: Part) -> bytes:
    content = _bytes(tar, part.path)
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise Tampered(f"{part.path} in the backup is not what was written", hint=_HINT)
    return content


def _bytes(tar: tarfile.TarFile, path: str) -> bytes:
    try:
        member = tar.extractfile(path)
    except KeyError:
        member = None
    if member is None:
        raise Tampered(f"{path} is missing in the backup", hint=_HINT)
    return member.read()


def _prepare(tx: sa.Connection, manifest: Manifest, name: str) -> list[sa.Table]:
    """The tables as they were when the backup was made, without rows; made where there are none."""
    wanted = schema.up_to(manifest.revision, name)
    found, present = schema.revision(tx), schema.tables(tx)
    if found is None and not present:
        schema.migrate(tx, wanted)
        present = schema.tables(tx)
    elif found != manifest.revision or not schema.unused(tx, manifest.revision, present):
        message = f"{name}: a backup is restored into an empty database, and this one is not"
        raise Conflict(message, hint="name another with --database, or put this one aside")
    for table in reversed(present):
        tx.execute(sa.delete(table))  # what a migration put there is in the backup too
    return present


def _same_tables(present: Sequence[sa.Table], manifest: Manifest) -> None:
    if sorted(saved.name for saved in manifest.tables) != sorted(table.name for table in present):
        message = f"the tables in the backup are not those of revision {manifest.revision}"
        raise BadInput(message, hint=_HINT)


def _fill(
    tx: sa.Connection, table: sa.Table, tar: tarfile.TarFile, manifest: Manifest, advance: Callable[[int], None]
) -> None:
    saved = next((one for one in manifest.tables if one.name == table.name), None)
    if saved is None or dict(saved.columns) != {column.name: kind_of(column) for column in table.columns}:
        message = f"the backup's table {table.name} has other columns than revision {manifest.revision}"
        raise BadInput(message, hint=_HINT)
    for part in saved.parts:
        rows = _rows(_content(tar, part), saved, part)
        tx.execute(sa.insert(table), rows)
        advance(len(rows))
    set_last_key(tx, table, saved.last_key)


def _rows(content: bytes, saved: Saved, part: Part) -> list[dict[str, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowInvalid, OSError):
        raise BadInput(f"{part.path} in the backup is no Parquet", hint=_HINT) from None
    if not table.schema.equals(arrow_schema(saved.columns)) or table.num_rows != part.rows:
        raise BadInput(f"{part.path} in the backup is not as {MANIFEST} tells", hint=_HINT)
    rows: list[dict[str, object]] = table.to_pylist()
    return rows
