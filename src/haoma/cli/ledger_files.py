"""Files that `haoma ledger` reads and writes: proofs, checkpoints, policies, evidence.

Rules held here:
- What is read is bounded; what is written is whole or not there, and replaces a file only when that was asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from haoma.cli.output import note
from haoma.errors import BadInput

__all__ = ["FILE", "OUTPUT", "OVERWRITE", "read", "write_whole"]

LONGEST = 64 << 20
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUTPUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a file that is there already.")


def read(path: Path) -> bytes:
    """The bytes of a file, or of stdin for `-`."""
    with click.open_file(str(path), "rb") as file:
        data: bytes = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise BadInput(f"{path} is larger than any file of this kind", hint=f"at most {LONGEST:,} bytes are read")
    return data


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file, or to stdout for `-`."""
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        return
    from haoma.numbers.files.atomic import replacing

    with replacing(path, overwrite=overwrite) as file:
        file.write(data)
    note(f"{path}: {len(data):,} bytes")
