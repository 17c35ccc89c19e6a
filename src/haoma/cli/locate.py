"""`haoma locate`: is the customer near, in which region, does a case add up, and who was told so how often.

Rules held here:
- A verdict is an exit code too: 0 for TRUE, 1 for FALSE, PARTIAL and UNKNOWN.
- What the customer said or shared themselves is passed with a question; a point of theirs comes from stdin, never from
  the command line, where other users of the machine could read it.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.consent_notice import TENANT
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from haoma.locate import Given, Question
    from haoma.locate.fusion import Reason
    from haoma.locate.risk import Signal

__all__ = ["locate"]

POINT = re.compile(r"\s*(-?[0-9]{1,2}(?:\.[0-9]{1,12})?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*", re.ASCII)


@click.group()
def locate() -> None:
    """Where customers are, as far as evidence says and their consent allows."""


def _asking(command: Callable[..., None]) -> Callable[..., None]:
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
        format_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@locate.command()
@_asking
@click.option("--in", "region", metavar="REGION", help="A city, a province or a 大区, by its name.")
@click.option("--near", metavar="LAT,LON", help="A point that is no person's, such as a store's (WGS-84).")
@click.option("--within", "within_m", type=float, default=3000, show_default=True, help="Metres around --near.")
@click.pass_context
def verify(
    ctx: click.Context, /, region: str | None, near: str | None, within_m: float, fmt: Format, **asked: object
) -> None:
    """Say whether the holder of NUMBER is in a region, or near a point: TRUE, FALSE, PARTIAL or UNKNOWN."""
    from haoma.locate import InRegion, Near
    from haoma.locate.areas import region_called

    if (region is None) == (near is None):
        raise BadInput("a question is about a region or a point", hint="--in 上海市, or --near 31.23,121.47")
    area = Near(*_point(near), within_m) if near is not None else InRegion(region_called(str(region)))
    with Services(current_settings(), create=False) as services:
        said = services.locate.verify(_question(services, asked), area, given=_given(asked))
    _tell(said.reasons, said.silent)
    row: Row = {"verdict": str(said.verdict), "match_rate": said.match_rate, "until": said.until.isoformat()}
    write([{**row, "entry": said.entry_id}], fmt)
    ctx.exit(0 if said.verdict == "TRUE" else 1)


@locate.command()
@_asking
@click.option(
    "--finest",
    type=click.Choice(["macro-region", "province", "city"]),
    default="city",
    show_default=True,
    help="No finer than this.",
)
@click.pass_context
def region(ctx: click.Context, /, finest: str, fmt: Format, **asked: object) -> None:
    """Show the region that the holder of NUMBER is in, as fine as asked, allowed and sure, with a token for it."""
    from haoma.consent import Granularity

    with Services(current_settings(), create=False) as services:
        question = _question(services, asked)
        said = services.locate.region(question, finest=Granularity(finest), given=_given(asked))
    _tell(said.reasons, said.silent)
    found = said.region
    row: Row = {"region": found and found.name, "adcode": found and found.adcode, "level": found and str(found.level)}
    more = {"confidence": said.confidence, "token": said.token, "until": said.until.isoformat()}
    write([{**row, **more, "entry": said.entry_id}], fmt)
    ctx.exit(0 if found else 1)


@locate.command()
@_asking
@click.option("--declared", metavar="REGION", help="Where somebody says they are: a city or a province.")
@click.pass_context
def risk(ctx: click.Context, /, declared: str | None, fmt: Format, **asked: object) -> None:
    """Say whether a case about the holder of NUMBER adds up: a score, and the signals behind it."""
    from haoma.locate.areas import place_called

    there = place_called(declared).adcode if declared else None
    with Services(current_settings(), create=False) as services:
        said = services.locate.risk(_question(services, asked), declared=there, given=_given(asked))
    found = said.assessed
    _tell(found.signals, said.silent)
    signals = [{"signal": one.code, "strength": round(one.strength, 3)} for one in found.signals]
    row: Row = {"score": round(found.score, 4), "alarm": found.alarm, "signals": signals}
    write([{**row, "until": said.until.isoformat(), "entry": said.entry_id}], fmt)
    ctx.exit(1 if found.alarm else 0)


@locate.command()
@TENANT
@click.option("--days", type=click.IntRange(1, 1100), default=30, show_default=True, help="How far back.")
@format_option
@click.pass_context
def disclosures(ctx: click.Context, tenant: str, days: int, fmt: Format) -> None:
    """Show who was told how often, alarms, and what lacked a basis. Exit 1 where anything did."""
    from datetime import timedelta

    from haoma.locate.disclosures import INSIDER, OUTSIDER

    with Services(current_settings(), create=False) as services:
        found = services.locate.disclosed(acting(services), tenant, now() - timedelta(days=days))
    rows: list[Row] = [
        {"who": one.actor, "recipient": one.recipient, "purpose": one.purpose, "disclosed": one.disclosed,
         "alarms": one.alarms, "without_basis": one.without_basis}
        for one in found
    ]  # fmt: skip
    write(rows, fmt)
    lacking = sum(one.without_basis for one in found)
    note(f"{lacking} without a basis; 法释〔2017〕10号 art. 5 counts from {INSIDER} (in a service) and {OUTSIDER}")
    ctx.exit(1 if lacking else 0)


def _question(services: Services, asked: dict[str, object]) -> Question:
    from haoma.locate import Question
    from haoma.numbers import parse

    by = acting(services)
    subject = services.consent.office.subject(str(asked["tenant"]), parse(str(asked["number"])))
    return Question(by, subject, str(asked["purpose"]), str(asked["recipient"]))


def _given(asked: dict[str, object]) -> list[Given]:
    from haoma.locate.areas import place_called
    from haoma.locate.fusion import Address, Circle, Device, Stated

    found: list[Given] = []
    if asked["stated"]:
        found.append(Stated(place_called(str(asked["stated"])).adcode, Address.DELIVERY, "customer", now()))
    if asked["shared"]:
        lat, lon, radius_m = _shared(sys.stdin.readline())
        found.append(Device(Circle(lat, lon, radius_m, 0.68), "consent-page", now()))
    return found


def _shared(line: str) -> tuple[float, float, float]:
    parts = line.rsplit(",", 1)
    if len(parts) != 2 or re.fullmatch(r"\s*[0-9]{1,7}(?:\.[0-9]{1,3})?\s*", parts[1], re.ASCII) is None:
        raise BadInput("stdin is no shared position", hint="LATITUDE,LONGITUDE,METRES in one line")
    return *_point(parts[0]), float(parts[1])


def _point(text: str) -> tuple[float, float]:
    found = POINT.fullmatch(text)
    if found is None:
        raise BadInput("this is no point", hint="latitude and longitude in degrees (WGS-84): 31.2304,121.4737")
    return float(found[1]), float(found[2])


def _tell(reasons: Iterable[Reason | Signal], silent: tuple[str, ...]) -> None:
    for reason in reasons:
        note(f"{reason.zh} {reason.en}")
    for name in silent:
        note(f"{name} did not answer")
