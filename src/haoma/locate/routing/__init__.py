"""Which store has a customer, which desk takes their call, and what to tell of delivery, by a company's own rules."""

from __future__ import annotations

from haoma.locate.routing.model import Chosen, Desk, Remote, Rules, StoresFile, language_tag
from haoma.locate.routing.rules_file import Flaw, examine, load_rules
from haoma.locate.routing.service import NO_STORE, NoStore, Route, RouteStore, Routing, open_routing
from haoma.locate.routing.stores import Stores, Wrong, read_stores

__all__ = [
    "NO_STORE",
    "Chosen",
    "Desk",
    "Flaw",
    "NoStore",
    "Remote",
    "Route",
    "RouteStore",
    "Routing",
    "Rules",
    "Stores",
    "StoresFile",
    "Wrong",
    "examine",
    "language_tag",
    "load_rules",
    "open_routing",
    "read_stores",
]
