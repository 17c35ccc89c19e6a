"""Finding a customer by an order or their id in the company's CRM, and checking that a number is still theirs."""

from __future__ import annotations

from haoma.locate.cases.checks import Sent
from haoma.locate.cases.crm_map import Crms
from haoma.locate.cases.entries import ENTRY_TYPES
from haoma.locate.cases.model import By, Contact, Reference
from haoma.locate.cases.numbers import Counts, How, Shown
from haoma.locate.cases.search import Crm
from haoma.locate.cases.service import Customers, KnownWays, Opened, Standing

__all__ = [
    "ENTRY_TYPES",
    "By",
    "Contact",
    "Counts",
    "Crm",
    "Crms",
    "Customers",
    "How",
    "KnownWays",
    "Opened",
    "Reference",
    "Sent",
    "Shown",
    "Standing",
]
