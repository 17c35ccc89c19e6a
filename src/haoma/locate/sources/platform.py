"""Another platform that knows where a customer's phone is, asked over HTTP by their number.

Rules held here:
- It is asked with a consent that names `platform`: whoever is asked learns the number, and that we ask.
- Where a consent shows yes or no alone, no position is fetched, as from a carrier.
- A file says where everything stands in its answer; what is not there, or not of its type, makes it no answer.
- Its coordinates are turned into WGS-84 here (GCJ-02 and BD-09 are what maps in China show).
- What such platforms know comes from the device, as a rule: it counts as its word unless the file says `radio`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx

from haoma.consent import Grant, Granularity, Source
from haoma.errors import BadInput, Unavailable
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, Terms
from haoma.locate.fusion import Circle, Device, Observation, Radio
from haoma.locate.sources.number import Numbers
from haoma.locate.sources.platform_file import PlatformFile
from haoma.numbers import Number
from haoma.places import bd09_to_wgs84, gcj02_to_wgs84
from haoma.vault import Vault
from haoma.wire import strict
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Deadline, Line, asked

__all__ = ["Platform"]

WHO = "the platform"
ANSWER_S = 5.0
MILLISECONDS = 1e11  # a time beyond that is none of seconds for the next three thousand years


class Platform:
    """One platform, as its file describes it."""

    def __init__(self, file: PlatformFile, vault: Vault) -> None:
        self.terms = Terms("platform", "another platform", Source.PLATFORM, 100, "as the platform's contract says")
        self._file = file
        self._numbers = Numbers(vault)
        self._now = vault.now
        self._tls = httpx.create_ssl_context()
        self._breaker = Breaker(file.name, time.monotonic, WHO)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        """See `EvidenceSource.observe`."""
        if grant.source is not Source.PLATFORM or not grant.covers(Granularity.MACRO_REGION):
            return []
        body, file = {self._file.number: _e164(self._numbers.of(grant)())}, self._file
        headers = {"Authorization": f"Bearer {file.token}"} if file.token else {}
        with Line(Deadline(time.monotonic, ANSWER_S, WHO), self._tls, self._now) as line:
            found = asked(self._breaker, lambda: line.post(file.url, body, headers), self._read)
        return [found] if found else []

    def card(self, grant: Grant) -> Card | None:
        """See `EvidenceSource.card`."""
        return None

    def _read(self, answer: Answer) -> Device | Radio | None:
        file = self._file
        if answer.status in {204, 404}:
            return None
        if answer.status != 200:
            message = f"{WHO} does not take the question (status {answer.status})"
            raise Unavailable(message, hint="look at the file that platform_file names")
        said = {name: _at(answer.body, path) for name, path in file.answer.items()}
        if said["latitude"] is None or said["longitude"] is None:
            return None
        at = _moment(said["observed_at"], self._now(), timedelta(seconds=file.max_age_s))
        if at is None:
            return None
        lat, lon, radius_m = (strict.real(said, name) for name in ("latitude", "longitude", "accuracy_m"))
        coverage = strict.real(said, "coverage") if "coverage" in said else file.coverage
        try:
            circle = Circle(*_wgs84(file.coordinates, lat, lon), radius_m, coverage)
        except BadInput:
            raise strict.garbage() from None
        return (Radio if file.kind == "radio" else Device)(circle, f"platform-{file.name}", at)


def _at(body: object, path: str) -> object:
    """What stands at a path of names with dots; None where nothing does."""
    for name in path.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def _moment(said: object, now: datetime, oldest: timedelta) -> datetime | None:
    """When a position was found, as text of RFC 3339 or seconds or milliseconds since 1970; None for one too old."""
    if isinstance(said, str):
        at = strict.moment({"at": said}, "at", now)
    elif isinstance(said, bool) or not isinstance(said, int | float):
        raise strict.garbage()
    else:
        try:
            at = datetime.fromtimestamp(said / 1000 if said > MILLISECONDS else said, UTC)
        except (ValueError, OverflowError, OSError):
            raise strict.garbage() from None
    if at > now + strict.SKEW:
        raise strict.garbage()
    return at if at >= now - oldest else None


def _wgs84(system: str, lat: float, lon: float) -> tuple[float, float]:
    if system == "wgs84":
        return lat, lon
    turned = (gcj02_to_wgs84 if system == "gcj02" else bd09_to_wgs84)(lat, lon)
    return float(turned[0]), float(turned[1])


def _e164(number: Number) -> str:
    if number.e164 is None:
        raise Unavailable("no platform has this number: it is not one of E.164", hint="a mobile number")
    return number.e164
