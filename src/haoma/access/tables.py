"""Where people, their credentials, cases, decisions, policies and approvals lie in the database.

Secrets lie here as digests (`access_sessions`, `access_tokens`, `access_keys.digest`), as Argon2id hashes
(`access_passwords`) or sealed under a key that is no part of the database (`access_totp`, `access_keys.sealed`).
`access_roles` keeps what was revoked; `access_decisions` has a row for each decision, which a trigger of the database
keeps as it is until `kept_until`; `access_policies` has one for each policy that replaced the one before.
`access_approvals.begun` says what a run found when it began, for whoever has to end it; `entry_id` and `begun_entry_id`
there and in `access_votes` name the entries of the log that say who requested, approved and began. `access_sessions`
`.binding` is a commitment to whose a session is, and to its token. `api_answers` has a row for
each request that changed something over HTTP, so that it is done once: a digest of its key, a commitment to what it
said, and the answer, sealed.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = [
    "answers",
    "approvals",
    "attempts",
    "cases",
    "challenges",
    "decisions",
    "identities",
    "keys",
    "nonces",
    "passkeys",
    "passwords",
    "people",
    "policies",
    "roles",
    "sessions",
    "tenants",
    "tokens",
    "totp",
    "votes",
]

UUID = 36
DIGEST = 32
COMMITMENT = 100

tenants = sa.Table(
    "access_tenants",
    metadata,
    sa.Column("tenant_id", sa.String(UUID), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("created_at", Time, nullable=False),
)
people = sa.Table(
    "access_people",
    metadata,
    sa.Column("person_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("login", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
roles = sa.Table(
    "access_roles",
    metadata,
    sa.Column("grant_id", Id, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("granted_by", sa.String(UUID), nullable=False),
    sa.Column("granted_at", Time, nullable=False),
    sa.Column("revoked_at", Time, nullable=True),
    sqlite_autoincrement=True,
)
sa.Index(
    "uq_access_roles_held",
    roles.c.person_id,
    roles.c.role,
    unique=True,
    sqlite_where=roles.c.revoked_at.is_(None),
    postgresql_where=roles.c.revoked_at.is_(None),
)
tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False),
    sa.Column("expires_at", Time, nullable=False),
)
passwords = sa.Table(
    "access_passwords",
    metadata,
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), primary_key=True),
    sa.Column("hash", sa.String(255), nullable=False),
    sa.Column("changed_at", Time, nullable=False),
)
totp = sa.Table(
    "access_totp",
    metadata,
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False),
)
attempts = sa.Table(
    "access_attempts",
    metadata,
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("locked_until", Time, nullable=False),
)
passkeys = sa.Table(
    "access_passkeys",
    metadata,
    sa.Column("credential_id", sa.LargeBinary, primary_key=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("created_at", Time, nullable=False),
)
challenges = sa.Table(
    "access_challenges",
    metadata,
    sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("person_id", sa.String(UUID), nullable=True),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("expires_at", Time, nullable=False, index=True),
)
identities = sa.Table(
    "access_identities",
    metadata,
    sa.Column("issuer", sa.String(255), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False),
)
sessions = sa.Table(
    "access_sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False, index=True),
    sa.Column("methods", sa.String(64), nullable=False),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("seen_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("ended_at", Time, nullable=True),
    sa.Column("binding", sa.String(COMMITMENT), nullable=True),
)
keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("key_id", sa.String(UUID), primary_key=True),
    sa.Column("owner_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False, index=True),
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
    sa.Index("uq_access_keys_digest", "digest", unique=True),
)
nonces = sa.Table(
    "access_nonces",
    metadata,
    sa.Column("key_id", sa.String(UUID), primary_key=True),
    sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
    sa.Column("expires_at", Time, nullable=False, index=True),
)
cases = sa.Table(
    "access_cases",
    metadata,
    sa.Column("case_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("agent_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("opened_at", Time, nullable=False),
    sa.Column("closes_at", Time, nullable=False),
    sa.Column("closed_at", Time, nullable=True),
    sa.Index("ix_access_cases_need", "agent_id", "subject", "closes_at"),
    sa.Index("ix_access_cases_closes_at", "closes_at"),
)
decisions = sa.Table(
    "access_decisions",
    metadata,
    sa.Column("decision_id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Time, nullable=False, index=True),
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
    sa.Column("kept_until", Time, nullable=False, index=True),
    sa.CheckConstraint("kept_until >= at + 34560000000000", name="decisions_kept_400_days"),
    sqlite_autoincrement=True,
)
policies = sa.Table(
    "access_policies",
    metadata,
    sa.Column("version", Id, primary_key=True, autoincrement=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("approval_id", sa.String(UUID), nullable=False, unique=True),
    sqlite_autoincrement=True,
)
approvals = sa.Table(
    "access_approvals",
    metadata,
    sa.Column("approval_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("requester", sa.String(UUID), sa.ForeignKey(people.c.person_id), nullable=False),
    sa.Column("requested_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("begun", sa.Text, nullable=True),
    sa.Column("ended_at", Time, nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=True),
    sa.Column("begun_entry_id", sa.BigInteger, nullable=True),
    sa.Index("ix_access_approvals_expires_at", "expires_at"),
)
votes = sa.Table(
    "access_votes",
    metadata,
    sa.Column("approval_id", sa.String(UUID), sa.ForeignKey(approvals.c.approval_id), primary_key=True),
    sa.Column("person_id", sa.String(UUID), sa.ForeignKey(people.c.person_id), primary_key=True),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("approval_id", "role"),
)
answers = sa.Table(
    "api_answers",
    metadata,
    sa.Column("caller", sa.String(UUID), primary_key=True),
    sa.Column("digest", sa.LargeBinary(DIGEST), primary_key=True),
    sa.Column("commitment", sa.String(100), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("sealed", sa.LargeBinary, nullable=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("kept_until", Time, nullable=False, index=True),
)
