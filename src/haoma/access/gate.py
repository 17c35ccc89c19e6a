"""The gate: nobody sees or changes anything but through a decision, and every decision is recorded.

Rules held here:
- A decision is made inside the transaction of what it decides on: state and roles of who asks, cases and the policy in
  force are those of that moment. A policy that another process has put in force is followed by the next decision; what
  was kept of the old one is gone.
- A decision that cannot be made (no policy can be read, no database) is an error and never a permission.
- A change and the decision that permitted it are one transaction. A refusal is recorded too, without the change.
- Who holds two roles that exclude one another is refused whatever they ask: that is recorded, and Tampered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.entries import Log, tell
from haoma.access.keeping import decisions_scope, kept_until
from haoma.access.model import Asker, Role, conflicting
from haoma.access.policy import EXCLUDED, Circumstances, Decision, Policy, Question, shipped_text
from haoma.access.rows import ACTIVE
from haoma.errors import BadInput, Unavailable
from haoma.ledger.canonical import canonical
from haoma.ledger.commitment import Commitments
from haoma.storage import Store, Time, json_in, quick
from haoma.vault.aliases import linked

__all__ = ["Gate", "Recorded", "Thing", "decision_content"]

T = TypeVar("T")
NO_ROLE = "no-role"
_RECORD = """INSERT INTO access_decisions
 (at, kept_until, asker, tenant_id, action, object, subject, allowed, policies, version, commitment, entry_id)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING decision_id"""
_COMMITTED = ("asker", "tenant_id", "action", "object", "subject", "allowed", "policies", "version")
_VERSION = "SELECT coalesce(max(version), 0) FROM access_policies"
_IN_FORCE = """SELECT v.version, p.state, r.role
 FROM (SELECT coalesce(max(version), 0) AS version FROM access_policies) v
 LEFT JOIN access_people p ON p.person_id = ?
 LEFT JOIN access_roles r ON r.person_id = p.person_id AND r.revoked_at IS NULL"""
_OPEN_CASES = """SELECT subject FROM access_cases WHERE agent_id = ? AND tenant_id = ?
 AND opened_at <= ? AND closes_at > ? AND (closed_at IS NULL OR closed_at > ?)"""
_IN_CASE = _IN_FORCE.replace("r.role", f"r.role, EXISTS ({_OPEN_CASES} AND subject = ?)", 1)


class Thing(NamedTuple):
    """What is asked for: an object, perhaps one field of it, whose tenant's, and about whom.

    `subject` is a subject token where the object is a subject, the person's id where it is a person.

    >>> Thing("subject", tenant="t", field="issued_in").text
    'subject.issued_in'
    """

    object: str
    tenant: str
    field: str = ""
    subject: str | None = None

    @property
    def text(self) -> str:
        """Object and field, as they are recorded."""
        return f"{self.object}.{self.field}" if self.field else self.object


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was recorded: who asked for what, and what came of it."""

    id: int
    at: datetime
    asker: str
    action: str
    object: str
    decision: Decision


class Gate:
    """Decides by the policy in force in one store, and records what was decided."""

    def __init__(self, store: Store, log: Log, commitments: Commitments) -> None:
        self.store = store
        self.log = log
        self._commitments = commitments
        self._policy: Policy | None = None

    def decide(self, tx: sa.Connection, asker: Asker, action: str, thing: Thing, now: datetime) -> Decision:
        """Whether this is allowed, as of this transaction. Records nothing; whoever acts on it calls `record`.

        Raises Unavailable where the policy in force cannot be read.
        """
        case = _case(asker, thing, now) if thing.object == "subject" and thing.subject is not None else ()
        rows = quick(tx, _IN_CASE if case else _IN_FORCE, *case, asker.person)
        policy = self._of_version(tx, int(rows[0][0]))
        held = {str(role) for _, state, role, *_ in rows if state == ACTIVE and role is not None}
        if not held or conflicting(role for role in Role if role in held):
            return Decision(allowed=False, policies=(EXCLUDED if held else NO_ROLE,), version=policy.version)
        circumstances = Circumstances(
            strong=asker.strong,
            in_case=bool(case) and (bool(rows[0][3]) or self._in_older_case(tx, asker, thing, now)),
            same_tenant=asker.tenant == thing.tenant,
            scoped=asker.scopes is None or action in asker.scopes,
            own=thing.object == "person" and thing.subject == asker.person,
        )
        roles = frozenset(role for role in asker.roles if role in held)
        question = Question(asker.scopes is not None, roles, action, thing.object, thing.field, circumstances)
        return policy.decide(question)

    def record(
        self, tx: sa.Connection, asker: Asker, action: str, thing: Thing, decision: Decision, now: datetime
    ) -> int:
        """Record a decision with the policies that made it, in a row and an entry that commits to it; its id."""
        row = {
            "asker": asker.id,
            "tenant_id": asker.tenant,
            "action": action,
            "object": thing.text,
            "subject": thing.subject,
            "allowed": decision.allowed,
            "policies": json.dumps(decision.policies),
            "version": decision.version,
        }
        commitment = str(self._commitments.commit(decisions_scope(now), decision_content(row, now)))
        entry_id = tell(
            tx,
            self.log,
            "access.decided",
            now,
            decision=commitment,
            allowed=decision.allowed,
            policies=list(decision.policies),
            version=decision.version,
        )
        times = Time.stored(now), Time.stored(kept_until(now))
        return int(quick(tx, _RECORD, *times, *row.values(), commitment, entry_id)[0][0])

    def ask(self, asker: Asker, action: str, thing: Thing, now: datetime) -> Decision:
        """Decide and record, and return the decision once the record is durable."""
        return self.store.write(lambda tx: self._asked(tx, asker, action, thing, now))

    def change(self, asker: Asker, action: str, thing: Thing, now: datetime, work: Callable[[sa.Connection], T]) -> T:
        """Decide, record, and do the work where it is allowed, all in one transaction; returns what the work returns.

        Raises Refused where it is not allowed; that is recorded, and nothing else is changed.
        """

        def both(tx: sa.Connection) -> tuple[Decision, list[T]]:
            decision = self._asked(tx, asker, action, thing, now)
            return decision, [work(tx)] if decision.allowed else []

        decision, done = self.store.write(both)
        decision.require()
        return done[0]

    def recorded(self, asker: Asker, now: datetime, *, limit: int = 100) -> list[Recorded]:
        """The newest decisions of the asker's tenant; that they were shown is recorded too."""
        self.ask(asker, "see", Thing("audit", asker.tenant, "decisions"), now).require()
        known = tables.decisions.c
        theirs = sa.select(tables.decisions).where(known.tenant_id == asker.tenant)
        with self.store.read() as tx:
            rows = tx.execute(theirs.order_by(known.decision_id.desc()).limit(limit)).all()
        return [
            Recorded(
                r.decision_id,
                r.at,
                r.asker,
                r.action,
                r.object,
                Decision(r.allowed, (*json_in(r.policies, list),), r.version),
            )
            for r in rows
        ]

    def policy(self, tx: sa.Connection) -> Policy:
        """The policy in force in this transaction."""
        return self._of_version(tx, int(quick(tx, _VERSION)[0][0]))

    def _of_version(self, tx: sa.Connection, version: int) -> Policy:
        policy = self._policy
        if policy is None or policy.version != version:
            policy = self._policy = self._read(tx, version)
        return policy

    def _asked(self, tx: sa.Connection, asker: Asker, action: str, thing: Thing, now: datetime) -> Decision:
        decision = self.decide(tx, asker, action, thing, now)
        self.record(tx, asker, action, thing, decision, now)
        return decision

    def _read(self, tx: sa.Connection, version: int) -> Policy:
        row = tables.policies.c
        found = tx.execute(sa.select(row.text, row.digest).where(row.version == version)).first() if version else None
        try:
            policy = Policy(found.text if found else shipped_text(), version)
        except (BadInput, OSError):
            policy = None
        if policy is None or (found and policy.digest != found.digest) or bool(found) != bool(version):
            message = f"the policy in force (version {version}) cannot be read: nothing is allowed"
            raise Unavailable(message, hint="restore the database; nobody is let in by guessing")
        return policy

    def _in_older_case(self, tx: sa.Connection, asker: Asker, thing: Thing, now: datetime) -> bool:
        """Whether one is open under another token: a rotation wrote the new one into it, and the agent has the old."""
        *mine, subject = _case(asker, thing, now)
        others = linked(tx, self._commitments, str(subject))[1:]
        return bool(others) and any(one in others for (one,) in quick(tx, _OPEN_CASES, *mine))


def _case(asker: Asker, thing: Thing, now: datetime) -> tuple[object, ...]:
    """The values that find an open case of the asker's about a subject."""
    at = Time.stored(now)
    return asker.person, thing.tenant, at, at, at, thing.subject


def decision_content(row: Mapping[str, object], at: datetime) -> bytes:
    """The bytes that the entry of a decision commits to: its row, without ids and until when it is kept."""
    return canonical({name: row[name] for name in _COMMITTED} | {"at": Time.stored(at)})
