"""From an alert of counts to an incident of the guard, and back: what counts say is a look at the hotline like another.

Rules held here:
- A hotline has one incident for all that its counts ever say: it is opened again when they are unusual again.
- With the incident every source that could show the hotline wrong is due at once.
- A person's no holds until the counts have recovered, and not longer: the next alert is news again.
- A free name, and a hotline that is another tenant's or not in force, has alerts and no incident.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.guard.crawl import sources
from haoma.guard.crawl import tables as crawl
from haoma.guard.judge import Desk, Finding, Limits, Seen, Verdict
from haoma.guard.judge import tables as judge
from haoma.guard.judge.hysteresis import Turn
from haoma.guard.judge.incidents import close, of_causes, open_one
from haoma.guard.judge.left import telling
from haoma.guard.judge.looks import good_again, look, quieten
from haoma.guard.judge.model import Act, Shown, SourceKind, cause_of
from haoma.guard.judge.shown import show
from haoma.guard.registry.model import Hotline
from haoma.guard.registry.read import one_hotline

__all__ = ["Case", "open_case", "over", "registered", "sources_of"]

RULE = "counts"
AT_ONCE = Limits(bad_looks=1, good_looks=1)  # the detector's own hysteresis has been through it already


@dataclass(frozen=True, slots=True)
class Case:
    """An alert as the guard sees it: the hotline, the alert's id, what shows it (digest), its entry, and since when."""

    hotline: Hotline
    alert: str
    digest: str
    entry_id: int
    since: datetime

    @property
    def source(self) -> str:
        """What these counts are called among sources."""
        return f"watch-{self.hotline.uid}"

    def seen(self, at: datetime) -> Seen:
        """The look that this is."""
        url = f"urn:haoma:watch:{self.hotline.uid}"
        return Seen(self.alert, self.source, SourceKind.COUNTS, self.hotline.organisation, url, at, self.digest)

    def finding(self, shown: Shown | None = None) -> Finding:
        """What it finds."""
        return Finding(Verdict.UNUSUAL_COUNTS, RULE, self.hotline.uid, shown)

    @property
    def cause(self) -> str:
        """The cause of the hotline's incident: its number is no part of it, for the hotline may be given another."""
        return cause_of(self.hotline.organisation, self.source, self.finding())


def registered(tx: sa.Connection, desk: Desk, tenant: str, name: str, at: datetime) -> Hotline | None:
    """The hotline of the registry whose uid this name is; None where it is none of this tenant's, or not in force."""
    try:
        found = one_hotline(tx, name)
    except NotFound:
        return None
    return found if found.valid_at(at) and found.organisation in desk.registry.of_tenant(tx, tenant) else None


def open_case(tx: sa.Connection, desk: Desk, case: Case, at: datetime) -> str | None:
    """Open the incident of an alert, and have the hotline's sources read now; None where a person's no stands."""
    seen, bare = case.seen(at), case.finding()
    with telling(tx, desk, at, [case.cause], seen):
        turn, _ = look(tx, AT_ONCE, seen, case.cause, bare, case.entry_id)
        there = of_causes(tx, [case.cause])
        if turn is not Turn.OPENS or there:
            return there[0].id if there else None
        shown = show(case.hotline.uri, desk.commitments, registered=True)
        opened = open_one(tx, desk, seen, case.cause, replace(bare, shown=shown), case.since, Act(RULE, at))
    sources.hurry(tx, desk.log, sources_of(tx, case.hotline), at)
    return opened


def over(tx: sa.Connection, desk: Desk, case: Case, at: datetime) -> list[str]:
    """Close the incident of counts that have recovered; the ids of what was open."""
    with telling(tx, desk, at, [case.cause], case.seen(at)):
        good_again(tx, AT_ONCE, case.seen(at), [], case.entry_id)
        quieten(tx, case.cause, at)
    closed = of_causes(tx, [case.cause])
    for one in closed:
        close(tx, desk, one, Act(RULE, at))
    return [one.id for one in closed]


def sources_of(tx: sa.Connection, hotline: Hotline) -> list[str]:
    """The sources that are expected to show a hotline's organisation, and those that ever showed the hotline itself."""
    s, v = crawl.sources.c, judge.votes.c
    expected = tx.scalars(sa.select(s.source_id).where(s.organisation == hotline.organisation, s.stopped_at.is_(None)))
    places = tx.scalars(sa.select(v.place).where(v.hotline == hotline.uid).distinct())
    showed = {place.partition("/")[0] for place in places}
    known = tx.scalars(sa.select(s.source_id).where(s.source_id.in_(sorted(showed)), s.stopped_at.is_(None)))
    return sorted({*expected, *known})
