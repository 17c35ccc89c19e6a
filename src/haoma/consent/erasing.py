"""What an end leaves to do: the key store hears of it, keys, sealed numbers and places go, and a proof says so.

Rules held here:
- First of all the key store is told that the permission has ended. No backup of the data holds the key store: whoever
  puts an older one back brings back no permission (`vault.ends`).
- What is destroyed is counted before it is, and the count is on the disk by then: a proof tells the same, whether the
  process was killed in between or not.
- Another permission for the same purpose keeps what it needs, and the proof says that too.
- The proof is signed when all is done, never before, and verifies offline as the receipt does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.consent import jws, tables
from haoma.consent.ending import given, live_rows
from haoma.consent.jws import Jwks, verify
from haoma.consent.keeping import kept_until
from haoma.consent.office import SYSTEM, Office
from haoma.errors import NotFound
from haoma.ledger.forms import Json
from haoma.storage import json_in
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken

__all__ = ["DELETION", "Erasures", "statement", "verify_deletion"]

DELETION = "consent-deletion+jwt"
AT_ONCE = 200


class Erasures:
    """Destroys what was kept for permissions of one store that have ended."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def erase_due(self) -> int:
        """Destroy what ends have left to destroy; returns how many are done now, raises Unavailable where it cannot."""
        c = tables.erasures.c
        query = sa.select(c.grant_id).where(c.proof.is_(None)).order_by(c.due_at).limit(AT_ONCE)
        with self._office.store.read() as tx:
            due = list(tx.scalars(query))
        return len([self.erase(grant_id) for grant_id in due])

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

    def erase(self, grant_id: str) -> str:
        """Destroy what was kept for a permission that has ended, once; the proof of it."""
        office = self._office
        row, due = self._due(grant_id)
        if due.proof is not None:
            return str(due.proof)
        office.vault.keys.ends.note(grant_id, due.why)
        if due.erased_at is None:
            keys, places = self._destroy(row)
            office.store.write(lambda tx: self._clear(tx, row, due.why, keys, places, office.now()))
            row, due = self._due(grant_id)
        proof = jws.sign(office.custody, DELETION, statement(row, due))
        c = tables.erasures.c
        mine = sa.update(tables.erasures).where(c.grant_id == grant_id, c.proof.is_(None))
        office.store.write(lambda tx: tx.execute(mine.values(proof=proof)).rowcount)
        return self.proof(grant_id)

    def _destroy(self, row: sa.Row[Any]) -> tuple[int, int]:
        """Destroy keys and places, unless another permission needs them; how many there were before the first went."""
        office, subject = self._office, SubjectToken.of_row(row.subject)
        if self._needed(row):
            return 0, 0
        going = office.vault.keys_of(subject, row.purpose)
        counted = office.store.write(lambda tx: _count(tx, row.grant_id, going))
        office.vault.destroy_keys(subject, row.purpose)
        return counted, office.places.forget(subject, row.purpose) if office.places else 0

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
            names = self._office.vault.aliases(tx, SubjectToken.of_row(row.subject))
            return bool(live_rows(tx, names, row.purpose))

    def _clear(self, tx: sa.Connection, row: sa.Row[Any], why: str, keys: int, places: int, at: datetime) -> None:
        office, subject, c = self._office, SubjectToken.of_row(row.subject), tables.erasures.c
        tokens = int(_found(tx, row.grant_id).get("tokens", 0))
        mine = sa.update(tables.erasures).where(c.grant_id == row.grant_id, c.erased_at.is_(None))
        if tx.execute(mine.values(erased_at=at)).rowcount != 1:
            return
        numbers = 0
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


def statement(row: sa.Row[Any], due: sa.Row[Any]) -> dict[str, Json]:
    """What a proof of deletion says, out of the rows of a permission and of its erasure."""
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


def _count(tx: sa.Connection, grant_id: str, going: Sequence[str]) -> int:
    """Write down which keys are about to go, those of a try before among them; returns how many."""
    c, found = tables.erasures.c, _found(tx, grant_id)
    names = sorted({*found.get("going", ()), *going})
    mine = sa.update(tables.erasures).where(c.grant_id == grant_id, c.erased_at.is_(None))  # by nobody who was quicker
    tx.execute(mine.values(found=json.dumps(found | {"going": names})))
    return len(names)


def _found(tx: sa.Connection, grant_id: str) -> dict[str, Any]:
    c = tables.erasures.c
    return json_in(str(tx.scalar(sa.select(c.found).where(c.grant_id == grant_id))), dict)
