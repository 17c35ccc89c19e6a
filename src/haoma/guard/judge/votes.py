"""What the official site, third parties and people say of a number: a vote each, and none that is ever changed.

Rules held here:
- A vote is written when a voice says something else of a number at a place than it said last; it is never updated, and
  one voice's is never another one's. What stands is the newest of each voice at each place.
- A number that a page showed and shows no more is said to be missing there.
- A vote, its Fact and the entries of both are one transaction. The Fact has the vote before it as its parent.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.left import tell_left, vote_left
from haoma.guard.judge.model import BAD, Finding, Seen, Shown, Verdict, Voice
from haoma.lineage import Activity, Draft, Stage, canonical_value, code_digest, record

__all__ = ["ACTIVITIES", "Ballot", "Standing", "ballots", "cast", "standing"]

NAMESPACE = uuid.UUID("5d0f1c5e-2f0b-5f0e-9a57-0f3c7a8f6b11")
SYSTEM = "haoma"
JUDGED, REVIEWED = ACTIVITIES = ("guard.judge", "guard.review")
_c = tables.votes.c


@dataclass(frozen=True, slots=True)
class Ballot:
    """One vote to be cast: who says it of which number at which place, and by which rule or for which reason."""

    organisation: str
    place: str
    voice: Voice
    shown: Shown
    verdict: Verdict
    rule: str
    snapshot: str
    at: datetime
    hotline: str | None = None
    confidence: int = 1_000_000
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What every voice says of a number now, each by source; `agreed` is None where fewer than two of them speak."""

    official: tuple[tuple[str, Verdict], ...]
    human: tuple[tuple[str, Verdict], ...]
    third_party: tuple[tuple[str, Verdict], ...]

    @property
    def agreed(self) -> bool | None:
        """Whether all who can tell say the same: that it is right, or that it is wrong."""
        each = [
            {verdict in BAD for _, verdict in said if verdict is not Verdict.CANNOT_TELL}
            for said in (self.official, self.human, self.third_party)
        ]
        spoken = [one for one in each if one]
        return None if len(spoken) < 2 else len(set().union(*spoken)) == 1


def ballots(tx: sa.Connection, seen: Seen, findings: Sequence[Finding]) -> list[Ballot]:
    """What a look has to say that its source did not say last."""
    said = _last(tx, seen.organisation, seen.place, seen.kind.voice)
    cast_now: dict[str, Ballot] = {}
    for one in sorted(findings, key=lambda one: one.bad):  # what is wrong with a number outweighs what is right with it
        if one.shown is not None:
            cast_now[one.shown.token] = _ballot(seen, one, one.shown)
    gone = [row for token, row in said.items() if token not in cast_now and row.verdict != Verdict.MISSING]
    for row in gone:
        shown = Shown(row.shown, row.token, personal=False)
        missing = Finding(Verdict.MISSING, "not-there", row.hotline)
        cast_now[row.token] = _ballot(seen, missing, shown)
    return [one for token, one in cast_now.items() if token not in said or said[token].verdict != one.verdict]


def cast(tx: sa.Connection, desk: Desk, ballots: Sequence[Ballot], at: datetime) -> None:
    """Write these votes, each with its Fact."""
    if not ballots:
        return
    before = [_last(tx, one.organisation, one.place, one.voice, one.by).get(one.shown.token) for one in ballots]
    drafts = [_draft(one, row) for one, row in zip(ballots, before, strict=True)]
    facts = record(tx, desk.log, desk.commitments, _activity(ballots[0], at), drafts, at=at)
    rows = [_row(one) | {"fact_id": fact.fact_id} for one, fact in zip(ballots, facts, strict=True)]
    ids = tx.scalars(sa.insert(tables.votes).returning(_c.vote_id, sort_by_parameter_order=True), rows).all()
    left = [vote_left({"vote_id": vote_id, **row}) for vote_id, row in zip(ids, rows, strict=True)]
    tell_left(tx, desk, at, dict(left))


def standing(tx: sa.Connection, organisation: str, token: str) -> Standing:
    """What stands of a number: the newest vote of each voice on each source, and of each person."""
    rows = tx.execute(
        sa.select(tables.votes).where(_c.organisation == organisation, _c.token == token).order_by(_c.vote_id)
    )
    newest = {(row.voice, row.place, row.by): row for row in rows}
    said: dict[Voice, list[tuple[str, Verdict]]] = {voice: [] for voice in Voice}
    for (voice, place, _), row in sorted(newest.items(), key=lambda one: one[1].vote_id):
        said[Voice(voice)].append((place.partition("/")[0], Verdict(row.verdict)))
    return Standing(*(tuple(said[voice]) for voice in (Voice.OFFICIAL, Voice.HUMAN, Voice.THIRD_PARTY)))


def _last(
    tx: sa.Connection, organisation: str, place: str, voice: Voice, by: str | None = None
) -> dict[str, sa.Row[Any]]:
    whose = _c.by.is_(None) if by is None else _c.by == by
    mine = (_c.organisation == organisation, _c.place == place, _c.voice == str(voice), whose)
    rows = tx.execute(sa.select(tables.votes).where(*mine).order_by(_c.vote_id))
    return {row.token: row for row in rows}


def _ballot(seen: Seen, one: Finding, shown: Shown) -> Ballot:
    place = (seen.organisation, seen.place, seen.kind.voice)
    return Ballot(*place, shown, one.verdict, one.rule, seen.snapshot, seen.at, one.hotline, one.confidence)


def _draft(one: Ballot, before: sa.Row[Any] | None) -> Draft:
    subject = f"hotline:{one.hotline}" if one.hotline else f"public:{one.organisation}"
    value = canonical_value(
        {"number": one.shown.text, "rule": one.rule, "verdict": str(one.verdict), "voice": str(one.voice)}
    )
    parents = () if before is None else (before.fact_id,)
    return Draft(subject, "verdict", value, f"source:{one.place}", Stage.DISPLAY, one.at, one.confidence, parents)


def _activity(one: Ballot, at: datetime) -> Activity:
    by_hand = one.voice is Voice.HUMAN
    run_id = str(uuid.uuid5(NAMESPACE, f"{one.organisation} {one.place} {one.snapshot} {one.by or ''} {at}"))
    name = REVIEWED if by_hand else JUDGED
    return Activity(name, code_digest(cast), SYSTEM, Stage.DISPLAY, at, at, run_id=run_id)


def _row(one: Ballot) -> dict[str, object]:
    return {
        "organisation": one.organisation,
        "hotline": one.hotline,
        "token": one.shown.token,
        "shown": one.shown.text,
        "voice": str(one.voice),
        "place": one.place,
        "verdict": str(one.verdict),
        "rule": one.rule,
        "snapshot": one.snapshot,
        "by": one.by,
        "at": one.at,
    }
