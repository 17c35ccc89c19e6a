"""Which tables there are: the line of migrations, and how far along it a database is.

Rules held here:
- A migration is `versions/NNNN_name.py`, its revision is that name, and it follows the one before: one line, forward.
- A database is brought forward in one transaction, or stays as it was.
- Nothing of Alembic is imported where there is nothing to migrate.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import Conflict

__all__ = ["VERSIONS", "migrate", "pending", "revision", "revisions", "tables", "unused", "up_to"]

VERSIONS = Path(__file__).parent / "migrations" / "versions"
_TABLE = "alembic_version"


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
    """The migrations still to run for a database at `found`; Conflict where a newer haoma wrote it."""
    known = revisions()
    if found is None:
        return known
    if found not in known:
        message = f"{name}: its tables are of a newer haoma ({found}; this one knows {known[-1]})"
        raise Conflict(message, hint="install that haoma here, or restore a backup into another database")
    return known[known.index(found) + 1 :]


def up_to(wanted: str, name: str) -> tuple[str, ...]:
    """The migrations that lead to a revision; Conflict where it is of a newer haoma."""
    return revisions()[: len(revisions()) - len(pending(wanted, name))]


def tables(tx: sa.Connection) -> list[sa.Table]:
    """The tables of a database as they are, those that others point to first."""
    found = sa.MetaData()
    found.reflect(tx)
    return [table for table in found.sorted_tables if table.name != _TABLE]


def unused(tx: sa.Connection) -> bool:
    """Whether there is no row but those that the migrations made."""
    engine = sa.create_engine("sqlite://")
    try:
        with engine.begin() as fresh:
            migrate(fresh, up_to(revision(tx) or "", ""))
            made = {table.name: fresh.scalar(_count(table)) for table in tables(fresh)}
    finally:
        engine.dispose()
    return {table.name: tx.scalar(_count(table)) for table in tables(tx)} == made


def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)


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
