"""`haoma vault`: the keys, their rotation, what is deleted when, shredding, and the one way to see a full number.

Rules held here:
- No key is ever shown, and no number: a number is shown by `haoma access approve run`, as approved.
- Nothing is rotated, destroyed or opened here: it is requested, by who is signed in. A backup of the keys is written
  here, as it was approved: its passphrase is typed here.
- A rotation that was interrupted goes on with `--continue`; until then both versions are readable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, asked
from haoma.cli.case_places import extend
from haoma.cli.moments import moment
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write
from haoma.cli.requested import request
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.ledger.forms import Json

__all__ = ["vault"]


@click.group()
def vault() -> None:
    """See keys, delete what is over; ask for rotations, for shredding, and to see a number."""


@vault.group("keys", invoke_without_command=True)
@format_option
@click.pass_context
def keys(ctx: click.Context, fmt: Format) -> None:
    """Show which keys there are, how many rows need each, and how far rotations are; never a key."""
    if ctx.invoked_subcommand is not None:
        return
    with Services(current_settings(), create=False) as services:
        write(list(_keys(services)), fmt)


def _keys(services: Services) -> Iterator[Row]:
    from haoma.vault.key_store import CUSTODY_NAME, Kind

    store, rotation = services.key_store, services.rotation
    versions = store.custody.versions(CUSTODY_NAME)
    for version in versions:
        newest = version == versions[-1]
        yield {"kind": "custody", "scope": CUSTODY_NAME, "version": version, "newest": newest}
    for tenant in store.scopes(Kind.PSEUDONYM):
        done = {one.version: one for one in rotation.progress() if one.tenant == tenant}
        for place, key in enumerate(store.versions(Kind.PSEUDONYM, tenant)):
            under_way = done.get(key.version)
            shown: Row = {"kind": "pseudonym", "scope": tenant, "version": key.version, "newest": place == 0}
            told = {"suite": key.suite.name, "rows": rotation.uses(tenant, key)}
            yield {**shown, **told, "progress": f"{under_way.done} of {under_way.total}" if under_way else None}
    for kind, count in store.counts().items():
        yield {"kind": kind, "rows": count}


@keys.command("backup")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--custody", is_flag=True, help="The key files of custody and of the log, not the key store.")
@click.option("--request", "ask", is_flag=True, help="Ask for it: two others approve it.")
@click.option("--approval", metavar="ID", help="The request that two others have approved.")
@format_option
def back_up_keys(file: Path | None, custody: bool, ask: bool, approval: str | None, fmt: Format) -> None:
    """Write the key store into a new FILE that a passphrase opens; it opens nothing without custody."""
    if ask == (file is not None) or (ask and approval):
        raise click.UsageError("either --request, or a FILE to write")
    with Services(current_settings(), create=False) as services:
        services.store  # noqa: B018 - where there is none, nothing is asked for
        if file is None:
            _request_backup(services, fmt, custody=custody)
        else:
            write([_backed_up(services, file, approval, custody=custody)], fmt)
    if file is not None and not custody:
        note("what unwraps these keys is not in it: keep a backup of custody in another place")


def _request_backup(services: Services, fmt: Format, *, custody: bool) -> None:
    from haoma.access import BACK_UP
    from haoma.vault.key_backup import FILES, STORE

    what = FILES if custody else STORE
    request(services, BACK_UP, {"what": what}, fmt, "haoma vault keys backup FILE --approval")


def _backed_up(services: Services, file: Path, approval: str | None, *, custody: bool) -> Row:
    from haoma.app.key_backups import By, back_up, require_approved

    by = By(acting(services), approval) if approval else None
    require_approved(services, by)
    done = back_up(services, file, _passphrase(new=True), custody=custody, by=by)
    return {"file": str(file), "what": done.what, "keys": done.keys, "sha256": done.digest}


@keys.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--custody", is_flag=True, help="The key files of custody and of the log, not the key store.")
@click.option("--older-log", is_flag=True, help="The log too was put back, and ends before this backup was made.")
@format_option
def restore_keys(file: Path, custody: bool, older_log: bool, fmt: Format) -> None:
    """Fill an empty key store from FILE, without the keys that the log says were destroyed since."""
    from haoma.app.key_backups import restore

    with Services(current_settings(), create=False) as services:
        services.store  # noqa: B018 - as above
        done = restore(services, file, _passphrase(new=False), custody=custody, older_log=older_log)
    row: Row = {"file": str(file), "what": done.what, "keys": done.keys, "dropped": done.dropped}
    write([{**row, "sha256": done.digest}], fmt)
    if not custody:
        note(
            "then: haoma consent run, haoma vault retention run; and rotate custody's key twice, for others have copies"
        )


def _passphrase(*, new: bool) -> str:
    """The passphrase of a backup; who chooses one at a terminal types it twice."""
    text = asked("passphrase")
    if new and sys.stdin is not None and sys.stdin.isatty() and asked("passphrase again") != text:
        raise BadInput("these are two passphrases", hint="type the same one twice")
    return text


@vault.command()
@click.option("--tenant", metavar="NAME", help="Rotate the key of a tenant's subject tokens, not the one that wraps.")
@click.option("--commitments", metavar="SCOPE", help="Rotate the key of a scope's commitments, such as facts.")
@click.option("--continue", "go_on", is_flag=True, help="Bring the rotations under way to their end; begin none.")
@format_option
def rotate(tenant: str | None, commitments: str | None, go_on: bool, fmt: Format) -> None:
    """Request a new version of the key that wraps all others; two others approve it."""
    if sum(map(bool, (tenant, commitments, go_on))) > 1:
        raise click.UsageError("one of --tenant, --commitments and --continue")
    with Services(current_settings(), create=False) as services:
        if go_on:
            with progress("keys and numbers") as advance:
                services.rotation.go_on(advance)
            write(list(_keys(services)), fmt)
        else:
            request(services, "rotate-key", _rotated(tenant, commitments), fmt)


def _rotated(tenant: str | None, commitments: str | None) -> dict[str, Json]:
    from haoma.vault.key_store import CUSTODY_NAME

    if tenant:
        return {"what": "pseudonym", "scope": tenant}
    return {"what": "commitment", "scope": commitments} if commitments else {"what": "custody", "scope": CUSTODY_NAME}


@vault.group()
def retention() -> None:
    """What is kept for how long: see it, and delete what is over."""


@retention.command()
@format_option
def status(fmt: Format) -> None:
    """Show each class: rows there, rows over, how late the oldest is, and how many were deleted ever."""
    with Services(current_settings(), create=False) as services:
        write(list(_classes(services, None)), fmt)


@retention.command()
@click.option("--at", "date", metavar="DATE", required=True, help="A day or a moment: 2027-01-31, 2027-01-31T08:00Z.")
@format_option
def simulate(date: str, fmt: Format) -> None:
    """Show what would be over at a date if nothing came and nothing went; nothing is deleted."""
    with Services(current_settings(), create=False) as services:
        write(list(_classes(services, moment(date))), fmt)


@retention.command("run")
@click.option("--after-pause", is_flag=True, help="Nothing ran for more than a month, and the clock is right.")
@format_option
def run_now(after_pause: bool, fmt: Format) -> None:
    """Delete what is over, now."""
    with Services(current_settings(), create=False) as services, progress("rows") as advance:
        ran = services.retention.run(after_pause=after_pause, advance=advance)
        services.rotation.tidy()
    if not ran.led:
        note("another process is deleting; nothing was done here")
    write([{"class": name, "deleted": rows} for name, rows in ran.rows.items()], fmt)
    note(f"keys destroyed: {ran.keys}")


retention.add_command(extend)


@vault.command()
@click.argument("token")
@click.option("--purpose", metavar="WORD", help="Of this purpose alone; all of them where it is not given.")
@click.option("--reason", metavar="WORD", required=True, help="A code for the record, such as customer-request.")
@format_option
def shred(token: str, purpose: str | None, reason: str, fmt: Format) -> None:
    """Request that the keys of the subject behind TOKEN be destroyed; two others approve it. There is no way back."""
    payload: dict[str, Json] = {"subject": _subject(token), "reason": reason}
    with Services(current_settings(), create=False) as services:
        request(services, "destroy-key", payload | ({"purpose": purpose} if purpose else {}), fmt)


@vault.command()
@click.argument("token")
@click.option("--purpose", metavar="WORD", required=True, help="The purpose that the number is kept for.")
@click.option("--reason", metavar="WORD", required=True, help="A code for the record, such as call-back.")
@format_option
def reveal(token: str, purpose: str, reason: str, fmt: Format) -> None:
    """Request to see the full number of the subject behind TOKEN, once; two others approve it."""
    payload: dict[str, Json] = {"subject": _subject(token), "purpose": purpose, "reason": reason}
    with Services(current_settings(), create=False) as services:
        request(services, "reveal-number", payload, fmt)


def _subject(token: str) -> str:
    from haoma.vault import SubjectToken

    return str(SubjectToken.parse(token))


def _classes(services: Services, at: datetime | None) -> Iterator[Row]:
    for due in services.retention.status(at):
        yield {
            "class": due.rule.name,
            "table": due.table,
            "rows": due.rows,
            "over": due.over,
            "oldest": due.oldest.isoformat() if due.oldest else None,
            "lag_s": due.lag_s,
            "deleted": due.deleted,
            "ran_at": due.ran_at.isoformat() if due.ran_at else None,
        }
