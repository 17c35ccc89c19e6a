"""Recording facts: each with its activity, its parents and an entry of the ledger, in the caller's transaction.

Rules held here:
- Facts, activities and their graph are only ever inserted.
- A parent is there before its child. Ids ascend along every edge, and a path that comes back cannot be written.
- A fact is superseded once: whoever corrects what was corrected learns of it (Conflict) and reads the newer one.
- All of it goes into the transaction of the change that it tells of: `tx` is that of `Store.write`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, NotFound
from haoma.ledger.commitment import Commitments
from haoma.lineage import tables
from haoma.lineage.content import content
from haoma.lineage.entries import FACTS_PER_ENTRY, Log, activity_entry, facts_entry
from haoma.lineage.model import Activity, Draft, Fact, numbered
from haoma.lineage.rows import fact_row, give_origins, insert_new, one_activity
from haoma.lineage.walk import rows_of

__all__ = ["FACTS_SCOPE", "record", "record_activity"]

FACTS_SCOPE = "facts"
_PARENTS = "SELECT f.fact_id, f.chain FROM j CROSS JOIN lineage_facts f WHERE f.fact_id = j.c"
_TAKEN = "SELECT l.parent FROM j CROSS JOIN lineage_links l WHERE l.parent = j.c"


def record_activity(tx: sa.Connection, log: Log, activity: Activity, *, at: datetime | None = None) -> Activity:
    """Record that something ran, and return it with its id; a run that is recorded already is returned as it was."""
    known = one_activity(tx, activity.run_id)
    if known:
        return known
    now = at or datetime.now(UTC)
    row = asdict(activity) | {"stage": str(activity.stage), "outcome": str(activity.outcome)}
    del row["activity_id"]
    row["entry_id"] = entry_id = log.append(tx, activity_entry(activity, now))
    added = sa.insert(tables.activities).values(**row).returning(tables.activities.c.activity_id)
    return numbered(activity, tx.execute(added).scalar_one(), entry_id)


def record(
    tx: sa.Connection,
    log: Log,
    commitments: Commitments,
    activity: Activity,
    drafts: Sequence[Draft],
    *,
    at: datetime | None = None,
    scope: Callable[[Draft], str] = lambda _draft: FACTS_SCOPE,
) -> list[Fact]:
    """Record facts that one activity made, and return them with their ids, in the order given.

    `at` is when (now), `scope` names the key that commits to a fact: one of the subject's own can be destroyed when
    it is to be forgotten. The ledger gets an entry for each 256 facts.

    Raises NotFound for a parent or a superseded fact that is not there, Conflict where that was superseded already,
    BadInput for a draft whose parent stands behind it in the batch, and for one that supersedes another thing.
    """
    if not drafts:
        return []
    now = at or datetime.now(UTC)
    done = activity if activity.activity_id else record_activity(tx, log, activity, at=now)
    ids = _next_ids(tx, len(drafts))
    parents = _parents(drafts, ids)
    facts = [_fact(*three, done, now) for three in zip(drafts, ids, parents, strict=True)]
    chains = _check_parents(tx, facts)
    _check_superseded(tx, facts)
    linked = _join_chains(tx, facts, chains)
    committed = list(_committed(tx, log, commitments, done, facts, [scope(draft) for draft in drafts]))
    _insert(tx, done, committed, chains, linked)
    return committed


def _fact(draft: Draft, fact_id: int, parents: tuple[int, ...], activity: Activity, now: datetime) -> Fact:
    return Fact(
        fact_id=fact_id,
        subject=draft.subject,
        name=draft.name,
        value=draft.value,
        source=draft.source,
        stage=draft.stage,
        activity_id=activity.activity_id,
        observed_at=draft.observed_at,
        recorded_at=now,
        confidence=draft.confidence,
        parents=parents,
        input_digest=draft.input_digest,
        output_digest=draft.output_digest,
        supersedes=draft.supersedes,
    )


def _next_ids(tx: sa.Connection, count: int) -> list[int]:
    if tx.dialect.name == "postgresql":
        sql = "SELECT nextval(pg_get_serial_sequence('lineage_facts', 'fact_id')) FROM generate_series(1, %s)"
        return sorted(int(row[0]) for row in tx.exec_driver_sql(sql, (count,)))
    last = int(tx.scalar(sa.select(sa.func.max(tables.facts.c.fact_id))) or 0)
    return list(range(last + 1, last + 1 + count))


def _parents(drafts: Sequence[Draft], ids: Sequence[int]) -> Iterator[tuple[int, ...]]:
    given: dict[int, int] = {}
    for draft, fact_id in zip(drafts, ids, strict=True):
        found = []
        for parent in draft.parents:
            known = given.get(id(parent)) if isinstance(parent, Draft) else parent
            if known is None:
                message = "a parent stands behind its child in the batch, or is in no batch"
                raise BadInput(message, hint="give parents first, or the id of a recorded fact")
            found.append(known)
        given[id(draft)] = fact_id
        yield tuple(dict.fromkeys(found))


def _check_parents(tx: sa.Connection, facts: Sequence[Fact]) -> dict[int, int]:
    """The chains of all parents from before; raises NotFound where one is not there."""
    new = {fact.fact_id for fact in facts}
    wanted = sorted({parent for fact in facts for parent in fact.parents} - new)
    chains = {row[0]: row[1] for row in rows_of(tx, _PARENTS, [(parent, 0, 0) for parent in wanted])}
    missing = [parent for parent in wanted if parent not in chains]
    if missing or any(parent >= fact.fact_id for fact in facts for parent in fact.parents):
        message = f"there is no fact {missing[0]} to be a parent" if missing else "a parent that is not recorded yet"
        raise NotFound(message, hint="record what a fact was made of before it")
    return chains


def _check_superseded(tx: sa.Connection, facts: Sequence[Fact]) -> None:
    wanted = [fact.supersedes for fact in facts if fact.supersedes is not None]
    if not wanted:
        return
    columns = tables.facts.c
    query = sa.select(columns.fact_id, columns.subject, columns.name).where(columns.fact_id.in_(wanted))
    known = {row.fact_id: (row.subject, row.name) for row in tx.execute(query)}
    if missing := sorted(set(wanted) - known.keys()):
        message = f"there is no fact {missing[0]} to supersede"
        raise NotFound(message)
    if any(known.get(fact.supersedes or 0, (fact.subject, fact.name)) != (fact.subject, fact.name) for fact in facts):
        message = "a fact supersedes one of another subject or name"
        raise BadInput(message, hint="a correction is of the same thing; what was made of it has it as a parent")
    if len(set(wanted)) < len(wanted) or tx.scalar(sa.select(sa.exists().where(columns.supersedes.in_(wanted)))):
        message = "a fact was superseded already"
        raise Conflict(message, hint="read the newer one, and supersede that")


def _join_chains(tx: sa.Connection, facts: Sequence[Fact], chains: dict[int, int]) -> dict[int, int]:
    """Give each fact its chain (into `chains`); returns which fact joins behind which."""
    candidates = sorted({parent for fact in facts for parent in fact.parents})
    taken = {row[0] for row in rows_of(tx, _TAKEN, [(parent, 0, 0) for parent in candidates])}
    linked: dict[int, int] = {}
    for fact in facts:
        free = next((parent for parent in fact.parents if parent not in taken), None)
        chains[fact.fact_id] = fact.fact_id if free is None else chains[free]
        if free is not None:
            taken.add(free)
            linked[fact.fact_id] = free
    return linked


def _committed(
    tx: sa.Connection,
    log: Log,
    commitments: Commitments,
    activity: Activity,
    facts: Sequence[Fact],
    scopes: Sequence[str],
) -> Iterator[Fact]:
    start = 0
    while part := _consecutive(facts, start):
        made = [
            commitments.commit(scope, content(fact, activity))
            for fact, scope in zip(part, scopes[start : start + len(part)], strict=True)
        ]
        entry_id = log.append(tx, facts_entry(activity, part[0].fact_id, made, part[0].recorded_at))
        for fact, commitment in zip(part, made, strict=True):
            yield replace(fact, entry_id=entry_id, commitment=str(commitment))
        start += len(part)


def _consecutive(facts: Sequence[Fact], start: int) -> Sequence[Fact]:
    """The facts of one entry: with consecutive ids, which writers beside this one may have torn apart."""
    part = facts[start : start + FACTS_PER_ENTRY]
    ends = (n for n, fact in enumerate(part) if fact.fact_id != part[0].fact_id + n)
    return part[: next(ends, len(part))]


def _insert(
    tx: sa.Connection,
    activity: Activity,
    facts: Sequence[Fact],
    chains: Mapping[int, int],
    linked: Mapping[int, int],
) -> None:
    sources = give_origins(tx, "source", (fact.source for fact in facts))
    code_id = give_origins(tx, "code", [activity.code_digest])[activity.code_digest]
    rows = [fact_row(fact, chains[fact.fact_id], sources[fact.source], code_id) for fact in facts]
    tx.execute(sa.insert(tables.facts), rows)
    _add(tx, tables.links, [{"parent": parent, "child": child} for child, parent in linked.items()])
    _add(tx, tables.edges, list(_edges(facts, chains)))


def _edges(facts: Iterable[Fact], chains: Mapping[int, int]) -> Iterator[dict[str, int]]:
    """The edges that lead from chain to chain; those along a chain follow from it."""
    for fact in facts:
        chain = chains[fact.fact_id]
        for parent in fact.parents:
            if chains[parent] != chain:
                yield {
                    "child_chain": chain,
                    "child": fact.fact_id,
                    "parent": parent,
                    "parent_chain": chains[parent],
                }


def _add(tx: sa.Connection, table: sa.Table, rows: list[dict[str, int]]) -> None:
    # Where another transaction was quicker, PostgreSQL ends this one with 40001, and the store runs it again.
    if rows:
        tx.execute(insert_new(tx, table), rows)
