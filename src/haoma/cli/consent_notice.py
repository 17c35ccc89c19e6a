"""`haoma consent notice`: what customers are shown, and that it was assessed.

Rules held here:
- A notice is made out of its items; there is no option for text of one's own.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.acting import acting
from haoma.cli.ledger_files import FILE, read
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write

__all__ = ["TENANT", "notice"]

TENANT = click.option("--tenant", required=True, metavar="NAME", help="Whose customer it is.")


@click.group()
def notice() -> None:
    """Notices, their recipients, and impact assessments."""


@notice.command()
@TENANT
@click.option("--purpose", required=True, metavar="NAME", help="What for: a name, or a term of DPV.")
@click.option("--recipient", required=True, metavar="NAME", help="Who is to know: a short word.")
@click.option("--name", required=True, help="The recipient's name, as customers know it.")
@click.option("--contact", required=True, help="Where customers reach the recipient.")
@click.option("--source", "sources", multiple=True, required=True, metavar="NAME", help="Where evidence is asked for.")
@click.option("--granularity", required=True, metavar="NAME", help="How much is shown: yes-no, city, point, ….")
@click.option("--days", type=click.IntRange(1), required=True, help="How long a yes lasts.")
@click.option("--webhook", default="", metavar="URL", help="Where the recipient is told that a consent has ended.")
@click.option("--country", default="CN", show_default=True, help="Where the recipient is.")
@format_option
def publish(tenant: str, sources: tuple[str, ...], days: int, fmt: Format, **told: str) -> None:
    """Publish a notice, and name its recipient."""
    from haoma.consent.notice import make_notice

    who = (told["purpose"], told["recipient"], told["name"], told["contact"])
    made = make_notice(*who, sources, told["granularity"], days)
    with Services(current_settings(), create=False) as services:
        published = services.consent.notices.publish(
            acting(services), tenant, made, webhook=told["webhook"], country=told["country"]
        )
    note(made.text("zh"))
    write([{"purpose": made.purpose, "version": published.version, "digest": published.digest}], fmt)


@notice.command()
@click.argument("file", type=FILE)
@TENANT
@click.option("--purpose", required=True, metavar="NAME", help="What was assessed.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Until when it is in force.")
def assess(file: Path, tenant: str, purpose: str, until: datetime) -> None:
    """Store that a purpose was assessed in FILE: its digest, and until when."""
    digest = hashlib.sha256(read(file)).hexdigest()
    with Services(current_settings(), create=False) as services:
        entry_id = services.consent.notices.assess(acting(services), tenant, purpose, digest, until.replace(tzinfo=UTC))
    note(f"entry {entry_id} says that {digest[:16]}… assesses {purpose}")


@notice.command("list")
@TENANT
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the text.")
@format_option
def list_notices(tenant: str, language: str, fmt: Format) -> None:
    """Show every version of every notice."""
    with Services(current_settings(), create=False) as services:
        published = services.consent.notices.all(tenant)
    write(
        (
            {"purpose": one.notice.purpose, "recipient": one.notice.recipient, "version": one.version,
             "digest": one.digest, "text": one.notice.text(language)}
            for one in published
        ),
        fmt,
    )  # fmt: skip
