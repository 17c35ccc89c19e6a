"""What the demo's chapter on published numbers plays on: sites on loopback, a registry, people, and a crawler.

Rules held here:
- Hotlines come in as they do: by a request that a second person approves.
- Every organisation and number is made up, and so is what is wrong with them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from haoma.access import Approval, Asker, Role
from haoma.app import Services
from haoma.cli.demo_crawl import Look
from haoma.cli.stage import Stage
from haoma.guard.crawl.model import Kind, Source
from haoma.guard.crawl.sources import add
from haoma.guard.judge.incidents import Incident
from haoma.guard.judge.model import State
from haoma.guard.little_web import Company, LittleWeb
from haoma.guard.model import Names, Purpose
from haoma.guard.registry import Hotline, Organisation, added, every_hotline, uri_of

__all__ = ["CARE", "FAX", "Scene", "asked_for", "put_sources", "registered"]

OURS = Names("澄湖基金管理有限公司", ("澄湖基金",), ("chenghufund.example",))
RIVAL = Names("朝露证券股份有限公司", ("朝露证券",))
CARE, COMPLAINTS, FAX, OLD, RIVALS = (
    "400-555-0618",
    "0571-5550 0620",
    "0571-5550 0619",
    "400-555-0100",
    "400-555-0777",
)
KINDS = {"official": Kind.OFFICIAL, "map": Kind.PAGE, "forum": Kind.PAGE, "listing": Kind.PAGE}
FOUNDED, MOVED = (datetime(year, 1, 1, tzinfo=UTC) for year in (2009, 2021))
OFTEN_S = 3600


@dataclass(frozen=True, slots=True)
class Scene:
    """The stage with the services of this chapter's own store, who works there, the sites, and the company behind one.

    `sites` are their names by the id of the source; `look` looks at all of them, as of some days ago.
    """

    stage: Stage
    services: Services
    editor: Asker
    approver: Asker
    web: LittleWeb
    company: Company
    hotline: Hotline
    sites: Mapping[str, str]
    look: Look

    def found(self, state: State | None = None) -> list[Incident]:
        """The incidents of a state, or all of them."""
        return self.services.incidents.every(self.editor, state)

    def told(self, state: State | None = None) -> str:
        """On which sites there are incidents of a state, or were, and what is wrong there."""
        return ", ".join(sorted(f"{self.sites[one.source]} {one.verdict}" for one in self.found(state))) or "none"


def asked_for(services: Services, editor: Asker) -> Approval:
    """The request that these be the registry: a fund company with a number that it gave up, and another firm."""
    ours, rival = (Organisation(str(uuid.uuid4()), names) for names in (OURS, RIVAL))
    numbers = [
        _hotline(ours, CARE, Purpose.CARE, MOVED),
        _hotline(ours, COMPLAINTS, Purpose.COMPLAINT, MOVED),
        _hotline(ours, FAX, Purpose.FAX, MOVED),
        _hotline(ours, OLD, Purpose.CARE, FOUNDED, MOVED),
        _hotline(rival, RIVALS, Purpose.CARE, FOUNDED),
    ]
    changes = [added(ours), added(rival), *map(added, numbers)]
    return services.registry.propose(editor, changes, "号码登记表", datetime.now(UTC))


def registered(services: Services, asked: Approval, editor: Asker, approver: Asker) -> list[Hotline]:
    """The registry after a second person has approved what was asked for."""
    now = datetime.now(UTC)
    services.approvals.approve(approver, asked.id, Role.APPROVER, asked.digest, now)
    services.approvals.run(editor, asked.id, now)
    with services.store.read() as tx:
        return every_hotline(tx)


def put_sources(services: Services, web: LittleWeb, hotline: Hotline, days_ago: int) -> Mapping[str, str]:
    """Register each site as a source that is due since some days ago; the sites' names by id."""
    at = datetime.now(UTC) - timedelta(days=days_ago, seconds=1)
    made = {name: _source(web, name, hotline) for name in web.origins}
    services.store.write(lambda tx: [add(tx, services.ledger, one, at) for one in made.values()])
    return {one.id: name for name, one in made.items()}


def _source(web: LittleWeb, name: str, hotline: Hotline) -> Source:
    url = f"{web.origins[name]}/"
    return Source(
        id=str(uuid.uuid4()),
        kind=KINDS[name],
        url=url,
        owner="客服中心",
        authorisation="",
        organisation=hotline.organisation,
        every_s=OFTEN_S,
        depth=1,
        delay_ms=0,
    )


def _hotline(
    whose: Organisation, number: str, purpose: Purpose, since: datetime, until: datetime | None = None
) -> Hotline:
    return Hotline(str(uuid.uuid4()), whose.uid, uri_of(number), frozenset({purpose}), ("官网",), since, until)
