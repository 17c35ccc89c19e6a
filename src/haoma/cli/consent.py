"""`haoma consent`: ask a customer, take their answer, show what stands, and take it back.

Rules held here:
- What staff do is decided and recorded as theirs (HAOMA_SESSION); `--holder-asks` and a receipt act for the holder.
- A code comes from stdin, never from the command line. No output holds a number.
"""

from __future__ import annotations

from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.acting import acting, asked
from haoma.cli.case import ways_told
from haoma.cli.consent_emergency import emergency
from haoma.cli.consent_notice import TENANT, notice
from haoma.cli.consent_receipt import receipt
from haoma.cli.ledger_files import FILE, OUTPUT, OVERWRITE, read, write_whole
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

__all__ = ["consent"]


@click.group()
def consent() -> None:
    """Ask customers for consent, prove it, use it, and take it back."""


consent.add_command(notice)
consent.add_command(receipt)
consent.add_command(emergency)


@consent.command()
@click.argument("number")
@TENANT
@click.option("--purpose", "purposes", multiple=True, required=True, metavar="NAME", help="What for; one alone.")
@click.option("--recipient", required=True, metavar="NAME", help="Who is to know, as the notice names them.")
@click.option(
    "--channel",
    type=click.Choice(["web", "sms", "ivr", "agent"]),
    default="web",
    show_default=True,
    help="How the customer answers.",
)
@click.option("--call", "call_id", metavar="ID", help="The recorded call, with ivr and agent.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="In which language.")
@click.option(
    "--holder",
    type=click.Choice(["adult", "from-14", "under-14"]),
    default="adult",
    show_default=True,
    help="How old the holder says they are.",
)
@click.option("--guardian", metavar="NUMBER", help="A parent's or guardian's number, with under-14.")
@click.option("--holder-asks", is_flag=True, help="The holder begins by themselves, on the page.")
@format_option
def request(
    number: str, tenant: str, purposes: tuple[str, ...], holder_asks: bool, fmt: Format, **chosen: str | None
) -> None:
    """Ask the holder of NUMBER, and send the code."""
    from haoma.consent.purposes import Holder
    from haoma.consent.requests import Channel, Question
    from haoma.numbers import parse

    guardian = chosen["guardian"]
    question = Question(
        tenant,
        parse(number),
        purposes,
        str(chosen["recipient"]),
        Channel(str(chosen["channel"])),
        str(chosen["language"]),
        Holder(str(chosen["holder"])),
        parse(guardian) if guardian else None,
        chosen["call_id"],
    )
    with Services(current_settings(), create=False) as services:
        made = services.consent.requests.ask(None if holder_asks else acting(services), question)
    note(made.text)
    write([{"request": made.request_id, "subject": str(made.subject), "until": made.expires_at.isoformat()}], fmt)


@consent.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--holder-asks", is_flag=True, help="The holder answers by themselves, on the page.")
@click.option("--output", "-o", type=OUTPUT, default=Path("-"), metavar="FILE", help="Where the receipt goes.")
@OVERWRITE
def grant(request_id: str, holder_asks: bool, output: Path, overwrite: bool) -> None:
    """Say yes to REQUEST with the code, a line from stdin, and write the receipt."""
    with Services(current_settings(), create=False) as services:
        given = services.consent.answers.yes(request_id, asked("code"), None if holder_asks else acting(services))
    note(f"consent {given.grant_id} for {given.purpose} until {given.until:%Y-%m-%d %H:%M} UTC")
    write_whole(output, f"{given.receipt}\n".encode(), overwrite=overwrite, private=True)


@consent.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--holder-asks", is_flag=True, help="The holder answers by themselves, on the page.")
@format_option
def refuse(request_id: str, holder_asks: bool, fmt: Format) -> None:
    """Say no to REQUEST, and show what may be offered instead."""
    with Services(current_settings(), create=False) as services:
        said = services.consent.answers.no(request_id, None if holder_asks else acting(services))
    row: Row = {"purpose": said.purpose, "not_before": said.until.isoformat(), "ways": ways_told(said.ways)}
    write([{**row, "offer_zh": said.offer_zh, "offer_en": said.offer_en}], fmt)


@consent.command()
@click.argument("number")
@TENANT
@format_option
@click.pass_context
def reply(ctx: click.Context, number: str, tenant: str, fmt: Format) -> None:
    """Do what a short message from NUMBER says, a line from stdin: a yes with its code, no, or withdraw."""
    from haoma.consent.replies import heard
    from haoma.numbers import parse

    with Services(current_settings(), create=False) as services:
        done = services.consent.replies.read(tenant, parse(number), asked("message", hidden=False))
    if done is None:
        note("not understood: nothing was changed")
        ctx.exit(1)
    said, consents = heard(done)
    write([{"said": said, "consents": list(consents)}], fmt)


@consent.command()
@click.argument("consent_id", metavar="CONSENT", required=False)
@click.option("--receipt", "receipt_file", type=FILE, metavar="FILE", help="As the holder: the receipt, - for stdin.")
@click.option("--output", "-o", type=OUTPUT, default=Path("-"), metavar="FILE", help="Where the proofs of deletion go.")
@OVERWRITE
def withdraw(consent_id: str | None, receipt_file: Path | None, output: Path, overwrite: bool) -> None:
    """Take a consent back, at once, and write the proof of what was destroyed, a line each."""
    if (consent_id is None) == (receipt_file is None):
        raise BadInput("a withdrawal names a consent or a receipt", hint="haoma consent withdraw --receipt FILE")
    with Services(current_settings(), create=False) as services:
        withdrawals = services.consent.withdrawals
        if receipt_file is not None:
            done = withdrawals.by_receipt(read(receipt_file).decode("ascii", "replace"))
        else:
            done = withdrawals.by_agent(acting(services), str(consent_id))
    left = len(done.grant_ids) - len(done.proofs)
    note("withdrawn" + (f"; {left} to be destroyed by the next run (haoma consent run)" if left else ", and destroyed"))
    proofs = "".join(f"{proof}\n" for proof in done.proofs)
    write_whole(output, proofs.encode(), overwrite=overwrite, private=True)


@consent.command()
@click.argument("number")
@TENANT
@click.option("--token-only", is_flag=True, help="Show the subject token alone, to open a case about.")
@format_option
def show(number: str, tenant: str, token_only: bool, fmt: Format) -> None:
    """Show what the holder of NUMBER has consented to and refused."""
    from haoma.consent.shown import show as shown
    from haoma.consent.shown import token_of
    from haoma.numbers import parse

    with Services(current_settings(), create=False) as services:
        by, office = acting(services), services.consent.office
        subject = token_of(office, by, tenant, parse(number))
        if token_only:
            click.echo(str(subject))
            return
        found = shown(office, by, subject)
    rows: list[Row] = [
        {"consent": one.grant_id, "purpose": one.purpose, "recipient": one.recipient, "state": one.state,
         "basis": one.basis, "granularity": one.granularity, "until": one.until.isoformat()}
        for one in found.grants
    ]  # fmt: skip
    rows += [
        {"consent": "", "purpose": one.purpose, "recipient": one.recipient, "state": "refused",
         "basis": "", "granularity": "", "until": one.until.isoformat()}
        for one in found.refusals
    ]  # fmt: skip
    write(rows, fmt)


@consent.command()
@format_option
def audit(fmt: Format) -> None:
    """Hold consents, refusals, messages, notices, erasures to what was signed and logged; exit 5 where one differs."""
    from haoma.consent.audit import audit_consents

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        found = audit_consents(tx, services.consent.office)
    told = {"consents": found.consents, "refusals": found.refusals, "messages": found.messages}
    write([{**told, "notices": found.notices, "erasures": found.erasures}], fmt)
    if found.untold:
        note(f"of {found.untold:,} the key of the commitment is destroyed: receipt and entry alone were held")
    if found.ended_since:
        note(f"{found.ended_since:,} were put back from a backup and have ended since: none of them allows anything")


@consent.command()
@format_option
def run(fmt: Format) -> None:
    """Do what is due: end what is over, destroy what has ended, tell recipients, sound alarms."""
    with Services(current_settings(), create=False) as services:
        ran = services.consent.run()
    told = {"done": ran.told.done, "again": ran.told.again, "failed": ran.told.failed}
    write([{"ended": ran.ended, "erased": ran.erased, "told": told, "unheard": ran.unheard}], fmt)
