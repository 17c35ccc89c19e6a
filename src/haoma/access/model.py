"""Who may ask: roles, which of them exclude one another, and a person or machine as a decision sees them.

Rules held here:
- The three administrators exclude one another, and every one of them excludes whom they administer or watch over.
- Each exclusion stands in one table, with its reason. Who comes to hold two that exclude one another, by a hand in the
  database, has none of them.
- Whoever asks is a value made by signing in, by a key or by a signed request; roles are read when it is made.
- What people and keys are called holds no phone number, however it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from haoma.errors import BadInput

__all__ = [
    "EXCLUSIONS",
    "MACHINE_ROLES",
    "Asker",
    "Exclusion",
    "Role",
    "conflicting",
    "exclusion",
    "holds_number",
    "parse_role",
]


class Role(StrEnum):
    """What a person does here."""

    AGENT = "agent"
    RISK_ANALYST = "risk-analyst"
    HOTLINE_EDITOR = "hotline-editor"
    APPROVER = "approver"
    DPO = "dpo"
    SYSTEM_ADMIN = "system-admin"
    SECURITY_ADMIN = "security-admin"
    AUDIT_ADMIN = "audit-admin"


MACHINE_ROLES = frozenset({Role.AGENT, Role.RISK_ANALYST, Role.HOTLINE_EDITOR})


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Two roles that nobody holds together, and why."""

    one: Role
    other: Role
    reason: str


def _each(one: Role, others: Iterable[Role], reason: str) -> tuple[Exclusion, ...]:
    return tuple(Exclusion(one, other, reason) for other in others)


EXCLUSIONS: tuple[Exclusion, ...] = (
    Exclusion(
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        "whoever makes accounts gives them no rights (GB/T 22239-2019 §8.1.5.1, §8.1.5.3)",
    ),
    Exclusion(
        Role.SYSTEM_ADMIN,
        Role.AUDIT_ADMIN,
        "whoever runs the system does not keep its audit records (GB/T 22239-2019 §8.1.5.1, §8.1.5.2)",
    ),
    Exclusion(
        Role.SECURITY_ADMIN,
        Role.AUDIT_ADMIN,
        "whoever gives rights does not keep the records of it (GB/T 22239-2019 §8.1.5.2, §8.1.5.3)",
    ),
    *_each(
        Role.AUDIT_ADMIN,
        (Role.AGENT, Role.RISK_ANALYST, Role.HOTLINE_EDITOR, Role.APPROVER, Role.DPO),
        "an auditor does nothing that is audited (GB/T 22239-2019 §8.1.5.2)",
    ),
    *_each(
        Role.SECURITY_ADMIN,
        (Role.AGENT, Role.RISK_ANALYST, Role.HOTLINE_EDITOR, Role.APPROVER, Role.DPO),
        "whoever gives rights does not use them (GB/T 22239-2019 §8.1.4.2, least privilege)",
    ),
    *_each(
        Role.SYSTEM_ADMIN,
        (Role.AGENT, Role.RISK_ANALYST, Role.HOTLINE_EDITOR, Role.APPROVER, Role.DPO),
        "whoever runs the system has no business with what is in it (GB/T 22239-2019 §8.1.4.2)",
    ),
    *_each(
        Role.DPO,
        (Role.AGENT, Role.RISK_ANALYST),
        "whoever supervises the processing does not process (PIPL art. 52)",
    ),
    Exclusion(Role.AGENT, Role.RISK_ANALYST, "an agent sees a subject inside a case alone, an analyst without one"),
    Exclusion(Role.AGENT, Role.APPROVER, "whoever asks for a number does not approve that it is shown"),
    Exclusion(Role.HOTLINE_EDITOR, Role.APPROVER, "whoever edits hotlines does not approve that they change"),
)

_REASONS = {frozenset({one.one, one.other}): one for one in EXCLUSIONS}


def exclusion(held: Iterable[Role], wanted: Role) -> Exclusion | None:
    """Why a person who holds these roles cannot get another one; None where they can.

    >>> exclusion([Role.AUDIT_ADMIN], Role.AGENT).reason
    'an auditor does nothing that is audited (GB/T 22239-2019 §8.1.5.2)'
    """
    found = (_REASONS.get(frozenset({role, wanted})) for role in sorted(held))
    return next((one for one in found if one), None)


def conflicting(held: Iterable[Role]) -> bool:
    """Whether two of these roles exclude one another: no command leaves anybody so.

    >>> conflicting([Role.AGENT, Role.DPO]), conflicting([Role.APPROVER, Role.DPO])
    (True, False)
    """
    return _conflicting(frozenset(held))


@cache
def _conflicting(held: frozenset[Role]) -> bool:
    return any(exclusion(held, role) for role in held)


_SEVEN_DIGITS = re.compile(r"\d(?:[\W_]*\d){6}")


def holds_number(text: str) -> bool:
    """Whether seven digits follow one another, whatever signs stand between them and in whichever script.

    >>> holds_number("138 0013-8000"), holds_number("１３８００１３８０００"), holds_number("desk 12, floor 3")
    (True, True, False)
    """
    return _SEVEN_DIGITS.search(unicodedata.normalize("NFKC", text)) is not None


def parse_role(text: str) -> Role:
    """The role of this name; BadInput where there is none."""
    try:
        return Role(text)
    except ValueError:
        raise BadInput("there is no such role", hint=f"roles: {', '.join(Role)}") from None


@dataclass(frozen=True, slots=True)
class Asker:
    """A person or a machine that was recognised, as of now.

    `id` is the person's or the key's, `person` the person or whose key it is; these and `tenant` are UUIDs. `methods`
    is how they were recognised (password, totp, passkey, oidc, mfa, key, signature); `scopes` are the actions that a
    machine's key is good for, None for a person.
    """

    id: str
    person: str
    tenant: str
    roles: frozenset[Role]
    methods: frozenset[str]
    scopes: frozenset[str] | None = None

    @property
    def strong(self) -> bool:
        """Whether a person showed two factors (GB/T 22239-2019 §8.1.4.1 d), or a machine its key."""
        both = {"password", "totp"} <= self.methods or {"oidc", "mfa"} <= self.methods
        return self.scopes is not None or both or "passkey" in self.methods
