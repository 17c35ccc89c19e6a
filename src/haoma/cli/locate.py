"""`haoma locate`: is the customer near, in which region, where, does a case add up; who was told so how often.

`fit` learns how often evidence errs, and `calibrate` what a score means, from records that hold no number.

Rules held here:
- A verdict is an exit code too: 0 for TRUE, 1 for FALSE, PARTIAL and UNKNOWN.
"""

from __future__ import annotations

from pathlib import Path

import click

from haoma.app import Services
from haoma.cli.acting import acting, now
from haoma.cli.asking import asking, given_of, point_of, question_of, tell, trail_of
from haoma.cli.consent_notice import TENANT
from haoma.cli.ledger_files import FILE, OUTPUT, OVERWRITE, opened, write_whole
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

__all__ = ["locate"]


@click.group()
def locate() -> None:
    """Where customers are, as far as evidence says and their consent allows."""


@locate.command()
@asking
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
    area = Near(*point_of(near), within_m) if near is not None else InRegion(region_called(str(region)))
    with Services(current_settings(), create=False) as services:
        said = services.locate.verify(question_of(services, asked), area, given=given_of(asked))
    tell(said.reasons, said.silent, said.credits)
    row: Row = {"verdict": str(said.verdict), "match_rate": said.match_rate, "until": said.until.isoformat()}
    write([{**row, "entry": said.entry_id}], fmt)
    ctx.exit(0 if said.verdict == "TRUE" else 1)


@locate.command()
@asking
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
        question = question_of(services, asked)
        said = services.locate.region(question, finest=Granularity(finest), given=given_of(asked))
    tell(said.reasons, said.silent, said.credits)
    found = said.region
    row: Row = {"region": found and found.name, "adcode": found and found.adcode, "level": found and str(found.level)}
    more = {"confidence": said.confidence, "token": said.token, "until": said.until.isoformat()}
    write([{**row, **more, "entry": said.entry_id}], fmt)
    ctx.exit(0 if found else 1)


@locate.command()
@asking
@click.pass_context
def place(ctx: click.Context, /, fmt: Format, **asked: object) -> None:
    """Show where the holder of NUMBER is, for a consent to a point or a district: a circle, with a token for it."""
    with Services(current_settings(), create=False) as services:
        said = services.locate.place(question_of(services, asked), given=given_of(asked))
    tell(said.reasons, said.silent, said.credits)
    found = said.circle
    row: Row = {"latitude": found and found.lat, "longitude": found and found.lon}
    more = {"radius_m": found and found.radius_m, "coverage": found and round(found.coverage, 4)}
    write([{**row, **more, "token": said.token, "until": said.until.isoformat(), "entry": said.entry_id}], fmt)
    ctx.exit(0 if found else 1)


@locate.command()
@asking
@click.option("--declared", metavar="REGION", help="Where somebody says they are: a city or a province.")
@click.option(
    "--trail",
    is_flag=True,
    help="Positions that their app shared: LATITUDE,LONGITUDE,METRES,SECONDS AGO, a line each, the rest of stdin.",
)
@click.pass_context
def risk(ctx: click.Context, /, declared: str | None, trail: bool, fmt: Format, **asked: object) -> None:
    """Say whether a case about the holder of NUMBER adds up: a score, and the signals behind it."""
    from haoma.locate.areas import place_called

    there = place_called(declared).adcode if declared else None
    with Services(current_settings(), create=False) as services:
        question = question_of(services, asked)
        given = given_of(asked) + (trail_of() if trail else [])
        said = services.locate.risk(question, declared=there, given=given)
    found = said.assessed
    tell(found.signals, said.silent, said.credits)
    signals = [{"signal": one.code, "strength": round(one.strength, 3)} for one in found.signals]
    row: Row = {"score": round(found.score, 4), "log_odds": round(found.log_odds, 4), "calibrated": said.calibrated}
    write(
        [{**row, "alarm": found.alarm, "signals": signals, "until": said.until.isoformat(), "entry": said.entry_id}],
        fmt,
    )
    ctx.exit(1 if found.alarm else 0)


@locate.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=OUTPUT, help="Where the priors go; - is stdout.")
@click.option("--rounds", type=click.IntRange(1, 100), default=12, show_default=True, help="How often, at the most.")
@OVERWRITE
def fit(file: Path, output: Path, rounds: int, overwrite: bool) -> None:
    """Learn from records in FILE (JSON lines; - is stdin) how often evidence errs: priors for fusion_priors."""
    from haoma.locate.fusion import fit as fitted
    from haoma.locate.fusion import known_cities, priors_json, records_from, shipped_priors

    with opened(file) as lines:
        records = list(records_from(line.decode("utf-8", "replace") for line in lines))
    found = fitted(records, known_cities(), shipped_priors(), rounds=rounds)
    write_whole(output, priors_json(found.priors).encode(), overwrite=overwrite)
    first, last = found.log_likelihoods[0], found.log_likelihoods[-1]
    note(f"{found.records:,} records; log-likelihood of one {first:.4f}, and {last:.4f} in the last round")


@locate.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", required=True, type=OUTPUT, help="Where the calibration goes; - is stdout.")
@click.option(
    "--method",
    type=click.Choice(["platt", "isotonic"]),
    default="platt",
    show_default=True,
    help="A line for few cases; steps for hundreds of each kind.",
)
@OVERWRITE
def calibrate(file: Path, output: Path, method: str, overwrite: bool) -> None:
    """Learn what a score means from cases in FILE whose end is known (JSON lines; - is stdin): for risk_calibration."""
    from haoma.locate.risk import ends_from, fit_isotonic, fit_platt

    with opened(file) as lines:
        scores, bad = ends_from(line.decode("utf-8", "replace") for line in lines)
    found = (fit_platt if method == "platt" else fit_isotonic)(scores, bad)
    write_whole(output, found.json().encode(), overwrite=overwrite)
    note(f"{len(bad):,} cases, {sum(bad):,} of them bad")


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
