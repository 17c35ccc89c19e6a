"""`haoma access`: people and roles, sign-in, keys of machines, the policy, approvals and bulk export.

Rules held here:
- Every command but the first person's, enrolment, sign-in and the audit acts for who is signed in (HAOMA_SESSION), and
  is decided and recorded as that person's.
- A secret is shown once, on stdout, and nowhere else.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.access_approve import approve, decisions
from haoma.cli.access_audit import audit
from haoma.cli.access_export import export
from haoma.cli.access_keys import keys
from haoma.cli.access_policy import policy
from haoma.cli.acting import SESSION, acting, asked, found, now, session
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

__all__ = ["access"]


@click.group()
def access() -> None:
    """People, roles, sign-in, keys, the policy, and approvals by four eyes."""


@access.command()
@click.option("--login", required=True, metavar="NAME", help="Who signs in.")
def sign_in(login: str) -> None:
    """Sign in with password and code, a line each from stdin, and print the session's token."""
    with Services(current_settings(), create=False) as services:
        click.echo(services.sign_in.sign_in(login, asked("password"), asked("code"), now()))
    note(f"the session is good for 8 hours, and half an hour without use; it stands in {SESSION}")


@access.command()
def sign_out() -> None:
    """End the session in HAOMA_SESSION."""
    with Services(current_settings(), create=False) as services:
        services.sign_in.sign_out(session(), now())


@access.command()
@format_option
def enrol(fmt: Format) -> None:
    """Take an enrolment token and a new password, a line each from stdin, and print the secret of the codes once."""
    with Services(current_settings(), create=False) as services:
        made = services.sign_in.enrol(asked("token"), asked("password"), now())
    write([{"login": made.person.login, "person": made.person.id, "otpauth": made.otpauth}], fmt)
    note("put the otpauth line into an authenticator app now: it is not shown again")


@access.group()
def people() -> None:
    """Add people, give and take roles, suspend."""


@people.command()
@click.option("--login", required=True, metavar="NAME", help="What they sign in with.")
@click.option("--name", required=True, help="What they are called.")
@click.option("--first", is_flag=True, help="Make the first person of an empty store, a system administrator.")
@click.option("--tenant", metavar="NAME", help="With --first: what the tenant is called.")
@format_option
def add(login: str, name: str, first: bool, tenant: str | None, fmt: Format) -> None:
    """Add a person, and print the token with which they enrol."""
    if first != (tenant is not None):
        raise BadInput("--first and --tenant go together", hint="the tenant is made with its first person")
    with Services(current_settings(), create=first) as services:
        if tenant is not None:
            person, token = services.people.add_first(login, name, tenant, now())
        else:
            person, token = services.people.add(acting(services), login, name, now())
    write([{"login": person.login, "person": person.id, "token": token}], fmt)
    note("the token is good once and for three days: haoma access enrol")


@people.command("list")
@format_option
def list_people(fmt: Format) -> None:
    """Show who is there, and their roles."""
    with Services(current_settings(), create=False) as services:
        rows: list[Row] = [
            {
                "login": one.login,
                "name": one.name,
                "state": one.state,
                "roles": [str(role) for role in one.roles],
                "person": one.id,
            }
            for one in services.people.all(acting(services), now())
        ]
    write(rows, fmt)


@people.command()
@click.argument("person")
@click.argument("role")
@format_option
def grant(person: str, role: str, fmt: Format) -> None:
    """Give PERSON (a login or an id) a ROLE."""
    from haoma.access import parse_role

    with Services(current_settings(), create=False) as services:
        given = services.people.grant(acting(services), found(services, person).id, parse_role(role), now())
    write([{"login": given.login, "roles": [str(one) for one in given.roles]}], fmt)


@people.command()
@click.argument("person")
@click.argument("role")
@format_option
def revoke(person: str, role: str, fmt: Format) -> None:
    """Take a ROLE from PERSON, at once."""
    from haoma.access import parse_role

    with Services(current_settings(), create=False) as services:
        left = services.people.revoke(acting(services), found(services, person).id, parse_role(role), now())
    write([{"login": left.login, "roles": [str(one) for one in left.roles]}], fmt)


@people.command()
@click.argument("person")
def suspend(person: str) -> None:
    """Shut PERSON out at once: sessions end, keys are dead."""
    with Services(current_settings(), create=False) as services:
        services.people.suspend(acting(services), found(services, person).id, now())


@people.command()
@click.argument("person")
def restore(person: str) -> None:
    """Let a suspended PERSON in again."""
    with Services(current_settings(), create=False) as services:
        services.people.restore(acting(services), found(services, person).id, now())


@people.command("enrol-again")
@click.argument("person")
@format_option
def enrol_again(person: str, fmt: Format) -> None:
    """Take password, codes and passkeys from PERSON, who lost them, and print a new enrolment token."""
    with Services(current_settings(), create=False) as services:
        one = found(services, person)
        token = services.people.enrol_again(acting(services), one.id, now())
    write([{"login": one.login, "person": one.id, "token": token}], fmt)


@people.command()
@click.argument("person")
@click.option("--issuer", required=True, metavar="URL", help="The provider, as its ID tokens call it (iss).")
@click.option("--subject", required=True, metavar="TEXT", help="The person, as the provider calls them (sub).")
@format_option
def link(person: str, issuer: str, subject: str, fmt: Format) -> None:
    """Let PERSON in whom an OpenID provider recognises; who has a role is suspended until another one restores them."""
    with Services(current_settings(), create=False) as services:
        linked = services.people.link(acting(services), found(services, person).id, issuer, subject, now())
    write([{"login": linked.login, "state": linked.state}], fmt)


for _command in (keys, policy, approve, export, decisions, audit):
    access.add_command(_command)
