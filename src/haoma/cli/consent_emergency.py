"""`haoma consent emergency`: disclose without consent to save somebody, and look at those disclosures.

Rules held here:
- Whoever discloses or reviews is signed in, and it is theirs: the policy decides, and an agent needs an open case.
- Nothing is located here: `haoma locate place --purpose emergency` does that, under the permission that is made here.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.acting import acting
from haoma.cli.asking import subject_of
from haoma.cli.consent_notice import TENANT
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write

__all__ = ["emergency"]


@click.group()
def emergency() -> None:
    """Disclose without consent where life is at risk, and review that."""


@emergency.command()
@click.argument("number")
@TENANT
@click.option("--recipient", required=True, metavar="WORD", help="Whom it is told to, such as police-pudong.")
@click.option("--reason", required=True, metavar="WORD", help="One of a few: docs/guide/consent.md.")
@click.option("--reference", required=True, metavar="NAME", help="The case of the police or the rescuers.")
@format_option
def disclose(number: str, tenant: str, recipient: str, reason: str, reference: str, fmt: Format) -> None:
    """Permit half an hour of questions about the holder of NUMBER, and sound an alarm."""
    from haoma.consent.purposes import Source

    with Services(current_settings(), create=False) as services:
        by, subject = acting(services), subject_of(services, tenant, number)
        made = services.consent.emergencies.disclose(
            by, subject, recipient=recipient, reason=reason, reference=reference, source=Source.CARRIER
        )
    write([{"disclosure": made.grant_id, "recipient": recipient, "reason": reason}], fmt)
    note(f"for half an hour: haoma locate place --purpose emergency --recipient {recipient}; two others review it")


@emergency.command("list")
@TENANT
@format_option
def list_due(tenant: str, fmt: Format) -> None:
    """Show the disclosures that wait for their review, the most urgent first."""
    with Services(current_settings(), create=False) as services:
        found = services.consent.emergencies.waiting(acting(services), tenant)
    rows: list[Row] = [
        {"disclosure": one.grant_id, "reason": one.reason, "reference": one.reference,
         "disclosed_at": one.disclosed_at.isoformat(), "review_by": one.review_by.isoformat()}
        for one in found
    ]  # fmt: skip
    write(rows, fmt)


@emergency.command()
@click.argument("disclosure", metavar="DISCLOSURE")
@click.option("--justified/--unjustified", "justified", required=True, help="What you find.")
@format_option
def review(disclosure: str, justified: bool, fmt: Format) -> None:
    """Say whether DISCLOSURE was justified: due (one more is needed), justified, or unjustified, which ends it."""
    with Services(current_settings(), create=False) as services:
        state = services.consent.emergencies.review(acting(services), disclosure, justified=justified)
    write([{"disclosure": disclosure, "state": state}], fmt)
