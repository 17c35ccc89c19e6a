"""What a question about a customer's place is asked with on the command line, whatever it asks.

Rules held here:
- What the customer said or shared themselves is passed with a question; a point of theirs, a network address, what
  their device heard and a trail come from stdin, in this order, never from the command line, where others could read
  them.
"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.consent_notice import TENANT
from haoma.cli.output import format_option, note
from haoma.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from haoma.locate import Given, Question
    from haoma.locate.fusion import Reason
    from haoma.locate.risk import Signal
    from haoma.vault.model import SubjectToken

__all__ = ["asking", "given_of", "point_of", "question_of", "subject_of", "tell", "trail_of"]

SHARED = 0.68  # the share of positions inside the accuracy that a device tells of them
MOST_LINES = 1_000
_TRAIL = "LATITUDE,LONGITUDE,METRES,SECONDS AGO, a line of stdin each"
POINT = re.compile(r"\s*(-?[0-9]{1,2}(?:\.[0-9]{1,12})?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*", re.ASCII)


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a question; it receives `fmt`, and what is asked by keyword."""
    options = [
        click.argument("number"),
        TENANT,
        click.option("--purpose", required=True, metavar="NAME", help="What for, as the customer consented."),
        click.option("--recipient", required=True, metavar="NAME", help="Who is to know, as the notice names them."),
        click.option("--stated", metavar="REGION", help="The city or province that the customer gave, if they did."),
        click.option(
            "--shared",
            is_flag=True,
            help="The customer shared their position: LATITUDE,LONGITUDE,METRES (WGS-84), a line of stdin.",
        ),
        click.option("--network", is_flag=True, help="The network address of their session: the next line of stdin."),
        click.option(
            "--radio", is_flag=True, help="What their device heard, as /v1/geolocate takes it: the next line of stdin."
        ),
        format_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def question_of(services: Services, asked: Mapping[str, object]) -> Question:
    """Who asks about whom, for what."""
    from haoma.locate import Question

    by = acting(services)
    subject = subject_of(services, str(asked["tenant"]), str(asked["number"]))
    return Question(by, subject, str(asked["purpose"]), str(asked["recipient"]))


def given_of(asked: Mapping[str, object]) -> list[Given]:
    """What the customer said and shared themselves; raises BadInput for what is neither region nor position."""
    from haoma.locate.areas import place_called
    from haoma.locate.fusion import Address, Circle, Device, Stated
    from haoma.locate.given import IpAddress, heard_in

    found: list[Given] = []
    if asked["stated"]:
        found.append(Stated(place_called(str(asked["stated"])).adcode, Address.DELIVERY, "customer", now()))
    if asked["shared"]:
        lat, lon, radius_m = _shared(sys.stdin.readline())
        found.append(Device(Circle(lat, lon, radius_m, SHARED), "consent-page", now()))
    if asked["network"]:
        found.append(IpAddress(sys.stdin.readline().strip(), now()))
    if asked["radio"]:
        found.append(heard_in(sys.stdin.readline(), now()))
    return found


def trail_of() -> list[Given]:
    """The trail that the rest of stdin is; raises BadInput, which repeats no position."""
    from haoma.locate.fusion import Circle
    from haoma.locate.given import SharedTrail
    from haoma.locate.risk import Fix, fix_of

    at, fixes = now(), list[Fix]()
    for line in islice(sys.stdin, MOST_LINES):
        position, _, age_s = line.rpartition(",")
        if re.fullmatch(r"\s*[0-9]{1,6}\s*", age_s, re.ASCII) is None:
            raise BadInput(f"position {len(fixes) + 1} of the trail is none", hint=_TRAIL)
        lat, lon, radius_m = _shared(position, _TRAIL)
        fixes.append(fix_of(Circle(lat, lon, radius_m, SHARED), at - timedelta(seconds=int(age_s))))
    return [SharedTrail(tuple(fixes))]


def subject_of(services: Services, tenant: str, text: str) -> SubjectToken:
    """Whom a number, or the subject token of a case, is about."""
    from haoma.numbers import parse
    from haoma.vault.model import SubjectToken

    try:
        subject = SubjectToken.parse(text)
    except BadInput:
        return services.consent.office.subject(tenant, parse(text))
    if subject.tenant != tenant:
        raise BadInput("this token is of another tenant", hint=f"--tenant {subject.tenant}")
    return subject


def _shared(line: str, hint: str = "LATITUDE,LONGITUDE,METRES in one line") -> tuple[float, float, float]:
    parts = line.rsplit(",", 1)
    if len(parts) != 2 or re.fullmatch(r"\s*[0-9]{1,7}(?:\.[0-9]{1,3})?\s*", parts[1], re.ASCII) is None:
        raise BadInput("stdin is no shared position", hint=hint)
    return *point_of(parts[0]), float(parts[1])


def point_of(text: str) -> tuple[float, float]:
    """Latitude and longitude as they are typed; raises BadInput, which does not repeat them."""
    found = POINT.fullmatch(text)
    if found is None:
        raise BadInput("this is no point", hint="latitude and longitude in degrees (WGS-84): 31.2304,121.4737")
    return float(found[1]), float(found[2])


def tell(reasons: Iterable[Reason | Signal], silent: tuple[str, ...], credits_: tuple[str, ...] = ()) -> None:
    """Say on stderr why an answer is what it is, who did not answer, and whose data is in it."""
    for reason in reasons:
        note(f"{reason.zh} {reason.en}")
    for name in silent:
        note(f"{name} did not answer")
    for line in credits_:
        note(line)
