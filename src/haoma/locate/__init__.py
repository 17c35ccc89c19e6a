"""Where somebody is, as far as evidence says and a Grant allows."""

from __future__ import annotations

from haoma.locate.areas import Area, InRegion, Near
from haoma.locate.entries import ENTRY_TYPES
from haoma.locate.evidence import EvidenceSource, Terms
from haoma.locate.service import Answer, Given, Locate, Question, Verified

__all__ = [
    "ENTRY_TYPES",
    "Answer",
    "Area",
    "EvidenceSource",
    "Given",
    "InRegion",
    "Locate",
    "Near",
    "Question",
    "Terms",
    "Verified",
]
