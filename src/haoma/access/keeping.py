"""How long rows of access are kept, and which of their columns hold subject tokens.

Rules held here:
- A case is kept for 400 days after it has closed, by itself or before; a request with its votes for three years after
  it could be run, as long as what it allowed may last.
- A decision stays as it was recorded for its class; the key that commits to it is its month's, and goes with the last.
- Sessions, enrolment tokens, challenges and nonces are deleted when they are over: nobody comes in with them any more.
  The newest nonce stays, for it tells how far the clock ever came (`signed`).
- An answer that was given over HTTP is kept for a day, for whoever asks again because it did not reach them.
- A case goes on under the new token when a rotation brings its subject over; a decision keeps the token it was about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa

from haoma.access import tables
from haoma.vault.retention import Expiring
from haoma.vault.retention_table import rule_of
from haoma.vault.rotation import SubjectColumn

__all__ = [
    "ANSWERS_KEPT",
    "APPROVALS_KEPT",
    "CASES_KEPT",
    "EXPIRING",
    "LASTING",
    "SUBJECT_COLUMNS",
    "answers_scope",
    "decisions_scope",
    "kept_until",
]

_DECISIONS, _ANSWERS = "decisions", "answers"
_LIFE = rule_of("access.decision").shortest or timedelta()
ANSWERS_KEPT = rule_of("api.answer").longest or timedelta()
CASES_KEPT = rule_of("access.case").shortest or timedelta.max
APPROVALS_KEPT = rule_of("access.approval").shortest or timedelta.max
_OVER = (tables.sessions, tables.tokens, tables.challenges)
_nonce = tables.nonces.c.expires_at
_NEWEST = sa.select(sa.func.max(tables.nonces.alias("newest").c.expires_at)).scalar_subquery()

EXPIRING: tuple[Expiring, ...] = (
    *(Expiring("access.session", table.c.expires_at) for table in _OVER),
    Expiring("access.session", _nonce, which=_nonce < _NEWEST),
    Expiring("access.decision", tables.decisions.c.kept_until, months=(_DECISIONS, tables.decisions.c.at)),
    Expiring("api.answer", tables.answers.c.kept_until, months=(_ANSWERS, tables.answers.c.at)),
    Expiring("access.case", tables.cases.c.closes_at, life=CASES_KEPT),
    Expiring(
        "access.approval", tables.approvals.c.expires_at, life=APPROVALS_KEPT, below=(tables.votes.c.approval_id,)
    ),
)

LASTING: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("access_tenants", "access_people", "access_roles", "access_keys"),
            "who the UUIDs are that decisions, requests and the log name, and what each could do when",
        ),
        **dict.fromkeys(
            ("access_passwords", "access_totp", "access_attempts", "access_passkeys", "access_identities"),
            "how people are recognised: taken away when they enrol again",
        ),
        "access_policies": "what was allowed when: every decision names its version",
    }
)
"""Tables whose rows are of no retention class, and why they are kept as long as whoever runs this store."""

SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (
    SubjectColumn(tables.cases.c.subject, rekey=True),
    SubjectColumn(tables.decisions.c.subject, rekey=False),
)


def kept_until(at: datetime) -> datetime:
    """Until when a decision of this moment is kept."""
    return at + _LIFE


def decisions_scope(at: datetime) -> str:
    """The scope of the key that commits to decisions of this month."""
    return f"{_DECISIONS}{at:%Y%m}"


def answers_scope(at: datetime) -> str:
    """The scope of the key that commits to requests of this month."""
    return f"{_ANSWERS}{at:%Y%m}"
