"""`haoma ledger`: append to the tamper-evident log, read it, prove it, and check it.

Rules held here:
- `verify` opens no database: a proof file and public keys are all it takes.
- What a proof or an audit finds wrong is exit code 5, and the first entry that differs is named.
- Nothing here shows a private key.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli import ledger_outside
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write
from haoma.errors import BadInput, NotFound
from haoma.ledger.audit import audit as audit_log
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.entry import Entry, Json, decode
from haoma.ledger.events import FILE_RECORDED
from haoma.ledger.note import open_note
from haoma.ledger.offline import proof_file, verify_file

__all__ = ["ledger"]

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
KEYS = click.option("--key", "keys", multiple=True, metavar="VKEY", help="A public key to trust; repeatable.")
POLICY = click.option("--policy", type=FILE, help="A tlog-policy file: logs, witnesses, and how many must have signed.")


@click.group()
def ledger() -> None:
    """Append to the tamper-evident log, prove what is in it, and have it checked by others."""


@ledger.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--type", "entry_type", metavar="TYPE", help="Append an entry of this type; its body comes with --body.")
@click.option("--body", metavar="JSON", help="The body of the entry.")
@format_option
def append(files: tuple[Path, ...], entry_type: str | None, body: str | None, fmt: Format) -> None:
    """Append the digest of each FILE, or one entry of a type of your choice, and integrate it."""
    if bool(files) == bool(entry_type) or bool(entry_type) != (body is not None):
        raise click.UsageError("give FILES, or --type with --body")
    now = datetime.now(UTC)
    entries = [_file_entry(path, now) for path in files] or [Entry(str(entry_type), now, _object(body or ""))]
    with Services(current_settings()) as services:
        log = services.ledger
        ids = services.store.write(lambda tx: log.append_all(tx, entries))
        log.integrate(wait_s=5)
        rows = [
            {"entry": entry_id, "index": services.view.index_of(entry_id), "type": entry.type}
            for entry_id, entry in zip(ids, entries, strict=True)
        ]
    write(rows, fmt)


def _file_entry(path: Path, at: datetime) -> Entry:
    digest, size = hashlib.sha256(), 0
    with click.open_file(str(path), "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            size += len(part)
    return Entry(FILE_RECORDED.name, at, {"sha256": digest.hexdigest(), "bytes": size})


def _object(text: str) -> Mapping[str, Json]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput("the body is no JSON object", hint="for example --body '{\"bytes\": 12}'")
    return found


@ledger.command()
@click.argument("index", type=click.IntRange(min=0), required=False)
@click.option("--entry", "entry_id", type=click.IntRange(min=1), metavar="ID", help="The entry of this entry id.")
@click.option("--types", is_flag=True, help="Show the types of entries as a JSON Schema.")
@format_option
def show(index: int | None, entry_id: int | None, types: bool, fmt: Format) -> None:
    """Show the log: how far it is and who vouches for it; or the entry at INDEX."""
    with Services(current_settings()) as services:
        if types:
            from haoma.ledger.entry import json_schema

            click.echo(json.dumps(json_schema(services.ledger.types.values()), indent=2))
            return
        if index is None and entry_id is None:
            write(_state(services), fmt)
            return
        at = index if index is not None else services.view.require_index(entry_id or 0)
        entry = decode(services.view.entry(at))
        write([{"index": at, "type": entry.type, "at": entry.at.isoformat(), "body": entry.body}], fmt)


def _state(services: Services) -> Iterator[Row]:
    head, signed = services.view.head(), services.publisher.newest()
    yield {
        "what": "log",
        "name": services.settings.ledger_origin,
        "size": head.size,
        "behind": services.ledger.queued(),
        "at": head.integrated_at.isoformat() if head.size else None,
        "trouble": None,
    }
    size = 0 if signed is None else signed.size
    at = None if signed is None else signed.signed_at.isoformat()
    yield {
        "what": "checkpoint",
        "name": services.log_key.verifier.name,
        "size": size,
        "behind": head.size - size,
        "at": at,
        "trouble": None,
    }
    yield from (ledger_outside.standing_row(one) for one in services.publisher.standing())


@ledger.command()
@click.argument("index", type=click.IntRange(min=0), required=False)
@click.option("--entry", "entry_id", type=click.IntRange(min=1), metavar="ID", help="The entry of this entry id.")
@click.option("-o", "--output", type=OUTPUT, default="-", show_default=True, help="The .tlog-proof file to write.")
def prove(index: int | None, entry_id: int | None, output: Path) -> None:
    """Write a proof that the entry at INDEX is in the log: one file that anybody can check without this database."""
    if (index is None) == (entry_id is None):
        raise click.UsageError("give an INDEX or --entry ID")
    with Services(current_settings()) as services:
        services.publisher.checkpoint()
        at = index if index is not None else services.view.require_index(entry_id or 0)
        made = proof_file(services.view, services.publisher, at)
    _write(output, made)


@ledger.command()
@click.argument("proof", type=FILE)
@KEYS
@POLICY
@format_option
def verify(proof: Path, keys: tuple[str, ...], policy: Path | None, fmt: Format) -> None:
    """Check a PROOF file against public keys, offline; shows the entry that it proves."""
    if bool(keys) == (policy is not None):
        raise click.UsageError("give --key VKEY, as `haoma ledger keys` shows it, or --policy FILE")
    found = verify_file(_read(proof), list(keys), None if policy is None else _read(policy))
    entry = decode(found.entry)
    row = {"ok": True, "index": found.index, "type": entry.type, "at": entry.at.isoformat(), "body": entry.body}
    write([row | {"log": found.origin, "size": found.size, "signed_by": list(found.signers)}], fmt)


@ledger.command()
@click.option("--checkpoint", "kept", type=FILE, multiple=True, help="A checkpoint kept elsewhere; repeatable.")
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="Who signed it; by default the log's own key.")
@format_option
def audit(kept: tuple[Path, ...], keys: tuple[str, ...], fmt: Format) -> None:
    """Recompute the whole log, and hold it against checkpoints that were kept elsewhere."""
    with Services(current_settings()) as services:
        trusted = list(keys) or [services.log_key.verifier.text]
        checkpoints = [_checkpoint(path, trusted) for path in kept]
        total = services.view.head().size
        with services.store.read() as tx, progress("entries", total) as advance:
            seen = 0
            for state in audit_log(tx, checkpoints):
                advance(state.entries - seen)
                seen = state.entries
    if not kept:
        note("without --checkpoint this shows that the log fits itself, not that it is the one that others saw")
    write([{"ok": True, "entries": seen, "checkpoints": state.checkpoints, "root": state.root.hex()}], fmt)


def _checkpoint(path: Path, keys: list[str]) -> Checkpoint:
    return parse_checkpoint(open_note(_read(path), keys).text)


@ledger.command()
@click.option("-o", "--output", type=OUTPUT, default="-", show_default=True, help="The file to write it to.")
def checkpoint(output: Path) -> None:
    """Sign a checkpoint over everything appended so far, and print it: keep it where nobody here can change it."""
    with Services(current_settings()) as services:
        services.publisher.checkpoint()
        services.publisher.attest()
        made = services.publisher.published()
    if made is None:
        raise NotFound("there is no checkpoint")
    _write(output, made)


@ledger.command()
@click.argument("of", type=click.Choice(["log", "witness"]), required=False)
@format_option
def keys(of: str | None, fmt: Format) -> None:
    """Show the public keys of this log and this witness, or that OF one of them alone.

    They are made at their first use.
    """
    with Services(current_settings()) as services:
        found = {"log": services.log_key, "witness": services.witness_key}
        if of:
            click.echo(found[of].verifier.text)
            return
        write(
            [{"of": name, "type": key.type.name.lower(), "vkey": key.verifier.text} for name, key in found.items()], fmt
        )


def _read(path: Path) -> bytes:
    with click.open_file(str(path), "rb") as file:
        data: bytes = file.read((64 << 20) + 1)
    if len(data) > 64 << 20:
        raise BadInput(f"{path} is larger than any file of this kind")
    return data


def _write(path: Path, data: bytes) -> None:
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        return
    path.write_bytes(data)
    note(f"{path}: {len(data):,} bytes")


for outside in ledger_outside.COMMANDS:
    ledger.add_command(outside)
