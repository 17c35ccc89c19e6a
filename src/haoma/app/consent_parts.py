"""The gate to a customer's place, with the adapters that stand behind its ports.

Rules held here:
- Without an operator of messages and a channel for alarms, both are lines of files below `store_dir`.
- With a carrier it says whether a number has another holder, and its tokens go when a customer withdraws.
- The clock of consent stands still where the machine's is set back: what has ended stays so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.app import case_parts, locate_parts, outside_parts

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.consent.service import Consent

__all__ = ["consent"]


def consent(services: Services) -> Consent:
    """The gate to a customer's place: notices, questions, answers, Grants, receipts, withdrawal."""
    from haoma.consent.alarms import AlarmFile
    from haoma.consent.http import HttpTransport
    from haoma.consent.links import check_origin
    from haoma.consent.notices import StoredAssessments
    from haoma.consent.office import Office, SteadyClock
    from haoma.consent.reach import countries_of
    from haoma.consent.service import Consent

    office = Office(
        store=services.store,
        vault=services.vault,
        gate=services.gate,
        custody=services.custody,
        now=SteadyClock(services.now),
        sms=outside_parts.sms(services),
        assessments=StoredAssessments(),
        transport=HttpTransport(lambda: services.http),
        alarms=AlarmFile(services.settings.store_dir / "alarms"),
        recycling=locate_parts.recycling(services),
        places=locate_parts.places(services),
        ways=case_parts.ways(services),
        self_url=check_origin(services.settings.self_url),
        countries=countries_of(services.settings.sms_countries),
    )
    return Consent(office)
