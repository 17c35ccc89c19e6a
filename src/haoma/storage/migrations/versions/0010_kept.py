"""What is kept stays kept: audit rows and decisions that nothing replaces, sessions and requests bound to their makers.

Sessions are signed in anew, and what was approved in part or whole is requested anew: their rows lack what binds them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_kept"
down_revision = "0009_locate"

COMMITMENT = 100


def upgrade() -> None:
    """Make the triggers and the columns."""
    if op.get_bind().dialect.name == "sqlite":
        for table, key in (("audit", "audit_id"), ("access_decisions", "decision_id")):
            op.execute(_not_replaced(table, key))
    op.add_column("access_sessions", sa.Column("binding", sa.String(COMMITMENT), nullable=True))
    op.add_column("access_votes", sa.Column("entry_id", sa.BigInteger, nullable=True))
    op.add_column("access_approvals", sa.Column("entry_id", sa.BigInteger, nullable=True))
    op.add_column("access_approvals", sa.Column("begun_entry_id", sa.BigInteger, nullable=True))
    op.execute("DELETE FROM access_sessions")
    op.execute("UPDATE access_approvals SET expires_at = requested_at WHERE state IN ('requested', 'approved')")


def _not_replaced(table: str, key: str) -> str:
    # REPLACE deletes the row that is in its way, and SQLite asks no trigger about that.
    there = f"SELECT 1 FROM {table} WHERE {key} = NEW.{key}"  # noqa: S608 - names of ours alone
    return (
        f"CREATE TRIGGER {table}_not_replaced BEFORE INSERT ON {table} WHEN EXISTS ({there})"
        f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never replaced'); END"
    )
