"""The counts of hotlines: who takes them, and how many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.watch.counts import Counts

__all__ = ["counts"]


def counts(services: Services) -> Counts:
    """Who takes counts of hotlines, and corrects them."""
    from haoma.watch.counts import Counts, Flow, Months

    settings = services.settings
    flow = Flow(settings.watch_rows_per_min)
    return Counts(services.gate, Months(services.store), flow, settings.watch_late_days)
