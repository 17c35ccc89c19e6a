"""The tables of the vault, and the triggers that keep audit rows as they are until their time is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0004_vault"
down_revision = "0003_lineage"


def upgrade() -> None:
    """Make them."""
    _audit()
    op.create_table(
        "vault_sealed",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sealed_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
    )
    op.create_index("ix_vault_sealed_until", "vault_sealed", ["until"])
    op.create_index("ix_vault_sealed_key_id", "vault_sealed", ["key_id"])
    op.create_table(
        "vault_tokens",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("tenant", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("issued_at", Time, nullable=False),
        sa.Column("until", Time, nullable=False),
    )
    op.create_index("ix_vault_tokens_until", "vault_tokens", ["until"])
    op.create_index("ix_vault_tokens_subject", "vault_tokens", ["subject", "purpose"])
    op.create_table(
        "vault_aliases",
        sa.Column("old", sa.String(64), primary_key=True),
        sa.Column("new", sa.String(64), nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_vault_aliases_new", "vault_aliases", ["new"])
    op.create_table(
        "vault_rotations",
        sa.Column("tenant", sa.String(24), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("started_at", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=True),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "vault_retention",
        sa.Column("class", sa.String(32), primary_key=True),
        sa.Column("ran_at", Time, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", Id, primary_key=True, autoincrement=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sa.Column("class", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(24), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=True),
        sa.Column("purpose", sa.String(64), nullable=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("commitment", sa.String(100), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.CheckConstraint("kept_until >= at + 34560000000000", name="kept_400_days"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_kept_until", "audit", ["kept_until"])
    op.create_index("ix_audit_subject", "audit", ["subject", "audit_id"])
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


_SQLITE = (
    (
        "CREATE TRIGGER audit_kept BEFORE DELETE ON audit"
        " WHEN OLD.kept_until > CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
        " BEGIN SELECT RAISE(ABORT, 'audit rows are kept until their time is over'); END"
    ),
    (
        "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"
    ),
)
_POSTGRES = (
    (
        "CREATE OR REPLACE FUNCTION haoma_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' AND OLD.kept_until <= extract(epoch FROM clock_timestamp()) * 1000000 THEN RETURN OLD;"
        " END IF;"
        " RAISE EXCEPTION 'audit rows are kept unchanged until their time is over' USING ERRCODE = '23514';"
        " END $$"
    ),
    "CREATE TRIGGER audit_kept BEFORE DELETE OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION haoma_audit_kept()",
    "CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION haoma_audit_kept()",
)
