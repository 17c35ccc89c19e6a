"""How often one customer may be asked about: yes and no, asked often enough about small areas, are a point.

Rules held here:
- A circle of less than a kilometre is asked about with a consent to a point, and with no other (`SMALL_M`).
- Of one customer at most `AREAS` different areas are answered in a day, whoever asks and on whatever permission. The
  same area again is no other one.
- An area is kept as a commitment bound to its customer, for that day: no row tells where anybody was looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.consent.office import Office
from haoma.ledger.canonical import canonical
from haoma.locate.areas import Area, InRegion
from haoma.storage import Time, quick
from haoma.vault.model import SubjectToken

__all__ = ["AREAS", "DAY", "SMALL_M", "admission", "is_small"]

AREAS = 5
SMALL_M = 1_000.0
DAY = timedelta(days=1)
_SCOPE = "areas"
_ASKED = "SELECT area FROM locate_areas WHERE subject = ? AND until > ?"
_NOTED = "INSERT INTO locate_areas (subject, area, asked_at, until) VALUES (?, ?, ?, ?)"


def is_small(area: Area) -> bool:
    """Whether only a consent to a point is for such an area.

    >>> from haoma.locate.areas import Near
    >>> is_small(Near(31.2, 121.5, 999)), is_small(Near(31.2, 121.5, 1000))
    (True, False)
    """
    return not isinstance(area, InRegion) and area.within_m < SMALL_M


def admission(
    tx: sa.Connection, office: Office, subject: SubjectToken, area: Area, at: datetime
) -> Callable[[sa.Connection], object] | None:
    """What notes that a customer is asked about this area as well; None where they may not be."""
    digest = str(office.vault.commitments.commit(_SCOPE, _bytes(subject, area)))
    now, until = Time.stored(at), Time.stored(at + DAY)
    names = office.vault.aliases(tx, subject)
    known = {area for name in names for (area,) in quick(tx, _ASKED, str(name), now, kinds=(str,))}
    if digest in known:
        return lambda _tx: None
    if len(known) >= AREAS:
        return None
    return lambda tx: quick(tx, _NOTED, str(subject), digest, now, until)


def _bytes(subject: SubjectToken, area: Area) -> bytes:
    if isinstance(area, InRegion):
        named: dict[str, object] = {"level": str(area.region.level), "adcode": area.region.adcode}
    else:
        named = {"lat": area.lat, "lon": area.lon, "within_m": area.within_m}
    return canonical({"subject": str(subject), "area": {name: _exact(value) for name, value in named.items()}})


def _exact(value: object) -> object:
    return float(value) if isinstance(value, int | float) else value
