"""Where the company's own customers are found, and what is known of how they can be reached.

Rules held here:
- A CRM is opened when it is first asked: whoever finds nobody needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.consent import Ways
    from haoma.locate.cases import Customers

__all__ = ["customers", "ways"]

LONGEST_DAYS = 3_660


def customers(services: Services) -> Customers:
    """Who finds customers by what their order or they themselves are called in the CRM."""
    from haoma.locate.cases import Crms, Customers

    settings = services.settings
    if settings.case_verify_days > LONGEST_DAYS:
        message = f"case_verify_days is {settings.case_verify_days:,}; {LONGEST_DAYS:,} are allowed"
        raise BadInput(message, hint="numbers change hands: 180 is usual")
    return Customers(services.consent, services.cases, Crms(settings.crm_map), settings.case_verify_days)


def ways(services: Services) -> Ways:
    """What a customer who says no can be offered, as their CRM said."""
    from haoma.locate.cases import KnownWays

    return KnownWays(services.vault)
