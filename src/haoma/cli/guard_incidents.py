"""`haoma guard incidents`, `tickets`, `tell`, `channels` and `figures`: what is wrong, and having it put right.

Rules held here:
- Who acts is who is signed in (HAOMA_SESSION), but for `tell`, `channels` and `audit`, which whoever
  runs the store runs.
- A number that may be a person's own is masked in everything that is shown or written.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import acting, now
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write

if TYPE_CHECKING:
    from haoma.guard.judge.incidents import Incident
    from haoma.guard.judge.tickets import Ticket

__all__ = ["channels", "figures", "incidents", "tell", "tickets"]

INCIDENT = click.argument("incident_id", metavar="INCIDENT")
TICKET = click.argument("ticket_id", metavar="TICKET")
MONTH = timedelta(days=30)


@click.group()
def incidents() -> None:
    """What is published wrong of the company's hotlines."""


@incidents.command("list")
@click.option("--state", type=click.Choice(["open", "closed"]), help="Those that stand so alone.")
@format_option
def list_incidents(state: str | None, fmt: Format) -> None:
    """Show incidents, the worst first."""
    from haoma.app import Services
    from haoma.guard.judge.model import State

    with Services(current_settings(), create=False) as services:
        found = services.incidents.every(acting(services), State(state) if state else None)
    write([_row(one) for one in found], fmt)


@incidents.command()
@INCIDENT
@format_option
def show(incident_id: str, fmt: Format) -> None:
    """Show an incident: its evidence, what each voice says, what became of it."""
    from haoma.app import Services
    from haoma.guard.judge.evidence import said_of

    with Services(current_settings(), create=False) as services:
        pack = services.incidents.one(acting(services), incident_id)
    write([said_of(pack)], fmt)


@incidents.command()
@INCIDENT
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--html", is_flag=True, help="One page for a complaint form, and no ZIP.")
@click.option("--draw-again", is_flag=True, help="Try pages again that could not be drawn before.")
@click.option("--overwrite", is_flag=True, help="Replace FILE where it is there already.")
def export(incident_id: str, file: Path, html: bool, draw_again: bool, overwrite: bool) -> None:
    """Write the evidence of INCIDENT into FILE: a ZIP with pages, digests and proofs that anybody can verify."""
    from haoma.app import Services
    from haoma.cli.ledger_files import write_whole

    with Services(current_settings(), create=False) as services:
        made = services.incidents.export(acting(services), incident_id, html=html, draw_again=draw_again)
    write_whole(file, made, overwrite=overwrite, private=True)


@incidents.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold looks, votes, incidents and drawn pictures to the log, and the log to them; exit 5 where one differs."""
    from haoma.app import Services
    from haoma.guard.judge.audit import audit_incidents

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = audit_incidents(tx, services.commitments, services.now())
    write([asdict(found)], fmt)


@incidents.command()
@INCIDENT
@click.option("--reason", required=True, metavar="WORD", help="Why, in one word.")
@format_option
def close(incident_id: str, reason: str, fmt: Format) -> None:
    """Close INCIDENT although looks still find it; it is quiet then for 90 days."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.incidents.close(acting(services), incident_id, reason)
    write([_row(found)], fmt)


@click.group()
def tickets() -> None:
    """What platforms were asked to correct."""


@tickets.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are done with, too.")
@format_option
def list_tickets(every: bool, fmt: Format) -> None:
    """Show tickets, the one that is due first first."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.incidents.tickets(acting(services), open_only=not every)
    write([_ticket(one) for one in found], fmt)


@tickets.command()
@INCIDENT
@click.option("--platform", "platform_id", metavar="ID", help="Which; by default the one for such a source.")
@format_option
def file(incident_id: str, platform_id: str | None, fmt: Format) -> None:
    """Make the ticket of INCIDENT on a platform, and show the letter that asks for the correction."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        made, letter = services.incidents.file(acting(services), incident_id, platform_id)
        platform = services.incidents.platforms[made.platform]
    where = {"channel": platform.channel, "site": platform.site, "zh": platform.zh}
    write([{**_ticket(made), **where, "letter": letter}], fmt)


@tickets.command()
@TICKET
@click.option("--reference", default="", metavar="TEXT", help="What the platform calls it.")
@format_option
def sent(ticket_id: str, reference: str, fmt: Format) -> None:
    """Note that the letter of TICKET is on its way."""
    from haoma.app import Services

    with Services(current_settings(), create=False) as services:
        found = services.incidents.sent(acting(services), ticket_id, reference)
    write([_ticket(found)], fmt)


@click.command()
@click.option("--again", is_flag=True, help="Tell anew what was given up after three days.")
@format_option
@click.pass_context
def tell(ctx: click.Context, again: bool, fmt: Format) -> None:
    """Tell the channels what is new, and remind of tickets that are due, as a running service does each second."""
    from haoma.app import Services
    from haoma.guard.judge.outbox import again as tell_again

    with Services(current_settings(), create=False) as services:
        if again:
            count = services.store.write(lambda tx: tell_again(tx, services.now()))
            note(f"{count:,} pieces of news are told anew")
        done = services.tell_news()
    write([{"heard": done.done, "again": done.again, "given_up": done.failed}], fmt)
    ctx.exit(1 if done.failed else 0)


@click.command()
@click.option("--try", "tried", metavar="NAME", help="Tell this channel that it is heard, at once.")
@format_option
def channels(tried: str | None, fmt: Format) -> None:
    """Show who hears news, from which severity on, and the key that a webhook's program verifies with."""
    import uuid

    from haoma.app import Services
    from haoma.consent.webhook import public_key
    from haoma.errors import NotFound

    with Services(current_settings(), create=False) as services:
        there, desk = services.guard_channels, services.guard_desk
        if tried is not None and tried not in there:
            raise NotFound("there is no such channel", hint=f"channels: {', '.join(there) or 'none is set'}")
        if tried is not None:
            there[tried].send(str(uuid.uuid4()), {"event": "channel.tried", "source": tried}, now())
            note(f"{tried} has heard it")
        key = public_key(services.custody) if there else None
    rows = [{"channel": name, "severity": str(desk.channels[name]), "webhook_key": key} for name in there]
    write(rows, fmt)


@click.command()
@click.option("--since", metavar="TIME", help="From then on; 30 days ago without it.")
@click.option("--until", metavar="TIME", help="Before then; now without it.")
@format_option
def figures(since: str | None, until: str | None, fmt: Format) -> None:
    """Show how long it took to see what was wrong (MTTD), and until it was right (MTTR), in seconds."""
    from haoma.app import Services

    end = moment(until) if until else now()
    begin = moment(since) if since else end - MONTH
    with Services(current_settings(), create=False) as services:
        found = services.incidents.figures(acting(services), begin, end)
    write(
        [
            {
                "since": begin.isoformat(),
                "until": end.isoformat(),
                "opened": found.opened,
                "closed": found.closed,
                "open": found.open,
                "mttd_s": found.mttd_s,
                "median_detect_s": found.median_detect_s,
                "mttr_s": found.mttr_s,
                "median_repair_s": found.median_repair_s,
            }
        ],
        fmt,
    )


def _row(one: Incident) -> Row:
    return {
        "incident": one.id,
        "severity": str(one.severity),
        "verdict": str(one.verdict),
        "state": str(one.state),
        "number": one.shown,
        "organisation": one.organisation,
        "hotline": one.hotline,
        "source": one.source,
        "first_seen_at": one.first_seen_at.isoformat(),
        "last_seen_at": one.last_seen_at.isoformat(),
        "opened_at": one.opened_at.isoformat(),
        "closed_at": one.closed_at and one.closed_at.isoformat(),
    }


def _ticket(one: Ticket) -> Row:
    return {
        "ticket": one.id,
        "incident": one.incident,
        "platform": one.platform,
        "state": one.state,
        "reference": one.reference,
        "due_at": one.due_at.isoformat(),
        "reminders": one.reminders,
        "closed_at": one.closed_at and one.closed_at.isoformat(),
    }
