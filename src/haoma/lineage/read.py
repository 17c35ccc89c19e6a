"""Questions to the graph: what was a value made of, and what was made of a bad version.

Rules held here:
- Every answer is in ascending order of ids: parents come before what was made of them, the earliest first.
- Answers come in pages; the next one begins behind the last id of this one (keyset), so that facts recorded meanwhile
  move nothing.
- A correction is not made of what it corrects: a bad version does not taint the fact that supersedes its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from haoma.errors import BadInput, NotFound, Tampered
from haoma.lineage import tables
from haoma.lineage.model import Fact
from haoma.lineage.rows import facts_of, find_origin
from haoma.lineage.walk import Run, ancestors, walk

__all__ = ["PAGE", "Origin", "Page", "impact", "latest", "successors", "trace"]

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Facts in ascending order of ids; `after` is what to ask for the next page with, None where this is the last."""

    facts: tuple[Fact, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What went wrong: one run (`activity`), all runs of a code (`code`), a source, or a single fact.

    >>> Origin.source("crawl:2026-11-22")
    Origin(column='source_id', key='crawl:2026-11-22')
    """

    column: str
    key: int | str

    @classmethod
    def activity(cls, activity_id: int) -> Origin:
        """One run of an activity."""
        return cls("activity_id", activity_id)

    @classmethod
    def code(cls, code_digest: str) -> Origin:
        """Every run of a version of code, by its digest."""
        return cls("code_id", code_digest)

    @classmethod
    def source(cls, source: str) -> Origin:
        """Everything that came from a source."""
        return cls("source_id", source)

    @classmethod
    def fact(cls, fact_id: int) -> Origin:
        """One fact."""
        return cls("fact_id", fact_id)


def trace(tx: sa.Connection, fact_id: int, *, after: int = 0, limit: int = PAGE) -> Page:
    """What a fact was made of, all the way back, and last the fact itself; the earliest first.

    Costs a page and the edges between the chains of the ancestry. Raises NotFound where there is no such fact.
    """
    reach = ancestors(tx, fact_id, _chain(tx, fact_id))
    return _page(tx, walk(tx, runs=[Run(after, chain, last) for chain, last in reach.items() if last > after]), limit)


def impact(tx: sa.Connection, origin: Origin, *, after: int = 0, limit: int = PAGE) -> Page:
    """Every value that came from an origin, directly or through others; the earliest first.

    A page costs itself and, of what was told before it, the ids. An origin that nothing came from has an empty page.
    Raises NotFound for a source, code, activity or fact that is not there.
    """
    if origin.column == "fact_id":
        ids = walk(tx, arrivals=[(int(origin.key), _chain(tx, int(origin.key)))])
    else:
        ids = walk(tx, seeds={origin.column: _key(tx, origin)})
    return _page(tx, itertools.dropwhile(lambda fact_id: fact_id <= after, ids), limit)


def latest(tx: sa.Connection, subject: str, name: str | None = None) -> Fact:
    """The newest fact about a subject, or about one name of it; raises NotFound where there is none."""
    columns = tables.facts.c
    query = sa.select(sa.func.max(columns.fact_id)).where(columns.subject == subject)
    fact_id = tx.scalar(query if name is None else query.where(columns.name == name))
    if fact_id is None:
        message = "nothing is known of this subject"
        raise NotFound(message, hint="a value is known when its fact is recorded")
    return facts_of(tx, [fact_id])[0]


def successors(tx: sa.Connection, fact_ids: list[int]) -> dict[int, int]:
    """Which of these facts are superseded, and by which."""
    columns = tables.facts.c
    query = sa.select(columns.supersedes, columns.fact_id).where(columns.supersedes.in_(fact_ids))
    return {old: new for old, new in tx.execute(query)}  # noqa: C416 - dict() has no type for rows


def _page(tx: sa.Connection, ids: Iterator[int], limit: int) -> Page:
    if not 1 <= limit <= PAGE:
        message = f"a page of {limit} facts; 1 to {PAGE} are allowed"
        raise BadInput(message)
    found = list(itertools.islice(ids, limit + 1))
    shown = found[:limit]
    try:
        facts = tuple(facts_of(tx, shown))
    except NotFound:  # the walk has just found them
        message = "the source of a fact is gone"
        raise Tampered(message, hint="haoma trace --all tells more") from None
    return Page(facts, shown[-1] if len(found) > limit else None)


def _chain(tx: sa.Connection, fact_id: int) -> int:
    chain = tx.scalar(sa.select(tables.facts.c.chain).where(tables.facts.c.fact_id == fact_id))
    if chain is None:
        message = f"there is no fact {fact_id}"
        raise NotFound(message, hint="ids of facts are told by whoever recorded them, and by haoma trace")
    return int(chain)


def _key(tx: sa.Connection, origin: Origin) -> int:
    kind = origin.column.removesuffix("_id")
    column = tables.activities.c.activity_id
    known = tx.scalar(sa.select(column).where(column == origin.key)) if kind == "activity" else None
    found = known or find_origin(tx, kind, str(origin.key))
    if found is None:
        message = f"there is no {kind} like this"
        raise NotFound(message, hint="nothing was ever recorded from it")
    return int(found)
