"""The city that a database of network addresses names: weak evidence, above all for phones on mobile networks.

Rules held here:
- The database is a file on this machine: no address of a customer is sent to anybody.
- A private or reserved address, one of a data centre, and one outside China say nothing.
- The nearest representative city stands for the point that the database gives (`haoma.places.city_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from haoma.consent import Grant, Source
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, NotFound, Tampered, Unavailable
from haoma.locate.evidence import Terms
from haoma.locate.fusion import IpCity, Network, Observation
from haoma.locate.given import IpAddress, Raw
from haoma.locate.sources.ip_files import CREDIT, Addresses, opened
from haoma.places import city_of

__all__ = ["NetworkAddress"]

COUNTRIES = frozenset({"CN", "HK", "MO", "TW"})


class NetworkAddress:
    """Looks network addresses up in the files that `haoma data fetch ip` keeps in a directory.

    A running service goes on with the files that it opened first.
    """

    terms = Terms("network", "network address", Source.BROWSER, None, credit=CREDIT)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: Mapping[int, Addresses] = {}

    def read(self, grant: Grant, given: Raw) -> Sequence[Observation]:
        """See `Reader.read`."""
        if grant.source is not Source.BROWSER:
            raise refusal("source")
        if not isinstance(given, IpAddress) or not given.is_public or given.network is Network.HOSTING:
            return []
        found = self._record(given)
        lat, lon = found.get("latitude"), found.get("longitude")
        if found.get("country_code") not in COUNTRIES or not isinstance(lat, float) or not isinstance(lon, float):
            return []
        try:
            region = city_of(lat, lon).region
        except (BadInput, NotFound):
            return []
        return [IpCity(region.adcode, given.network, "ip-db", given.at)]

    def _record(self, given: IpAddress) -> Mapping[str, object]:
        try:
            self._files = self._files or opened(self._folder)
        except (BadInput, Tampered):
            raise Unavailable("the database of network addresses is damaged", hint="haoma data fetch ip") from None
        file = self._files.get(given.address.version)
        if file is None:
            message = "no database of such network addresses is on this machine"
            raise Unavailable(message, hint="haoma data fetch ip")
        return file.get(given.address)
