"""Judging a page: from what is seen to verdicts, votes and incidents, one transaction for each snapshot.

Rules held here:
- A snapshot is judged once for an organisation: judged again it changes nothing.
- A page that was not to be had says nothing. One that is gone (404, 410) shows nothing wrong any more.
- A look that comes later than a newer one at its page is written down, and moves nothing. One that a clock which ran
  ahead has dated days from now keeps no look of today from counting.
- Votes, Facts, entries, incidents and news are of that transaction, or none of them is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.hysteresis import Turn
from haoma.guard.judge.incidents import close, holding, of_causes, open_one, seen_again
from haoma.guard.judge.judging import Known, judge
from haoma.guard.judge.keeping import kept_until
from haoma.guard.judge.left import SCOPE, checked_left, snapshot_digest, telling
from haoma.guard.judge.looks import good_again, look, was_there
from haoma.guard.judge.model import BAD, Act, Checked, Finding, Seen, Shown, Verdict, cause_of
from haoma.guard.judge.review import ask
from haoma.guard.judge.shown import bare, show
from haoma.guard.judge.votes import ballots, cast
from haoma.guard.model import Mention
from haoma.ledger.forms import Json
from haoma.lineage.rows import insert_new

__all__ = ["check"]

GONE = frozenset({404, 410})
AHEAD = timedelta(days=2)
LONGEST = {"snapshot": 64, "source": 48, "organisation": 64}
_checked = tables.checked.c


def check(desk: Desk, seen: Seen, mentions: Sequence[Mention]) -> Checked:
    """Judge what a page says of an organisation's hotlines, and do what follows from it.

    Raises NotFound for an organisation that is not in the registry, BadInput for ids or digests that are none.
    """
    _require_sound(seen)
    if not (200 <= seen.status < 300 or seen.status in GONE):
        return Checked(new=False)
    return desk.store.write(lambda tx: _judge(tx, desk, seen, mentions))


def _judge(tx: sa.Connection, desk: Desk, seen: Seen, mentions: Sequence[Mention]) -> Checked:
    name = desk.registry.names(tx, seen.organisation)
    here = (_checked.snapshot == seen.snapshot, _checked.organisation == seen.organisation)
    if tx.scalar(sa.select(sa.exists().where(*here))) or not name.name:
        return Checked(new=False)
    found = () if seen.status in GONE else _found(tx, desk, seen, mentions)
    late = _is_late(tx, desk, seen)
    entry_id = _note(tx, desk, seen, found, late=late)
    if late:
        return Checked(new=True, findings=found)
    cast(tx, desk, ballots(tx, seen, found), seen.at)
    causes = [cause_of(seen.organisation, seen.source, one) for one in found]
    with telling(tx, desk, seen.at, causes, seen), holding(tx, desk, seen.source):
        opened = _look(tx, desk, seen, found, entry_id)
        closed = _look_away(tx, desk, seen, found, entry_id)
    return Checked(True, found, tuple(opened), tuple(closed))


def _found(tx: sa.Connection, desk: Desk, seen: Seen, mentions: Sequence[Mention]) -> tuple[Finding, ...]:
    uris = sorted({bare(one.uri) for one in mentions if one.uri})
    known = Known(
        seen.organisation,
        desk.registry.names(tx, seen.organisation),
        desk.registry.rivals(tx, seen.organisation),
        desk.registry.hotlines(tx, seen.organisation),
        {uri: desk.registry.known(tx, uri) for uri in uris},
    )

    def kept(uri: str, registered: bool) -> Shown:
        return show(uri, desk.commitments, registered=registered)

    return judge(seen, mentions, known, kept, was_there=was_there(tx, seen))


def _look(tx: sa.Connection, desk: Desk, seen: Seen, found: Sequence[Finding], entry_id: int) -> list[str]:
    """Count what is seen; the ids of the incidents that this opens."""
    opened = []
    for one in found:
        cause = cause_of(seen.organisation, seen.source, one)
        if one.verdict is Verdict.CANNOT_TELL:
            ask(tx, seen, cause, one, entry_id)
            continue
        turn, first_at = look(tx, desk.limits, seen, cause, one, entry_id)
        if turn is Turn.OPENS and not of_causes(tx, [cause]):
            opened.append(open_one(tx, desk, seen, cause, one, first_at, Act("looks", seen.at)))
        elif one.bad:
            seen_again(tx, cause, seen.at)
    return opened


def _look_away(tx: sa.Connection, desk: Desk, seen: Seen, found: Sequence[Finding], entry_id: int) -> list[str]:
    """Count what is not seen any more; the ids of the incidents that this closes."""
    there = [cause_of(seen.organisation, seen.source, one) for one in _that_last(found)]
    over = [row.cause for row in good_again(tx, desk.limits, seen, there, entry_id)]
    closed = of_causes(tx, over)
    for one in closed:
        close(tx, desk, one, Act("looks", seen.at))
    return [one.id for one in closed]


def _that_last(found: Sequence[Finding]) -> list[Finding]:
    """What is still wrong, and what cannot be told any more: a doubt does not end what was said of a number."""
    doubts = [one for one in found if one.verdict is Verdict.CANNOT_TELL]
    return [*found, *(replace(one, verdict=bad) for one in doubts for bad in BAD)]


def _is_late(tx: sa.Connection, desk: Desk, seen: Seen) -> bool:
    of_place = (_checked.place == seen.place, _checked.organisation == seen.organisation)
    known = sa.select(sa.func.max(_checked.at)).where(*of_place, _checked.at <= desk.now() + AHEAD)
    newest = tx.scalar(known)
    return newest is not None and seen.at <= newest


def _note(tx: sa.Connection, desk: Desk, seen: Seen, found: Sequence[Finding], *, late: bool) -> int:
    row = {"snapshot": seen.snapshot, "organisation": seen.organisation, "place": seen.place, "at": seen.at}
    row |= {"kept_until": kept_until(seen.at)}
    said: dict[str, Json] = {
        "snapshot": snapshot_digest(seen.source, seen.snapshot, seen.organisation),
        "page": seen.digest,
        "verdicts": list(sorted(str(one.verdict) for one in found)[:1_000]),
        "late": late,
        "look": str(desk.commitments.commit(SCOPE, checked_left(row))),
    }
    entry_id = desk.tell(tx, "guard.checked", seen.at, **said)
    tx.execute(insert_new(tx, tables.checked), [{**row, "entry_id": entry_id}])
    return entry_id


def _require_sound(seen: Seen) -> None:
    for name, text in (("snapshot", seen.snapshot), ("source", seen.source), ("organisation", seen.organisation)):
        if (
            not 0 < len(text) <= LONGEST[name]
            or not text.isprintable()
            or not text.isascii()
            or (name == "source" and "/" in text)
        ):
            raise BadInput(
                f"the {name} is no id",
                hint=f"1 to {LONGEST[name]} characters of ASCII, and no slash in that of a source",
            )
    for digest in (seen.digest, seen.rendered_digest, seen.screenshot):
        if digest is not None and (len(digest) != 64 or not set(digest) <= set("0123456789abcdef")):
            raise BadInput("a digest of a page is SHA-256 in lower case", hint="64 hexadecimal digits")
