"""Taking a consent back: in one step, by whoever gave it, and effective at once.

Rules held here:
- Withdrawing needs less than consenting: the receipt, a reply to the message, or a word to an agent (PIPL art. 15).
- The end is one transaction (ending.py). What was kept is destroyed right after it (erasing.py); where something
  does not answer then, it is due, and is done by the next run. Nothing is allowed meanwhile.
- Who withdraws one of two consents for a purpose keeps the other one, and what that one needs.
- What was disclosed without consent (emergency.py) is none, and so nobody withdraws it or learns of it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import jws, tables
from haoma.consent.ending import end, given, live_rows
from haoma.consent.erasing import Erasures
from haoma.consent.office import SYSTEM, Office, actor_of
from haoma.consent.reasons import refusal
from haoma.consent.receipt import verify_receipt
from haoma.errors import NotFound, Unavailable
from haoma.numbers import Number
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["Withdrawals", "Withdrawn"]

AT_ONCE = 200
CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal ended, and the proofs of deletion so far; the others are due and come with the next run."""

    grant_ids: tuple[str, ...]
    proofs: tuple[str, ...]


class Withdrawals:
    """Ends consents of one store."""

    def __init__(self, office: Office, erasures: Erasures) -> None:
        self._office = office
        self._erasures = erasures

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
        if row is None or row.basis != CONSENT:
            raise NotFound("there is no such consent", hint="haoma consent show NUMBER lists them")
        subject = SubjectToken.of_row(row.subject)

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
            return end(tx, office, _consents(live_rows(tx, names)), "withdrawn", office.now(), actor_of(None))

        return self._erased(office.store.write(work))

    def end_over(self) -> int:
        """End what is over by time and was not asked for since; returns how many."""
        office, at, c = self._office, self._office.now(), tables.grants.c
        query = sa.select(tables.grants).where(c.state == "given", c.until <= at).order_by(c.until).limit(AT_ONCE)
        return len(office.store.write(lambda tx: end(tx, office, tx.execute(query).all(), "expired", at, SYSTEM)))

    def _withdraw(self, by: Asker | None, row: sa.Row[Any]) -> Withdrawn:
        office, at = self._office, self._office.now()

        def work(tx: sa.Connection) -> list[str]:
            names = office.vault.aliases(tx, SubjectToken.of_row(row.subject))
            rows = _consents(live_rows(tx, names, row.purpose, row.recipient))
            return end(tx, office, rows, "withdrawn", at, actor_of(by))

        done = office.store.write(work)
        return self._erased(done or [row.grant_id])

    def _erased(self, grant_ids: Sequence[str]) -> Withdrawn:
        proofs = list[str]()
        for grant_id in grant_ids:
            with suppress(Unavailable, NotFound):  # it is written down, and done by the next run
                proofs.append(self._erasures.erase(grant_id))
        return Withdrawn(tuple(grant_ids), tuple(proofs))


def _consents(rows: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """Those of these permissions that somebody gave."""
    return [row for row in rows if row.basis == CONSENT]
