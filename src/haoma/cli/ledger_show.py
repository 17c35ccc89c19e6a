"""`haoma ledger show`: how far the log is, one entry of it, and the evidence of others to keep elsewhere.

Rules held here:
- Nothing is made, signed or asked: what is shown is what lies in the database.
- Times are in the time of Beijing in a table, and in UTC everywhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.ledger_files import OVERWRITE, known, write_whole
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.evidence import Attested, attested
from haoma.ledger.publish import Standing
from haoma.ledger.signatures import split_note

__all__ = ["ENTRY", "INDEX", "show", "standing_row"]

MOST = 2**63 - 1
BEIJING = timezone(timedelta(hours=8))
ENDINGS = {"witness": "cosignature", "stamp": "tsr", "anchor": "json"}
INDEX = click.argument("index", type=click.IntRange(0, MOST), required=False)
ENTRY = click.option(
    "--entry", "entry_id", type=click.IntRange(1, MOST), metavar="ID", help="The entry of this entry id."
)


@click.command()
@INDEX
@ENTRY
@click.option("--types", is_flag=True, help="Show the types of entries as a JSON Schema.")
@click.option(
    "--evidence",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write what each witness, authority and chain said last into files, with its checkpoint.",
)
@OVERWRITE
@format_option
def show(
    *, index: int | None, entry_id: int | None, types: bool, evidence: Path | None, overwrite: bool, fmt: Format
) -> None:
    """Show the log: how far it is and who vouches for it; or the entry at INDEX."""
    if [index is not None, entry_id is not None, types, evidence is not None].count(True) > 1:
        raise click.UsageError("give one of INDEX, --entry, --types and --evidence")
    with Services(current_settings(), create=types) as services:
        if types:
            _show_types(services)
            return
        services.keys.require_named()
        if evidence is not None:
            _evidence(services, evidence, overwrite=overwrite, fmt=fmt)
        elif index is None and entry_id is None:
            write(_state(services, fmt), fmt)
        else:
            at = index if index is not None else services.view.require_index(entry_id or 0)
            write([_entry(services, at)], fmt)


def standing_row(one: Standing, fmt: Format) -> Row:
    """How far one attester is, as a row."""
    return _row(one.kind, one.name, one.size, one.behind, _time(one.done_at, fmt), one.trouble)


def _show_types(services: Services) -> None:
    from haoma.ledger.entry import json_schema

    click.echo(json.dumps(json_schema(services.entry_types), indent=2))


def _entry(services: Services, index: int) -> Row:
    from haoma.ledger.entry import decode

    entry = decode(services.view.entry(index))
    return {"index": index, "type": entry.type, "at": entry.at.isoformat(), "body": entry.body}


def _state(services: Services, fmt: Format) -> Iterator[Row]:
    head, signed = services.view.head(), services.publisher.newest()
    origin = services.settings.ledger_origin
    yield _row(
        "log", origin, head.size, services.ledger.queued(), _time(head.integrated_at, fmt) if head.size else None
    )
    size, at = (0, None) if signed is None else (signed.size, _time(signed.signed_at, fmt))
    yield _row("checkpoint", origin, size, head.size - size, at)
    yield from (standing_row(one, fmt) for one in services.publisher.standing())


def _row(what: str, name: str, size: int, behind: int, at: str | None, trouble: str | None = None) -> Row:
    return {"what": what, "name": name, "size": size, "behind": behind, "at": at, "trouble": trouble}


def _time(at: datetime | None, fmt: Format) -> str | None:
    if at is None:
        return None
    return at.astimezone(BEIJING).isoformat(" ", "seconds") if fmt is Format.TABLE else at.isoformat()


def _evidence(services: Services, directory: Path, *, overwrite: bool, fmt: Format) -> None:
    found = attested(services.store, known(services))
    sound = [one for one in found if one.trouble is None]
    if sound or not found:
        write(_write_evidence(sound, directory, overwrite=overwrite), fmt)
    for one in found:
        if one.trouble is not None:
            note(f"left out: the {one.kind} {one.name}: {one.trouble}")
        elif not one.verified:
            note(f"not verified here, where no setting says with what: the {one.kind} {one.name}")
    if len(sound) < len(found):
        message = f"{len(found) - len(sound)} of {len(found)} in the database do not hold, and are left out"
        raise Tampered(message, hint="keep this database as it is; ask those anew whose word is damaged")


def _write_evidence(found: list[Attested], directory: Path, *, overwrite: bool) -> Iterator[Row]:
    if not found:
        raise NotFound(
            "nobody outside has vouched for a checkpoint yet",
            hint="`haoma ledger witness`, `stamp` and `anchor` ask them",
        )
    _make(directory)
    for size in sorted({one.size for one in found}):
        told = [one for one in found if one.size == size]
        checkpoint = directory / f"{size}.checkpoint"
        # A stamp is over the text alone: cosignatures that come later change nothing of it.
        write_whole(checkpoint, told[-1].note, overwrite=overwrite)
        write_whole(checkpoint.with_suffix(".text"), split_note(told[-1].note)[0], overwrite=overwrite)
        for one in told:
            file = directory / f"{size}.{one.kind}.{_file_name(one.name)}.{ENDINGS[one.kind]}"
            write_whole(file, one.evidence, overwrite=overwrite)
            yield {
                "what": one.kind,
                "name": one.name,
                "size": size,
                "at": one.done_at.isoformat(),
                "checkpoint": str(checkpoint),
                "file": str(file),
            }
    note("a time stamp is over the .text: openssl ts -verify -data SIZE.text -in FILE.tsr -CAfile ROOTS")


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{directory}: {error.strerror}", hint="name a directory that can be written") from None


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._")[:100]
