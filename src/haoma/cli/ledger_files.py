"""Files that `haoma ledger` reads and writes: proofs, checkpoints, policies, evidence.

Rules held here:
- A stdin or stdout that the caller has closed is told, and never passes for an empty file or a result that was written.
- What is read is bounded; what is written is whole or not there, and replaces a file only when that was asked for.
- What is about a person is in a file that is its owner's alone.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from haoma.app import Services
from haoma.cli.output import note
from haoma.errors import BadInput, Unavailable
from haoma.ledger.evidence import Known

__all__ = ["FILE", "OUTPUT", "OVERWRITE", "known", "opened", "read", "require_stdout", "write_whole"]

LONGEST = 64 << 20
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")


def read(path: Path) -> bytes:
    """The bytes of a file, or of stdin for `-`."""
    with opened(path) as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise BadInput(f"{path} is larger than any file of this kind", hint=f"at most {LONGEST:,} bytes are read")
    return data


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to be read, or stdin for `-`; raises BadInput for a stdin that is closed."""
    closed = BadInput("stdin: it is closed, or open for writing only", hint="name a file, or feed a pipe")
    if str(path) == "-" and sys.stdin is None:
        raise closed
    try:
        with click.open_file(str(path), "rb") as file:
            yield file
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        raise closed from None


def known(services: Services) -> Known:
    """What the evidence in this database is verified with."""
    roots = services.settings.ledger_tsa_roots
    log = services.keys.existing().get("log")
    return Known(log.verifier if log else None, services.policy, None if roots is None else read(roots))


def require_stdout() -> None:
    """Raise Unavailable where the caller has closed stdout, before anything is done whose result would be lost."""
    if sys.__stdout__ is None:
        raise Unavailable("stdout is closed", hint="results go there: send it to a file, or to /dev/null")


def write_whole(path: Path, data: bytes, *, overwrite: bool, private: bool = False) -> None:
    """Write a file, or to stdout for `-`; with `private` one that only its owner can read."""
    if str(path) == "-":
        require_stdout()
        sys.stdout.buffer.write(data)
        return
    from haoma.numbers.files.atomic import replacing

    with replacing(path, overwrite=overwrite, private=private) as file:
        file.write(data)
    note(f"{path}: {len(data):,} bytes")
