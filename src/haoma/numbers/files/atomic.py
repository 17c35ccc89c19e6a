"""A file that is there whole or not at all.

Rules held here:
- Bytes go to a file of another name in the same directory, which is synced and renamed when all is written.
- Whatever ends the writing before that removes the other file. One that a killed process has left carries the ending
  `.haoma-part`; the next writer of the same name removes it, but never that of a writer still at work.
- A target that is no regular file (a pipe, /dev/stdout) is written to as it is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from haoma.errors import BadInput, Conflict, Unavailable

__all__ = ["PART", "replacing"]

PART = ".haoma-part"
NAME_ROOM = 60


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool, private: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `target` when the block ends well.

    With `private` it is its owner's alone (0600), whatever was there; else it has the rights of what it replaces.
    Raises Conflict where the target is there and `overwrite` is false, BadInput where it cannot be written, Unavailable
    where the disk is full.
    """
    place = target.resolve()
    if place.is_dir():
        raise BadInput(f"{target}: this is a directory", hint="name the file to write")
    if place.exists() and not place.is_file():
        with _told(target), place.open("wb") as file:
            yield file
        return
    if place.exists() and not overwrite:
        raise Conflict(f"{target} is there already", hint="--overwrite replaces it")
    _sweep(place)
    with _told(target), _part(place, 0o600 if private else 0o666) as (part, file):
        yield file
        if overwrite and not private:
            with contextlib.suppress(FileNotFoundError):
                part.chmod(place.stat().st_mode & 0o777)
        _settle(part, file, place, overwrite=overwrite)


@contextlib.contextmanager
def _part(place: Path, mode: int) -> Iterator[tuple[Path, BinaryIO]]:
    part = place.with_name(f"{_stem(place)}{secrets.token_hex(4)}{PART}")
    with open(part, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield part, file
        finally:
            part.unlink(missing_ok=True)


def _settle(part: Path, file: BinaryIO, place: Path, *, overwrite: bool) -> None:
    file.flush()
    os.fsync(file.fileno())
    if overwrite:
        part.replace(place)
    else:
        try:
            os.link(part, place)
        except FileExistsError:
            raise Conflict(f"{place} has appeared meanwhile", hint="--overwrite replaces it") from None
        except OSError:  # a file system without hard links
            part.replace(place)
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(directory)
    finally:
        os.close(directory)


def _stem(place: Path) -> str:
    return f".{place.name.encode()[:NAME_ROOM].decode('utf-8', 'ignore')}."


def _sweep(place: Path) -> None:
    """Remove what killed writers of this target have left; the lock of a living one is held."""
    with contextlib.suppress(OSError):
        stem = _stem(place)
        for part in [path for path in place.parent.iterdir() if path.name.startswith(stem) and path.suffix == PART]:
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(target: Path) -> Iterator[None]:
    """Name the file in what the system says about writing it."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        kind = BadInput if isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError) else Unavailable
        kind = BadInput if error.errno == 30 else kind  # EROFS
        raise kind(f"{target}: {error.strerror or 'it cannot be written'}") from error
