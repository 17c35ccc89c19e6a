"""Making approved changes: rows, Facts, an Entry for each, in one transaction.

Rules held here:
- Numbers are given up before they are taken: two hotlines change places in one request.
- Each change is a row that says what it left behind, for which request, who asked, who approved and why; its Entry
  commits to that row. What is public of it is a Fact that supersedes the one before; a hotline's number is a Fact of
  its own, named `number`, that those of pages and pipelines are held against.
- Of who looks after a hotline no Fact tells: Facts stay for ever.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.access import Approval
from haoma.guard.registry import tables
from haoma.guard.registry.entries import CHANGED
from haoma.guard.registry.model import Hotline, Organisation
from haoma.guard.registry.planning import Step, apart, is_live
from haoma.ledger.canonical import canonical
from haoma.ledger.commitment import Commitments
from haoma.ledger.entry import Entry
from haoma.ledger.forms import Json, time_text
from haoma.lineage import Activity, Draft, Stage, canonical_value, code_digest, record
from haoma.lineage.entries import Log

__all__ = ["NUMBER", "REGISTERED", "SCOPE", "SOURCE", "apply", "change_content", "subject_of"]

SOURCE, NUMBER, REGISTERED, SCOPE = "registry", "number", "registered", "registry"
_PRIVATE = frozenset({"owner"})
_H, _C = tables.hotlines.c, tables.claims.c


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why something changes: the request, and what was said."""

    approval: Approval
    reason: str
    at: datetime


def subject_of(kind: str, uid: str) -> str:
    """The subject of Facts about an organisation or a hotline.

    >>> subject_of("organisation", "1")
    'public:organisation:1'
    """
    return f"hotline:{uid}" if kind == "hotline" else f"public:organisation:{uid}"


def apply(
    tx: sa.Connection, log: Log, commitments: Commitments, steps: Sequence[Step], why: Reasons
) -> dict[str, Json]:
    """Make these changes, which `plan` has found to fit; returns how many of each there were."""
    facts = _record(tx, log, commitments, steps, why)
    _give_up(tx, steps, why.at)
    for step in steps:
        _write(tx, step, *facts[step.after.uid])
    _take(tx, steps, why.at)
    for step in steps:
        _tell(tx, log, commitments, step, facts[step.after.uid][1], why)
    counts: dict[str, Json] = {}
    for step in steps:
        name = f"{step.do.kind}s_{_WORDS[step.do.partition('-')[0]]}"
        counts[name] = int(str(counts.get(name, 0))) + 1
    return counts


_WORDS = {"add": "added", "change": "changed", "retire": "retired"}


def change_content(row: dict[str, object]) -> bytes:
    """The bytes that the Entry of a change commits to: its row, without ids that the database gives."""
    names = ("object_id", "kind", "change", "version", "state", "reason", "requested_by", "approved_by", "approval_id")
    at = row["at"]
    return canonical({name: row[name] for name in names} | {"at": time_text(at) if isinstance(at, datetime) else ""})


def _record(
    tx: sa.Connection, log: Log, commitments: Commitments, steps: Sequence[Step], why: Reasons
) -> dict[str, tuple[int, int]]:
    """The facts of these steps; by UID the id of the number's, 0 for an organisation, and of the state's."""
    before = _facts_before(tx, steps)
    drafts: list[Draft] = []
    places: dict[str, tuple[int | Draft, Draft]] = {}
    for step in steps:
        number, told = _drafts(step, before.get(step.after.uid, 0), why.at)
        drafts += [one for one in (number, told) if isinstance(one, Draft)]
        places[step.after.uid] = number, told
    at = why.at
    ran = Activity("registry.change", code_digest(apply), "haoma", Stage.STORAGE, at, at, run_id=str(uuid.uuid4()))
    made = record(tx, log, commitments, ran, drafts, at=at)
    ids = {id(draft): fact.fact_id for draft, fact in zip(drafts, made, strict=True)}
    return {
        uid: (number if isinstance(number, int) else ids[id(number)], ids[id(told)])
        for uid, (number, told) in places.items()
    }


def _drafts(step: Step, before: int, at: datetime) -> tuple[int | Draft, Draft]:
    subject = subject_of(step.do.kind, step.after.uid)
    number: int | Draft = 0
    if isinstance(step.after, Hotline):
        was = step.before if isinstance(step.before, Hotline) else None
        number = was.fact if was else 0
        if was is None or was.uri != step.after.uri:
            said = canonical_value(step.after.uri)
            number = Draft(subject, NUMBER, said, SOURCE, Stage.STORAGE, at, supersedes=was.fact if was else None)
    public = {name: value for name, value in step.state.items() if name not in _PRIVATE}
    parents = (number,) if number else ()
    said = canonical_value(public)
    told = Draft(subject, REGISTERED, said, SOURCE, Stage.STORAGE, at, parents=parents, supersedes=before or None)
    return number, told


def _facts_before(tx: sa.Connection, steps: Sequence[Step]) -> dict[str, int]:
    """The newest fact of each state, by UID."""
    found: dict[str, int] = {}
    for kind, table, key in (
        ("organisation", tables.organisations, tables.organisations.c.organisation_id),
        ("hotline", tables.hotlines, _H.hotline_id),
    ):
        uids = [step.after.uid for step in steps if step.do.kind == kind and step.before is not None]
        for some in apart(uids):
            # Locked: what another transaction has changed meanwhile is looked at again.
            query = sa.select(key, table.c.fact_id).where(key.in_(some)).with_for_update()
            found |= {str(uid): int(fact) for uid, fact in tx.execute(query)}
    return found


def _give_up(tx: sa.Connection, steps: Sequence[Step], at: datetime) -> None:
    """Let go of the numbers of what changes, and of those that are wanted and were of what is over."""
    hotlines = [(step.before, step.after) for step in steps if isinstance(step.after, Hotline)]
    for some in apart([after.uid for _, after in hotlines]):
        tx.execute(sa.update(tables.hotlines).where(_H.hotline_id.in_(some)).values(live_uri=None))
    uris = sorted({one.uri for both in hotlines for one in both if isinstance(one, Hotline)})
    for some in apart(uris):
        over = sa.and_(_H.live_uri.in_(some), _H.valid_until <= at)
        tx.execute(sa.update(tables.hotlines).where(over).values(live_uri=None))
        held = sa.select(_H.live_uri).where(_H.live_uri.in_(some))
        tx.execute(sa.delete(tables.claims).where(_C.uri.in_(some), _C.uri.not_in(held)))


def _take(tx: sa.Connection, steps: Sequence[Step], at: datetime) -> None:
    """Have each that is not over hold its number; the database refuses a second owner."""
    live = [one.after for one in steps if isinstance(one.after, Hotline) and is_live(one.after, at)]
    wanted = {one.uri: one.shared for one in live}
    for some in apart(sorted(wanted)):
        there = set(tx.scalars(sa.select(_C.uri).where(_C.uri.in_(some))))
        rows = [{"uri": uri, "shared": wanted[uri]} for uri in some if uri not in there]
        if rows:
            tx.execute(sa.insert(tables.claims), rows)
    for some in apart([one.uid for one in live]):
        tx.execute(sa.update(tables.hotlines).where(_H.hotline_id.in_(some)).values(live_uri=_H.uri))


def _write(tx: sa.Connection, step: Step, number_fact: int, fact_id: int) -> None:
    one, values = step.after, {"version": step.after.version, "fact_id": fact_id}
    if isinstance(one, Organisation):
        names = one.names
        row = {"name": names.name, "aliases": _json(names.aliases), "domains": _json(names.domains), **values}
        _put(tx, tables.organisations.c.organisation_id, one.uid, step, {"tenant_id": one.tenant, **row})
        return
    row = {
        "organisation_id": one.organisation,
        "uri": one.uri,
        "purposes": _json(sorted(map(str, one.purposes))),
        "channels": _json(one.channels),
        "owner": one.owner,
        "shared": one.shared,
        "mobile": one.mobile,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "number_fact": number_fact,
        **values,
    }
    _put(tx, _H.hotline_id, one.uid, step, row)


def _put(tx: sa.Connection, key: sa.Column[str], uid: str, step: Step, row: dict[str, object]) -> None:
    if step.before is None:
        tx.execute(sa.insert(key.table).values({key.name: uid, **row}))
    else:
        tx.execute(sa.update(key.table).where(key == uid).values(row))


def _tell(tx: sa.Connection, log: Log, commitments: Commitments, step: Step, fact_id: int, why: Reasons) -> None:
    asked, change = why.approval, _WORDS[step.do.partition("-")[0]]
    row: dict[str, object] = {
        "object_id": step.after.uid,
        "kind": step.do.kind,
        "change": change,
        "version": step.after.version,
        "state": canonical(step.state).decode(),
        "reason": why.reason,
        "requested_by": asked.requester,
        "approved_by": _json([vote.person for vote in asked.votes]),
        "approval_id": asked.id,
        "at": why.at,
    }
    commitment = str(commitments.commit(SCOPE, change_content(row)))
    body: dict[str, Json] = {"object": step.after.uid, "kind": step.do.kind, "change": change, "row": commitment}
    body |= {"version": step.after.version, "approval": asked.id, "by": asked.requester}
    entry_id = log.append(tx, Entry(CHANGED, why.at, body))
    tx.execute(
        sa.insert(tables.changes).values({**row, "fact_id": fact_id, "commitment": commitment, "entry_id": entry_id})
    )


def _json(texts: Sequence[str]) -> str:
    return json.dumps([*texts], ensure_ascii=False, separators=(",", ":"))
