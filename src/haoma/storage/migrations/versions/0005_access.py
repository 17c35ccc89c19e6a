"""The tables of access: people, roles, credentials, sessions, keys, cases, decisions, policies, approvals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0005_access"
down_revision = "0004_vault"

UUID = 36
DIGEST = 32


def upgrade() -> None:
    """Make them."""
    _people()
    _credentials()
    _machines()
    _rules()


def _people() -> None:
    op.create_table(
        "access_tenants",
        sa.Column("tenant_id", sa.String(UUID), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_table(
        "access_people",
        sa.Column("person_id", sa.String(UUID), primary_key=True),
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), nullable=False),
        sa.Column("login", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    roles = op.create_table(
        "access_roles",
        sa.Column("grant_id", Id, primary_key=True, autoincrement=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("granted_by", sa.String(UUID), nullable=False),
        sa.Column("granted_at", Time, nullable=False),
        sa.Column("revoked_at", Time, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_access_roles_held",
        "access_roles",
        ["person_id", "role"],
        unique=True,
        sqlite_where=roles.c.revoked_at.is_(None),
        postgresql_where=roles.c.revoked_at.is_(None),
    )


def _credentials() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("expires_at", Time, nullable=False),
    )
    op.create_table(
        "access_passwords",
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), primary_key=True),
        sa.Column("hash", sa.String(255), nullable=False),
        sa.Column("changed_at", Time, nullable=False),
    )
    op.create_table(
        "access_totp",
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "access_attempts",
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", Time, nullable=False),
    )
    op.create_table(
        "access_passkeys",
        sa.Column("credential_id", sa.LargeBinary, primary_key=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_index("ix_access_passkeys_person_id", "access_passkeys", ["person_id"])
    op.create_table(
        "access_challenges",
        sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person_id", sa.String(UUID), nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("expires_at", Time, nullable=False),
    )
    op.create_index("ix_access_challenges_expires_at", "access_challenges", ["expires_at"])
    op.create_table(
        "access_identities",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
    )
    op.create_table(
        "access_sessions",
        sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("methods", sa.String(64), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("ended_at", Time, nullable=True),
    )
    op.create_index("ix_access_sessions_person_id", "access_sessions", ["person_id"])


def _machines() -> None:
    op.create_table(
        "access_keys",
        sa.Column("key_id", sa.String(UUID), primary_key=True),
        sa.Column("owner_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(DIGEST), nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("public_key", sa.LargeBinary, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("revoked_at", Time, nullable=True),
    )
    op.create_index("ix_access_keys_owner_id", "access_keys", ["owner_id"])
    op.create_table(
        "access_nonces",
        sa.Column("key_id", sa.String(UUID), primary_key=True),
        sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
        sa.Column("expires_at", Time, nullable=False),
    )
    op.create_index("ix_access_nonces_expires_at", "access_nonces", ["expires_at"])


def _rules() -> None:
    op.create_table(
        "access_cases",
        sa.Column("case_id", sa.String(UUID), primary_key=True),
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), nullable=False),
        sa.Column("agent_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.Column("closes_at", Time, nullable=False),
        sa.Column("closed_at", Time, nullable=True),
    )
    op.create_index("ix_access_cases_need", "access_cases", ["agent_id", "subject", "closes_at"])
    op.create_table(
        "access_decisions",
        sa.Column("decision_id", Id, primary_key=True, autoincrement=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("asker", sa.String(UUID), nullable=False),
        sa.Column("tenant_id", sa.String(UUID), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=True),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("policies", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("commitment", sa.String(100), nullable=False),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        sa.Column("kept_until", Time, nullable=False),
        sa.CheckConstraint("kept_until >= at + 34560000000000", name="decisions_kept_400_days"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_decisions_at", "access_decisions", ["at"])
    op.create_index("ix_access_decisions_kept_until", "access_decisions", ["kept_until"])
    for statement in _POSTGRES if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)
    op.create_table(
        "access_policies",
        sa.Column("version", Id, primary_key=True, autoincrement=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("approval_id", sa.String(UUID), nullable=False, unique=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "access_approvals",
        sa.Column("approval_id", sa.String(UUID), primary_key=True),
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("requester", sa.String(UUID), sa.ForeignKey("access_people.person_id"), nullable=False),
        sa.Column("requested_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("begun", sa.Text, nullable=True),
        sa.Column("ended_at", Time, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "access_votes",
        sa.Column("approval_id", sa.String(UUID), sa.ForeignKey("access_approvals.approval_id"), primary_key=True),
        sa.Column("person_id", sa.String(UUID), sa.ForeignKey("access_people.person_id"), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("approval_id", "role"),
    )


_SQLITE = (
    (
        "CREATE TRIGGER access_decisions_kept BEFORE DELETE ON access_decisions"
        " WHEN OLD.kept_until > CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
        " BEGIN SELECT RAISE(ABORT, 'decisions are kept until their time is over'); END"
    ),
    (
        "CREATE TRIGGER access_decisions_unchanged BEFORE UPDATE ON access_decisions"
        " BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END"
    ),
)
_POSTGRES = (
    (
        "CREATE TRIGGER access_decisions_kept BEFORE DELETE OR UPDATE ON access_decisions"
        " FOR EACH ROW EXECUTE FUNCTION haoma_audit_kept()"
    ),
    (
        "CREATE TRIGGER access_decisions_whole BEFORE TRUNCATE ON access_decisions"
        " FOR EACH STATEMENT EXECUTE FUNCTION haoma_audit_kept()"
    ),
)
