"""What the customer's carrier knows, over CAMARA: a verdict on what was asked, or a circle.

Rules held here:
- Near a point or not is the carrier's verdict, and no place of the customer is fetched. Its interface knows no regions:
  for them it is asked where the phone is, by a consent that shows more than yes or no.
- CAMARA promises no coverage of the area that it returns; it is taken for `COVERAGE` (judgement, docs/guide/locate.md).
- Whether a number has another holder is asked from the day before the permission on: CAMARA knows days and no hours.
- The number is opened for the carrier's sign-in alone (`login_hint`).
"""

from __future__ import annotations

from collections.abc import Sequence

from haoma.consent import Grant, Granularity, Source
from haoma.errors import Unavailable
from haoma.locate.areas import Area, Near
from haoma.locate.camara import Camara, Located, NotKnown, Polygon
from haoma.locate.camara import Circle as Asked
from haoma.locate.camara.recycling import day_before
from haoma.locate.evidence import Card, Terms
from haoma.locate.fusion import CarrierCircle, CarrierVerdict, Circle, Observation, Verdict
from haoma.locate.sources.number import Numbers
from haoma.places import distance_m
from haoma.vault import Vault

__all__ = ["COVERAGE", "Carrier"]

COVERAGE = 0.9


class Carrier:
    """One carrier, asked with a consent that names it."""

    terms = Terms("carrier", "network", Source.CARRIER, 1_000, "as the carrier's contract says")

    def __init__(self, camara: Camara, vault: Vault) -> None:
        self._camara = camara
        self._numbers = Numbers(vault)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """See `EvidenceSource.observe`."""
        reveal = self._numbers.of(grant)
        if isinstance(area, Near):
            said = self._camara.verify_location(grant, reveal, Asked(area.lat, area.lon, area.within_m))
            about = Circle(area.lat, area.lon, area.within_m, COVERAGE)
            when = said.last_location_time or self._camara.now()
            return [CarrierVerdict(about, Verdict(said.verdict), "carrier", when, said.match_rate)]
        if not grant.covers(Granularity.MACRO_REGION):
            return []
        found = self._camara.retrieve_location(grant, reveal)
        if isinstance(found, NotKnown):
            return []
        return [CarrierCircle(_circle(found), "carrier", found.last_location_time)]

    def card(self, grant: Grant) -> Card | None:
        """See `EvidenceSource.card`."""
        reveal = self._numbers.of(grant)
        swapped, roaming = self._camara.sim_swap(grant, reveal), self._camara.roaming(grant, reveal)
        try:
            recycled = self._camara.changed_hands(grant, reveal, day_before(grant.since))
        except Unavailable:  # as where a carrier was not asked for this interface: the others count
            recycled = None
        return Card(
            None if isinstance(swapped, NotKnown) else swapped.at,
            None if isinstance(roaming, NotKnown) else roaming.roaming,
            None if isinstance(recycled, NotKnown) else recycled,
            silent=recycled is None,
        )


def _circle(found: Located) -> Circle:
    area = found.area
    if not isinstance(area, Polygon):
        return Circle(area.latitude, area.longitude, area.radius_m, COVERAGE)
    lat = sum(corner[0] for corner in area.corners) / len(area.corners)
    lon = sum(corner[1] for corner in area.corners) / len(area.corners)
    return Circle(lat, lon, max(1.0, *(distance_m(lat, lon, *corner) for corner in area.corners)), COVERAGE)
