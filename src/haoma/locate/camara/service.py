"""Asking a carrier over CAMARA: one question, one Grant, one deadline.

Rules held here:
- Whoever asks about a customer holds a live Grant for the source carrier; it is looked at before the carrier is, and
  once more when a token is there. The purpose that is told to the carrier is the Grant's, as exactly one `dpv:` scope.
- The number is asked for only where it is needed, is held to be the one of the Grant's subject, and is not kept.
- What does not answer is Unavailable; what the carrier cannot tell is said with its reason. Neither is ever a place.
"""

from __future__ import annotations

import re
import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from haoma.consent import Grant, Granularity, Source, purpose_named
from haoma.consent.purposes import EMERGENCY
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, Refused
from haoma.locate.camara import interfaces as known
from haoma.locate.camara.answers import Circle, Located, NotKnown, Roaming, SimSwap, Verdict, Verified, Why
from haoma.locate.camara.ciba import Tokens
from haoma.locate.camara.errors import why
from haoma.locate.camara.interfaces import Interface
from haoma.numbers import Number
from haoma.vault.model import SubjectToken, as_letters
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Deadline, Line, asked

__all__ = ["ANSWER_S", "MOST_AGE_S", "Camara", "Reveal", "scope_of"]

ANSWER_S = 10.0
MOST_AGE_S = 86_400
USUAL_AGE_S = 600
T = TypeVar("T")
Reveal: TypeAlias = Callable[[], Number]
"""Opens the number of a Grant's subject, once it is needed."""


def scope_of(purpose: str, interface: Interface) -> str:
    """What a token is asked with; raises Refused for marketing and its like, BadInput for what is no purpose.

    >>> scope_of("customer-care", known.SIM_SWAP)
    'openid dpv:CustomerCare sim-swap:retrieve-date'
    """
    term = EMERGENCY.dpv if purpose == EMERGENCY.name else purpose_named(purpose).dpv
    return f"openid dpv:{term} {interface.scope}"


@dataclass(slots=True, repr=False)
class Camara:
    """One carrier. `url` is the root of its interfaces; `known_as` gives the tokens of a number (`Vault.known_as`)."""

    url: str
    tokens: Tokens
    known_as: Callable[[str, Number], Sequence[SubjectToken]]
    tls: ssl.SSLContext
    clock: Callable[[], float]
    now: Callable[[], datetime]
    answer_s: float = ANSWER_S
    breakers: Mapping[str, Breaker] = field(init=False)

    def __post_init__(self) -> None:
        self.breakers = {one.name: Breaker(one.name, self.clock) for one in known.INTERFACES}

    def verify_location(
        self, grant: Grant, reveal: Reveal, circle: Circle, *, max_age_s: int = USUAL_AGE_S
    ) -> Verified:
        """Whether the customer's phone is inside a circle; UNKNOWN, with its reason, where the carrier cannot tell."""
        age = _age(max_age_s)
        body = {"area": known.circle_sent(circle), "maxAge": max_age_s}
        found = self._ask(
            grant, reveal, known.LOCATION_VERIFICATION, body, lambda said: known.verified(said, self.now(), age)
        )
        return Verified(Verdict.UNKNOWN, why=found.why) if isinstance(found, NotKnown) else found

    def retrieve_location(
        self, grant: Grant, reveal: Reveal, *, max_age_s: int = USUAL_AGE_S, max_surface_m2: int | None = None
    ) -> Located | NotKnown:
        """Where the customer's phone was seen; for a Grant that shows more than yes or no. The caller blurs it."""
        age = _age(max_age_s)
        if not grant.covers(Granularity.MACRO_REGION):
            hint = "ask whether they are inside an area instead"
            raise Refused("the consent shows yes or no, and no place", hint=hint, reason="granularity")
        if max_surface_m2 is not None and max_surface_m2 < 1:
            raise BadInput("a surface has at least one square metre", hint="1000000 is a square kilometre")
        body = {"maxAge": max_age_s} | ({} if max_surface_m2 is None else {"maxSurface": max_surface_m2})
        return self._ask(
            grant, reveal, known.LOCATION_RETRIEVAL, body, lambda said: known.located(said, self.now(), age)
        )

    def verify_number(self, grant: Grant, reveal: Reveal, device_token: str) -> bool | NotKnown:
        """Whether the phone that a TS.43 token was made on has the number of the Grant's subject.

        Such a token proves one moment: nothing of it is kept. The number is sent, for it is what is asked about.
        """
        if re.fullmatch(r"[\x21-\x7e]{1,4096}", device_token, re.ASCII) is None:
            raise BadInput("this is no token of a device", hint="what the phone's TS.43 client returned")
        self._allowed(grant)
        interface, number = known.NUMBER_VERIFICATION, self._number(grant, reveal)
        with self._line() as line:
            token = self.tokens.once(line, scope_of(grant.purpose, interface), f"operatortoken:{device_token}")
            if isinstance(token, Why):
                return NotKnown(token)
            self._allowed(grant)
            return self._answer(line, interface, token, {"phoneNumber": number}, known.number_verified)

    def sim_swap(self, grant: Grant, reveal: Reveal) -> SimSwap | NotKnown:
        """When the customer's number got its present SIM card."""
        return self._ask(grant, reveal, known.SIM_SWAP, {}, lambda said: known.sim_swap(said, self.now()))

    def roaming(self, grant: Grant, reveal: Reveal) -> Roaming | NotKnown:
        """Whether the customer's phone is in a foreign network, and in which country."""
        return self._ask(grant, reveal, known.ROAMING_STATUS, {}, self._roaming)

    def changed_hands(self, grant: Grant, reveal: Reveal, after: str) -> bool | NotKnown:
        """Whether the customer's number has had another holder after a day (`2026-11-22`)."""
        return self._ask(grant, reveal, known.NUMBER_RECYCLING, {"specifiedDate": after}, known.recycled)

    def recycled(self, number: Number, after: str, purpose: str) -> bool | NotKnown:
        """Whether a number changed hands after a day (`2026-11-22`): asked to see if a Grant may still be given."""
        interface = known.NUMBER_RECYCLING
        with self._line() as line:
            token = self.tokens.once(line, scope_of(purpose, interface), f"tel:{_e164(number)}")
            if isinstance(token, Why):
                return NotKnown(token)
            return self._answer(line, interface, token, {"specifiedDate": after}, known.recycled)

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """Drop the tokens of a subject for a purpose, as when they withdraw; returns how many there were."""
        return self.tokens.forget(subject, purpose)

    def _ask(
        self,
        grant: Grant,
        reveal: Reveal,
        interface: Interface,
        body: Mapping[str, object],
        read: Callable[[Mapping[str, object]], T],
    ) -> T | NotKnown:
        self._allowed(grant)
        scope = scope_of(grant.purpose, interface)
        with self._line() as line:
            token = self.tokens.token(line, grant, scope, lambda: f"tel:{self._number(grant, reveal)}")
            if isinstance(token, Why):
                return NotKnown(token)
            self._allowed(grant)
            return self._answer(line, interface, token, body, read, on_denial=lambda: self.tokens.drop(grant, scope))

    def _answer(
        self,
        line: Line,
        interface: Interface,
        token: str,
        body: Mapping[str, object],
        read: Callable[[Mapping[str, object]], T],
        on_denial: Callable[[], None] = lambda: None,
    ) -> T | NotKnown:
        def reading(answer: Answer) -> T | NotKnown:
            if answer.status in {401, 403}:
                on_denial()
            return read(answer.body) if answer.status == 200 else NotKnown(why(answer.status, answer.body))

        url, correlator = f"{self.url.rstrip('/')}/{interface.path}", as_letters(secrets.token_bytes(16))
        line.deadline.left_s()  # before the breaker: our own time is no failure of this interface
        return asked(self.breakers[interface.name], lambda: line.post_json(url, token, correlator, body), reading)

    def _roaming(self, said: Mapping[str, object]) -> Roaming | NotKnown:
        return known.roaming(said, self.now())

    def _line(self) -> Line:
        return Line(Deadline(self.clock, self.answer_s), self.tls, self.now)

    def _allowed(self, grant: Grant) -> None:
        if grant.source is not Source.CARRIER:
            raise refusal("source")
        if not grant.live_at(self.now()):
            raise refusal("expired")

    def _number(self, grant: Grant, reveal: Reveal) -> str:
        number = reveal()
        if grant.subject not in self.known_as(grant.subject.tenant, number):
            hint = "open the number of the subject that the Grant is for"
            raise Refused("this number is not the one that the Grant is about", hint=hint, reason="other-number")
        return _e164(number)


def _e164(number: Number) -> str:
    digits = number.e164 or ""
    if re.fullmatch(r"\+[1-9][0-9]{4,14}", digits, re.ASCII) is None:
        raise BadInput("no carrier has this number: it is not one of E.164", hint="a mobile number")
    return digits


def _age(max_age_s: int) -> timedelta:
    if not 0 <= max_age_s <= MOST_AGE_S:
        raise BadInput("this is no age of a location", hint=f"0 (found anew) to {MOST_AGE_S} seconds")
    return timedelta(seconds=max_age_s)
