"""Where Wi-Fi and cells put a device, as a service says that speaks `/v1/geolocate` (Google's form; ichnaea, beaconDB).

Rules held here:
- The addresses of access points are in bodies alone, and are not kept. No number and no name goes with them.
- The service is told to go by what was heard (`considerIp`, `fallbacks`): its guess at our own address is no place of
  the customer, and is not taken where it comes all the same.
- 404 is an answer: it does not know these. Whatever else is not exactly what the interface says is no answer.

Reference: https://ichnaea.readthedocs.io/en/latest/api/geolocate.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx

from haoma.consent import Grant, Source
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, Unavailable
from haoma.ledger.key_file import read_private
from haoma.locate.evidence import Terms
from haoma.locate.fusion import Circle, Observation, Radio
from haoma.locate.given import Raw, Surroundings
from haoma.wire import strict
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Deadline, Line, asked, is_plain_url

__all__ = ["COVERAGE", "RadioService", "open_radio", "question_body"]

WHO = "the radio service"
ANSWER_S = 5.0
COVERAGE = 0.95  # what ichnaea promises of its circles; how far they keep to it is a prior (docs/guide/fusion.md)


class RadioService:
    """One service. `url` is that of its geolocate interface, `key` what it knows us by; empty for none."""

    terms = Terms("radio", "wi-fi and cells", Source.BROWSER, 50, "as the service's terms say")

    def __init__(self, url: str, key: str = "") -> None:
        if not is_plain_url(url):
            raise BadInput("radio_url is no URL of a service", hint="https://host/v1/geolocate, without a query")
        self._url = f"{url}?key={quote(key, safe='')}" if key else url
        self._tls = httpx.create_ssl_context()
        self._breaker = Breaker("geolocate", time.monotonic, WHO)

    def read(self, grant: Grant, given: Raw) -> Sequence[Observation]:
        """See `Reader.read`."""
        if grant.source is not Source.BROWSER:
            raise refusal("source")
        if not isinstance(given, Surroundings) or not given.tells:
            return []
        body = question_body(given)
        with Line(Deadline(time.monotonic, ANSWER_S, WHO), self._tls, lambda: datetime.now(UTC)) as line:
            circle = asked(self._breaker, lambda: line.post(self._url, body, {}), _circle)
        return [Radio(circle, "radio", given.at)] if circle else []


def open_radio(url: str, key_file: Path | None) -> RadioService:
    """The service that the settings radio_* name.

    Raises BadInput for what is none, Refused where others can read the key.
    """
    try:
        key = "" if key_file is None else read_private(key_file).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{key_file}: the file that radio_key_file names cannot be read", hint="one key in it") from None
    return RadioService(url, key)


def question_body(given: Surroundings) -> dict[str, object]:
    """What is sent."""
    points = [
        {"macAddress": ":".join(one.mac[at : at + 2] for at in range(0, 12, 2))} | _signal(one.signal_dbm)
        for one in given.access_points
    ]
    cells = [
        {"radioType": one.radio, "mobileCountryCode": one.country, "mobileNetworkCode": one.network}
        | {"locationAreaCode": one.area, "cellId": one.cell}
        | _signal(one.signal_dbm)
        for one in given.cells
    ]
    # One access point beside cells is one household's: it is not sent.
    heard = {"wifiAccessPoints": points} if len({one.mac for one in given.access_points}) > 1 else {}
    return {"considerIp": False, "fallbacks": {"ipf": False, "lacf": False}, "cellTowers": cells, **heard}


def _signal(dbm: int | None) -> dict[str, object]:
    return {} if dbm is None else {"signalStrength": dbm}


def _circle(answer: Answer) -> Circle | None:
    if answer.status == 404:
        return None
    if answer.status != 200:
        message = f"{WHO} does not take the question (status {answer.status})"
        raise Unavailable(message, hint="look at radio_url and radio_key_file")
    found: Mapping[str, object] = answer.body
    if found.get("fallback") is not None:
        return None
    point = strict.inner(found, "location")
    try:
        return Circle(strict.real(point, "lat"), strict.real(point, "lng"), strict.real(found, "accuracy"), COVERAGE)
    except BadInput:
        raise strict.garbage() from None
