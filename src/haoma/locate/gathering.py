"""Asks the sources that a question may use, each with a Grant for it alone, and fuses what they say.

Rules held here:
- Nothing is looked at without a Grant for the source that is asked; `consent.require` says no by itself, and that is
  the answer. A source that the consent does not name is left out; where none is left, the answer is no.
- A source that does not answer is named, and the others still count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from haoma.access import Asker
from haoma.consent import Consent, Grant, Source
from haoma.consent.reasons import refusal
from haoma.errors import NotFound, Refused, Unavailable
from haoma.locate.areas import Area
from haoma.locate.evidence import Card, EvidenceSource
from haoma.locate.fusion import Cities, Device, Fused, IpCity, Observation, Priors, Stated, fuse
from haoma.vault.model import SubjectToken

__all__ = ["Gathering", "Given", "Question", "Seen"]

Given: TypeAlias = Stated | Device | IpCity
_NEEDS: dict[type[Given], Source] = {Stated: Source.STATED, Device: Source.BROWSER, IpCity: Source.BROWSER}


class Question(NamedTuple):
    """Who asks about whom, for what, and who is to know."""

    by: Asker
    subject: SubjectToken
    purpose: str
    recipient: str


class Seen(NamedTuple):
    """What was found for a question, and the Grants that it rests on; `silent` names sources that did not answer."""

    fused: Fused
    observed: Sequence[Observation]
    card: Card
    grants: Sequence[Grant]
    silent: tuple[str, ...]


class Gathering:
    """The sources, and how a place is worked out of what they say."""

    def __init__(self, consent: Consent, sources: Sequence[EvidenceSource], cities: Cities, priors: Priors) -> None:
        self._consent = consent
        self.sources = sources
        self.cities = cities
        self.priors = priors

    def gather(
        self, question: Question, area: Area | None = None, given: Sequence[Given] = (), *, card: bool = False
    ) -> Seen:
        """What is known for a question; `card` asks for what is known of the SIM card as well.

        Raises Refused, with consent's reason, where there is no permission; Unavailable where that cannot be known.
        """
        grants, silent, observed, found = list[Grant](), list[str](), list[Observation](), Card()
        for source in self.sources:
            grant = self._granted(question, source.terms.needs)
            if grant is None:
                continue
            grants.append(grant)
            try:
                observed += source.observe(grant, area)
                found = (source.card(grant) if card else None) or found
            except (Unavailable, NotFound):  # it does not answer, or what it needs is not kept any more
                silent.append(source.terms.name)
        for needs in sorted({_NEEDS[type(one)] for one in given}):
            grant = self._granted(question, needs)
            if grant is not None:
                grants.append(grant)
                observed += [one for one in given if _NEEDS[type(one)] is needs]
        if not grants:
            raise refusal("source")
        fused = fuse(observed, self._consent.office.now(), self.cities, self.priors)
        return Seen(fused, observed, found, grants, tuple(silent))

    def _granted(self, question: Question, source: Source) -> Grant | None:
        by, subject, purpose, recipient = question
        try:
            return self._consent.require(by, subject, purpose=purpose, recipient=recipient, source=source)
        except Refused as error:
            if error.reason != "source":
                raise
            return None
