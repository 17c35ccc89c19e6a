"""`haoma consent receipt`: the receipt again, the keys it verifies with, and verifying without a database.

Rules held here:
- Verifying opens no store: a file, the keys, and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.acting import acting
from haoma.cli.ledger_files import FILE, OUTPUT, OVERWRITE, read, write_whole
from haoma.cli.options import current_settings
from haoma.cli.output import Format, note, write
from haoma.errors import BadInput

__all__ = ["receipt"]


@click.group()
def receipt() -> None:
    """Receipts and proofs of deletion: see them, and verify them offline."""


@receipt.command("show")
@click.argument("consent_id", metavar="CONSENT")
@click.option("--output", "-o", type=OUTPUT, default=Path("-"), metavar="FILE", help="Where it goes.")
@OVERWRITE
def show_receipt(consent_id: str, output: Path, overwrite: bool) -> None:
    """Write the receipt of a consent again."""
    from haoma.consent.shown import receipt_of

    with Services(current_settings(), create=False) as services:
        text = receipt_of(services.consent.office, acting(services), consent_id)
    write_whole(output, f"{text}\n".encode(), overwrite=overwrite, private=True)


@receipt.command()
@click.option("--output", "-o", type=OUTPUT, default=Path("-"), metavar="FILE", help="Where they go.")
@OVERWRITE
def keys(output: Path, overwrite: bool) -> None:
    """Write the public keys that receipts and proofs verify with, as a JWKS."""
    from haoma.consent.jws import jwks_of

    with Services(current_settings()) as services:
        found = jwks_of(services.custody)
    write_whole(output, f"{json.dumps(found, indent=2)}\n".encode(), overwrite=overwrite)


@receipt.command()
@click.argument("file", type=FILE)
@click.option("--keys", "keys_file", type=FILE, required=True, metavar="FILE", help="The JWKS of the instance.")
def verify(file: Path, keys_file: Path) -> None:
    """Verify FILE, a receipt or a proof of deletion, with nothing but public keys; exit 5 where it does not hold."""
    from haoma.consent.erasing import verify_deletion
    from haoma.consent.receipt import verify_receipt

    try:
        known = json.loads(read(keys_file))
    except (ValueError, RecursionError):
        raise BadInput(f"{keys_file} is no JWKS", hint="haoma consent receipt keys writes one") from None
    text = read(file).decode("ascii", "replace")
    try:
        said = verify_receipt(text, known)
    except BadInput:
        said = verify_deletion(text, known)
    note(f"{file}: signed by a key of {keys_file}")
    write([said], Format.JSON)
