"""Which tables there are: the line of migrations, and how far along it a database is.

Rules held here:
- A migration is `versions/NNNN_name.py`, its revision is that name, and it follows the one before: one line, forward.
- A database is brought forward in one transaction, or stays as it was.
- Nothing of Alembic is imported where there is nothing to migrate or to compare.
- A database whose tables or triggers are not those of its revision is Tampered: no haoma leaves one behind.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from haoma.errors import Conflict, Tampered

__all__ = [
    "LOST",
    "VERSIONS",
    "lost",
    "made",
    "migrate",
    "partitions",
    "pending",
    "revision",
    "revisions",
    "tables",
    "untriggered",
    "unused",
    "up_to",
]

LOST = "keep this database as it is, and haoma db restore a backup into another"

VERSIONS = Path(__file__).parent / "migrations" / "versions"
_TABLE = "alembic_version"
_PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND pg_table_is_visible(oid)"
_comparing = threading.Lock()  # Alembic runs one migration at a time
_SQLITE_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
_POSTGRES_TRIGGERS = """SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"""
_ON_POSTGRES = {  # which migration makes which there: what is compared is made on SQLite
    "0004_vault": ("audit_kept", "audit_whole"),
    "0005_access": ("access_decisions_kept", "access_decisions_whole"),
}


@cache
def revisions() -> tuple[str, ...]:
    """Every revision this haoma knows, in order."""
    return tuple(sorted(path.stem for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py")))


def revision(tx: sa.Connection) -> str | None:
    """The revision of a database; None for one without tables of ours."""
    if not tx.dialect.has_table(tx, _TABLE):
        return None
    found = tx.scalar(sa.text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608 - a constant of ours
    return None if found is None else str(found)


def pending(found: str | None, name: str) -> tuple[str, ...]:
    """The migrations still to run for a database at `found`.

    Raises Conflict where a newer haoma wrote it, Tampered where no haoma has this revision.
    """
    known = revisions()
    if found is None:
        return known
    if found not in known and not (found[:4].isdigit() and found[:4] > known[-1][:4]):
        raise Tampered(f"{name}: it says that it is at {found!r}, which is no revision of haoma's", hint=LOST)
    if found not in known:
        message = f"{name}: its tables are of a newer haoma ({found}; this one knows {known[-1]})"
        raise Conflict(message, hint="install that haoma here, or restore a backup into another database")
    return known[known.index(found) + 1 :]


def up_to(wanted: str, name: str) -> tuple[str, ...]:
    """The migrations that lead to a revision; raises as `pending` does."""
    return revisions()[: len(revisions()) - len(pending(wanted, name))]


def tables(tx: sa.Connection) -> list[sa.Table]:
    """The tables of a database as they are, those that others point to first; asks each of them, so ask once."""
    found, parts = sa.MetaData(), partitions(tx)
    found.reflect(tx, only=lambda name, _: name not in parts)
    return [table for table in found.sorted_tables if table.name != _TABLE]


def partitions(tx: sa.Connection) -> frozenset[str]:
    """What PostgreSQL keeps parts of a table in: no tables of their own, for what they hold is in the whole."""
    return frozenset(tx.scalars(sa.text(_PARTITIONS))) if tx.dialect.name == "postgresql" else frozenset()


def lost(found: str, present: Sequence[sa.Table]) -> tuple[str, ...]:
    """The tables of the revision `found` that are not among those of a database, and the columns, as `table.column`."""
    wanted = made(found)
    there = {table.name: {*table.columns.keys()} for table in present}
    gone = [table for table in wanted if table not in there]
    return (*gone, *(f"{name}.{one}" for name in wanted if name in there for one in sorted(wanted[name] - there[name])))


def untriggered(tx: sa.Connection, found: str) -> tuple[str, ...]:
    """The triggers of the revision `found` that a database lacks, has switched off, or has in another form."""
    if tx.dialect.name == "postgresql":
        there = {*tx.scalars(sa.text(_POSTGRES_TRIGGERS))}
        wanted = [name for upto in up_to(found, "") for name in _ON_POSTGRES.get(upto, ())]
        return tuple(name for name in wanted if name not in there)
    with _comparing:
        made = _made(found).triggers
    return tuple(sorted(name for name, _ in made - _triggers(tx)))


def made(upto: str) -> Mapping[str, frozenset[str]]:
    """The tables of a revision this haoma knows, and their columns."""
    with _comparing:
        return _made(upto).columns


def unused(tx: sa.Connection, found: str, present: Sequence[sa.Table]) -> bool:
    """Whether the tables of a database at the revision `found` hold no row but those that the migrations made."""
    with _comparing:
        made = _made(found).rows
    return {table.name: _count(tx, table) for table in present} == made


class _Made(NamedTuple):
    """What the migrations alone make: the columns of each table, how many rows are in it, and the triggers."""

    columns: Mapping[str, frozenset[str]]
    rows: Mapping[str, int]
    triggers: frozenset[tuple[str, str]]


@cache
def _made(upto: str) -> _Made:
    engine = sa.create_engine("sqlite://")
    try:
        with engine.begin() as fresh:
            migrate(fresh, up_to(upto, ""))
            there = tables(fresh)
            columns = {table.name: frozenset(table.columns.keys()) for table in there}
            return _Made(columns, {table.name: _count(fresh, table) for table in there}, _triggers(fresh))
    finally:
        engine.dispose()


def _triggers(tx: sa.Connection) -> frozenset[tuple[str, str]]:
    """The triggers of an SQLite database, with their text."""
    return frozenset((str(name), str(text)) for name, text in tx.execute(sa.text(_SQLITE_TRIGGERS)))


def _count(tx: sa.Connection, table: sa.Table) -> int:
    return int(tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def migrate(tx: sa.Connection, wanted: tuple[str, ...]) -> None:
    """Run these migrations, in this order, inside the transaction of `tx`."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from haoma.storage.columns import metadata

    script = ScriptDirectory(VERSIONS.parent, version_locations=[VERSIONS])
    context = MigrationContext.configure(tx, opts={"target_metadata": metadata})
    with Operations.context(context):
        for name in wanted:
            script.get_revision(name).module.upgrade()
            context.stamp(script, name)
