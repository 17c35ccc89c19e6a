"""Whether a number has changed hands, asked of a carrier; fills consent's `RecyclingCheck`.

Rules held here:
- A carrier that cannot tell is Unavailable: nothing is taken for the same holder because of it.
- CAMARA knows days and no hours: the day before is asked for, in China's time, so that a change on the very day counts.
- Asked for the purpose IdentityVerification, under which nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from haoma.errors import BadInput, Unavailable
from haoma.locate.camara.answers import NotKnown
from haoma.locate.camara.service import Camara
from haoma.numbers import Number

__all__ = ["CarrierRecycling", "day_before"]

CHINA = timezone(timedelta(hours=8))
PURPOSE = "identity-verification"


class CarrierRecycling:
    """Asks one carrier; `camara` gives its client."""

    def __init__(self, camara: Callable[[], Camara]) -> None:
        self._camara = camara

    def recycled(self, number: Number, since: datetime) -> bool:
        """See `RecyclingCheck.recycled`."""
        client = self._camara()
        found = client.recycled(number, day_before(min(since, client.now())), PURPOSE)
        if isinstance(found, NotKnown):
            message = f"the carrier cannot tell whether the number has another holder ({found.why})"
            raise Unavailable(message, hint="have the customer confirm it by a code")
        return found


def day_before(since: datetime) -> str:
    """The day before a moment, in China, as CAMARA writes it.

    >>> from datetime import UTC
    >>> day_before(datetime(2026, 11, 22, 16, tzinfo=UTC))
    '2026-11-22'

    Raises BadInput for a moment without a zone.
    """
    if since.tzinfo is None:
        raise BadInput("this moment has no zone", hint="an aware datetime")
    return (since.astimezone(CHINA).date() - timedelta(days=1)).isoformat()
