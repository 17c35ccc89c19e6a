"""Fuse what sources say into one answer.

Rules held here:
- Pure: the same observations, in any order, at the same time and with the same priors, give the same answer.
- What names an unknown region is left out, and said so; a circle far from every city makes the answer abstain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from types import MappingProxyType

import numpy as np

from haoma.errors import BadInput
from haoma.locate.fusion.causes import Cause, causes_of, lying
from haoma.locate.fusion.circles import KINDS, combinations, far_from_all
from haoma.locate.fusion.cities import Cities
from haoma.locate.fusion.fused import CERTAIN, Fused, in_ppm
from haoma.locate.fusion.joint import Evidence, Joint, joint
from haoma.locate.fusion.observation import (
    CarrierCircle,
    CarrierVerdict,
    Device,
    IpCity,
    Issued,
    Observation,
    Radio,
    Stated,
    Verdict,
)
from haoma.locate.fusion.position import circle_of
from haoma.locate.fusion.priors import Priors
from haoma.locate.fusion.reasons import Reason
from haoma.locate.fusion.says import Word, age_days, counted, issued_by, nets_of, said_of

__all__ = ["evidence", "fuse"]

TOLD = 0.1
OLD_DAYS = 1


def fuse(
    observations: Iterable[Observation],
    at: datetime,
    cities: Cities,
    priors: Priors,
    *,
    least: float = 0.6,
    coverage: float = 0.9,
) -> Fused:
    """Where somebody is at a time, as far as observations say.

    Abstains where no city reaches `least`. The circle states at least `coverage`. Both are between 0 and 1.

    >>> from datetime import UTC, datetime
    >>> from haoma.locate.fusion import cities_of, shipped_priors, Issued
    >>> two = cities_of(["310000", "440100"], [31.2, 23.1], [121.5, 113.3], [1, 1], {"31": "华东", "44": "华南"})
    >>> now = datetime(2026, 11, 22, tzinfo=UTC)
    >>> found = fuse([Issued("310000", 0.999, "segment", now)], now, two, shipped_priors())
    >>> found, found.city, [reason.code for reason in found.reasons][:1]
    (Fused(confidence 0.77), '310000', ['issued-only'])

    Raises BadInput for a time without a zone, and for thresholds outside (0, 1).
    """
    if at.tzinfo is None or not (0 < least < 1 and 0 < coverage < 1):
        raise BadInput("fusion takes an aware time and shares between 0 and 1", hint="least=0.6, coverage=0.9")
    seen = counted(observations)
    heard = evidence(seen, at, cities, priors)
    sums = joint(heard, cities, priors)
    ppm = in_ppm(sums.here)
    said = _speaks(heard, seen)
    causes = causes_of(heard, sums, cities, priors)
    why = _why(seen, said, ppm.max() / CERTAIN, least, causes, cities)
    reasons = tuple(_reasons(seen, heard, sums, causes, cities, at)) if said else ()
    return Fused(
        cities,
        ppm,
        circle_of(heard, sums, cities, coverage) if said else None,
        MappingProxyType({cause: round(share * CERTAIN) for cause, share in causes.items()}),
        (why, *reasons) if why else reasons,
        round(least * CERTAIN),
        why,
    )


def evidence(seen: Iterable[Observation], at: datetime, cities: Cities, priors: Priors) -> Evidence:
    """What observations say, as vectors; those that name an unknown region say nothing."""
    kept = list(seen)
    issued = (issued_by(one, cities, priors) for one in kept if isinstance(one, Issued))
    stated = (said_of(one, cities, priors, at) for one in kept if isinstance(one, Stated))
    circles = [one for one in kept if isinstance(one, Device | Radio | CarrierCircle | CarrierVerdict)]
    circles = [one for one in circles if _known(one, cities)]
    return Evidence(
        tuple(word for word in issued if word),
        tuple(said for said in stated if said),
        tuple(nets_of((one for one in kept if isinstance(one, IpCity)), cities, priors, at)),
        tuple(combinations(circles, cities, priors, at)),
    )


def _known(seen: Observation, cities: Cities) -> bool:
    region = seen.about if isinstance(seen, CarrierVerdict) else getattr(seen, "adcode", None)
    return not isinstance(region, str) or bool(cities.members(region).size)


def _speaks(heard: Evidence, seen: list[Observation]) -> bool:
    silent = all(not isinstance(one, CarrierVerdict) or one.verdict is Verdict.UNKNOWN for one in seen)
    return bool(heard.issued or heard.stated or heard.nets or len(heard.trust) > 1) or not silent


def _why(
    seen: list[Observation], said: bool, share: float, least: float, causes: dict[Cause, float], cities: Cities
) -> Reason | None:
    if not said:
        return Reason("nothing-said")
    circles = (one.circle for one in seen if isinstance(one, Device | Radio | CarrierCircle))
    if any(far_from_all(circle, cities) for circle in circles):
        return Reason("outside")
    if share >= least:
        return None
    if max(causes.get(cause, 0.0) for cause in (Cause.SPOOFED_DEVICE, Cause.WRONG_RADIO, Cause.WRONG_CARRIER)) > TOLD:
        return Reason("sources-contradict")
    return Reason("too-uncertain", (("share", _percent(share)), ("least", _percent(least))))


def _reasons(
    seen: list[Observation], heard: Evidence, sums: Joint, causes: dict[Cause, float], cities: Cities, at: datetime
) -> Iterator[Reason]:
    if all(isinstance(one, Issued) for one in seen):
        yield Reason("issued-only")
    if unknown := sum(not _known(one, cities) for one in seen):
        yield Reason("region-unknown", (("count", unknown),))
    for kind in KINDS:
        wrong = lying(kind, heard, sums)
        if wrong is not None and wrong < 0.5:
            yield Reason(f"{kind}-trusted", (("share", _percent(1 - wrong)),))
    circles = [one for one in seen if isinstance(one, Device | Radio | CarrierCircle)]
    if circles and (days := min(int(age_days(one, at)) for one in circles)) >= OLD_DAYS:
        yield Reason("old", (("days", days),))
    top = int(sums.here.argmax())
    words: dict[str, list[Word]] = {
        "stated-agrees": [said.word for said in heard.stated],
        "ip-agrees": [word for net in heard.nets for word in net.words],
        "issued-agrees": list(heard.issued),
    }
    yield from (Reason(code) for code, said in words.items() if any(word.right[top] > 0 for word in said))
    for cause, share in sorted(causes.items(), key=lambda one: -one[1]):
        if share >= TOLD:
            yield Reason(str(cause), (("share", _percent(share)),))


def _percent(share: float) -> int:
    return int(np.floor(100 * share))
