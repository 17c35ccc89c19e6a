"""Why trials and samples are kept as long as whoever runs this store."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LASTING"]

LASTING: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("improve_trials", "improve_arms"),
            "what was tried against mislabels and what came of it: counts, and who recorded them by UUID",
        ),
        **dict.fromkeys(
            ("improve_samples", "improve_visits"),
            "which hotlines mystery shoppers looked up and what they found: no number, and nobody but them by UUID",
        ),
    }
)
"""Tables of which nothing ends, and why."""
