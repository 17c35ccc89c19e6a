"""Where somebody is, as far as evidence says and a Grant allows."""

from __future__ import annotations

from haoma.locate.areas import Area, InRegion, Near
from haoma.locate.entries import ENTRY_TYPES
from haoma.locate.evidence import Card, EvidenceSource, Reader, Terms
from haoma.locate.gathering import Gathering, Question
from haoma.locate.given import Given, IpAddress, SharedTrail, Surroundings
from haoma.locate.service import Answer, Locate, Placed, Scored, Verified

__all__ = [
    "ENTRY_TYPES",
    "Answer",
    "Area",
    "Card",
    "EvidenceSource",
    "Gathering",
    "Given",
    "InRegion",
    "IpAddress",
    "Locate",
    "Near",
    "Placed",
    "Question",
    "Reader",
    "Scored",
    "SharedTrail",
    "Surroundings",
    "Terms",
    "Verified",
]
