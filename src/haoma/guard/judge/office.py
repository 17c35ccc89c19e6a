"""What people do with incidents: see them, decide what a mention is, have it corrected, prove it, close it.

Rules held here:
- Everything is decided by the policy and recorded, and is about the organisations of one's own tenant: what is
  another's is not there.
- A change and the decision that lets it be made are one transaction.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

from haoma.access import Asker, Gate, Thing
from haoma.errors import NotFound, Unavailable
from haoma.guard.judge import incidents, review, tickets
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.evidence import Pack, gather
from haoma.guard.judge.figures import Took, took
from haoma.guard.judge.incidents import Incident
from haoma.guard.judge.model import Act, State, Verdict
from haoma.guard.judge.pack import Pages, drawn_for, files_of, html_of, picture_for, undrawn_for, zip_of
from haoma.guard.judge.platforms import Platform, platform_for
from haoma.guard.judge.review import Review
from haoma.guard.judge.tickets import Ticket

__all__ = ["IncidentOffice", "Proofs"]

T = TypeVar("T")
log = logging.getLogger("haoma")


class Draw(Protocol):
    """Draws pages later."""

    def __call__(self, snapshots: Sequence[str], /, *, again: bool = False) -> None:
        """Draw those that have no picture; `again` those too that could not be drawn before."""


class Proofs(Protocol):
    """Proves entries of the log."""

    def of(self, entry_ids: Sequence[int]) -> Mapping[int, bytes]:
        """The file of proof of each entry, against one checkpoint; the same for the same entries."""

    def vkey(self) -> str:
        """The public key of the log."""


@dataclass(frozen=True, slots=True)
class IncidentOffice:
    """The incidents of one store, for people who are signed in; `draw` makes pictures of snapshots that have none."""

    gate: Gate
    desk: Desk
    platforms: Mapping[str, Platform]
    pages: Pages
    proofs: Proofs
    draw: Draw | None = None

    def every(self, by: Asker, state: State | None = None) -> list[Incident]:
        """The incidents of the asker's tenant, the worst first."""
        self._ask(by, "see", "state")
        with self.desk.store.read() as tx:
            return incidents.incidents(tx, state=state, organisations=self._mine(tx, by))

    def one(self, by: Asker, incident_id: str) -> Pack:
        """An incident with all that shows it."""
        self._ask(by, "see", "evidence")
        with self.desk.store.read() as tx:
            self._require_mine(tx, by, incidents.incident(tx, incident_id).organisation)
            return gather(tx, self.desk, incident_id)

    def close(self, by: Asker, incident_id: str, why: str) -> Incident:
        """Close an incident that looks still find; the cause is quiet for a while."""

        def work(tx: sa.Connection, act: Act) -> Incident:
            self._require_mine(tx, by, incidents.incident(tx, incident_id).organisation)
            return incidents.close_by_hand(tx, self.desk, incident_id, act)

        return self._change(by, "close-incident", why, work)

    def export(self, by: Asker, incident_id: str, *, html: bool = False, draw_again: bool = False) -> bytes:
        """The evidence of an incident as a ZIP, or as one page of HTML; that it was made is told to the log.

        Pages that could not be drawn before are not tried again unless `draw_again`.
        """
        self._ask(by, "export-evidence")
        with self.desk.store.read() as tx:
            self._require_mine(tx, by, incidents.incident(tx, incident_id).organisation)
            pack = gather(tx, self.desk, incident_id)
            platform = platform_for(self.platforms, pack.incident.kind)
            letter = tickets.letter(tx, self.desk, pack.incident, platform, pack.incident.last_seen_at)
        self._draw(pack, again=draw_again)
        with self.desk.store.read() as tx:
            drawn, undrawn = drawn_for(tx, pack, self.pages), undrawn_for(tx, pack, self.pages)
        of_drawing = [*(one.entry_id for one in drawn.values()), *(one.entry_id for one in undrawn.values())]
        proofs = {} if html else self.proofs.of(sorted({*pack.entry_ids, *of_drawing}))
        with self.desk.store.read() as tx:
            if html:
                made = html_of(pack, letter, picture_for(tx, pack, self.pages)).encode()
            else:
                made = zip_of(files_of(tx, pack, self.pages, proofs, self.proofs.vkey(), letter))
        told = {"incident": incident_id, "by": by.person, "file": hashlib.sha256(made).hexdigest()}
        at = self.desk.now()
        self.desk.store.write(lambda tx: self.desk.tell(tx, "guard.exported", at, **told))
        return made

    def next(self, by: Asker) -> Review | None:
        """The question that the asker has in hand, or the oldest that nobody has; None where none waits."""

        def work(tx: sa.Connection, act: Act) -> Review | None:
            return review.hold_next(tx, self._mine(tx, by), by.person, act.at)

        return self._change(by, "decide-mention", "", work)

    def waiting(self, by: Asker) -> list[Review]:
        """What waits for a person."""
        self._ask(by, "see", "votes")
        with self.desk.store.read() as tx:
            return review.waiting(tx, self._mine(tx, by), self.desk.now())

    def decide(self, by: Asker, review_id: str, verdict: Verdict, why: str) -> Review:
        """Say what a mention is, which is a vote of the asker's own."""

        def work(tx: sa.Connection, act: Act) -> Review:
            self._require_mine(tx, by, review.review(tx, review_id).organisation)
            return review.decide(tx, self.desk, review_id, verdict, act)

        return self._change(by, "decide-mention", why, work)

    def file(self, by: Asker, incident_id: str, platform_id: str | None = None) -> tuple[Ticket, str]:
        """Have an incident corrected by a platform, or the one for its kind of source: the ticket and its letter."""

        def work(tx: sa.Connection, act: Act) -> tuple[Ticket, str]:
            found = incidents.incident(tx, incident_id)
            self._require_mine(tx, by, found.organisation)
            platform = platform_for(self.platforms, found.kind, platform_id)
            made = tickets.make(tx, self.desk, incident_id, platform, act)
            return made, tickets.letter(tx, self.desk, found, platform, act.at)

        return self._change(by, "file-correction", "", work)

    def sent(self, by: Asker, ticket_id: str, reference: str) -> Ticket:
        """Note that a letter is on its way, and what the platform calls it."""

        def work(tx: sa.Connection, act: Act) -> Ticket:
            found = tickets.ticket(tx, ticket_id)
            of = incidents.incident(tx, found.incident)
            self._require_mine(tx, by, of.organisation)
            platform = platform_for(self.platforms, of.kind, found.platform)
            return tickets.sent(tx, self.desk, ticket_id, platform, reference, act)

        return self._change(by, "file-correction", "", work)

    def tickets(self, by: Asker, *, open_only: bool = True) -> list[Ticket]:
        """The tickets of the asker's tenant, the one that is due first first."""
        theirs = {one.id for one in self.every(by)}
        with self.desk.store.read() as tx:
            return [one for one in tickets.tickets(tx, open_only=open_only) if one.incident in theirs]

    def figures(self, by: Asker, since: datetime, until: datetime) -> Took:
        """How long it took to see and to correct what was wrong, in this time."""
        self._ask(by, "see", "state")
        with self.desk.store.read() as tx:
            return took(tx, self._mine(tx, by), since, until)

    def _draw(self, pack: Pack, *, again: bool) -> None:
        """Have those pages of a pack drawn that have no picture; without Chromium they go without."""
        if self.draw is None:
            return
        try:
            self.draw([one.snapshot for one in pack.without_picture], again=again)
        except Unavailable as error:
            log.warning("evidence goes without pictures: %s", error)

    def _ask(self, by: Asker, action: str, field: str = "") -> None:
        self.gate.ask(by, action, Thing("incident", by.tenant, field), self.desk.now()).require()

    def _change(self, by: Asker, action: str, why: str, work: Callable[[sa.Connection, Act], T]) -> T:
        act = Act(why, self.desk.now(), by.person)
        return self.gate.change(by, action, Thing("incident", by.tenant), act.at, lambda tx: work(tx, act))

    def _mine(self, tx: sa.Connection, by: Asker) -> list[str]:
        return sorted(self.desk.registry.of_tenant(tx, by.tenant))

    def _require_mine(self, tx: sa.Connection, by: Asker, organisation: str) -> None:
        if organisation not in self._mine(tx, by):
            raise NotFound("there is no such incident", hint="haoma guard incidents list shows them")
