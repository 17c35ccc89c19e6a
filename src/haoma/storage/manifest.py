"""What a backup says of itself: the manifest in it, and how a column is written down in it.

Rules held here:
- A backup is a tar file: parts of tables as Parquet, then manifest.json with the digest of every part.
- It is the same for both databases: five kinds of columns, times as microseconds.
- A manifest that is not exactly of this form is BadInput; nothing in it is trusted before it was read here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MANIFEST", "Manifest", "Part", "Saved", "arrow_schema", "kind_of", "parse_manifest"]

MANIFEST = "manifest.json"
_FORMAT = "haoma-backup"
_VERSION = 1
_KINDS = {"boolean": "bool", "integer": "int64", "real": "float64", "text": "string", "bytes": "binary"}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of rows in the backup, with the SHA-256 of its bytes in hex."""

    path: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Saved:
    """One table. `columns` are name → kind; `last_key` is the last key the database counted up to, where it counts."""

    name: str
    columns: Mapping[str, str]
    rows: int
    last_key: int | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of a backup. `sha256`, of manifest.json itself, stands for every byte of data: keep it elsewhere."""

    revision: str
    haoma: str
    created_at: str
    tables: tuple[Saved, ...]
    sha256: str = ""

    def text(self) -> bytes:
        """manifest.json."""
        content = asdict(self)
        del content["sha256"]
        return json.dumps({"format": _FORMAT, "version": _VERSION, **content}, indent=1).encode()


def kind_of(column: sa.Column[object]) -> str:
    """How a column is written down; a type that the two databases do not share is a fault of the table."""
    kinds = ((sa.Boolean, "boolean"), (sa.Integer, "integer"), (sa.String, "text"), (sa.LargeBinary, "bytes"))
    for type_, kind in (*kinds, (sa.Double, "real")):
        if isinstance(column.type, type_):
            return kind
    message = f"the column {column.table.name}.{column.name} is of a type that a backup cannot hold"
    raise BadInput(
        message, hint="integers (also for times), booleans, doubles, texts and bytes mean the same everywhere"
    )


def arrow_schema(columns: Mapping[str, str]) -> pa.Schema:
    """The columns as Arrow's, as they stand in a part."""
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(_KINDS[kind])) for name, kind in columns.items()])


def parse_manifest(text: bytes) -> Manifest:
    """Read manifest.json; BadInput where it is none of this version."""
    try:
        content = json.loads(text)
        if (content["format"], content["version"]) == (_FORMAT, _VERSION):
            return Manifest(
                revision=str(content["revision"]),
                haoma=str(content["haoma"]),
                created_at=str(content["created_at"]),
                tables=tuple(_saved(table) for table in content["tables"]),
                sha256=hashlib.sha256(text).hexdigest(),
            )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        pass
    message = f"{MANIFEST} in the backup cannot be read"
    raise BadInput(message, hint=f"this haoma reads version {_VERSION} of {_FORMAT}")


def _saved(table: Mapping[str, object]) -> Saved:
    name, columns, parts, last_key = (table[field] for field in ("name", "columns", "parts", "last_key"))
    if not (isinstance(columns, dict) and isinstance(parts, list) and isinstance(last_key, int | None)):
        raise TypeError
    if not 0 <= (last_key or 0) < 2**63:
        raise ValueError
    if not set(columns.values()) <= {*_KINDS}:
        raise ValueError
    read = tuple(Part(str(part["path"]), int(part["rows"]), str(part["sha256"])) for part in parts)
    return Saved(str(name), columns, int(str(table["rows"])), last_key, read)
