"""`haoma trace`: where a value is from, and where it went wrong.

Rules held here:
- A hotline is asked for by its number, anything else by its fact. What is said of a person is never shown.
- Exit 1 where `--expect` names a value that the trace loses, exit 5 where a digest, commitment or proof fails or a fact
  is gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, note, write
from haoma.errors import BadInput, NotFound, Tampered

if TYPE_CHECKING:
    import sqlalchemy as sa

    from haoma.app import Services
    from haoma.lineage import Activity, Divergence, Fact
    from haoma.lineage.check import Checked

__all__ = ["trace"]

MOST = 20_000
FACT = "fact:"


class Shape(StrEnum):
    """The forms that `--format` takes."""

    TABLE = "table"
    JSON = "json"
    PROV = "prov"
    OPENLINEAGE = "openlineage"
    SVG = "svg"


@dataclass(frozen=True, slots=True)
class _Traced:
    facts: Sequence[Fact]
    activities: Mapping[int, Activity]
    checked: Mapping[int, Checked]


@click.command()
@click.argument("what", metavar="NUMBER|FACT", required=False)
@click.option("--name", metavar="NAME", help="Which value of the number; by default the one recorded last.")
@click.option("--expect", metavar="VALUE", help="What the value should be: tells the hop at which it was lost.")
@click.option("--format", "shape", type=click.Choice([str(one) for one in Shape]), default="table", show_default=True,
              help="A tree, rows, or a document in a standard's form.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Hold every fact there is against the ledger instead.")
@click.pass_context
def trace(
    ctx: click.Context, what: str | None, name: str | None, expect: str | None, shape: str, everything: bool
) -> None:
    """Draw where the value of a hotline NUMBER, or a FACT such as fact:12, is from."""
    from haoma.app import Services

    if everything == (what is not None):
        message = "haoma trace takes one number or fact, or --all"
        raise BadInput(message, hint="for example haoma trace 95588, or haoma trace --all")
    with Services(current_settings()) as services:
        lost = None if what is None else _one(services, what, name, expect, Shape(shape))
        if what is None:
            _all(services)
    ctx.exit(1 if lost else 0)


def _one(services: Services, what: str, name: str | None, expect: str | None, shape: Shape) -> Divergence | None:
    from haoma.lineage.audit import require_sole, require_whole
    from haoma.lineage.check import LedgerProofs, check

    proofs = LedgerProofs(services.store)
    with services.store.read() as tx:
        facts, activities = _facts(tx, what, name)
    checked = check(facts, activities, services.commitments, proofs)
    traced = _Traced(facts, activities, checked)
    _show(traced, shape)
    if wrong := [fact_id for fact_id, marks in checked.items() if marks.fails]:
        message = f"fact {wrong[0]} is not what was recorded"
        raise Tampered(message, hint="haoma ledger audit tells whether the log itself still holds")
    with services.store.read() as tx:
        require_whole(tx, facts, proofs)
        require_sole(tx, [fact for fact in facts if checked[fact.fact_id].commitment == "·"])
    return None if expect is None else _lost(traced, expect)


def _all(services: Services) -> None:
    from haoma.lineage.audit import audit_facts

    with services.store.read() as tx:
        found = audit_facts(tx, services.commitments)
    note(f"{found.facts:,} facts of {found.activities:,} activities are what was recorded")
    if found.untold:
        note(f"of {found.untold:,} of them the key is destroyed: only that they are there can be told")


def _facts(tx: sa.Connection, what: str, name: str | None) -> tuple[list[Fact], dict[int, Activity]]:
    from haoma.lineage import activities_of
    from haoma.lineage import trace as ask
    from haoma.lineage.audit import require_never_recorded

    fact_id = _fact_id(tx, what, name)
    try:
        page = ask(tx, fact_id)
    except NotFound:
        require_never_recorded(tx, fact_id)
        raise
    facts = [*page.facts]
    while page.after is not None and len(facts) < MOST:
        page = ask(tx, fact_id, after=page.after)
        facts += page.facts
    if page.after is not None:
        note(f"only the first {MOST:,} facts of this trace are shown")
    return facts, activities_of(tx, {fact.activity_id for fact in facts})


def _fact_id(tx: sa.Connection, what: str, name: str | None) -> int:
    from haoma.lineage import latest

    if what.startswith(FACT):
        digits = what.removeprefix(FACT)
        if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
            message = "a fact is fact: and the number haoma gave it"
            raise BadInput(message, hint="for example haoma trace fact:12")
        return int(digits)
    if what.startswith(("hotline:", "public:")):
        return latest(tx, what, name).fact_id
    uri = _uri(what)
    if uri is None:
        message = "this is neither one number nor a fact"
        raise BadInput(message, hint="for example haoma trace 95588, or haoma trace fact:12")
    return latest(tx, f"hotline:{uri}", name).fact_id


def _uri(text: str) -> str | None:
    """The URI of the one number in a text."""
    from haoma.numbers.service import read_cell

    numbers, _ = read_cell(text, "CN")
    return numbers[0].uri if len(numbers) == 1 else None


def _show(traced: _Traced, shape: Shape) -> None:
    from haoma.lineage import draw
    from haoma.lineage.openlineage import run_events
    from haoma.lineage.prov import prov_json

    match shape:
        case Shape.TABLE:
            click.echo(draw.HEADING.encode())
            for line in draw.tree(traced.facts, traced.activities, traced.checked):
                click.echo(line.encode("utf-8", "replace"))
        case Shape.JSON:
            write((_row(fact, traced) for fact in traced.facts), Format.JSON)
        case Shape.PROV:
            _json(prov_json(traced.facts, traced.activities))
        case Shape.SVG:
            click.echo(draw.svg(traced.facts, traced.activities, traced.checked), nl=False)
        case Shape.OPENLINEAGE:
            known = {fact.fact_id: fact for fact in traced.facts}
            events = []
            for activity_id, activity in traced.activities.items():
                made = [fact for fact in traced.facts if fact.activity_id == activity_id]
                used = {parent: known[parent] for fact in made for parent in fact.parents if parent in known}
                events += run_events(activity, made, used.values())
            _json(events)


def _json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace"))


def _row(fact: Fact, traced: _Traced) -> Row:
    marks, activity = traced.checked[fact.fact_id], traced.activities.get(fact.activity_id)
    return {
        "fact": fact.fact_id,
        "name": fact.name,
        "value": fact.json_value(),
        "sealed": fact.value is not None and not isinstance(fact.value, str),
        "stage": str(fact.stage),
        "system": activity.system if activity else None,
        "activity": activity.name if activity else None,
        "source": fact.source,
        "observed_at": fact.observed_at.isoformat(),
        "recorded_at": fact.recorded_at.isoformat(),
        "confidence": fact.confidence / 1_000_000,
        "parents": list(fact.parents),
        "supersedes": fact.supersedes,
        "entry": fact.entry_id,
        "holds": {"digest": _said(marks.digest), "commitment": _said(marks.commitment), "proof": _said(marks.proof)},
    }


def _said(mark: str) -> bool | None:
    return {"✓": True, "✗": False}.get(mark)


def _lost(traced: _Traced, expect: str) -> Divergence | None:
    from haoma.lineage import digest, diverge, hops_of

    path = hops_of(traced.facts, traced.activities)
    found = diverge(digest(_canonical(expect)), path)
    if found is None:
        note("the value is the expected one at every hop")
    else:
        span = (
            f"hop {found.index + 1}" if found.index == found.until else f"hops {found.index + 1} to {found.until + 1}"
        )
        hop = path[found.index]
        note(f"lost at {span} of {len(path)}: {found.stage}, {hop.system}, {found.how} (fact:{hop.fact_id})")
    return found


def _canonical(text: str) -> str:
    """A number as its URI, JSON as it is, anything else as a text."""
    from haoma.lineage import canonical_value

    if uri := _uri(text):
        return canonical_value(uri)
    try:
        return canonical_value(json.loads(text))
    except (ValueError, RecursionError):
        return canonical_value(text)
