"""The receipt that a customer gets: the fields of ISO/IEC TS 27560:2023 as JSON-LD, in terms of W3C DPV 2, signed.

Rules held here:
- It says all that was agreed to, and of whom by their token alone: no number, no name of the holder.
- It verifies offline with the public keys of the instance, for as long as anybody cares to keep it.
- Its context stands in it: reading it needs no network either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from haoma.consent.jws import Jwks, verify
from haoma.consent.notices import Published
from haoma.consent.purposes import DPV, Granularity, Holder, purpose_named
from haoma.errors import BadInput
from haoma.ledger.forms import Json
from haoma.vault.audit import time_text
from haoma.vault.model import SubjectToken

__all__ = ["RECEIPT", "Agreement", "receipt_body", "verify_receipt"]

RECEIPT = "consent-receipt+jwt"
CONTEXT: Mapping[str, Json] = {
    "dpv": DPV,
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "receipt_id": "dct:identifier",
    "record_id": "dpv:hasRecordOfActivity",
    "pii_principal_id": {"@id": "dpv:hasDataSubject"},
    "privacy_notice": "dpv:hasNotice",
    "purposes": "dpv:hasPurpose",
    "purpose_type": {"@type": "@id", "@id": "dpv:hasPurpose"},
    "lawful_basis": {"@type": "@id", "@id": "dpv:hasLegalBasis"},
    "pii_type": {"@type": "@id", "@id": "dpv:hasPersonalData"},
    "recipient_third_parties": "dpv:hasRecipient",
    "retention_period": "dpv:hasStorageCondition",
    "jurisdiction": "dpv:hasJurisdiction",
    "collection_method": "dpv:hasDataSource",
    "event_state": {"@type": "@id", "@id": "dpv:hasConsentStatus"},
    "event_type": {"@type": "@id", "@id": "dpv:hasIndicationMethod"},
    "event_time": "dpv:isIndicatedAtTime",
    "entity_id": "dpv:isIndicatedBy",
    "validity_duration": "dpv:hasDuration",
}
_PII = {
    Granularity.YES_NO: "pd:Location",
    Granularity.MACRO_REGION: "pd:Region",
    Granularity.PROVINCE: "pd:Region",
    Granularity.CITY: "pd:City",
    Granularity.DISTRICT: "pd:Locality",
    Granularity.POINT: "pd:CurrentLocation",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed to, as the receipt tells it."""

    grant_id: str
    receipt_id: str
    subject: SubjectToken
    published: Published
    sources: tuple[str, ...]
    granularity: Granularity
    channel: str
    language: str
    holder: Holder
    guardian: SubjectToken | None
    since: datetime
    until: datetime


def receipt_body(agreed: Agreement) -> dict[str, Json]:
    """The receipt as JSON-LD (ISO/IEC TS 27560 §6: header, processing, parties, event)."""
    notice = agreed.published.notice
    who = agreed.subject if agreed.guardian is None else agreed.guardian
    return {
        "@context": dict(CONTEXT),
        "@type": "dpv:ConsentReceipt",
        "schema_version": "ISO/IEC TS 27560:2023",
        "receipt_id": f"urn:uuid:{agreed.receipt_id}",
        "record_id": f"urn:uuid:{agreed.grant_id}",
        "pii_principal_id": str(agreed.subject),
        "processing": {
            "privacy_notice": f"urn:sha256:{agreed.published.digest}",
            "privacy_notice_version": agreed.published.version,
            "language": agreed.language,
            "purposes": [_purpose(agreed)],
        },
        "parties": [
            {"party_id": notice.recipient, "party_name": notice.name, "party_contact": notice.contact,
             "party_role": "dpv:DataController"},
        ],
        "event": {
            "event_time": time_text(agreed.since),
            "validity_duration": f"P{(agreed.until - agreed.since) // timedelta(days=1)}D",
            "valid_until": time_text(agreed.until),
            "entity_id": str(who),
            "entity_role": "dpv:DataSubject" if agreed.guardian is None else "dpv:GuardianOfDataSubject",
            "holder": str(agreed.holder),
            "event_type": "dpv:ExplicitlyExpressedConsent",
            "channel": agreed.channel,
            "proof": "one-time-code",
            "event_state": "dpv:ConsentGiven",
        },
    }  # fmt: skip


def verify_receipt(text: str, keys: Jwks) -> dict[str, Json]:
    """What a receipt says, verified offline with the JWKS of the instance.

    Raises Tampered where it was not signed by one of these keys, BadInput where it is no receipt.
    """
    said = verify(text, RECEIPT, keys)
    if said.get("@type") != "dpv:ConsentReceipt":
        raise BadInput("this is no receipt of a consent")
    return said


def _purpose(agreed: Agreement) -> dict[str, Json]:
    purpose = purpose_named(agreed.published.notice.purpose)
    return {
        "purpose": purpose.en,
        "purpose_zh": purpose.zh,
        "purpose_type": f"dpv:{purpose.dpv}",
        "lawful_basis": "dpv:ExplicitlyExpressedConsent",
        "pii_information": [
            {
                "pii_type": _PII[agreed.granularity],
                "granularity": str(agreed.granularity),
                "sensitive_pii_category": True,
            }
        ],
        "collection_method": list(agreed.sources),
        "retention_period": "PT24H",
        "jurisdiction": "CN",
        "geographic_restrictions": "CN",
        "recipient_third_parties": [agreed.published.notice.recipient],
        "withdrawal_method": "haoma consent withdraw --receipt FILE; reply 撤回 to the message; the page; by telephone",
        "privacy_rights": ["dpv:WithdrawConsent", "dpv:Erase"],
    }
