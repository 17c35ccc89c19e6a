"""How long rows of the runner are kept.

Rules held here:
- Alerts stay: how often they were false is told for years, and none of them holds a number.
- What the detector knew goes with the runner's own next checkpoints, after eight days at the latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LASTING"]

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "watch_alerts": "when counts of a hotline were unusual, what showed it, and how it ended: nobody's data",
        "watch_progress": "up to which minute counts were judged: one row",
        "watch_states": "what the detector knew after minutes of the last eight days; the runner deletes older ones",
    }
)
"""Tables whose rows are of no retention class, and why they are kept as long as whoever runs this store."""
