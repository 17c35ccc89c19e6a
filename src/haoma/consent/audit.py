"""Whether every consent still stands as it was given: rows held to what was signed, and to what the log tells.

Rules held here:
- A permission is what its receipt says and its commitment stands for; the entry that it was given is there, and one
  that it has ended if, and only if, it has. A notice is what was published. An erasure is what its proof says.
- A no is whose, for what and as long as the log and its audit row say. No entry tells of its recipient.
- A message that was counted is what its entry commits to, and there for its day: no limit is taken away by hand.
- What the log tells of and is to be kept has its row: none is deleted, by whatever means. Of older refusals as many are
  gone as retention says it has deleted.
- Rows are read one after the other: many of them take no more memory than few.
- The entries are those of the log as it is; whether they are those that others saw, `haoma ledger audit` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from haoma.consent import jws, tables
from haoma.consent.answers import REFUSAL_KEPT
from haoma.consent.ending import given
from haoma.consent.erasing import statement, verify_deletion
from haoma.consent.held import STATEMENTS, Held, Kept
from haoma.consent.keeping import kept_until
from haoma.consent.messages import KEPT, message_content
from haoma.consent.notices import body_of
from haoma.consent.office import Office
from haoma.consent.receipt import verify_receipt
from haoma.consent.told import Said, Told, notice_name, reading_log
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.commitment import Commitment
from haoma.ledger.written import as_written
from haoma.storage import Time, json_in
from haoma.vault.audit import time_text
from haoma.vault.key_store import Kind
from haoma.vault.model import SubjectToken
from haoma.vault.tables import audit

__all__ = ["Audited", "audit_consents"]

ROWS_AT_ONCE = 500
_Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Audited:
    """How many rows were held.

    Of `untold` consents the key of the commitment is destroyed; `ended_since` live ones were put back from a backup,
    and have ended since: none of them allows anything.
    """

    consents: int
    notices: int
    erasures: int
    untold: int
    ended_since: int
    refusals: int = 0
    messages: int = 0


def audit_consents(tx: sa.Connection, office: Office) -> Audited:
    """Hold every consent, refusal, message, notice and erasure to what was signed and logged.

    They are taken as they are in this transaction. Raises Tampered with the id of the first that differs or is gone.
    """
    with reading_log(tx) as told:
        run = _Run(tx, office, told)
        consents, notices, erasures = run.consents(), run.notices(), run.erasures()
        run.require_rows()
        return Audited(consents, notices, erasures, run.untold, run.ended_since, run.refusals(), run.messages())


class _Run:
    """One audit under way."""

    def __init__(self, tx: sa.Connection, office: Office, told: Told) -> None:
        self.untold = self.ended_since = 0
        self._tx, self._office, self._told = tx, office, told
        self._held, self._at = Held(office), office.now()

    @cached_property
    def _keys(self) -> jws.Jwks:
        return jws.jwks_of(self._office.custody)

    def consents(self) -> int:
        """Hold every permission; how many there are."""
        count = 0
        with self._rows(sa.select(tables.grants).order_by(tables.grants.c.grant_id)) as rows:
            for row in rows:
                with as_written(f"consent {row.grant_id}"):
                    found = self._row_differs(row) or self._log_differs(row) or self._end_differs(row)
                _require(f"consent {row.grant_id}", found)
                self.ended_since += row.state == "given" and bool(self._office.vault.keys.ends.why(row.grant_id))
                count += 1
        return count

    def notices(self) -> int:
        """Hold every version of every notice."""
        count, c = 0, tables.notices.c
        with self._rows(sa.select(tables.notices).order_by(c.tenant, c.purpose, c.recipient, c.version)) as rows:
            for row in rows:
                name = f"the notice {row.tenant} {row.purpose} {row.recipient} {row.version}"
                try:
                    body_of(row)
                except Tampered:
                    _require(name, "text")
                said = self._told.one("notice", notice_name(row.purpose, row.version, row.digest))
                told = said is not None and (said.at, said.entry_id) == (row.published_at, row.entry_id)
                _require(name, "" if told else "entry")
                count += 1
        return count

    def erasures(self) -> int:
        """Hold every erasure whose permission is still there."""
        count = 0
        with self._rows(sa.select(tables.erasures).order_by(tables.erasures.c.grant_id)) as rows:
            for due in rows:
                row = given(self._tx, due.grant_id)
                if row is not None:
                    with as_written(f"the erasure of consent {due.grant_id}"):
                        found = self._erasure_differs(row, due)
                    _require(f"the erasure of consent {due.grant_id}", found)
                count += 1
        return count

    def refusals(self) -> int:
        """Hold every refusal to its entry, and every entry of one to its row; how many rows there are."""
        count = absent = 0
        with self._rows(sa.select(tables.refusals).order_by(tables.refusals.c.refusal_id)) as rows:
            for row in rows:
                with as_written(f"refusal {row.refusal_id}"):
                    found = self._refusal_differs(row)
                _require(f"refusal {row.refusal_id}", found)
                count += 1
        if self._told.seen("refused") != count:
            raise _tampered("two refusals are of one entry of the log")
        for name in self._told.unseen("refused"):
            said = self._told.one("refused", name)
            if said is not None and said.at + REFUSAL_KEPT > self._at:
                raise _tampered(f"the refusal that entry {name} of the log tells of is gone")
            absent += 1
        told = (one.body for one in self._told.all("deleted"))
        deleted = sum(int(body["rows"]) for body in told if body["class"] == "refusal")
        if absent != deleted:
            raise _tampered(f"{absent:,} refusals are gone, and retention deleted {deleted:,}")
        return count

    def messages(self) -> int:
        """Hold every message that was counted to its entry, and the entries of a day to their rows; how many rows."""
        count = 0
        with self._rows(sa.select(tables.messages).order_by(tables.messages.c.message_id)) as rows:
            for row in rows:
                with as_written(f"message {row.message_id}"):
                    found = self._message_differs(row)
                _require(f"message {row.message_id}", found)
                count += 1
        for name in self._told.unseen("message"):
            said = self._told.one("message", name)
            if said is not None and kept_until(KEPT, said.at) > self._at:
                raise _tampered(f"the message that entry {said.entry_id} of the log tells of is gone")
        return count

    def require_rows(self) -> None:
        """Require that everything the log tells of, and that is to be kept, was among the rows."""
        for name in self._told.unseen("given"):
            ended, said = self._told.one("ended", name), self._told.one("given", name)
            if said is not None and (ended is None or kept_until("consent", ended.at) > self._at):
                raise _tampered(f"the consent that entry {said.entry_id} of the log tells of is gone")

    def _rows(self, query: sa.Select[Any]) -> sa.Result[Any]:
        return self._tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})

    def _row_differs(self, row: _Row) -> str:
        """What differs between a permission and its statement."""
        times = {"since": Time.stored(row.since), "until": Time.stored(row.until)}
        kept = Kept(**({name: getattr(row, name) for name in Kept._fields} | times))
        found = self._held.differs(self._tx, kept, row.receipt)
        if found and not (found == "subject" and self._is_forgotten(row)):
            return found
        if row.basis == "emergency":
            return ""
        said: Any = verify_receipt(row.receipt, self._keys)
        event, seen = said["event"], said["processing"]
        if (event["channel"], event["holder"], seen["privacy_notice_version"]) != (
            row.channel,
            row.holder,
            row.version,
        ):
            return "channel"
        return "" if self._is_notice(row, seen["privacy_notice"]) else "notice"

    def _is_forgotten(self, row: _Row) -> bool:
        """Whether the key of the token that was signed is gone, so that nobody can say whose it was."""
        said: Any = jws.verify(row.receipt, STATEMENTS[row.basis], self._keys)
        signed, here = SubjectToken.parse(said["pii_principal_id"]), SubjectToken.of_row(row.subject)
        versions = {key.version for key in self._office.vault.keys.versions(Kind.PSEUDONYM, here.tenant)}
        return row.state != "given" and signed.tenant == here.tenant and signed.version not in versions

    def _is_notice(self, row: _Row, signed: str) -> bool:
        c, tenant = tables.notices.c, row.subject.partition(".")[0]
        same = (c.tenant == tenant, c.purpose == row.purpose, c.recipient == row.recipient, c.version == row.version)
        return f"urn:sha256:{self._tx.scalar(sa.select(c.digest).where(*same))}" == signed

    def _log_differs(self, row: _Row) -> str:
        """What differs between a permission and the entry that it was given."""
        try:
            opens = self._office.vault.commitments.opens(Commitment.parse(row.commitment), row.receipt.encode())
        except NotFound:
            opens = True
            self.untold += 1
        said = self._told.one("given", row.commitment)
        if not opens or said is None or said.entry_id != row.entry_id or said.at != row.since:
            return "entry" if opens else "commitment"
        if row.basis == "emergency":
            return "" if said.type == "consent.emergency" else "basis"
        wanted = {"purpose": row.purpose, "basis": row.basis, "until": time_text(row.until)}
        return next((name for name, value in wanted.items() if said.body.get(name) != value), "")

    def _end_differs(self, row: _Row) -> str:
        """What differs between a permission's state and the entry that it has ended."""
        said = self._told.one("ended", row.commitment)
        if said is None or row.state == "given":
            return "" if said is None and row.state == "given" and row.ended_at is None else "state"
        kept = row.kept_until is not None and row.kept_until >= kept_until("consent", said.at)
        if (row.state, row.ended_at) != (said.body["why"], said.at) or not kept:
            return "state"
        c = tables.erasures.c
        erasure = self._tx.scalar(sa.select(c.why).where(c.grant_id == row.grant_id))
        return "" if row.state == "replaced" or erasure is not None else "erasure"

    def _refusal_differs(self, row: _Row) -> str:
        """What differs between a refusal, the entry of it, and its audit row."""
        said = self._told.one("refused", str(row.entry_id))
        if said is None:
            return "entry"
        until = said.at + REFUSAL_KEPT
        if (row.purpose, row.refused_at, row.until) != (said.body["purpose"], said.at, until) or row.kept_until < until:
            return "purpose or time"
        names = [str(one) for one in self._office.vault.aliases(self._tx, SubjectToken.of_row(row.subject))]
        theirs = sa.select(audit.c.audit_id).where(audit.c.subject.in_(names), audit.c.entry_id == row.entry_id)
        return "subject" if self._tx.scalar(theirs) is None else ""

    def _message_differs(self, row: _Row) -> str:
        """What differs between what was counted of a message and its entry."""
        said = self._told.one("message", row.commitment)
        if said is None or (said.entry_id, said.at, said.body["kind"]) != (row.entry_id, row.at, row.kind):
            return "entry"
        try:
            opens = self._office.vault.commitments.opens(Commitment.parse(row.commitment), message_content(row))
        except NotFound:
            return ""
        return "" if opens else "commitment"

    def _erasure_differs(self, row: _Row, due: _Row) -> str:
        """What differs between an erasure, the entry of it, and its proof."""
        said = self._told.one("erased", row.commitment)
        if due.why != row.state:
            return "why"
        if due.erased_at is None:
            return "" if said is None and due.proof is None else "time"
        if said is None or not _is_told(due, said):
            return "entry"
        if due.proof is None:
            return ""
        try:
            signed = verify_deletion(due.proof, self._keys)
        except (BadInput, Tampered):
            return "proof"
        whose = {"pii_principal_id": row.subject}  # the token of before a rotation, perhaps
        return "" if signed | whose == statement(row, due) else "proof"


def _is_told(due: _Row, said: Said) -> bool:
    found = json_in(due.found, dict)
    same = all(said.body.get(name) == found.get(name, "") for name in ("keys", "numbers", "tokens", "places"))
    return same and (said.at, said.entry_id) == (due.erased_at, due.entry_id)


def _require(what: str, differs: str) -> None:
    if differs:
        raise _tampered(f"{what} is not what was recorded: its {differs} differs")


def _tampered(message: str) -> Tampered:
    return Tampered(message, hint="keep this database as it is; haoma ledger audit tells whether the log still holds")
