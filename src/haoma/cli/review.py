"""`haoma review`: mentions that the rules cannot tell, and what a person says of them.

Rules held here:
- Who decides is who is signed in (HAOMA_SESSION): a decision is a vote of theirs.
- What is shown of a page has what may be a person's own number masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.cli.acting import acting
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, inert, note, write

if TYPE_CHECKING:
    from haoma.guard.judge.review import Review

__all__ = ["review"]

VERDICTS = ("match", "wrong-number", "wrong-organisation", "stale", "lookalike", "cannot-tell")


@click.group()
def review() -> None:
    """Say what the rules cannot tell: whether a number is the organisation's."""


@review.command("list")
@format_option
def list_reviews(fmt: Format) -> None:
    """Show what waits and is in nobody's hand, the oldest first."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.incidents.waiting(acting(services))
    write([_row(one, fmt) for one in found], fmt)


@review.command("next")
@format_option
@click.pass_context
def next_review(ctx: click.Context, fmt: Format) -> None:
    """Take the next question in hand, for a quarter of an hour: exit 1 where none waits."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.incidents.next(acting(services))
    if found is None:
        note("nothing waits")
        ctx.exit(1)
    else:
        write([_row(found, fmt)], fmt)


@review.command()
@click.argument("review_id", metavar="REVIEW")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--reason", required=True, metavar="WORD", help="How you know, in one word: called-and-asked.")
@format_option
def decide(review_id: str, verdict: str, reason: str, fmt: Format) -> None:
    """Say what the mention of REVIEW is: match, or in which way it is wrong."""
    from haoma.app import Services
    from haoma.guard.judge.model import Verdict

    with Services(current_settings(), create=False) as services:
        found = services.incidents.decide(acting(services), review_id, Verdict(verdict), reason)
    write([{**_row(found, fmt), "decided": verdict}], fmt)


def _row(one: Review, fmt: Format) -> Row:
    return {
        "review": one.id,
        "number": one.shown,
        "organisation": one.organisation,
        "rule": one.rule,
        "owner": inert(one.owner, fmt),
        "url": one.url,
        "xpath": one.xpath,
        "source": one.source,
        "snapshot": one.snapshot,
        "asked_at": one.asked_at.isoformat(),
    }
