"""A web of four sites on loopback, for the demo and for whoever tries the crawl: pages of made-up organisations.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.guard.little_web.company import Company
from haoma.guard.little_web.server import LittleWeb, Page, served
from haoma.guard.little_web.sites import FORBIDDEN, sites_of

__all__ = ["FORBIDDEN", "Company", "LittleWeb", "Page", "served", "sites_of"]
