"""What a number says of itself when its holder consents, kept as facts so that the number is not needed again.

Rules held here:
- While a question is open the number is sealed. A yes opens it once, in its own transaction, and makes facts of it;
  then it stays sealed only for a permission that asks by it: the carrier (CAMARA, `login_hint`) or another platform.
- The facts are sealed under the key of subject and purpose, bound to their name, time and confidence: what ends the
  permission makes them unreadable.
- Where the number is gone already, the consent stands, and less is known.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.consent.office import SYSTEM, Office
from haoma.consent.purposes import Source
from haoma.consent.receipt import Agreement
from haoma.errors import NotFound
from haoma.ledger.forms import Json
from haoma.lineage import Activity, Draft, Stage, canonical_value, code_digest, record
from haoma.numbers import Number, parse
from haoma.vault.audit import time_text
from haoma.vault.model import SubjectToken
from haoma.vault.opening import Opener

__all__ = ["fact_context", "take_in"]

INTAKE = "consent.intake"
ASKED_BY_NUMBER = frozenset({Source.CARRIER, Source.PLATFORM})


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What a customer has just agreed to: for the one subject and purpose, as long as that holds."""

    subject: SubjectToken
    purpose: str
    until: datetime


def take_in(tx: sa.Connection, office: Office, agreed: Agreement) -> None:
    """Record what the number of a yes says, and keep it where the permission needs it again."""
    purpose = agreed.published.notice.purpose
    try:
        permission = _Agreed(agreed.subject, purpose, agreed.until)
        uri = Opener(office.vault, _Agreed).unseal(tx, permission, actor=SYSTEM)
    except NotFound:
        return
    number = parse(uri)
    drafts = list(_drafts(office, agreed.subject, purpose, number, agreed.since))
    if drafts:
        made_by = code_digest(_drafts)
        at, run_id = agreed.since, str(uuid.uuid4())
        ran = Activity(INTAKE, made_by, "haoma", Stage.COLLECTION, at, at, run_id=run_id)
        record(tx, office.vault.log, office.vault.commitments, ran, drafts, at=at)
    if ASKED_BY_NUMBER & {*agreed.sources}:
        office.vault.seal(tx, agreed.subject, purpose, number, agreed.until, actor=SYSTEM)


def fact_context(name: str, at: datetime, confidence_ppm: int) -> str:
    """What a sealed fact is sealed as: its value opens in the row of no other fact, and with no other confidence."""
    return f"fact {name} {time_text(at)} {confidence_ppm}"


def _drafts(office: Office, subject: SubjectToken, purpose: str, number: Number, at: datetime) -> Iterator[Draft]:
    said: dict[str, Json] = {"kind": str(number.kind), "issued_by": number.issued_by}
    if number.issued_in is not None:
        said["issued_in"] = {name: value for name, value in asdict(number.issued_in).items() if value is not None}
    for name, value in said.items():
        if value is None:
            continue
        confidence = 1_000_000 if name == "kind" else number.confidence_ppm or 0
        context = fact_context(name, at, confidence)
        sealed = office.vault.seal_bytes(subject, purpose, context, canonical_value(value).encode())
        source = ", ".join(number.sources) or "haoma.numbers"
        yield Draft(str(subject), name, sealed, source, Stage.COLLECTION, at, confidence)
