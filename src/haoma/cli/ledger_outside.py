"""`haoma ledger witness|stamp|anchor|serve`: the log and those outside who make it worth something.

Rules held here:
- Each of the three is asked at once, whatever it failed at before; its exit code is 4 where it still lags.
- What is not set is said to be not set: nothing passes for witnessed, stamped or anchored that is not.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput, Unavailable
from haoma.ledger.publish import Standing

__all__ = ["COMMANDS", "standing_row"]

_NEEDED = {
    "witness": "the setting ledger_policy names a file with witnesses and their URLs",
    "stamp": "the settings ledger_tsa and ledger_tsa_roots name a time-stamp authority",
    "anchor": "the settings ledger_chain and ledger_contract name a chain and a contract",
}


def standing_row(one: Standing) -> Row:
    """How far one of them is, as a row."""
    at = None if one.done_at is None else one.done_at.isoformat()
    return {
        "what": one.kind,
        "name": one.name,
        "size": one.size,
        "behind": one.behind,
        "at": at,
        "trouble": one.trouble,
    }


def _outside(kind: str, help_: str) -> click.Command:
    @click.command(kind, help=help_)
    @format_option
    def command(fmt: Format) -> None:
        with Services(current_settings()) as services:
            if not any(one.kind == kind for one in services.publisher.attesters):
                raise BadInput(f"no {kind} is set", hint=_NEEDED[kind])
            services.publisher.checkpoint()
            standing = services.publisher.attest(kind, at_once=True)
        write([standing_row(one) for one in standing], fmt)
        behind = [one for one in standing if one.behind or one.done_at is None]
        if behind:
            raise Unavailable(
                f"{len(behind)} of {len(standing)} lag behind", hint="they are asked again by `haoma ledger serve`"
            )

    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8620, show_default=True, help="The port; 0 takes a free one."
)
def serve(host: str, port: int) -> None:
    """Serve the log to C2SP clients, witness other logs, integrate, and sign a checkpoint every hour.

    Until Ctrl-C. Checkpoints and hashes are public; the entries ask for the key in keys/entries.key below store_dir,
    unless the setting ledger_open_entries opens them.
    """
    import os

    import uvicorn

    settings = current_settings()
    # The application is made behind the command line, out of the same settings.
    os.environ.update(settings.environment())
    note(f"the log {settings.ledger_origin} on http://{host}:{port}")
    uvicorn.run(
        "haoma.web.serving:application", factory=True, host=host, port=port, log_level="warning", access_log=False
    )


COMMANDS: tuple[click.Command, ...] = (
    _outside("witness", "Have the witnesses of the policy cosign the newest checkpoint."),
    _outside("stamp", "Have the time-stamp authority stamp the newest checkpoint (RFC 3161)."),
    _outside("anchor", "Have the contract on the chain take the newest checkpoint."),
    serve,
)
