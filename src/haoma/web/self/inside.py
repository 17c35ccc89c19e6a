"""What whoever is inside can do: look, withdraw, download, share a position, leave.

Rules held here:
- Each press shows its session, in its body. One that is over shows nothing, and does nothing.
- What is told of a consent, and done with it, is the holder's own: another's is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from starlette.responses import Response

from haoma.app import Services
from haoma.consent import Question
from haoma.consent.doors import Doors, Inside
from haoma.consent.own import Own, own, own_proof, own_receipt, own_withdraw
from haoma.errors import BadInput, NotFound
from haoma.locate.shared import circle_of
from haoma.numbers.service import parse
from haoma.web.self.asked import answered, downloaded
from haoma.web.self.rooms import Room, room_page
from haoma.web.self.told import told_of
from haoma.web.self.views import failed_page
from haoma.web.self.words import language_of, say, time_of

__all__ = ["LONGEST_NUMBER", "Rooms"]

LONGEST_NUMBER = 40
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]{1,3})?", re.ASCII)  # as a browser writes a number
Form = Mapping[str, str]


class Rooms:
    """What is behind the doors of one service."""

    def __init__(self, services: Services, doors: Doors) -> None:
        self._services = services
        self._doors = doors

    def verbs(self) -> Mapping[str, Callable[[Form], Response]]:
        """What can be done, by where it is posted below /self/me."""
        return {
            "": self.look,
            "/withdraw": self.withdraw,
            "/withdraw-all": self.withdraw_all,
            "/receipt": self.receipt,
            "/proof": self.proof,
            "/share": self.share,
            "/drop": self.drop,
            "/again": self.again,
            "/leave": self.leave,
        }

    def room(self, language: str, session: str, said: str = "") -> Response:
        """The page of whoever has this session."""
        services, inside = self._services, self._doors.inside(session)
        found = own(services.consent, inside)
        with services.store.read() as tx:
            told = told_of(tx, found.told_by)
        shared = services.positions.kept([one.row.grant_id for one in found.permissions if one.live])
        narrow = inside.grant_id is not None
        return answered(room_page(Room(language, session, found, told, shared, narrow, said)))

    def look(self, given: Form) -> Response:
        """Look again."""
        return self.room(_language(given), _session(given))

    def withdraw(self, given: Form) -> Response:
        """Withdraw one consent."""
        return self._withdrawn(given, [given.get("consent", "")])

    def withdraw_all(self, given: Form) -> Response:
        """Withdraw all that stand."""
        live = [one for one in self._own(self._inside(given)).permissions if one.live]
        return self._withdrawn(given, [one.row.grant_id for one in live])

    def receipt(self, given: Form) -> Response:
        """Download a receipt."""
        found = own_receipt(self._services.consent, self._inside(given), given.get("consent", ""))
        return downloaded(found, "consent-receipt.jws")

    def proof(self, given: Form) -> Response:
        """Download a proof of deletion."""
        found = own_proof(self._services.consent, self._inside(given), given.get("consent", ""))
        return downloaded(found, "proof-of-deletion.jws")

    def share(self, given: Form) -> Response:
        """Keep a position."""
        language, inside = _language(given), self._inside(given)
        circle = circle_of(*(_number(given.get(name, "")) for name in ("lat", "lon", "accuracy")))
        consent = self._its(inside, given)
        until = self._services.positions.share(consent, circle)
        return self.room(language, _session(given), say(language, "shared", until=time_of(language, until)))

    def drop(self, given: Form) -> Response:
        """Delete a position."""
        self._services.positions.drop(self._its(self._inside(given), given))
        return self.room(_language(given), _session(given), say(_language(given), "dropped"))

    def again(self, given: Form) -> Response:
        """Begin anew what they refused: nobody else may, for 90 days."""
        language, inside, consent = _language(given), self._inside(given), self._services.consent
        asked = (given.get("purpose", ""), given.get("recipient", ""))
        if asked not in {(row.purpose, row.recipient) for row in self._own(inside).refusals}:
            raise NotFound("there is no such refusal of yours")
        number, tenant = parse(given.get("number", "")[:LONGEST_NUMBER]), inside.subject.tenant
        if not number.valid or inside.subject not in consent.office.vault.known_as(tenant, number):
            return self.room(language, _session(given), say(language, "number-wrong"))
        consent.requests.ask(None, Question(tenant, number, *asked, language=language))
        return self.room(language, _session(given), say(language, "again-sent"))

    def leave(self, given: Form) -> Response:
        """End the session."""
        self._doors.leave(_session(given))
        return answered(failed_page(_language(given), "left"))

    def _withdrawn(self, given: Form, grant_ids: Sequence[str]) -> Response:
        consent, inside = self._services.consent, self._inside(given)
        for grant_id in grant_ids:
            own_withdraw(consent, inside, grant_id)
            self._services.positions.drop(grant_id)
        return self.room(_language(given), _session(given), say(_language(given), "withdrawn"))

    def _inside(self, given: Form) -> Inside:
        return self._doors.inside(_session(given))

    def _own(self, inside: Inside) -> Own:
        return own(self._services.consent, inside)

    def _its(self, inside: Inside, given: Form) -> str:
        """The consent that a press is about, if it is theirs."""
        grant_id = given.get("consent", "")
        own_receipt(self._services.consent, inside, grant_id)
        return grant_id


def _session(given: Form) -> str:
    return given.get("session", "")


def _language(given: Form) -> str:
    return language_of(given.get("lang", ""))


def _number(text: str) -> float:
    if len(text) > LONGEST_NUMBER or _DECIMAL.fullmatch(text) is None:
        raise BadInput("this is no position", hint="degrees, and an accuracy in metres")
    return float(text)
