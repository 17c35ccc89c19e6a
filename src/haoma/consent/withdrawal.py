"""Taking a consent back: in one step, by whoever gave it, effective at once, and with a proof of what was destroyed.

Rules held here:
- Withdrawing needs less than consenting: the receipt, a reply to the message, or a word to an agent (PIPL art. 15).
- The end is one transaction (ending.py). Keys, sealed numbers and places are destroyed right after it; where something
  does not answer then, it is due, and is done by the next run. Nothing is allowed meanwhile.
- Who withdraws one of two consents for a purpose keeps the other one, and what that one needs.
- The proof is signed when all is destroyed, never before, and verifies offline as the receipt does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import jws, tables
from haoma.consent.ending import end, given, live_rows
from haoma.consent.jws import Jwks, verify
from haoma.consent.keeping import kept_until
from haoma.consent.office import SYSTEM, Office, actor_of
from haoma.consent.reasons import refusal
from haoma.consent.receipt import verify_receipt
from haoma.errors import NotFound, Unavailable
from haoma.ledger.forms import Json
from haoma.numbers import Number
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken

__all__ = ["DELETION", "Withdrawals", "Withdrawn", "verify_deletion"]

DELETION = "consent-deletion+jwt"
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal ended, and the proofs of deletion so far; the others are due and come with the next run."""

    grant_ids: tuple[str, ...]
    proofs: tuple[str, ...]


class Withdrawals:
    """Ends consents of one store, and destroys what was kept for them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def by_receipt(self, receipt: str) -> Withdrawn:
        """Withdraw as the holder of a receipt, or their guardian. A second time changes nothing.

        Raises Tampered or BadInput for what is no receipt of this instance, Refused for one that is not known.
        """
        said = verify_receipt(receipt, jws.jwks_of(self._office.custody))
        grant_id = str(said.get("record_id", "")).removeprefix("urn:uuid:")
        with self._office.store.read() as tx:
            row = given(tx, grant_id)
        if row is None or row.receipt.strip() != receipt.strip():
            raise refusal("receipt-unknown")
        return self._withdraw(None, row)

    def by_agent(self, by: Asker, grant_id: str) -> Withdrawn:
        """Withdraw because the customer said so to somebody, who may (`withdraw-consent`).

        Raises Refused where the policy does not let them, which is recorded; NotFound for no such consent.
        """
        office, at = self._office, self._office.now()
        with office.store.read() as tx:
            row = given(tx, grant_id)
        if row is None:
            raise NotFound("there is no such consent", hint="haoma consent show NUMBER lists them")
        subject = SubjectToken.parse(row.subject)

        def let(tx: sa.Connection) -> bool:
            if office.may(tx, by, "withdraw-consent", "subject", subject.tenant, at, subject):
                return True
            event = Event(
                subject.tenant, actor_of(by), "consent.withdraw", "refused", "policy", at, subject, row.purpose
            )
            office.record(tx, event, "consent.tried", reason="policy")
            return False

        if not office.store.write(let):
            raise refusal("policy")
        return self._withdraw(by, row)

    def by_number(self, tenant: str, number: Number) -> Withdrawn:
        """Withdraw everything of a number, as the answer to a message that came from it."""
        office = self._office
        tokens = office.vault.known_as(tenant, number)

        def work(tx: sa.Connection) -> list[str]:
            names = list({name for token in tokens for name in office.vault.aliases(tx, token)})
            return end(tx, office, live_rows(tx, names), "withdrawn", office.now(), actor_of(None))

        return self._erased(office.store.write(work))

    def end_over(self) -> int:
        """End what is over by time and was not asked for since; returns how many."""
        office, at, c = self._office, self._office.now(), tables.grants.c
        query = sa.select(tables.grants).where(c.state == "given", c.until <= at).order_by(c.until).limit(AT_ONCE)
        return len(office.store.write(lambda tx: end(tx, office, tx.execute(query).all(), "expired", at, SYSTEM)))

    def erase_due(self) -> int:
        """Destroy what ends have left to destroy; returns how many are done now, raises Unavailable where it cannot."""
        c = tables.erasures.c
        query = sa.select(c.grant_id).where(c.proof.is_(None)).order_by(c.due_at).limit(AT_ONCE)
        with self._office.store.read() as tx:
            due = list(tx.scalars(query))
        return len([self._erase(grant_id) for grant_id in due])

    def proof(self, grant_id: str) -> str:
        """The signed proof that what was kept for a consent is destroyed.

        Raises NotFound where it is not ended, or not destroyed yet.
        """
        c = tables.erasures.c
        with self._office.store.read() as tx:
            found = tx.scalar(sa.select(c.proof).where(c.grant_id == grant_id))
        if not isinstance(found, str):
            raise NotFound("there is no proof of deletion yet", hint="haoma consent run destroys what is due")
        return found

    def _withdraw(self, by: Asker | None, row: sa.Row[Any]) -> Withdrawn:
        office, at = self._office, self._office.now()

        def work(tx: sa.Connection) -> list[str]:
            names = office.vault.aliases(tx, SubjectToken.parse(row.subject))
            rows = live_rows(tx, names, row.purpose, row.recipient)
            return end(tx, office, rows, "withdrawn", at, actor_of(by))

        done = office.store.write(work)
        return self._erased(done or [row.grant_id])

    def _erased(self, grant_ids: Sequence[str]) -> Withdrawn:
        proofs = list[str]()
        for grant_id in grant_ids:
            with suppress(Unavailable, NotFound):  # it is written down, and done by the next run
                proofs.append(self._erase(grant_id))
        return Withdrawn(tuple(grant_ids), tuple(proofs))

    def _erase(self, grant_id: str) -> str:
        """Destroy what was kept for a permission that has ended, once; the proof of it."""
        office = self._office
        row, due = self._due(grant_id)
        if due.proof is not None:
            return str(due.proof)
        if due.erased_at is None:
            subject = SubjectToken.parse(row.subject)
            keys = places = 0
            if not self._needed(row):
                keys = office.vault.destroy_keys(subject, row.purpose)
                places = office.places.forget(subject, row.purpose) if office.places else 0
            office.store.write(lambda tx: self._clear(tx, row, due.why, keys, places, office.now()))
            row, due = self._due(grant_id)
        proof = jws.sign(office.custody, DELETION, _statement(row, due))
        c = tables.erasures.c
        mine = sa.update(tables.erasures).where(c.grant_id == grant_id, c.proof.is_(None))
        office.store.write(lambda tx: tx.execute(mine.values(proof=proof)).rowcount)
        return self.proof(grant_id)

    def _due(self, grant_id: str) -> tuple[sa.Row[Any], sa.Row[Any]]:
        with self._office.store.read() as tx:
            row = given(tx, grant_id)
            due = tx.execute(sa.select(tables.erasures).where(tables.erasures.c.grant_id == grant_id)).one_or_none()
        if row is None or due is None:
            raise NotFound("this consent has not ended", hint="haoma consent withdraw ends it")
        return row, due

    def _needed(self, row: sa.Row[Any]) -> bool:
        """Whether another consent for the same purpose needs what is kept."""
        with self._office.store.read() as tx:
            names = self._office.vault.aliases(tx, SubjectToken.parse(row.subject))
            return bool(live_rows(tx, names, row.purpose))

    def _clear(self, tx: sa.Connection, row: sa.Row[Any], why: str, keys: int, places: int, at: datetime) -> None:
        office, subject, c = self._office, SubjectToken.parse(row.subject), tables.erasures.c
        killed = str(tx.scalar(sa.select(c.found).where(c.grant_id == row.grant_id)))
        mine = sa.update(tables.erasures).where(c.grant_id == row.grant_id, c.erased_at.is_(None))
        if tx.execute(mine.values(erased_at=at)).rowcount != 1:
            return
        numbers, tokens = 0, int(json.loads(killed)["tokens"])
        shared = bool(live_rows(tx, office.vault.aliases(tx, subject), row.purpose))
        if not shared:
            gone = office.vault.shred_rows(tx, subject, row.purpose, actor=SYSTEM, reason=why, keys=keys)
            numbers, tokens = gone.numbers, gone.tokens + tokens
        found = {"keys": keys, "numbers": numbers, "tokens": tokens, "places": places}
        event = Event(subject.tenant, SYSTEM, "consent.erase", "allowed", why, at, subject, row.purpose, "consent")
        told = office.record(tx, event, "consent.erased", grant=row.commitment, **found)
        kept = kept_until("consent", at)
        left = {
            "found": json.dumps(found | {"kept_for_another": shared}),
            "entry_id": told.entry_id,
            "kept_until": kept,
        }
        tx.execute(sa.update(tables.erasures).where(c.grant_id == row.grant_id).values(**left))


def verify_deletion(text: str, keys: Jwks) -> dict[str, Json]:
    """What a proof of deletion says, verified offline; raises as `verify_receipt` does."""
    return verify(text, DELETION, keys)


def _statement(row: sa.Row[Any], due: sa.Row[Any]) -> dict[str, Json]:
    return {
        "@type": "dpv:Erase",
        "record_id": f"urn:uuid:{row.grant_id}",
        "receipt_sha256": hashlib.sha256(row.receipt.encode()).hexdigest(),
        "pii_principal_id": row.subject,
        "purpose": row.purpose,
        "recipient": row.recipient,
        "event_state": "dpv:ConsentWithdrawn" if row.state == "withdrawn" else "dpv:ConsentExpired",
        "why": due.why,
        "ended_at": time_text(row.ended_at),
        "erased_at": time_text(due.erased_at),
        "destroyed": json.loads(due.found),
        "log_entry": due.entry_id,
    }
