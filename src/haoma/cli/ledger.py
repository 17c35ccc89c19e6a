"""`haoma ledger`: append to the tamper-evident log, read it, prove it, and check it.

Rules held here:
- `verify` opens no database: a proof file and public keys are all it takes.
- What a proof or an audit finds wrong is exit code 5, and the first entry that differs is named.
- Nothing here shows a private key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.ledger_files import FILE, OUTPUT, OVERWRITE, known, opened, read, require_stdout, write_whole
from haoma.cli.ledger_outside import anchor, stamp, witness
from haoma.cli.ledger_show import ENTRY, INDEX, show
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, progress, write
from haoma.errors import BadInput, HaomaError, NotFound
from haoma.ledger.audit import audit as audit_log
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.entry import Entry, Json, decode
from haoma.ledger.events import FILE_RECORDED
from haoma.ledger.evidence import covering
from haoma.ledger.keys import parse_verifier_key
from haoma.ledger.note import open_note
from haoma.ledger.offline import proof_file, verify_file
from haoma.ledger.service import head
from haoma.ledger.signatures import split_note

__all__ = ["ledger"]

TO_FILES = {"prove", "checkpoint"}  # whose results need no stdout
KEYS = click.option("--key", "keys", multiple=True, metavar="VKEY", help="A public key to trust; repeatable.")
POLICY = click.option("--policy", type=FILE, help="A tlog-policy file: logs, witnesses, and how many must have signed.")


@click.group()
@click.pass_context
def ledger(ctx: click.Context) -> None:
    """Append to the tamper-evident log, prove what is in it, and have it checked by others."""
    if ctx.invoked_subcommand not in TO_FILES:
        require_stdout()


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
        services.keys.require_named()
        ids = services.store.write(lambda tx: services.ledger.append_all(tx, entries))
        indices: Sequence[int | None] = [None] * len(ids)
        try:
            indices = _integrated(services, ids)
        finally:  # they are committed whatever fails: their ids must not be lost
            told = zip(ids, indices, entries, strict=True)
            write([{"entry": entry_id, "index": index, "type": entry.type} for entry_id, index, entry in told], fmt)


def _integrated(services: Services, ids: Sequence[int]) -> Sequence[int | None]:
    """The indices of these entries once they are in the tree; raises, in words about them, what keeps them out."""
    try:
        services.ledger.integrate(wait_s=5)
        return [services.view.index_of(one) for one in ids]
    except HaomaError as error:
        waits = "do not append them again: they are in the queue, and come into the tree when it is sound"
        message = f"the entries are appended, and not integrated: {error}"
        raise type(error)(message, hint=f"{waits}. {error.hint or ''}".strip()) from None


def _file_entry(path: Path, at: datetime) -> Entry:
    digest, size = hashlib.sha256(), 0
    with opened(path) as file:
        while part := file.read(1 << 20):
            digest.update(part)
            size += len(part)
    return Entry(FILE_RECORDED.name, at, {"sha256": digest.hexdigest(), "bytes": size})


def _object(text: str) -> Mapping[str, Json]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput("the body is no JSON object", hint="for example --body '{\"bytes\": 12}'")
    return found


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadInput("the body says one field twice", hint="give each field once")
    return found


@ledger.command()
@INDEX
@ENTRY
@click.option("-o", "--output", type=OUTPUT, default="-", show_default=True, help="The .tlog-proof file to write.")
@OVERWRITE
def prove(*, index: int | None, entry_id: int | None, output: Path, overwrite: bool) -> None:
    """Write a proof that the entry at INDEX is in the log: one file that anybody can check without this database.

    The proof is against the newest checkpoint, or with a policy in the settings the newest that its quorum cosigned. A
    checkpoint is signed where none covers the entry.
    """
    if (index is None) == (entry_id is None):
        raise click.UsageError("give an INDEX or --entry ID")
    with Services(current_settings(), create=False) as services:
        services.keys.require_named()
        at = index if index is not None else services.view.require_index(entry_id or 0)
        services.view.entry(at)
        found = covering(services.store, at, known(services))
        if found.note is None:
            services.publisher.checkpoint()
            found = covering(services.store, at, known(services))
        made = proof_file(services.view, services.publisher, at, found.note)
    write_whole(output, made, overwrite=overwrite)
    for one in found.left_out:
        note(f"left out: {one}")


@ledger.command()
@click.argument("proof", type=FILE)
@KEYS
@POLICY
@format_option
def verify(proof: Path, keys: tuple[str, ...], policy: Path | None, fmt: Format) -> None:
    """Check a PROOF file against public keys, offline; shows the entry that it proves."""
    if bool(keys) == (policy is not None):
        raise click.UsageError("give --key VKEY, as `haoma ledger keys` shows it, or --policy FILE")
    found = verify_file(read(proof), list(keys), None if policy is None else read(policy))
    entry = decode(found.entry)
    row = {"ok": True, "index": found.index, "type": entry.type, "at": entry.at.isoformat(), "body": entry.body}
    write([row | {"log": found.origin, "size": found.size, "signed_by": list(found.signers)}], fmt)


@ledger.command()
@click.option("--checkpoint", "kept", type=FILE, multiple=True, help="A checkpoint kept elsewhere; repeatable.")
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="Who signed it; by default the log's own key.")
@click.option("--from-postgresql", is_flag=True, help="The log was on PostgreSQL once, where entry ids come late.")
@format_option
def audit(*, kept: tuple[Path, ...], keys: tuple[str, ...], from_postgresql: bool, fmt: Format) -> None:
    """Recompute the whole log, and hold it against checkpoints that were kept elsewhere."""
    with Services(current_settings(), create=False) as services:
        services.keys.require_named()
        own = services.keys.existing().get("log")
        trusted = list(keys) or ([_own_key(services)] if kept or own else [])
        checkpoints = [_checkpoint(path, trusted) for path in kept]
        verifiers = [parse_verifier_key(key) for key in trusted]
        with (
            services.store.read() as tx,
            progress("entries", head(tx).size) as advance,
            closing(audit_log(tx, checkpoints, verifiers, from_postgresql=from_postgresql)) as states,
        ):
            seen = 0
            for state in states:
                advance(state.entries - seen)
                seen = state.entries
    if not kept:
        note("without --checkpoint this shows that the log fits itself, not that it is the one that others saw")
    if state.waiting:
        note(f"{state.waiting:,} entries wait in the queue: no hash and no checkpoint is over them yet")
    row = {"ok": True, "entries": seen, "waiting": state.waiting, "checkpoints": state.checkpoints}
    write([row | {"root": state.root.hex()}], fmt)


def _own_key(services: Services) -> str:
    key = services.keys.existing().get("log")
    if key is None:
        raise NotFound("the key of this log is not here", hint="--key VKEY tells who signed the checkpoint")
    return key.verifier.text


def _checkpoint(path: Path, keys: list[str]) -> Checkpoint:
    data = read(path)
    parse_checkpoint(split_note(data)[0])  # another file is told as such, and not as a wrong signature
    return parse_checkpoint(open_note(data, keys).text)


@ledger.command()
@click.option("-o", "--output", type=OUTPUT, default="-", show_default=True, help="The file to write it to.")
@OVERWRITE
def checkpoint(*, output: Path, overwrite: bool) -> None:
    """Sign a checkpoint over everything appended so far, and print it: keep it where nobody here can change it."""
    if str(output) == "-":
        require_stdout()
    with Services(current_settings(), create=False) as services:
        services.keys.require_named()
        signed = services.publisher.checkpoint()
        late = [one for one in services.publisher.attest() if one.size < signed.size]
        made = services.publisher.published()
    if made is None:
        raise NotFound("there is no checkpoint")
    write_whole(output, made, overwrite=overwrite)
    for one in late:
        note(f"the {one.kind} {one.name} lags behind: {one.trouble}")


@ledger.command()
@click.argument("of", type=click.Choice(["log", "witness"]), required=False)
@click.option("--create", is_flag=True, help="Make those that are not there yet, before anything is signed with them.")
@format_option
def keys(*, of: str | None, create: bool, fmt: Format) -> None:
    """Show the public keys of this log and this witness, or that OF one of them alone.

    The log's is made when its first checkpoint is signed, the witness's when it is first served.
    """
    with Services(current_settings(), create=False) as services:
        services.keys.require_named()
        if create:
            made = {"log": services.keys.log, "witness": services.keys.witness}
            found = {name: make() for name, make in made.items() if of in {None, name}}
        else:
            found = {name: key for name, key in services.keys.existing().items() if of in {None, name}}
            if "log" not in found and of != "witness":
                services.keys.require_kept()
    if not found:
        raise NotFound(
            "there is no key yet" if of is None else f"there is no key of the {of} yet", hint="--create makes it"
        )
    if of:
        click.echo(found[of].verifier.text)
        return
    write([{"of": name, "type": key.type.name.lower(), "vkey": key.verifier.text} for name, key in found.items()], fmt)


for command in (show, witness, stamp, anchor):
    ledger.add_command(command)
