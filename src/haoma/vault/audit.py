"""Who asked what about whom, and what was decided: a row and an entry of the log, in the caller's transaction.

Rules held here:
- A row is written once; no code and no statement changes it, and the database itself refuses to delete it too early.
- It holds a token, a purpose, a decision and a reason code: no number, no coordinate, no free text.
- The entry commits to the row under a key of the row's month: when the rows are gone, so is that key.
- A refusal that is raised out of a transaction is recorded all the same, in one of its own (`recording`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

import sqlalchemy as sa

from haoma.errors import BadInput, HaomaError
from haoma.ledger.canonical import canonical
from haoma.ledger.commitment import Commitments
from haoma.ledger.entry import Entry, EntryType, Json
from haoma.ledger.forms import is_word, time_text
from haoma.lineage.entries import Log as Appends
from haoma.storage import Store, Time, quick
from haoma.vault.model import SubjectToken
from haoma.vault.retention_table import rule_of

__all__ = [
    "AUDIT_RECORDED",
    "Audit",
    "AuditRow",
    "Event",
    "Log",
    "audit_content",
    "audit_life",
    "audit_scope",
    "event_of",
    "recording",
    "time_text",
]

T = TypeVar("T")

AUDIT_RECORDED = EntryType("audit.recorded", {"audit": "commitment", "action": "word", "decision": "word"})
_ACTOR = re.compile(r"(?!.*[0-9]{7})[a-z][a-z0-9._:@-]{0,63}", re.ASCII)
_INSERT = """INSERT INTO audit
 (at, kept_until, "class", tenant, actor, action, subject, purpose, decision, reason, commitment, entry_id)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Event(NamedTuple):
    """What is to be remembered of one decision. `actor` is an id such as `agent:42`, never a name or a number.

    `decision` is allowed or refused; `reason` a code such as `grant-expired`; `keeps` the retention class.
    """

    tenant: str
    actor: str
    action: str
    decision: str
    reason: str
    at: datetime
    subject: SubjectToken | None = None
    purpose: str | None = None
    keeps: str = "audit"


class AuditRow(NamedTuple):
    """Where a decision was written down."""

    entry_id: int
    commitment: str


class Log(Appends, Protocol):
    """The tamper-evident log, as far as the vault needs it."""

    def drawn_up(self, entry: Entry, /) -> Callable[[sa.Connection], int]:
        """What queues an entry in a transaction, and returns its entry id; raises BadInput for what is none."""


class Audit:
    """Writes audit rows. `commitments` keeps the keys of their commitments."""

    def __init__(self, log: Log, commitments: Commitments) -> None:
        self._log = log
        self._commitments = commitments

    def record(self, tx: sa.Connection, event: Event, type_: str | None = None, **body: Json) -> AuditRow:
        """Write the row, and ONE entry that commits to it.

        The entry is `audit.recorded` with action and decision; or of the caller's own `type_`, whose fields are those
        of `body` and `audit` (a commitment). Raises BadInput for a field that is no word.
        """
        return self.drawn_up(event, type_, **body)(tx)

    def drawn_up(self, event: Event, type_: str | None = None, **body: Json) -> Callable[[sa.Connection], AuditRow]:
        """`record` for a transaction that is to be short: what is returned writes, and all else is done by now."""
        _check(event)
        kept_until = event.at + audit_life(event.keeps)
        commitment = str(self._commitments.commit(audit_scope(event.at), audit_content(event)))
        fields: dict[str, Json] = {"action": event.action, "decision": event.decision} if type_ is None else body
        entry = Entry(type_ or AUDIT_RECORDED.name, event.at, {"audit": commitment, **fields})
        subject = None if event.subject is None else str(event.subject)
        queue = self._log.drawn_up(entry)
        times = (Time.stored(event.at), Time.stored(kept_until))
        words = (event.keeps, event.tenant, event.actor, event.action, subject, event.purpose, event.decision)

        def write(tx: sa.Connection) -> AuditRow:
            entry_id = queue(tx)
            quick(tx, _INSERT, *times, *words, event.reason, commitment, entry_id)
            return AuditRow(entry_id, commitment)

        return write


def recording(store: Store, audit: Audit, refused: Callable[[], Event], work: Callable[[sa.Connection], T]) -> T:
    """`store.write(work)`; where the work is refused, that is recorded, as `refused` tells it, and raised again."""
    try:
        return store.write(work)
    except HaomaError as error:
        if error.code != "refused":
            raise
        store.write(lambda tx: audit.record(tx, refused()))
        raise


def audit_content(event: Event) -> bytes:
    """The bytes that the entry commits to: the row, without its ids."""
    return canonical(
        {
            "action": event.action,
            "actor": event.actor,
            "at": Time.stored(event.at),
            "decision": event.decision,
            "keeps": event.keeps,
            "purpose": event.purpose,
            "reason": event.reason,
            "subject": None if event.subject is None else str(event.subject),
            "tenant": event.tenant,
        }
    )


def audit_life(keeps: str) -> timedelta:
    """How long a row of a retention class is kept at the least."""
    return rule_of(keeps).shortest or rule_of("audit").shortest or timedelta()


def event_of(row: sa.Row[tuple[object, ...]]) -> Event:
    """What a row of the table remembers; raises BadInput where its subject is no subject token."""
    told = row._mapping  # noqa: SLF001 - public in spite of its name
    return Event(
        tenant=told["tenant"],
        actor=told["actor"],
        action=told["action"],
        decision=told["decision"],
        reason=told["reason"],
        at=told["at"],
        subject=None if told["subject"] is None else SubjectToken.parse(told["subject"]),
        purpose=told["purpose"],
        keeps=told["class"],
    )


def audit_scope(at: datetime) -> str:
    """The scope of the key that commits to rows of this month.

    >>> audit_scope(datetime.fromisoformat("2026-11-22T00:00:00Z"))
    'audit202611'
    """
    return f"audit{at.year:04}{at.month:02}"


def _check(event: Event) -> None:
    words = (event.action, event.decision, event.reason, *([event.purpose] if event.purpose is not None else []))
    if _ACTOR.fullmatch(event.actor) is None or not all(map(is_word, words)):
        message = "an audit row holds an actor's id and words: no names, no numbers, no free text"
        raise BadInput(message, hint="actor agent:42, action vault.unseal, reason grant-expired")
