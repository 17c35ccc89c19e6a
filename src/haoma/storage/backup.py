"""One file with all rows, for either database.

Rules held here:
- All rows are of one snapshot, while others go on writing.
- Memory is bounded by one part, however large the tables are.
- What could not be restored is not backed up: a database that has lost a table, or a value that is not of its column.
- The file appears when it is whole, and belongs to its owner alone. No key is in it: keys are not in the database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

import haoma
from haoma.errors import Conflict, NotFound, Tampered, Unavailable
from haoma.storage import schema
from haoma.storage.keys import last_key
from haoma.storage.manifest import MANIFEST, Manifest, Part, Saved, arrow_schema, kind_of
from haoma.storage.store import Store

__all__ = ["back_up"]

_PART_BYTES = 16 << 20
_ROWS_AT_ONCE = 500


def back_up(
    store: Store, target: Path, *, at: dt.datetime, advance: Callable[[int], None] = lambda _rows: None
) -> Manifest:
    """Write every row of the store into the file `target`; `advance` is told of the rows written.

    Raises Conflict where `target` is there already, NotFound for a store without tables, Unavailable for a full disk,
    Tampered where a table, a column or a value is not of the store's revision.
    """
    if target.exists():
        raise Conflict(f"{target} is there already", hint="name another file")
    part = target.with_name(f"{target.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            manifest = _write(store, file, at, advance)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except FileExistsError:
        raise Conflict(f"{part} is there already", hint="another backup runs, or was ended: remove that file") from None
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"{target}: {error.strerror}"
        raise Unavailable(message, hint="name a file in a directory with room for it") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return manifest


def _write(store: Store, file: io.BufferedWriter, at: dt.datetime, advance: Callable[[int], None]) -> Manifest:
    with store.read() as tx, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        revision = schema.revision(tx)
        if revision is None:
            raise NotFound(f"{store.name}: there is no store", hint="haoma db upgrade makes one")
        present = schema.tables(tx)
        if gone := schema.lost(revision, present):
            message = f"{store.name}: tables or columns of {revision} are gone: {', '.join(gone)}"
            raise Tampered(message, hint=schema.LOST)
        wanted = schema.made(revision)  # a table of others is theirs to keep
        ours = [table for table in present if table.name in wanted]
        if more := [table.name for table in ours if {*table.columns.keys()} != wanted[table.name]]:
            message = f"{store.name}: {', '.join(more)} has columns that are not of {revision}"
            raise Tampered(message, hint=schema.LOST)
        tables = tuple(_save(tx, table, tar, at, advance) for table in ours)
        manifest = Manifest(revision, haoma.__version__, at.isoformat(), tables)
        text = manifest.text()
        _add(tar, MANIFEST, text, at)
    return replace(manifest, sha256=hashlib.sha256(text).hexdigest())


def _save(
    tx: sa.Connection, table: sa.Table, tar: tarfile.TarFile, at: dt.datetime, advance: Callable[[int], None]
) -> Saved:
    columns = {column.name: kind_of(column) for column in table.columns}
    parts = []
    for number, rows in enumerate(_batches(tx, table)):
        content = _parquet(rows, columns, table.name)
        path = f"{table.name}/{number:06}.parquet"
        _add(tar, path, content, at)
        parts.append(Part(path, len(rows), hashlib.sha256(content).hexdigest()))
        advance(len(rows))
    # Read behind the rows, for PostgreSQL counts outside of snapshots: a key too many is let go, none given out twice.
    return Saved(table.name, columns, sum(part.rows for part in parts), last_key(tx, table), tuple(parts))


def _batches(tx: sa.Connection, table: sa.Table) -> Iterator[list[sa.Row[tuple[object, ...]]]]:
    """All rows in the order of the key, as many at a time as make a part."""
    statement = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_AT_ONCE)
    batch: list[sa.Row[tuple[object, ...]]] = []
    size = 0
    for rows in tx.execute(statement).partitions():
        batch.extend(rows)
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for row in rows for value in row)
        if size >= _PART_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parquet(rows: Sequence[Sequence[object]], columns: dict[str, str], table: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = []
    for field, column in zip(arrow_schema(columns), zip(*rows, strict=True), strict=True):
        try:
            arrays.append(pa.array(column, field.type))
        except (ValueError, TypeError, OverflowError):
            message = f"{table}.{field.name} holds what is no {columns[field.name]}"
            raise Tampered(message, hint=schema.LOST) from None
    out = io.BytesIO()
    pq.write_table(pa.table(arrays, schema=arrow_schema(columns)), out, compression="zstd")
    return out.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: bytes, at: dt.datetime) -> None:
    member = tarfile.TarInfo(path)
    member.size, member.mode, member.mtime = len(content), 0o600, int(at.timestamp())
    tar.addfile(member, io.BytesIO(content))
