"""A permission's row, held to the statement that was signed when it was given.

Rules held here:
- What a row allows is what its receipt says, or the record of an emergency: subject, purpose, recipient, sources,
  granularity and times. A row that says anything else was changed by hand, and allows nothing.
- The signature is one of our custody's. A rotation of keys gives a subject a newer token: the older one of the receipt
  counts where an alias leads to it, and never where both are of one key, under which a number has one token alone.
- What was verified is remembered, columns and all: a permission is verified once in a process, and anew when a column
  of it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa

from haoma.consent.emergency import RECORD, SOURCES
from haoma.consent.jws import Jwks, jwks_of, verify
from haoma.consent.office import Office
from haoma.consent.purposes import EMERGENCY, purpose_named
from haoma.consent.receipt import RECEIPT
from haoma.errors import BadInput, Refused, Tampered
from haoma.storage import Time
from haoma.vault.audit import time_text
from haoma.vault.model import SubjectToken

__all__ = ["STATEMENTS", "Held", "Kept"]

_REMEMBERED = 50_000
STATEMENTS = {"consent": RECEIPT, "emergency": RECORD}
"""What is signed of a permission, by its basis."""
_UNREADABLE = (BadInput, Refused, Tampered, ValueError, TypeError, KeyError, AttributeError, OverflowError)


class Kept(NamedTuple):
    """The columns of a permission that its signed statement says as well; times as they are stored."""

    grant_id: str
    subject: str
    purpose: str
    recipient: str
    sources: str
    granularity: str
    basis: str
    since: int
    until: int


class Held:
    """Holds rows of one store to what was signed."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seen: set[Kept] = set()
        self._keys: Jwks = {"keys": []}

    def seen(self, kept: Kept) -> bool:
        """Whether this very row was verified before."""
        return kept in self._seen

    def differs(self, tx: sa.Connection, kept: Kept, statement: str) -> str:
        """The first column that differs from the signed statement, `receipt` where that is none; empty where all hold.

        Raises Unavailable where custody does not tell its public keys.
        """
        try:
            said = self._said(statement, STATEMENTS[kept.basis])
            found = _differing(kept, said) or ("" if self._is_same(tx, kept, said) else "subject")
        except _UNREADABLE:
            return "receipt"
        if not found:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen.add(kept)
        return found

    def _said(self, statement: str, kind: str) -> Mapping[str, Any]:
        with suppress(Tampered):
            return verify(statement, kind, self._keys)
        self._keys = jwks_of(self._office.custody)  # a key that was made since, or the first ones
        return verify(statement, kind, self._keys)

    def _is_same(self, tx: sa.Connection, kept: Kept, said: Mapping[str, Any]) -> bool:
        if said["pii_principal_id"] == kept.subject:
            return True
        signed, here = SubjectToken.parse(said["pii_principal_id"]), SubjectToken.of_row(kept.subject)
        older = signed.tenant == here.tenant and signed.version < here.version
        return older and signed in self._office.vault.aliases(tx, here)


def _differing(kept: Kept, said: Mapping[str, Any]) -> str:
    emergency = kept.basis == "emergency"
    purpose = kept.purpose if emergency else f"dpv:{purpose_named(kept.purpose).dpv}"
    times = {"since": time_text(Time.read(kept.since)), "until": time_text(Time.read(kept.until))}
    signed = _of_record(said) if emergency else _of_receipt(said)
    here = kept._asdict() | {"purpose": purpose} | times
    return next((name for name, value in signed.items() if here[name] != value), "")


def _of_receipt(said: Mapping[str, Any]) -> dict[str, Any]:
    (agreed,), event = said["processing"]["purposes"], said["event"]
    (recipient,), (shown,) = agreed["recipient_third_parties"], agreed["pii_information"]
    return {
        "grant_id": said["record_id"].removeprefix("urn:uuid:"),
        "purpose": agreed["purpose_type"],
        "recipient": recipient,
        "sources": " ".join(agreed["collection_method"]),
        "granularity": shown["granularity"],
        "since": event["event_time"],
        "until": event["valid_until"],
    }


def _of_record(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grant_id": said["record_id"].removeprefix("urn:uuid:"),
        "purpose": EMERGENCY.name,
        "recipient": said["recipient"],
        "sources": " ".join(SOURCES),
        "granularity": str(EMERGENCY.finest),
        "since": said["event_time"],
        "until": said["valid_until"],
    }
