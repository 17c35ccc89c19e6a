"""What else is known when counts of a hotline are out of the ordinary: its sources, and what was made of its number.

Rules held here:
- A change of a source is a body that was not there before; that it was read again is told apart from that.
- Nothing is a cause here: what changed last stands beside the counts for a person to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.guard.crawl import tables as crawl
from haoma.guard.judge import tables as judge
from haoma.guard.judge.model import State, Verdict
from haoma.guard.judge.shown import without_mobiles
from haoma.guard.registry.model import Hotline
from haoma.ledger.forms import Json, time_text
from haoma.lineage import Origin, impact
from haoma.watch.running.guarding import sources_of

__all__ = ["about"]

MOST_INCIDENTS = 20
LONGEST_URL = 200
_S, _seen, _I = crawl.sources.c, crawl.snapshots.c, judge.incidents.c


def about(tx: sa.Connection, hotline: Hotline) -> dict[str, Json]:
    """The source that changed last, the one that was read last, what was made of the number, and what else is open."""
    sources = sources_of(tx, hotline)
    return {
        "sources": len(sources),
        "last_changed": _newest(tx, sources, changed=True),
        "last_crawled": _newest(tx, sources, changed=False),
        "impact": _impact(tx, hotline),
        "incidents": _incidents(tx, hotline),
    }


def _newest(tx: sa.Connection, sources: Sequence[str], *, changed: bool) -> Json:
    query = (
        sa.select(_S.source_id, _S.kind, _seen.url, _seen.fetched_at, _seen.status, _seen.digest)
        .join(crawl.snapshots, _seen.source_id == _S.source_id)
        .where(_S.source_id.in_(sources), *([_seen.same_as.is_(None)] if changed else []))
        .order_by(_seen.fetched_at.desc(), _seen.snapshot_id)
    )
    row = tx.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    return {
        "source": row.source_id,
        "kind": row.kind,
        "url": without_mobiles(row.url)[:LONGEST_URL],
        "at": time_text(row.fetched_at),
        "status": row.status,
        "sha256": row.digest,
    }


def _impact(tx: sa.Connection, hotline: Hotline) -> Json:
    """How many facts rest on the hotline's number, by name; of a great many the first thousand."""
    try:
        page = impact(tx, Origin.fact(hotline.fact))
    except NotFound:
        return None
    names = Counter(one.name for one in page.facts)
    return {"fact": hotline.fact, "facts": len(page.facts), "more": page.after is not None, "by_name": {**names}}


def _incidents(tx: sa.Connection, hotline: Hotline) -> Json:
    """What pages show wrong of the hotline, or of its organisation as a whole, at this time."""
    mine = sa.or_(_I.hotline == hotline.uid, _I.hotline.is_(None))
    pages = sa.and_(_I.organisation == hotline.organisation, _I.verdict != str(Verdict.UNUSUAL_COUNTS))
    query = sa.select(_I.incident_id, _I.verdict, _I.source).where(mine, pages, _I.state == str(State.OPEN))
    rows = tx.execute(query.order_by(_I.opened_at.desc()).limit(MOST_INCIDENTS))
    return [{"incident": row.incident_id, "verdict": row.verdict, "source": row.source} for row in rows]
