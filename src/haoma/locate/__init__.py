"""Where somebody is, as far as evidence says and a Grant allows."""

from __future__ import annotations

from haoma.locate.areas import Area, InRegion, Near
from haoma.locate.entries import ENTRY_TYPES
from haoma.locate.evidence import Card, EvidenceSource, Terms
from haoma.locate.gathering import Gathering, Given, Question
from haoma.locate.service import Answer, Locate, Scored, Verified

__all__ = [
    "ENTRY_TYPES",
    "Answer",
    "Area",
    "Card",
    "EvidenceSource",
    "Gathering",
    "Given",
    "InRegion",
    "Locate",
    "Near",
    "Question",
    "Scored",
    "Terms",
    "Verified",
]
