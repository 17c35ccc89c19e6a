"""Permission as a value: purposes, notices, requests, grants, receipts, withdrawal. Nobody is located without one."""

from __future__ import annotations

from haoma.consent.answers import Given, SaidNo
from haoma.consent.entries import ENTRY_TYPES
from haoma.consent.erasing import verify_deletion
from haoma.consent.grant import Grant
from haoma.consent.jws import jwks_of
from haoma.consent.notice import Notice, make_notice
from haoma.consent.office import Office, SteadyClock
from haoma.consent.ports import Alarms, ImpactAssessments, Places, RecyclingCheck, SmsPort, Transport, Ways
from haoma.consent.purposes import PURPOSES, Granularity, Holder, Purpose, Source, one_purpose, purpose_named
from haoma.consent.reasons import REASONS
from haoma.consent.receipt import verify_receipt
from haoma.consent.requests import Asked, Channel, Question
from haoma.consent.service import Consent
from haoma.consent.ways import Way
from haoma.consent.webhook import verify_webhook
from haoma.consent.withdrawal import Withdrawn

__all__ = [
    "ENTRY_TYPES",
    "PURPOSES",
    "REASONS",
    "Alarms",
    "Asked",
    "Channel",
    "Consent",
    "Given",
    "Grant",
    "Granularity",
    "Holder",
    "ImpactAssessments",
    "Notice",
    "Office",
    "Places",
    "Purpose",
    "Question",
    "RecyclingCheck",
    "SaidNo",
    "SmsPort",
    "Source",
    "SteadyClock",
    "Transport",
    "Way",
    "Ways",
    "Withdrawn",
    "jwks_of",
    "make_notice",
    "one_purpose",
    "purpose_named",
    "verify_deletion",
    "verify_receipt",
    "verify_webhook",
]
