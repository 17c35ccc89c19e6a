"""The questions that may be asked about where a customer is, each behind the gate, each recorded.

Rules held here:
- A question that only this machine is asked about is answered in one transaction, with its permission, what was opened
  and what is told of it; where something fails, all of it is undone, and goes the long way, step by step.
- An answer is as coarse as the least of: what was asked, what the consents allow, and what is sure enough. Whoever
  cannot know says so.
- A region and a point are for whoever the policy lets see a place; a verdict and a score tell no place.
- A region is one that at least k people live in; else the next larger one is shown, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import Consent, Granularity
from haoma.consent.reasons import refusal
from haoma.consent.service import Elsewhere, Within
from haoma.errors import BadInput, HaomaError, NotFound, Refused
from haoma.locate.areas import Area, InRegion, Judged, judge
from haoma.locate.disclosures import Disclosed, overview
from haoma.locate.evidence import EvidenceSource
from haoma.locate.fusion import CarrierVerdict, Cause, Circle, Fused, Priors, Radio, Reason, Verdict
from haoma.locate.gathering import Gathering, Given, Question, Seen
from haoma.locate.positions import position_of
from haoma.locate.probing import is_small
from haoma.locate.risk import IDENTITY, Assessed, Calibration, Story, assess, fix_of
from haoma.locate.shown import SHARED_BY, shown_region
from haoma.locate.telling import Said, Telling, Told
from haoma.places import Level, Region, city, province
from haoma.storage import Steps
from haoma.storage.look import Looking
from haoma.storage.steps import alone
from haoma.storage.store import Work

__all__ = ["Answer", "Locate", "Placed", "Scored", "Verified"]

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
    credits: tuple[str, ...] = ()


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
    credits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A circle with its coverage, as fine as the consent; or None, and why. `token` stands for it until then."""

    circle: Circle | None
    reasons: tuple[Reason, ...]
    silent: tuple[str, ...]
    token: str | None = field(repr=False)
    until: datetime
    entry_id: int
    credits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """How risky a case is, with its signals; `calibrated` where a score is a probability, learned from cases."""

    assessed: Assessed
    silent: tuple[str, ...]
    until: datetime
    entry_id: int
    credits: tuple[str, ...] = ()
    calibrated: bool = False


class Locate:
    """Where customers are, as far as evidence says and their consents allow.

    `k`: how many people have to live in a region that is shown, as `City.people` has them. `calibration` is what turns
    the score of a case into a probability.
    """

    def __init__(
        self, consent: Consent, gathering: Gathering, *, k: int = SHARED_BY, calibration: Calibration = IDENTITY
    ) -> None:
        self._consent = consent
        self._gathering = gathering
        self._telling = Telling(consent)
        self._k = k
        self._calibration = calibration

    @property
    def sources(self) -> Sequence[EvidenceSource]:
        """What can be asked, with its terms."""
        return self._gathering.sources

    def verify(self, question: Question, area: Area, *, given: Sequence[Given] = ()) -> Verified:
        """Whether the customer is in an area; `given` is what they said or shared themselves, or their session shows.

        Raises Refused, with consent's reason, where there is no permission, or none to so small a circle
        (`granularity`), or where the customer was asked about too many others today (`areas-many`); Unavailable where
        that cannot be known.
        """
        return alone(self._consent.office.store, self.verifying(question, area, given=given))

    @property
    def answers_at_once(self) -> bool:
        """Whether a plain answer needs one transaction alone: what is asked is of this machine."""
        return self._gathering.can_be_within

    def verifying(self, question: Question, area: Area, *, given: Sequence[Given] = ()) -> Steps[Verified]:
        """`verify` step by step, for who answers many."""
        least = Granularity.POINT if is_small(area) else None
        if not given and self.answers_at_once and (said := (yield from self._verified_at_once(question, area, least))):
            return said
        yield None
        seen = self._gathering.gather(question, area, given, least=least)
        judged = _judged(seen, area)
        told = judged.verdict is not Verdict.UNKNOWN
        done = self._telling.tell(question, seen, "verify", Granularity.YES_NO, told=told, area=area)
        return _verified(seen, judged, done)

    def _verified_at_once(self, question: Question, area: Area, least: Granularity | None) -> Steps[Verified | None]:
        """`verify` in one transaction; None where that is no plain answer, and nothing of it is there."""
        try:
            done: tuple[Verified | Refused, bool] = yield Looking(partial(self._worked_out, question, area, least))
        except Elsewhere:
            return None
        found, alarming = done
        if isinstance(found, Refused):
            raise found
        if alarming:
            yield None
            self._telling.sound()
        return found

    def _worked_out(
        self, question: Question, area: Area, least: Granularity | None, tx: sa.Connection
    ) -> Callable[[sa.Connection], tuple[Verified | Refused, bool]]:
        """What records the answer, or why it is refused, and returns that, and whether an alarm is due."""
        within = Within(tx, [])
        try:
            seen = self._gathering.gather(question, area, least=least, within=within)
            judged = _judged(seen, area)
            said = Said("verify", Granularity.YES_NO, judged.verdict is not Verdict.UNKNOWN, area)
            tell = self._telling.drawn_up(tx, question, seen, said)
        except Refused as error:  # what it is about is recorded
            return partial(_refused, within, error)
        except HaomaError as error:
            raise Elsewhere from error

        def work(tx: sa.Connection) -> tuple[Verified | Refused, bool]:
            if not all(grant.live_at(self._consent.office.now()) for grant in seen.grants):
                raise Elsewhere
            try:
                _do(within.due, tx)
                done, alarming = tell(tx)
            except HaomaError as error:
                raise Elsewhere from error
            return (refusal("areas-many") if done is None else _verified(seen, judged, done)), alarming

        return work

    def region(
        self, question: Question, *, finest: Granularity = Granularity.CITY, given: Sequence[Given] = ()
    ) -> Answer:
        """The region the customer is in: 大区, province or city, as fine as asked, allowed and sure.

        Raises Refused (`granularity` where the consent shows yes or no alone) and Unavailable, as `verify`.
        """
        if finest not in REGIONS:
            raise BadInput("a region is a macro-region, a province or a city", hint="finest=Granularity.CITY")
        self._telling.check_sight(question, "region")
        seen = self._gathering.gather(question, None, given, least=Granularity.MACRO_REGION)
        level = min(finest, *(grant.granularity for grant in seen.grants), key=lambda one: one.rank)
        region, reasons = shown_region(seen.fused, level, self._k)
        shown = Granularity(region.level) if region else level
        done = self._telling.tell(question, seen, "region", shown, told=region is not None, place=region)
        sure = _ppm(seen.fused, region) / 1_000_000 if region else None
        return Answer(region, sure, reasons, seen.silent, done.token, done.until, done.entry_id, seen.credits)

    def place(self, question: Question, *, given: Sequence[Given] = ()) -> Placed:
        """The circle that the customer is in, for a consent to a point; to a district, one of three kilometres or more.

        Raises Refused (`granularity` where the consent shows regions at the most) and Unavailable, as `verify`.
        """
        self._telling.check_sight(question, "place")
        seen = self._gathering.gather(question, None, given, least=Granularity.DISTRICT)
        level = min((grant.granularity for grant in seen.grants), key=lambda one: one.rank)
        found = position_of(seen.fused, seen.observed, level)
        circle = found if isinstance(found, Circle) else None
        done = self._telling.tell(question, seen, "place", level, told=circle is not None, place=circle)
        why = (found,) if isinstance(found, Reason) and found not in seen.fused.reasons else ()
        reasons = (*why, *seen.fused.reasons)
        return Placed(circle, reasons, seen.silent, done.token, done.until, done.entry_id, seen.credits)

    def risk(self, question: Question, *, declared: str | None = None, given: Sequence[Given] = ()) -> Scored:
        """Whether a case adds up; `declared` is the adcode of where somebody says they are.

        Raises as `verify`, and BadInput for what is no adcode.
        """
        area = None if declared is None else InRegion(_declared(declared))
        seen = self._gathering.gather(question, None, given, card=True)
        at = self._consent.office.now()
        gathering, calibration = self._gathering, self._calibration
        story = _story(seen, declared, gathering.priors)
        assessed = assess(story, at, gathering.cities, gathering.priors, calibration=calibration)
        done = self._telling.tell(question, seen, "risk", Granularity.YES_NO, told=True, area=area)
        calibrated = calibration != IDENTITY
        return Scored(assessed, seen.silent, done.until, done.entry_id, seen.credits, calibrated)

    def disclosed(self, by: Asker, tenant: str, since: datetime) -> list[Disclosed]:
        """What everybody of a tenant was told since a moment; for who supervises (`see` audit)."""
        office = self._consent.office
        with office.store.read() as tx:
            if office.may(tx, by, "see", "audit", tenant, office.now()):
                return overview(tx, tenant, since)
        raise refusal("policy")


def _refused(within: Within, error: Refused, tx: sa.Connection) -> tuple[Refused, bool]:
    _do(within.due, tx)
    return error, False


def _do(works: Sequence[Work], tx: sa.Connection) -> None:
    for work in works:
        work(tx)


def _story(seen: Seen, declared: str | None, priors: Priors) -> Story:
    """What was found, as risk looks at it: what radio told, at several times, is a trail too."""
    stretch, card = priors["radio.stretch"], seen.card
    radio = tuple(fix_of(one.circle, one.observed_at, stretch) for one in seen.observed if isinstance(one, Radio))
    known = (card.sim_swapped_at, card.recycled, card.roaming)
    return Story(tuple(seen.observed), declared, *known, seen.trail, radio)


def _verified(seen: Seen, judged: Judged, done: Told) -> Verified:
    return Verified(*judged, seen.fused.reasons, seen.silent, done.until, done.entry_id, seen.credits)


def _judged(seen: Seen, area: Area) -> Judged:
    """The carrier's verdict on this very area where it is believed, else what all evidence says."""
    verdicts = [one for one in seen.observed if isinstance(one, CarrierVerdict) and one.verdict is not Verdict.UNKNOWN]
    if verdicts and seen.fused.causes.get(Cause.WRONG_CARRIER, 0) < BELIEVED:
        return Judged(verdicts[0].verdict, verdicts[0].match_rate)
    return judge(seen.fused, area)


def _declared(adcode: str) -> Region:
    """The city of an adcode, or its province where it is none of one."""
    try:
        return city(adcode).region
    except NotFound:
        return province(adcode)


def _ppm(fused: Fused, region: Region) -> int:
    return fused.macro_regions[region.name] if region.level is Level.MACRO_REGION else fused.share(region.adcode)
