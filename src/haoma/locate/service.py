"""The questions that may be asked about where a customer is, each behind the gate, each recorded.

Rules held here:
- Nothing is looked at without a Grant for the source that is asked; `consent.require` says no by itself, and that is
  the answer. The permission is held to the moment again in the transaction that tells something.
- A region is for whoever the policy lets see a place (`subject.place`), and as coarse as the least of: what was asked,
  what the consents allow, and what is sure enough. Whoever cannot know says so.
- A place that is told goes into a location token, for one audience and a day at most; no row keeps it in clear.
- What was told is counted with its permission. The log hears that something was told, and not what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from haoma.access import Asker
from haoma.access.gate import Thing
from haoma.consent import Consent, Grant, Granularity, Source
from haoma.consent.office import actor_of
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, NotFound, Refused, Unavailable
from haoma.ledger.canonical import canonical
from haoma.locate.areas import Area, Judged, judge
from haoma.locate.disclosures import Disclosed, Disclosure, count, overview
from haoma.locate.evidence import EvidenceSource
from haoma.locate.fusion import (
    CarrierVerdict,
    Cause,
    Cities,
    Device,
    Fused,
    IpCity,
    Observation,
    Priors,
    Reason,
    Stated,
    Verdict,
    cities_of,
    fuse,
)
from haoma.places import City, Level, Region, blur, cities, macro_region, province
from haoma.places import city as city_at
from haoma.vault.audit import Event
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.model import SubjectToken

__all__ = ["Answer", "Given", "Locate", "Question", "Verified", "shipped_cities"]

TOKEN_LIFE = timedelta(hours=24)
Given: TypeAlias = Stated | Device | IpCity
GIVEN: dict[type[Given], Source] = {Stated: Source.STATED, Device: Source.BROWSER, IpCity: Source.BROWSER}
LEVELS = {Granularity.MACRO_REGION: Level.MACRO_REGION, Granularity.PROVINCE: Level.PROVINCE}
ALARM = "disclosures-unusual"
BELIEVED = 500_000  # ppm: a carrier that is likelier wrong than right says nothing


class Question(NamedTuple):
    """Who asks about whom, for what, and who is to know."""

    by: Asker
    subject: SubjectToken
    purpose: str
    recipient: str


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


def shipped_cities() -> Cities:
    """The cities that haoma knows, weighted by the people who live there.

    >>> shipped_cities()
    Cities(374 in 34 provinces)
    """
    known = cities()
    groups = {one.region.adcode[:2]: macro_region(one.region.adcode).name for one in known}
    rows = [(one.region.adcode, one.lat, one.lon, one.people) for one in known]
    adcodes, lats, lons, people = zip(*rows, strict=True)
    return cities_of(adcodes, lats, lons, people, groups)


class _Seen(NamedTuple):
    fused: Fused
    observed: Sequence[Observation]
    grants: Sequence[Grant]
    silent: tuple[str, ...]


class Locate:
    """Where customers are, as far as evidence says and their consents allow."""

    def __init__(self, consent: Consent, sources: Sequence[EvidenceSource], cities: Cities, priors: Priors) -> None:
        self._consent = consent
        self._sources = sources
        self._cities = cities
        self._priors = priors
        self._tokens = LocationTokens(consent.office.vault)

    @property
    def sources(self) -> Sequence[EvidenceSource]:
        """What can be asked, with its terms."""
        return self._sources

    def verify(self, question: Question, area: Area, *, given: Sequence[Given] = ()) -> Verified:
        """Whether the customer is in an area; `given` is what they said or shared themselves, or their session shows.

        Raises Refused, with consent's reason, where there is no permission; Unavailable where that cannot be known.
        """
        seen = self._gather(question, area, given)
        judged = _judged(seen, area)
        told = judged.verdict is not Verdict.UNKNOWN
        entry_id, _ = self._record(question, seen, "verify", Granularity.YES_NO, told=told)
        until = min(grant.until for grant in seen.grants)
        return Verified(judged.verdict, judged.match_rate, seen.fused.reasons, seen.silent, until, entry_id)

    def region(
        self, question: Question, *, finest: Granularity = Granularity.CITY, given: Sequence[Given] = ()
    ) -> Answer:
        """The region the customer is in: 大区, province or city, as fine as asked, allowed and sure.

        Raises Refused (`granularity` where the consent shows yes or no alone) and Unavailable, as `verify`.
        """
        if finest not in {Granularity.MACRO_REGION, Granularity.PROVINCE, Granularity.CITY}:
            raise BadInput("a region is a macro-region, a province or a city", hint="finest=Granularity.CITY")
        self._check_sight(question)
        seen = self._gather(question, None, given)
        allowed = min((grant.granularity for grant in seen.grants), key=lambda one: one.rank)
        if allowed is Granularity.YES_NO:
            hint = "ask whether they are inside an area instead"
            raise Refused("the consent shows yes or no, and no region", hint=hint, reason="granularity")
        level = min(finest, allowed, key=lambda one: one.rank)
        region, ppm = _region(seen.fused, LEVELS.get(level, Level.CITY))
        shown = Granularity(region.level) if region else level
        entry_id, token = self._record(question, seen, "region", shown, told=region is not None, region=region)
        until = min(self._consent.office.now() + TOKEN_LIFE, *(grant.ends_at for grant in seen.grants))
        confidence = ppm / 1_000_000 if region else None
        return Answer(region, confidence, seen.fused.reasons, seen.silent, token, until, entry_id)

    def disclosed(self, by: Asker, tenant: str, since: datetime) -> list[Disclosed]:
        """What everybody of a tenant was told; for who supervises (`see` audit.decisions)."""
        office, at = self._consent.office, self._consent.office.now()

        def work(tx: sa.Connection) -> list[Disclosed] | None:
            return overview(tx, tenant, since) if office.may(tx, by, "see", "audit", tenant, at) else None

        with office.store.read() as tx:
            found = work(tx)
        if found is None:
            raise refusal("policy")
        return found

    def _check_sight(self, question: Question) -> None:
        office, subject, at = self._consent.office, question.subject, self._consent.office.now()

        def work(tx: sa.Connection) -> bool:
            thing = Thing("subject", office.tenant_id(tx, subject.tenant), field="place", subject=str(subject))
            if office.gate.decide(tx, question.by, "see", thing, at).allowed:
                return True
            event = Event(subject.tenant, actor_of(question.by), "locate.region", "refused", "policy", at, subject)
            office.record(tx, event, "consent.tried", reason="policy")
            return False

        if not office.store.write(work):
            raise refusal("policy")

    def _gather(self, question: Question, area: Area | None, given: Sequence[Given]) -> _Seen:
        grants, silent, observed = list[Grant](), list[str](), list[Observation]()
        for source in self._sources:
            grant = self._granted(question, source.terms.needs)
            if grant is None:
                continue
            grants.append(grant)
            try:
                observed += source.observe(grant, area)
            except Unavailable:
                silent.append(source.terms.name)
            except NotFound:  # what it needs is not kept any more
                silent.append(source.terms.name)
        for needs in sorted({GIVEN[type(one)] for one in given}):
            grant = self._granted(question, needs)
            if grant is not None:
                grants.append(grant)
                observed += [one for one in given if GIVEN[type(one)] is needs]
        if not grants:
            raise refusal("source")
        at = self._consent.office.now()
        return _Seen(fuse(observed, at, self._cities, self._priors), observed, grants, tuple(silent))

    def _granted(self, question: Question, source: Source) -> Grant | None:
        by, subject, purpose, recipient = question
        try:
            return self._consent.require(by, subject, purpose=purpose, recipient=recipient, source=source)
        except Refused as error:
            if error.reason != "source":
                raise
            return None

    def _record(
        self,
        question: Question,
        seen: _Seen,
        asked: str,
        granularity: Granularity,
        *,
        told: bool,
        region: Region | None = None,
    ) -> tuple[int, str | None]:
        """Hold the permissions to the moment, and write down that something was told; entry and token."""
        office, subject = self._consent.office, question.subject
        actor = actor_of(question.by)
        office.vault.prepare(subject, question.purpose)

        def work(tx: sa.Connection) -> tuple[int, str | None, bool]:
            at = office.now()
            for grant in seen.grants:
                self._consent.recheck(tx, grant)
            event = Event(
                subject.tenant,
                actor,
                f"locate.{asked}",
                "allowed",
                "answered",
                at,
                subject,
                question.purpose,
                "sharing",
            )
            words = {"purpose": question.purpose, "question": asked, "granularity": str(granularity)}
            entry_id = office.record(tx, event, "locate.answered", told=told, **words).entry_id
            if not told:
                return entry_id, None, False
            done = Disclosure(actor, asked, str(granularity), seen.grants[0], entry_id)
            alarming = count(tx, done, at)
            return entry_id, self._issued(tx, question, seen, region, at), alarming

        entry_id, token, alarming = office.store.write(work)
        if alarming:
            office.alarms.sound(ALARM, str(entry_id), office.now())
        return entry_id, token

    def _issued(
        self, tx: sa.Connection, question: Question, seen: _Seen, region: Region | None, at: datetime
    ) -> str | None:
        if region is None:
            return None
        until = min(at + TOKEN_LIFE, *(grant.ends_at for grant in seen.grants))
        value = canonical({"adcode": region.adcode, "level": str(region.level), "name": region.name})
        actor = actor_of(question.by)
        return self._tokens.issue(tx, question.subject, question.purpose, actor, value, until, actor=actor)


def _judged(seen: _Seen, area: Area) -> Judged:
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
    ppm = {
        Level.CITY: lambda: fused.share(region.adcode),
        Level.PROVINCE: lambda: fused.provinces[region.adcode],
        Level.MACRO_REGION: lambda: fused.macro_regions[region.name],
    }[region.level]()
    return region, ppm


def _finest(fused: Fused) -> Region | None:
    match fused.finest:
        case "city":
            here: City = city_at(fused.likeliest)
            return here.region
        case "province":
            return province(max(fused.provinces, key=lambda code: fused.provinces[code]))
        case "macro-region":
            name = max(fused.macro_regions, key=lambda one: fused.macro_regions[one])
            return next(one for one in (macro_region(code) for code in fused.cities.provinces) if one.name == name)
        case _:
            return None
