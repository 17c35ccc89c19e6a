"""What the errors of a carrier mean (CAMARA Commonalities 0.6, ErrorInfo; the codes of each interface).

Rules held here:
- An error that answers the question, such as that a phone cannot be located, is a reason not to know and no failure.
- A carrier that refuses is Refused, whatever else is known; all else is Unavailable.
- Only the code is read, against a closed list. What the carrier says in words is neither shown nor kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from haoma.errors import HaomaError, Refused, Unavailable
from haoma.locate.camara.answers import Why

__all__ = ["refused_by_carrier", "why"]

_WHY: Mapping[tuple[int, str], Why] = MappingProxyType(
    {
        (404, "IDENTIFIER_NOT_FOUND"): Why.NO_SUBSCRIBER,
        (422, "SERVICE_NOT_APPLICABLE"): Why.NOT_SERVED,
        (422, "UNSUPPORTED_IDENTIFIER"): Why.NOT_SERVED,
        (422, "LOCATION_VERIFICATION.AREA_NOT_COVERED"): Why.NOT_COVERED,
        (422, "LOCATION_VERIFICATION.INVALID_AREA"): Why.AREA_TOO_SMALL,
        (422, "LOCATION_VERIFICATION.UNABLE_TO_FULFILL_MAX_AGE"): Why.TOO_OLD,
        (422, "LOCATION_VERIFICATION.UNABLE_TO_LOCATE"): Why.UNLOCATED,
        (422, "LOCATION_RETRIEVAL.UNABLE_TO_FULFILL_MAX_AGE"): Why.TOO_OLD,
        (422, "LOCATION_RETRIEVAL.UNABLE_TO_FULFILL_MAX_SURFACE"): Why.TOO_COARSE,
        (422, "LOCATION_RETRIEVAL.UNABLE_TO_LOCATE"): Why.UNLOCATED,
        (403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"): Why.NOT_BY_NETWORK,
    }
)
_OURS: Mapping[tuple[int, str], tuple[str, str]] = MappingProxyType(
    {
        (422, "MISSING_IDENTIFIER"): (
            "the carrier's token stands for no subscriber",
            "have the carrier issue tokens for a person (CIBA), not for this client alone",
        ),
        (422, "UNNECESSARY_IDENTIFIER"): (
            "the carrier takes the question for one that names its subscriber twice",
            "this client names nobody beside the token: tell the carrier",
        ),
    }
)


def why(status: int, body: Mapping[str, object]) -> Why:
    """Why the carrier does not know; raises Refused where it refuses, Unavailable where this is no answer."""
    code = body.get("code")
    said = (status, code if isinstance(code, str) and body.get("status") == status else "")
    if said in _WHY:
        return _WHY[said]
    raise _failure(said)


def refused_by_carrier() -> Refused:
    """The error for a customer or a carrier who said no."""
    message = "the carrier, or the customer asked by it, does not allow this"
    return Refused(message, hint="serve them by what they tell themselves", reason="carrier-refused")


def _failure(said: tuple[int, str]) -> HaomaError:
    status = said[0]
    if status == 403:
        return refused_by_carrier()
    if status == 401:
        return Unavailable("the carrier does not take its own token any more", hint="ask again: a new one is fetched")
    message, hint = _OURS.get(said, (f"the carrier does not take the question (status {status})", _AGREEMENT))
    return Unavailable(message, hint=hint)


_AGREEMENT = "see to camara_url, and to what was agreed with the carrier"
