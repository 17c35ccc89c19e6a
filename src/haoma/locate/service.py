"""The questions that may be asked about where a customer is, each behind the gate, each recorded.

Rules held here:
- An answer is as coarse as the least of: what was asked, what the consents allow, and what is sure enough. Whoever
  cannot know says so.
- A region is for whoever the policy lets see a place; a verdict and a score tell no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from haoma.access import Asker
from haoma.consent import Consent, Granularity
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, Refused
from haoma.locate.areas import Area, Judged, judge
from haoma.locate.disclosures import Disclosed, overview
from haoma.locate.evidence import EvidenceSource
from haoma.locate.fusion import CarrierVerdict, Cause, Fused, Reason, Verdict
from haoma.locate.gathering import Gathering, Given, Question, Seen
from haoma.locate.risk import Assessed, Story, assess
from haoma.locate.telling import Telling
from haoma.places import Level, Region, blur, city, macro_region, province

__all__ = ["Answer", "Locate", "Scored", "Verified"]

LEVELS = {Granularity.MACRO_REGION: Level.MACRO_REGION, Granularity.PROVINCE: Level.PROVINCE}
REGIONS = (Granularity.MACRO_REGION, Granularity.PROVINCE, Granularity.CITY)
BELIEVED = 500_000  # ppm: a carrier that is likelier wrong than right says nothing


@dataclass(frozen=True, slots=True)
class Verified:
    """TRUE, FALSE, PARTIAL (with its match rate, 1 to 99 percent) or UNKNOWN; why, and until when it may be used."""

    verdict: Verdict
    match_rate: int | None
    reasons: tuple[Reason, ...]
    silent: tuple[str, ...]
    until: datetime
    entry_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A region that is sure enough, with its probability; or None, and why. `token` stands for it until then."""

    region: Region | None = field(repr=False)
    confidence: float | None
    reasons: tuple[Reason, ...]
    silent: tuple[str, ...]
    token: str | None = field(repr=False)
    until: datetime
    entry_id: int


@dataclass(frozen=True, slots=True)
class Scored:
    """How risky a case is, with its signals."""

    assessed: Assessed
    silent: tuple[str, ...]
    until: datetime
    entry_id: int


class Locate:
    """Where customers are, as far as evidence says and their consents allow."""

    def __init__(self, consent: Consent, gathering: Gathering) -> None:
        self._consent = consent
        self._gathering = gathering
        self._telling = Telling(consent)

    @property
    def sources(self) -> Sequence[EvidenceSource]:
        """What can be asked, with its terms."""
        return self._gathering.sources

    def verify(self, question: Question, area: Area, *, given: Sequence[Given] = ()) -> Verified:
        """Whether the customer is in an area; `given` is what they said or shared themselves, or their session shows.

        Raises Refused, with consent's reason, where there is no permission; Unavailable where that cannot be known.
        """
        seen = self._gathering.gather(question, area, given)
        judged = _judged(seen, area)
        told = judged.verdict is not Verdict.UNKNOWN
        done = self._telling.tell(question, seen, "verify", Granularity.YES_NO, told=told, region=None)
        return Verified(*judged, seen.fused.reasons, seen.silent, done.until, done.entry_id)

    def region(
        self, question: Question, *, finest: Granularity = Granularity.CITY, given: Sequence[Given] = ()
    ) -> Answer:
        """The region the customer is in: 大区, province or city, as fine as asked, allowed and sure.

        Raises Refused (`granularity` where the consent shows yes or no alone) and Unavailable, as `verify`.
        """
        if finest not in REGIONS:
            raise BadInput("a region is a macro-region, a province or a city", hint="finest=Granularity.CITY")
        self._telling.check_sight(question)
        seen = self._gathering.gather(question, None, given)
        level = min(finest, *(grant.granularity for grant in seen.grants), key=lambda one: one.rank)
        if level is Granularity.YES_NO:
            hint = "ask whether they are inside an area instead"
            raise Refused("the consent shows yes or no, and no region", hint=hint, reason="granularity")
        region, ppm = _region(seen.fused, LEVELS.get(level, Level.CITY))
        shown = Granularity(region.level) if region else level
        done = self._telling.tell(question, seen, "region", shown, told=region is not None, region=region)
        confidence = ppm / 1_000_000 if region else None
        return Answer(region, confidence, seen.fused.reasons, seen.silent, done.token, done.until, done.entry_id)

    def risk(self, question: Question, *, declared: str | None = None, given: Sequence[Given] = ()) -> Scored:
        """Whether a case adds up; `declared` is the adcode of where somebody says they are.

        Raises as `verify`, and BadInput for what is no adcode.
        """
        if declared is not None:
            province(declared)
        seen = self._gathering.gather(question, None, given, card=True)
        at = self._consent.office.now()
        story = Story(tuple(seen.observed), declared, seen.card.sim_swapped_at, roaming=seen.card.roaming)
        assessed = assess(story, at, self._gathering.cities, self._gathering.priors)
        done = self._telling.tell(question, seen, "risk", Granularity.YES_NO, told=True, region=None)
        return Scored(assessed, seen.silent, done.until, done.entry_id)

    def disclosed(self, by: Asker, tenant: str, since: datetime) -> list[Disclosed]:
        """What everybody of a tenant was told since a moment; for who supervises (`see` audit)."""
        office = self._consent.office
        with office.store.read() as tx:
            if office.may(tx, by, "see", "audit", tenant, office.now()):
                return overview(tx, tenant, since)
        raise refusal("policy")


def _judged(seen: Seen, area: Area) -> Judged:
    """The carrier's verdict on this very area where it is believed, else what all evidence says."""
    verdicts = [one for one in seen.observed if isinstance(one, CarrierVerdict) and one.verdict is not Verdict.UNKNOWN]
    if verdicts and seen.fused.causes.get(Cause.WRONG_CARRIER, 0) < BELIEVED:
        return Judged(verdicts[0].verdict, verdicts[0].match_rate)
    return judge(seen.fused, area)


def _region(fused: Fused, level: Level) -> tuple[Region | None, int]:
    """The finest region up to a level that is sure enough, with its ppm."""
    found = _finest(fused)
    if found is None:
        return None, 0
    region = blur(found, level)
    if region.level is Level.MACRO_REGION:
        return region, fused.macro_regions[region.name]
    return region, fused.share(region.adcode)


def _finest(fused: Fused) -> Region | None:
    match fused.finest:
        case "city":
            return city(fused.likeliest).region
        case "province":
            return province(max(fused.provinces, key=fused.provinces.__getitem__))
        case "macro-region":
            name = max(fused.macro_regions, key=fused.macro_regions.__getitem__)
            groups = {macro_region(code).name: macro_region(code) for code in fused.cities.provinces}
            return groups[name]
        case _:
            return None
