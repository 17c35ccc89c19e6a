"""`haoma case`: an agent's work on one customer, found by a token, an order or their id in the CRM.

Rules held here:
- Who acts is who is signed in (HAOMA_SESSION). No output holds a whole number, and none comes from the command line.
- A code comes from stdin; an order or a customer's id too, where it is `-`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, asked, now
from haoma.cli.case_audit import audit
from haoma.cli.case_places import keep, places
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.consent import Way
    from haoma.locate.cases import Reference, Shown, Standing

__all__ = ["case"]


@click.group()
def case() -> None:
    """An agent's cases: find a customer, check that the number is theirs, ask for their consent."""


def _referring(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a customer by what the CRM knows."""
    options = [
        click.option("--order", metavar="ID", help="An order, as the CRM calls it; - for a line of stdin."),
        click.option("--customer", metavar="ID", help="The customer, as the CRM calls them; - for a line of stdin."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


CASE = click.argument("case_id", metavar="CASE")


@case.command("open")
@click.argument("subject", required=False)
@_referring
@format_option
def open_case(subject: str | None, order: str | None, customer: str | None, fmt: Format) -> None:
    """Open a case about SUBJECT, a subject token, or about whom an order or an id in the CRM names."""
    if (subject is None) == (order is None and customer is None):
        raise BadInput("a case is about one customer", hint="a subject token, --order ID or --customer ID")
    with Services(current_settings(), create=False) as services:
        by = acting(services)
        if subject is not None:
            made = services.cases.open(by, subject, now())
            write([{"case": made.id, "subject": made.subject, "closes_at": made.closes_at.isoformat()}], fmt)
            return
        found = services.customers.open(by, _reference(order, customer))
    note("joined the case that was open" if found.joined else "opened a case")
    write([{**_row(found.standing), "number": found.masked}], fmt)


@case.command()
@CASE
@_referring
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the message.")
@format_option
def verify(case_id: str, order: str | None, customer: str | None, language: str, fmt: Format) -> None:
    """Check that the number of CASE is still its customer's: ask the carrier, or send a code."""
    with Services(current_settings(), create=False) as services:
        sent = services.customers.verify(acting(services), case_id, _reference(order, customer), language)
    if sent.expires_at is not None:
        note("a code is on its way; haoma case confirm takes what the customer reads back")
    expires_at = sent.expires_at and sent.expires_at.isoformat()
    write([{"case": case_id, "code_until": expires_at, **_shown(sent.shown)}], fmt)


@case.command()
@CASE
@format_option
def confirm(case_id: str, fmt: Format) -> None:
    """Take the code that the customer of CASE reads back, a line from stdin."""
    with Services(current_settings(), create=False) as services:
        shown = services.customers.confirm(acting(services), case_id, asked("code"))
    write([{"case": case_id, **_shown(shown)}], fmt)


@case.command()
@CASE
@format_option
def decline(case_id: str, fmt: Format) -> None:
    """Remember that the customer of CASE shows nothing, and show what they can be offered."""
    with Services(current_settings(), create=False) as services:
        ways = services.customers.decline(acting(services), case_id)
    write([{"case": case_id, "ways": ways_told(ways)}], fmt)


@case.command()
@CASE
@_referring
@click.option("--purpose", required=True, metavar="NAME", help="What for; one alone.")
@click.option("--recipient", required=True, metavar="NAME", help="Who is to know, as the notice names them.")
@click.option(
    "--call", "call_id", metavar="ID", help="The recorded call on which they answer; without it, on the page."
)
@format_option
def ask(case_id: str, order: str | None, customer: str | None, fmt: Format, **what: str | None) -> None:
    """Ask the customer of CASE for their consent, without seeing their number."""
    with Services(current_settings(), create=False) as services:
        purpose, recipient = str(what["purpose"]), str(what["recipient"])
        made = services.customers.ask(
            acting(services),
            case_id,
            _reference(order, customer),
            purpose=purpose,
            recipient=recipient,
            call_id=what["call_id"],
        )
    note(made.text)
    write([{"request": made.request_id, "subject": str(made.subject), "until": made.expires_at.isoformat()}], fmt)


@case.command()
@CASE
@_referring
@click.pass_context
def reason(ctx: click.Context, case_id: str, order: str | None, customer: str | None) -> None:
    """Say whether CASE was opened from this very order or id: exit 0 where it was, 1 where not."""
    with Services(current_settings(), create=False) as services:
        was = services.customers.was_for(acting(services), case_id, _reference(order, customer))
    note("the case was opened from this" if was else "the case was not opened from this")
    ctx.exit(0 if was else 1)


@case.command()
@format_option
def due(fmt: Format) -> None:
    """Show how many numbers have to be shown again to be their customers': now, within 30 days, later."""
    with Services(current_settings(), create=False) as services:
        found = services.customers.due(acting(services))
    write([{"over": found.over, "soon": found.soon, "later": found.later}], fmt)


@case.command("list")
@format_option
def list_cases(fmt: Format) -> None:
    """Show your open cases, when each number was last shown to be the customer's, and what they can be offered."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [_row(one) for one in services.customers.mine(acting(services))]
    write(rows, fmt)


@case.command("close")
@CASE
def close_case(case_id: str) -> None:
    """Close a case of yours."""
    with Services(current_settings(), create=False) as services:
        services.cases.close(acting(services), case_id, now())


for _command in (keep, places, audit):
    case.add_command(_command)


@case.command("crm-example")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--tenant", required=True, metavar="NAME", help="Whose customers they are to be.")
def crm_example(file: Path, tenant: str) -> None:
    """Make FILE, a CRM of made-up customers, and beside it the map (crm_map) that says where they are."""
    from haoma.locate.cases.example import make_example

    chart = make_example(file, tenant)
    note(f"export HAOMA_CRM_MAP={chart}")


def _reference(order: str | None, customer: str | None) -> Reference:
    from haoma.locate.cases import By, Reference

    if (order is None) == (customer is None):
        raise BadInput("a customer is found by an order or by their id, one of them", hint="--order ID")
    by, given = (By.ORDER, order) if order is not None else (By.CUSTOMER, customer)
    text = asked(f"id of the {by}") if given == "-" else str(given)
    return Reference(by, text)


def _row(standing: Standing) -> Row:
    one = standing.case
    updated_at = standing.updated_at and standing.updated_at.isoformat()
    return {
        "case": one.id,
        "subject": one.subject,
        "closes_at": one.closes_at.isoformat(),
        **_shown(standing.shown),
        "in_crm_since": updated_at,
        "ways": ways_told(standing.ways),
    }


def _shown(shown: Shown | None) -> Row:
    if shown is None:
        return {"shown_by": None, "shown_at": None, "due_at": None}
    return {"shown_by": str(shown.how), "shown_at": shown.shown_at.isoformat(), "due_at": shown.due_at.isoformat()}


def ways_told(ways: tuple[Way, ...]) -> list[dict[str, str]]:
    """What a customer can be offered, as a script and an agent read it."""
    return [{"way": str(way), "zh": way.zh, "en": way.en} for way in ways]
