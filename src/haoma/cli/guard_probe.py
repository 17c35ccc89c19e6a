"""`haoma guard probe`: where a hotline goes wrong inside the company.

Rules held here:
- It is run by whoever runs the store and the pipeline's file, signed in or not: it changes nothing that it reads.
- Exit 1 where a hop shows another number, or none; 4 where the way could not be read to its end and nothing wrong was
  seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write
from haoma.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from haoma.app import Services
    from haoma.guard.probe import Asked, Pipeline
    from haoma.guard.registry.model import Hotline

__all__ = ["probe"]


@click.command()
@click.option("--hotline", "uid", required=True, metavar="UID", help="Which hotline; haoma hotline list shows them.")
@click.option("--pipeline", "file", type=click.Path(path_type=Path),
              help="TOML file that lists the hops; the one of the setting guard_pipeline, if left out.")  # fmt: skip
@format_option
@click.pass_context
def probe(ctx: click.Context, uid: str, file: Path | None, fmt: Format) -> None:
    """Read a hotline at every hop of the company's pipeline, and name the first hop that is wrong."""
    from haoma.app import Services
    from haoma.guard.crawl.addresses import Allowed
    from haoma.guard.probe import probe as look
    from haoma.guard.probe import read_pipeline, record_probe, rows, sentence

    settings = current_settings()
    path = file or settings.guard_pipeline
    if path is None:
        raise BadInput("which pipeline?", hint="--pipeline FILE, or the setting guard_pipeline")
    allowed = Allowed.of_setting(settings.crawl_allow)
    with Services(settings, create=False) as services:
        pipeline = read_pipeline(path, settings.crawl_chromium, allowed, services.reading_bounds)
        hotline = _hotline(services, uid)
        asked = _asked(services, pipeline, hotline)
        found = look(pipeline, asked, now=now, known=lambda uri: bool(_known(services, uri)))
        services.store.write(
            lambda tx: record_probe(tx, services.ledger, services.commitments, pipeline, found, at=now())
        )
        write(rows(found), fmt)
        said = sentence(found, _whose(services, hotline))
    if not found.told:
        raise Unavailable(said, hint="the column why tells what each hop answered")
    note(said)
    ctx.exit(1 if found.wrong else 0)


def _hotline(services: Services, uid: str) -> Hotline:
    from haoma.guard.registry.read import one_hotline

    with services.store.read() as tx:
        found = one_hotline(tx, uid)
    if not found.valid_at(now()):
        raise BadInput("this hotline is not in force now", hint="haoma hotline list shows those that are")
    return found


def _asked(services: Services, pipeline: Pipeline, hotline: Hotline) -> Asked:
    from haoma.guard.registry.read import organisations

    with services.store.read() as tx:
        names = {one.uid: one.names for one in organisations(tx)}
    rivals = tuple(one for uid, one in names.items() if uid != hotline.organisation)
    asked = pipeline.asked(hotline.uid, hotline.organisation, hotline.uri)
    return replace(asked, names=names[hotline.organisation], rivals=rivals, purposes=hotline.purposes)


def _known(services: Services, uri: str) -> list[Hotline]:
    from haoma.guard.registry.read import known

    with services.store.read() as tx:
        return known(tx, uri)


def _whose(services: Services, hotline: Hotline) -> Callable[[str], str | None]:
    """Whose another number is, in words."""
    from haoma.guard.registry.read import organisations

    def whose(uri: str) -> str | None:
        found = [one for one in _known(services, uri) if one.uid != hotline.uid]
        if not found:
            return None
        first = min(found, key=lambda one: (one.organisation != hotline.organisation, one.uid))
        purposes = "、".join(sorted(first.purposes))
        if first.organisation == hotline.organisation:
            return f"another number of the same organisation ({purposes})"
        with services.store.read() as tx:
            names = {one.uid: one.names.name for one in organisations(tx)}
        return f"a number of {names[first.organisation]} ({purposes})"

    return whose
