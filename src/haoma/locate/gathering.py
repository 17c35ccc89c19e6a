"""Asks the sources that a question may use, each with a Grant for it alone, and fuses what they say.

Rules held here:
- Nothing is looked at without a Grant for the source that is asked; `consent.require` says no by itself, and that is
  the answer. A source that the consent does not name is left out; where none is left, the answer is no.
- Sources that read this machine alone can all be asked in the one transaction that records the use of their Grants, or
  ahead of it (`within`): whoever does so tells nothing before it has ended.
- Where the consent shows less than the question asks for, it is refused before any source is asked.
- A source that does not answer is named, and the others still count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, cast

from haoma.access import Asker
from haoma.consent import Consent, Grant, Granularity, Source
from haoma.consent.reasons import refusal
from haoma.consent.service import Within
from haoma.errors import NotFound, Refused, Unavailable
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, EvidenceSource, Reader, ReadsHere
from haoma.locate.fusion import Cities, Device, Fused, IpCity, Observation, Priors, Stated
from haoma.locate.fusion.kept import Fusion
from haoma.locate.given import Given, IpAddress, SharedTrail, Surroundings
from haoma.locate.risk import Fix
from haoma.vault.model import SubjectToken

__all__ = ["Gathering", "Given", "Question", "Seen"]

_NEEDS: dict[type[Given], Source] = {
    Stated: Source.STATED,
    Device: Source.BROWSER,
    IpCity: Source.BROWSER,
    IpAddress: Source.BROWSER,
    SharedTrail: Source.BROWSER,
    Surroundings: Source.BROWSER,
}
_INSTEAD = {
    Granularity.MACRO_REGION: ("yes or no, and no region", "ask whether they are inside an area instead"),
    Granularity.DISTRICT: ("a region at the most, and no point", "ask for the region instead"),
    Granularity.POINT: ("no point, and a circle of less than a kilometre is one", "ask about a kilometre or more"),
}


class Question(NamedTuple):
    """Who asks about whom, for what, and who is to know."""

    by: Asker
    subject: SubjectToken
    purpose: str
    recipient: str


class Seen(NamedTuple):
    """What was found for a question, and the Grants that it rests on.

    `silent` names sources that did not answer, `credits` is what licences want to be shown with the answer, `trail` is
    what an app shared of the way there.
    """

    fused: Fused
    observed: Sequence[Observation]
    card: Card
    grants: Sequence[Grant]
    silent: tuple[str, ...]
    credits: tuple[str, ...] = ()
    trail: tuple[Fix, ...] = ()


class _Found:
    """What is gathered while sources are asked."""

    def __init__(self) -> None:
        self.observed: list[Observation] = []
        self.card = Card()
        self.silent: list[str] = []
        self.credits: list[str] = []
        self.trail: list[Fix] = []


class Gathering:
    """The sources, and how a place is worked out of what they say."""

    def __init__(
        self,
        consent: Consent,
        sources: Sequence[EvidenceSource],
        cities: Cities,
        priors: Priors,
        readers: Iterable[Reader] = (),
    ) -> None:
        self._consent = consent
        self.sources = sources
        self.cities = cities
        self.priors = priors
        self._fusion = Fusion(cities, priors)
        self.readers = {one.terms.name: one for one in readers}
        office = consent.office
        alone = office.store.dialect == "sqlite" and office.vault.keys.is_here
        # On PostgreSQL a withdrawal may end beside the transaction: there each step looks again.
        self.can_be_within = alone and all(isinstance(one, ReadsHere) for one in sources)

    def gather(
        self,
        question: Question,
        area: Area | None = None,
        given: Sequence[Given] = (),
        *,
        card: bool = False,
        least: Granularity | None = None,
        within: Within | None = None,
    ) -> Seen:
        """What is known for a question; `card` asks for what is known of the SIM card as well.

        Raises Refused, with consent's reason, where there is no permission, or none that shows `least`; Unavailable
        where that cannot be known. `within` is what to read through, where that is possible (`can_be_within`):
        raises Elsewhere there for what is no plain answer.
        """
        grants, found = list[Grant](), _Found()
        for source in self.sources:
            for grant in self._granted(question, source.terms.needs, least, within):
                grants.append(grant)
                _ask(source, grant, area, found, card=card, within=within)
        for needs in sorted({_NEEDS[type(one)] for one in given}):
            for grant in self._granted(question, needs, least, within):
                grants.append(grant)
                for one in given:
                    if _NEEDS[type(one)] is needs:
                        self._take(one, grant, found)
        if not grants:
            raise refusal("source")
        fused = self._fusion.fuse(found.observed, self._consent.office.now())
        silent, credits_ = tuple(dict.fromkeys(found.silent)), tuple(dict.fromkeys(found.credits))
        return Seen(fused, found.observed, found.card, grants, silent, credits_, tuple(found.trail))

    def _granted(
        self, question: Question, source: Source, least: Granularity | None, within: Within | None
    ) -> Iterator[Grant]:
        """The Grant for a source, where the consent names it."""
        by, subject, purpose, recipient = question
        try:
            grant = self._consent.require(
                by, subject, purpose=purpose, recipient=recipient, source=source, within=within
            )
        except Refused as error:
            if error.reason != "source":
                raise
            return
        if least is not None and not grant.covers(least):
            shown, hint = _INSTEAD[least]
            raise Refused(f"the consent shows {shown}", hint=hint, reason="granularity")
        yield grant

    def _take(self, one: Given, grant: Grant, found: _Found) -> None:
        if isinstance(one, SharedTrail):
            found.trail += one.fixes
            return
        if not isinstance(one, IpAddress | Surroundings):
            found.observed.append(one)
            return
        reader = self.readers.get(one.name)
        try:
            said = reader.read(grant, one) if reader else ()
        except Unavailable:
            reader, said = None, ()
        if reader is None:
            found.silent.append(one.name)
        found.observed += said
        found.credits += [reader.terms.credit] if reader and said and reader.terms.credit else []


def _ask(
    source: EvidenceSource,
    grant: Grant,
    area: Area | None,
    found: _Found,
    *,
    card: bool,
    within: Within | None,
) -> None:
    try:
        said = source.observe(grant, area) if within is None else cast("ReadsHere", source).within(within.tx, grant)
        found.observed += said
        found.credits += [source.terms.credit] if said and source.terms.credit else []
        known = source.card(grant) if card else None
        found.card = known or found.card
        found.silent += [source.terms.name] if known and known.silent else []
    except (Unavailable, NotFound):  # it does not answer, or what it needs is not kept any more
        found.silent.append(source.terms.name)
