"""`haoma guard extract`: the numbers of saved pages, whose each is and what for.

Rules held here:
- A line of the tasks is {"page": path, "url": address or null, "org": name or null}; paths are relative to the file of
  tasks, and lead to nothing above its folder.
- A page that cannot be read, or not within its time and memory, has no mentions and the reason in `error`, which a
  table tells on stderr; the others are read all the same, and the exit code is 1.
- As many pages are read at the same time as there are cores; rows stand in the order of the tasks.
- What is shown here stands on a public page, and is asked for by name: numbers are whole.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, note, progress, write
from haoma.errors import BadInput

if TYPE_CHECKING:
    from haoma.guard.model import Mention, Names
    from haoma.guard.reading import Readers

__all__ = ["extract"]

T = TypeVar("T")
R = TypeVar("R")
LARGEST = 64 << 20
FLAT = ("page", "text", "digits", "uri", "role", "organisation", "purpose", "confidence", "hidden", "owner", "xpath")
SHOWN = ("page", "text", "role", "organisation", "purpose", "confidence", "owner")


@click.command()
@click.option("--batch", metavar="FILE", required=True, type=click.Path(path_type=Path, dir_okay=False),
              help="Tasks, a JSON object a line: page (a path beside FILE), url, org.")  # fmt: skip
@click.option("--rivals", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Names of other organisations that pages may show, one a line.")  # fmt: skip
@format_option
@click.pass_context
def extract(ctx: click.Context, batch: Path, rivals: Path | None, fmt: Format) -> None:
    """Read saved pages for telephone numbers: voice or fax, whose, and what for."""
    from haoma.app import Services
    from haoma.guard.model import Names
    from haoma.numbers.tables import use

    settings = current_settings()
    use(settings)
    others = [Names(line.strip()) for line in _text(rivals).splitlines() if line.strip()] if rivals else []
    tasks = list(_tasks(batch))
    failed = False

    def rows(read: Readers) -> Iterator[Row]:
        nonlocal failed
        with progress("pages", len(tasks)) as advance:
            for row in _in_order(partial(_row, batch.parent, others, read), tasks, read.at_once):
                failed |= "error" in row
                yield row
                advance(1)

    with Services(settings, create=False) as services:
        found = rows(services.page_readers)
        if fmt in (Format.JSON, Format.JSONL):
            write(found, fmt)
        else:
            write((one for row in found for one in _flat(row)), fmt, columns=SHOWN if fmt is Format.TABLE else FLAT)
    ctx.exit(1 if failed else 0)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file.name} cannot be read: {_why(error)}"
        raise BadInput(message, hint="a file of UTF-8 text that this user may read") from error


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _tasks(batch: Path) -> Iterator[dict[str, str | None]]:
    for number, line in enumerate(_text(batch).splitlines(), 1):
        if not line.strip():
            continue
        try:
            task = json.loads(line)
        except (ValueError, RecursionError):
            task = None
        good = isinstance(task, dict) and isinstance(task.get("page"), str)
        if not good or not all(isinstance(task.get(key), str | None) for key in ("url", "org")):
            message = f"{batch.name}, line {number}: not a task"
            raise BadInput(message, hint='a task is {"page": "pages/0001.html", "url": null, "org": "甲银行"}')
        yield task


def _row(folder: Path, others: list[Names], read: Readers, task: dict[str, str | None]) -> dict[str, object]:
    from haoma.guard.model import Names
    from haoma.guard.reading import Unreadable

    page = str(task["page"])
    place = (folder / page).resolve()
    if not place.is_relative_to(folder.resolve()):
        return {"page": page, "mentions": [], "error": "the page lies outside the folder of the tasks"}
    org = task.get("org")
    try:
        with place.open("rb") as file:
            body = file.read(LARGEST)
        found = read(body, url=task.get("url"), names=Names(org) if org else None, rivals=others)
    except Unreadable as error:
        return {"page": page, "mentions": [], "error": str(error)}
    except (OSError, ValueError) as error:
        return {"page": page, "mentions": [], "error": _why(error)}
    return {"page": page, "mentions": [_mention(one) for one in found]}


def _in_order(work: Callable[[T], R], tasks: Sequence[T], at_once: int) -> Iterator[R]:
    """What comes of each task, in the order of the tasks; so many are worked on at the same time."""
    pool = ThreadPoolExecutor(at_once)
    waiting = deque[Future[R]]()
    try:
        for task in tasks:
            if len(waiting) > at_once:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, task))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _mention(one: Mention) -> dict[str, object]:
    return {
        "text": one.text, "digits": one.digits, "uri": one.uri, "role": one.role, "organisation": one.organisation,
        "purpose": one.purpose, "confidence": one.confidence, "xpath": one.xpath, "hidden": one.hidden,
        "owner": one.owner, "reasons": list(one.reasons),
    }  # fmt: skip


def _flat(row: dict[str, object] | Row) -> Iterator[Row]:
    mentions = row["mentions"]
    if "error" in row:
        note(f"{row['page']}: {row['error']}")
    for one in mentions if isinstance(mentions, list) else []:
        yield {"page": row["page"], **one}
