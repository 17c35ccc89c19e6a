"""Where the vault lies in the database of the data: sealed numbers, tokens, who asked, and how far the runners are.

`audit` holds one row for each decision about a person and is changed by nobody; a trigger of the database refuses to
delete a row before its `kept_until`. `vault_sealed` holds sealed numbers, `vault_tokens` location tokens by their keyed
digest, `vault_aliases` which subject token took the place of which when a key was rotated, and what vouches for it.
`vault_rotations` and `vault_retention` say how far the background work has come. No key is here: they lie in the key
store.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["aliases", "audit", "retention", "rotations", "sealed", "tokens"]

audit = sa.Table(
    "audit",
    metadata,
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
    sa.Index("ix_audit_kept_until", "kept_until"),
    sa.Index("ix_audit_subject", "subject", "audit_id"),
    sqlite_autoincrement=True,
)
sealed = sa.Table(
    "vault_sealed",
    metadata,
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("purpose", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("sealed_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.Index("ix_vault_sealed_until", "until"),
    sa.Index("ix_vault_sealed_key_id", "key_id"),
)
tokens = sa.Table(
    "vault_tokens",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("tenant", sa.String(24), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(64), nullable=False),
    sa.Column("audience", sa.String(64), nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("issued_at", Time, nullable=False),
    sa.Column("until", Time, nullable=False),
    sa.Index("ix_vault_tokens_until", "until"),
    sa.Index("ix_vault_tokens_subject", "subject", "purpose"),
)
aliases = sa.Table(
    "vault_aliases",
    metadata,
    sa.Column("old", sa.String(64), primary_key=True),
    sa.Column("new", sa.String(64), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("commitment", sa.String(100), nullable=False),
    sa.Index("ix_vault_aliases_new", "new"),
)
rotations = sa.Table(
    "vault_rotations",
    metadata,
    sa.Column("tenant", sa.String(24), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started_at", Time, nullable=False),
    sa.Column("ended_at", Time, nullable=True),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
)
retention = sa.Table(
    "vault_retention",
    metadata,
    sa.Column("class", sa.String(32), primary_key=True),
    sa.Column("ran_at", Time, nullable=False),
    sa.Column("deleted", sa.BigInteger, nullable=False),
)
