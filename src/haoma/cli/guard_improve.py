"""`haoma guard improve`: trials of measures, samples by mystery shoppers, and the procedure (SOP).

Rules held here:
- What is recorded or shown is so by and to who is signed in, of their own tenant; the gate decides whether they may.
  But for `audit`, which whoever runs the store runs.
- What is shown tells hotlines by UID, and no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import acting, now
from haoma.cli.guard_review import document_options, write_document
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write

if TYPE_CHECKING:
    from haoma.guard.improve import Trial, Visit

__all__ = ["improve"]

MONTH = click.option("--month", required=True, metavar="YYYY-MM", help="Which month, in Shanghai's time.")


@click.group()
def improve() -> None:
    """Trials of measures against wrong hotlines, samples by mystery shoppers, the procedure."""


@improve.command()
@click.option("--name", required=True, metavar="TEXT", help="What is tried.")
@click.option("--measure", type=click.Choice(["share", "rate"]), required=True,
              help="What is counted: wrong ones of how many (share), or events in how much (rate).")  # fmt: skip
@click.option("--unit", required=True, metavar="TEXT", help="What a size counts: pages, calls, days.")
@click.option("--better", type=click.Choice(["lower", "higher"]), default="lower", show_default=True,
              help="Which figure is the better one.")  # fmt: skip
@click.option("--planned", type=click.IntRange(1), required=True, metavar="N", help="How large each arm is to be.")
@click.option("--from", "starts", required=True, metavar="TIME", help="When it begins, not before now.")
@click.option("--until", "ends", required=True, metavar="TIME", help="When it ends.")
@format_option
def trial(fmt: Format, starts: str, ends: str, **said: str | int) -> None:
    """Lay down a trial before it begins: what is counted, and how much of it."""
    from haoma.app import Services
    from haoma.guard.improve import Better, Measure, Trial

    plan = Trial(
        "",
        str(said["name"]),
        Measure(str(said["measure"])),
        str(said["unit"]),
        Better(str(said["better"])),
        int(said["planned"]),
        moment(starts),
        moment(ends),
    )
    with Services(current_settings(), create=False) as services:
        laid = services.improvement.lay_down(acting(services), plan, now())
    write([_trial(laid)], fmt)


@improve.command()
@click.option("--trial", "trial_id", required=True, metavar="ID", help="Which trial.")
@click.option("--arm", type=click.Choice(["a", "b"]), required=True, help="a without the measure, b with it.")
@click.option("--events", type=click.IntRange(0), required=True, metavar="N", help="How many were counted.")
@click.option("--size", type=click.IntRange(1), required=True, metavar="N", help="Of or in how many units.")
def count(trial_id: str, arm: str, events: int, size: int) -> None:
    """Record what was counted in an arm of a trial, once."""
    from haoma.app import Services
    from haoma.guard.improve import Arm

    with Services(current_settings(), create=False) as services:
        services.improvement.count(acting(services), trial_id, arm, Arm(events, size), now())
    note(f"arm {arm}: {events:,} in {size:,}")


@improve.command()
@format_option
def trials(fmt: Format) -> None:
    """Show every trial, and what it says."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.improvement.trials(acting(services), now())
    write([_trial(one) for one in found], fmt)


@improve.command()
@MONTH
@click.option("--visits", type=click.IntRange(1), required=True, metavar="N", help="How many visits.")
@click.option("--seed", default="", metavar="WORD", help="What decides who is drawn; at random, if left out.")
@format_option
def draw(month: str, visits: int, seed: str, fmt: Format) -> None:
    """Draw the month's sample of hotlines and channels for mystery shoppers."""
    from haoma.app import Services
    from haoma.guard.improve import Month

    with Services(current_settings(), create=False) as services:
        asker, at = acting(services), now()
        frame = services.improvement.frame(asker, at)
        found = services.improvement.draw(asker, Month.read(month), frame, visits, at, seed)
    write([_visit(one) for one in found.visits], fmt)
    note(f"{len(found.visits)} of {found.frame}, by the seed {found.seed}")


@improve.command()
@MONTH
@format_option
def sample(month: str, fmt: Format) -> None:
    """Show the month's sample, and what was found so far."""
    from haoma.app import Services
    from haoma.guard.improve import Month

    with Services(current_settings(), create=False) as services:
        found = services.improvement.sample(acting(services), Month.read(month), now())
    write([_visit(one) for one in found.visits], fmt)
    note(f"{found.done} of {len(found.visits)} visits are made; {found.right} found the hotline right")


@improve.command()
@MONTH
@click.option("--place", type=click.IntRange(1), required=True, metavar="N", help="Which visit of the sample.")
@click.option("--outcome", required=True, help="What was found.",
              type=click.Choice(["right", "wrong-number", "wrong-organisation", "not-there", "no-answer"]))  # fmt: skip
def visit(month: str, place: int, outcome: str) -> None:
    """Record what a visit found, once."""
    from haoma.app import Services
    from haoma.guard.improve import Month, Outcome

    with Services(current_settings(), create=False) as services:
        services.improvement.visited(acting(services), Month.read(month), place, Outcome(outcome), now())
    note(f"visit {place}: {outcome}")


@improve.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold trials and samples to the log, and the log to them; exit 5 where one differs."""
    from haoma.app import Services
    from haoma.guard.improve import hold_improvement

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = hold_improvement(tx)
    write([{"trials": found.trials, "samples": found.samples}], fmt)


@improve.command()
@document_options
def sop(shape: str, language: str) -> None:
    """Print the procedure against wrong hotlines, as this instance works."""
    from haoma.app import Services
    from haoma.guard.improve import Language, procedure
    from haoma.guard.judge import Limits

    settings = current_settings()
    with Services(settings, create=False) as services:
        found = services.improvement.trials(acting(services), now())
    limits = Limits(settings.guard_bad_looks, settings.guard_good_looks)
    write_document(procedure(found, now(), limits, Language(language)), shape, language)


def _trial(one: Trial) -> Mapping[str, object]:
    found = one.compared()
    plan = {"trial": one.id, "name": one.name, "measure": str(one.measure), "unit": one.unit, "planned": one.planned}
    times = {"from": one.starts_at.isoformat(), "until": one.ends_at.isoformat()}
    arms = {name: f"{arm.events}/{arm.size}" for name, arm in sorted(one.arms.items())}
    told = {"arms": arms, "verdict": str(one.judged()), "p": found and found.p_value, "needed": one.needed()}
    return {**plan, **times, **told}


def _visit(one: Visit) -> Mapping[str, object]:
    outcome = one.outcome and str(one.outcome)
    at = one.visited_at and one.visited_at.isoformat()
    return {"place": one.place, "hotline": one.hotline, "channel": one.channel, "outcome": outcome, "visited_at": at}
