"""`haoma route`: which store and which desk a customer is sent to, and whether the rules for that are right.

Rules held here:
- `check`, `stores` and `try` are about nobody: they read the company's own files, and ask nothing of a customer.
- Exit 1 where a file has no stores or rows that are none, or a desk is never reached; 2 where the rules are wrong.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.app import Services
from haoma.cli.acting import now
from haoma.cli.asking import asking, given_of, question_of, tell
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.locate.routing import Chosen, Flaw, Rules, Stores

__all__ = ["route"]

FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
LANGUAGE = click.option(
    "--language", default="", metavar="TAG", help="What the customer or their app chose (BCP 47): zh, en, yue."
)


@click.group()
def route() -> None:
    """Which store and desk customers are sent to, by rules of your own."""


@route.command()
@asking
@LANGUAGE
def customer(fmt: Format, language: str, **asked: object) -> None:
    """Show the store and the desk for the holder of NUMBER, and what to tell of delivery, as they consented."""
    with Services(current_settings(), create=False) as services:
        question = question_of(services, asked)
        said = services.routing.route(question, language=language, given=given_of(asked))
    tell(said.reasons, said.silent, said.credits)
    if said.no_store is not None:
        note(f"{said.no_store.zh} {said.no_store.en}")
    store = said.store
    row: Row = {
        "store": store and {"id": store.id, "name": store.name, "distance_m": store.distance_m, "off_m": store.off_m},
        "no_store": said.no_store and said.no_store.code,
        **_chosen(said.chosen),
        "level": said.level and str(said.level),
        "until": said.until.isoformat(),
        "entry": said.entry_id,
    }
    write([row], fmt)


@route.command("try")
@FILE
@click.option("--region", metavar="REGION", help="A city, a province or a 大区 that a customer may be in.")
@LANGUAGE
@click.option("--at", metavar="TIME", help="A moment with its zone, 2026-11-23T09:00+08:00; now, if left out.")
@format_option
def try_(file: Path | None, region: str | None, language: str, at: str | None, fmt: Format) -> None:
    """Show what the rules in FILE say of a region and a language; it is about nobody."""
    from haoma.locate.areas import region_called
    from haoma.locate.routing import language_tag, load_rules

    rules = load_rules(_file(file))
    spoken = language_tag(language) if language else ""
    write([_chosen(rules.choose(region_called(region) if region else None, spoken, _moment(at)))], fmt)


@route.command()
@FILE
@format_option
@click.pass_context
def check(ctx: click.Context, file: Path | None, fmt: Format) -> None:
    """Say what is wrong with the rules in FILE, and with the stores that they name."""
    from haoma.locate.routing import examine

    path = _file(file)
    rules, flaws = examine(path)
    if rules is None:
        write((_flawed(one) for one in flaws), fmt, columns=("line", "key", "why"))
        raise BadInput(f"{path}: {len(flaws)} of its keys are wrong", hint="docs/guide/routing.md has an example")
    hidden = _hidden(rules)
    stores = _stores_of(rules)
    told: Row = {"desks": len(rules.desks), "remote": len(rules.remote), "never_reached": hidden}
    counts: Row = {"stores": None, "wrong_rows": None}
    if stores is not None:
        counts = {"stores": len(stores), "wrong_rows": stores.wrong_rows}
    write([{**told, **counts}], fmt)
    ctx.exit(1 if hidden or (stores is not None and _is_short(stores)) else 0)


@route.command()
@FILE
@click.option("--coordinates", type=click.Choice(["wgs84", "gcj02", "bd09"]), help="Those of rows that do not say.")
@format_option
@click.pass_context
def stores(ctx: click.Context, file: Path | None, coordinates: str | None, fmt: Format) -> None:
    """Name the rows of a CSV file of stores that are none, and why; without FILE, of the one in the rules."""
    from haoma.locate.routing import load_rules, read_stores

    if file is None:
        found = _stores_of(load_rules(_file(None)))
    elif coordinates is None:
        raise BadInput(
            "of which map are these coordinates?", hint="--coordinates wgs84, gcj02 (高德, 腾讯), bd09 (百度)"
        )
    else:
        found = read_stores(file, coordinates)
    if found is None:
        raise BadInput("the rules name no stores", hint="[stores] in docs/guide/routing.md, or name a file")
    write(({"row": one.row, "why": one.why} for one in found.wrong), fmt, columns=("row", "why"))
    note(f"{len(found):,} stores in {found.rows:,} rows; {found.wrong_rows:,} rows are none")
    ctx.exit(1 if _is_short(found) else 0)


def _file(given: Path | None) -> Path:
    file = given or current_settings().route_rules
    if file is None:
        raise BadInput("which rules?", hint="name a file, or set route_rules")
    return file


def _stores_of(rules: Rules) -> Stores | None:
    from haoma.locate.routing import read_stores

    if rules.stores is None:
        return None
    path, coordinates, columns, _ = rules.stores
    return read_stores(Path(path), coordinates, dict(columns))


def _is_short(stores: Stores) -> bool:
    """Whether rows of a file are no stores, or there are none."""
    if not stores.rows:
        note("the file of stores has a header and no row: no customer is sent to any")
    return bool(stores.wrong_rows) or not stores.rows


def _hidden(rules: Rules) -> list[str]:
    from haoma.locate.routing.model import shadowed

    found = list(shadowed(rules.desks))
    for later, earlier in found:
        note(f"the desk {later.id} is never reached: {earlier.id} takes all its calls")
    return [later.id for later, _ in found]


def _flawed(flaw: Flaw) -> Row:
    return {"line": flaw.line, "key": flaw.key, "why": flaw.why}


def _chosen(chosen: Chosen) -> Row:
    desk, notice = chosen.desk, chosen.notice
    taken = {"id": desk.id, "zh": desk.zh, "en": desk.en, "contact": desk.contact}
    told = notice and {"zh": notice.zh, "en": notice.en, "extra_days": notice.extra_days}
    rules = {"desk_rule": chosen.desk_rule, "notice_rule": chosen.notice_rule}
    return {"desk": taken, "open": chosen.is_open, "notice": told, **rules}


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    hint = "2026-11-23T09:00+08:00"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no moment", hint=hint) from None
    if found.tzinfo is None:
        raise BadInput("this moment has no zone", hint=hint)
    return found
