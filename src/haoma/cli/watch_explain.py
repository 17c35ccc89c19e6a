"""`haoma watch explain`: what counts said of a hotline, and how that looked.

Rules held here:
- It is run by whoever runs the store, and changes nothing.
- The picture is drawn in characters on a terminal, and as SVG or PNG into a file.
"""

from __future__ import annotations

from pathlib import Path

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, inert, write
from haoma.errors import BadInput

__all__ = ["explain"]


@click.command()
@click.argument("which", metavar="HOTLINE|ALERT")
@click.option("--tenant", metavar="NAME", help="Whose hotline, where several tenants have one of this name.")
@click.option("--hours", type=click.IntRange(1, 48), default=6, show_default=True, help="How much is shown.")
@click.option("-o", "--plot", "picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the picture into this file, which ends in .svg or .png.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FILE where it is there already.")
@format_option
def explain(which: str, tenant: str | None, hours: int, picture: Path | None, overwrite: bool, fmt: Format) -> None:
    """Show expected against seen, the channel that spoke, what fits best, and what else is known of the hotline."""
    from haoma.app import Services
    from haoma.cli.ledger_files import write_whole
    from haoma.watch.counts.series import tenant_named
    from haoma.watch.running.drawn import png, svg
    from haoma.watch.running.explain import explain as explained
    from haoma.watch.running.plot import lines

    if picture is not None and picture.suffix.lower() not in {".svg", ".png"}:
        raise BadInput(f"{picture.name}: a picture is an SVG or a PNG", hint="-o FILE.svg, or -o FILE.png")
    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        whose = None if tenant is None else tenant_named(tx, tenant)
        found = explained(tx, services.watch_manner, which, whose, hours)
    if picture is not None:
        content = png(found.picture) if picture.suffix.lower() == ".png" else svg(found.picture).encode()
        write_whole(picture, content, overwrite=overwrite)
    if fmt is Format.TABLE:
        for line in lines(found.picture):
            click.echo(line)
    write([{**found.said, "hotline": inert(found.series.name, fmt)}], fmt)
