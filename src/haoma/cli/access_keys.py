"""`haoma access keys`: keys of machines. Their secrets are shown once."""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.acting import acting, found, now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, write
from haoma.errors import BadInput

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Keys of machines: make, see, revoke."""


@keys.command()
@click.option("--owner", required=True, metavar="PERSON", help="Whose key it is: login or id.")
@click.option("--name", required=True, help="What the machine is called.")
@click.option(
    "--role", required=True, help="The role it acts in: agent, risk-analyst or hotline-editor, and its owner's."
)
@click.option("--scope", "scopes", required=True, multiple=True, metavar="ACTION", help="What it may do; repeatable.")
@click.option(
    "--kind",
    type=click.Choice(["bearer", "hmac-sha256", "ed25519"]),
    default="bearer",
    show_default=True,
    help="A token to show, a secret to sign requests with, or a public key that verifies them.",
)
@click.option("--public-key", metavar="HEX", help="With ed25519: the 32 bytes of the public key.")
@click.option("--days", type=click.IntRange(1, 400), default=90, show_default=True, help="How long it is good.")
@format_option
def make(  # noqa: PLR0913, PLR0917 - one for each option
    owner: str,
    name: str,
    role: str,
    scopes: tuple[str, ...],
    kind: str,
    public_key: str | None,
    days: int,
    fmt: Format,
) -> None:
    """Make a key, and print its secret once."""
    from haoma.access import draft_key, parse_role

    try:
        public = None if public_key is None else bytes.fromhex(public_key)
    except ValueError:
        raise BadInput(
            "--public-key is no hexadecimal text", hint="64 digits: the 32 bytes of an Ed25519 key"
        ) from None
    at = now()
    with Services(current_settings(), create=False) as services:
        asker = acting(services)
        draft = draft_key(found(services, owner).id, name, kind, parse_role(role), scopes, at, days=days)
        key, secret = services.api_keys.make(asker, draft, at, public_key=public)
    write([{"key": key.id, "kind": key.kind, "expires_at": key.expires_at.isoformat(), "secret": secret}], fmt)


@keys.command("list")
@format_option
def list_keys(fmt: Format) -> None:
    """Show the keys, without what is secret of them."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [
            {
                "key": one.id,
                "name": one.name,
                "kind": one.kind,
                "role": str(one.role),
                "scopes": list(one.scopes),
                "expires_at": one.expires_at.isoformat(),
                "revoked": one.revoked_at is not None,
            }
            for one in services.api_keys.all(acting(services), now())
        ]
    write(rows, fmt)


@keys.command("revoke")
@click.argument("key")
def revoke_key(key: str) -> None:
    """End the KEY with this id, at once."""
    with Services(current_settings(), create=False) as services:
        services.api_keys.revoke(acting(services), key, now())
