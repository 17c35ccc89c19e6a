"""`haoma vault`: the keys, their rotation, what is deleted when, and shredding.

Rules held here:
- No key is ever shown, and no number.
- What destroys for good asks for `--yes`, and is recorded with who asked.
- A rotation that was interrupted goes on with `--continue`; until then both versions are readable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from haoma.app import Services
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write
from haoma.errors import BadInput

__all__ = ["vault"]


@click.group()
def vault() -> None:
    """See and rotate keys, delete what is over, and make what is known of a customer unreadable."""


@vault.command("keys")
@format_option
def show_keys(fmt: Format) -> None:
    """Show which keys there are, how many rows need each, and how far rotations are; never a key."""
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


@vault.command()
@click.option("--tenant", metavar="NAME", help="Rotate the key of a tenant's subject tokens, not the one that wraps.")
@click.option("--commitments", metavar="SCOPE", help="Rotate the key of a scope's commitments, such as facts.")
@click.option("--continue", "go_on", is_flag=True, help="Bring the rotations under way to their end; begin none.")
@format_option
def rotate(tenant: str | None, commitments: str | None, go_on: bool, fmt: Format) -> None:
    """Make a new version of the key that wraps all others, and wrap them anew."""
    if sum(map(bool, (tenant, commitments, go_on))) > 1:
        raise click.UsageError("one of --tenant, --commitments and --continue")
    with Services(current_settings(), create=False) as services:
        rotation = services.rotation
        if tenant:
            rotation.rotate_tenant(tenant)
        elif commitments:
            rotation.rotate_commitments(commitments)
        elif not go_on:
            rotation.rotate_custody()
        with progress("keys and numbers") as advance:
            rotation.go_on(advance)
        write(list(_keys(services)), fmt)


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
        write(list(_classes(services, _moment(date))), fmt)


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


@vault.command()
@click.argument("token")
@click.option("--purpose", metavar="WORD", help="Of this purpose alone; all of them where it is not given.")
@click.option("--reason", metavar="WORD", required=True, help="A code for the record, such as withdrawn or requested.")
@click.option("--yes", is_flag=True, help="There is no way back.")
@format_option
def shred(token: str, purpose: str | None, reason: str, yes: bool, fmt: Format) -> None:
    """Destroy the keys of the subject behind TOKEN: what is sealed of them is unreadable, in every backup too."""
    from haoma.vault import SubjectToken

    subject = SubjectToken.parse(token)
    if not yes:
        raise BadInput("shredding cannot be undone", hint="say --yes if that is what is wanted")
    with Services(current_settings(), create=False) as services:
        done = services.vault.shred(subject, purpose, actor=f"cli:uid-{os.getuid()}", reason=reason)
        row = {"keys": done.keys, "numbers": done.numbers, "tokens": done.tokens, "entry": done.entry_id}
    write([row], fmt)


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


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no date", hint="2027-01-31, or 2027-01-31T08:00+08:00") from None
    return found if found.utcoffset() is not None else found.replace(tzinfo=UTC)
