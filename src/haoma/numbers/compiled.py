"""Compiled code kept on disk between processes: one way for the column kernel and the row scanner.

Rules held here:
- Code lies in `data_dir/compiled/NAME-DIGEST`. The digest is that of its sources and where they lie, and of Python,
  numba, llvmlite and the processor: a change in one file never meets a stale function of another.
- numba unpickles what it finds, and a pickle can run anything. So the directories belong to the user and nobody else
  may enter them (0700), and nothing is loaded unless the SHA-256 of every file is that of the manifest, which is
  written after the last of them. What does not match is deleted and compiled anew.
- One process compiles; the others wait for it and read what it has kept. The system takes the lock from a process
  that is killed.
- Where nothing can be kept, code is compiled anew in each process, with a note.
- When code is compiled, what nobody has used for 30 days is deleted.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import RLock
from typing import TypeVar

import llvmlite
import numba
from llvmlite import binding

from haoma.numbers.once import once
from haoma.numbers.segments.file import write_atomically
from haoma.numbers.tables import in_force

__all__ = ["MANIFEST", "compiled"]

MANIFEST = "SHA256SUMS"  # in the form of sha256sum -c
UNUSED_S = 30 * 86_400
SILENT_S = 1.0  # a process that only reads holds the lock for less
Made = TypeVar("Made")
_alone = RLock()  # numba has one directory in force for all threads


def compiled(
    name: str,
    sources: Iterable[Path],
    build: Callable[[bool], Made],
    note: str = "",
    *,
    folder: Path | None = None,
) -> Made:
    """What `build` makes of code that is kept, or of code compiled now, after a `note` on stderr.

    `build` is told whether numba may keep code, and compiles all of it before it returns. `folder` is
    `data_dir/compiled` where none is named. Checking a megabyte of kept code takes a millisecond.
    """
    place = (folder or in_force().data_dir / "compiled") / f"{name}-{_digest(sources)}"
    with _alone:
        try:
            return _kept(place, build, note)
        except OSError as error:
            reason = error.strerror or error
            _say(f"{place.parent} cannot keep compiled code ({reason}); it is compiled in each process")
            return build(False)


def _kept(place: Path, build: Callable[[bool], Made], note: str) -> Made:
    _own(place.parent)
    lock = place.parent / "lock"
    with _locked(lock, fcntl.LOCK_SH):
        if _sound(place):
            return _load(place, build)
    with _locked(lock, fcntl.LOCK_EX):
        if _sound(place):
            return _load(place, build)
        if place.exists():
            _say(f"{place} is damaged or unfinished, and deleted")
            shutil.rmtree(place)
        if note:
            _say(note)
        _own(place)
        with _numba_keeps_in(place):
            made = build(True)
        _seal(place)
        _prune(place)
        return made


def _load(place: Path, build: Callable[[bool], Made]) -> Made:
    os.utime(place / MANIFEST)
    with _numba_keeps_in(place):
        return build(True)


def _digest(sources: Iterable[Path]) -> str:
    """What the code depends on, as 16 hexadecimal digits."""
    parts = [sys.version, numba.__version__, llvmlite.__version__, binding.get_host_cpu_name()]
    with contextlib.suppress(RuntimeError):  # not known for every processor
        parts.append(binding.get_host_cpu_features().flatten())
    for path in sources:
        parts += [str(path), hashlib.sha256(path.read_bytes()).hexdigest()]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _own(path: Path) -> None:
    """Make a directory for this user alone; PermissionError where it is another user's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", str(path))
    if not _private(path):
        path.chmod(0o700)
    if not _private(path):
        raise PermissionError(errno.EPERM, "other users can enter it", str(path))


def _private(path: Path) -> bool:
    state = path.stat()
    return state.st_uid == os.geteuid() and not stat.S_IMODE(state.st_mode) & 0o077


def _sound(place: Path) -> bool:
    """Whether a directory is this user's alone and holds what was written there, neither less nor more."""
    try:
        sums = _sums(place)
        return _private(place) and bool(sums) and (place / MANIFEST).read_bytes() == sums
    except OSError:
        return False


def _sums(place: Path) -> bytes:
    """The digest and the name of each of numba's files; half-written ones have other endings."""
    files = sorted(path for path in place.rglob("*.nb[ci]"))
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(place)}\n" for path in files)
    return "".join(lines).encode()


def _seal(place: Path) -> None:
    write_atomically(place / MANIFEST, _sums(place))


def _prune(kept: Path) -> None:
    """Delete the directories that nobody has used for UNUSED_S; the caller holds the lock."""
    oldest = time.time() - UNUSED_S
    for path in kept.parent.iterdir():
        if path.is_dir() and path != kept and _used_at(path) < oldest:
            shutil.rmtree(path, ignore_errors=True)


def _used_at(place: Path) -> float:
    manifest = place / MANIFEST
    return (manifest if manifest.exists() else place).stat().st_mtime


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Hold a lock across processes, shared or alone; a first long wait is told on stderr."""
    with path.open("ab") as file:
        if not _taken(file.fileno(), how):
            _say_waiting()
            fcntl.flock(file, how)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a child that was forked meanwhile has the file open too


def _taken(file: int, how: int) -> bool:
    until = time.monotonic() + SILENT_S
    while time.monotonic() < until:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, how | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def _numba_keeps_in(place: Path) -> Iterator[None]:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(place)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


@once
def _say_waiting() -> None:
    _say("another process is compiling; waiting for it")


def _say(text: str) -> None:
    sys.stderr.write(f"haoma: {text}\n")
