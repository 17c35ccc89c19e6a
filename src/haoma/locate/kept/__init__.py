"""Places that cases keep, and for how long."""

from __future__ import annotations

from haoma.locate.kept.extending import extending_effect, places_to_extend
from haoma.locate.kept.places import CasePlaces, KeptPlace

__all__ = ["CasePlaces", "KeptPlace", "extending_effect", "places_to_extend"]
