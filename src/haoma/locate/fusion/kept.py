"""What was fused before is not worked out again, where only the place that issued a number speaks.

Rules held here:
- Such an answer depends on that place and its confidence alone, not on the time, the source or the person: nothing of
  anybody is kept. Whatever else is said, everything is fused anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from haoma.locate.fusion.cities import Cities
from haoma.locate.fusion.fused import Fused
from haoma.locate.fusion.model import fuse
from haoma.locate.fusion.observation import Issued, Observation
from haoma.locate.fusion.priors import Priors

__all__ = ["Fusion"]

KEPT = 512  # answers of three kilobytes each
_ANY = datetime.fromisoformat("2026-01-01T00:00:00Z")


class Fusion:
    """Fuses for some cities with some priors."""

    def __init__(self, cities: Cities, priors: Priors) -> None:
        self._cities = cities
        self._priors = priors
        self._kept = lru_cache(KEPT)(self._issued)

    def fuse(self, observations: Sequence[Observation], at: datetime) -> Fused:
        """What `fuse` says."""
        if len(observations) == 1 and isinstance(only := observations[0], Issued) and at.tzinfo is not None:
            return self._kept(only.adcode, only.confidence)
        return fuse(observations, at, self._cities, self._priors)

    def _issued(self, adcode: str, confidence: float) -> Fused:
        fused = fuse([Issued(adcode, confidence, "segment", _ANY)], _ANY, self._cities, self._priors)
        fused.ppm.setflags(write=False)  # many have it
        return fused
