"""Keeps the packed file beside the user's caches, and builds it when it is missing, damaged or out of date.

Rules held here:
- Out of date means that a source's path, size or time has changed, or haoma's tables or code, or Python's Unicode
  tables. That is looked up with `stat` alone: no source is opened or imported.
- Each state of the sources has its file, so two environments that share a cache do not undo each other's work.
- Builders may race: each writes its own file and renames it; the last one wins and all are right.
- A directory that cannot be written costs the build each time, and a note, but never the answer.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import sys
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import haoma
from haoma.errors import BadInput, Tampered, Unavailable
from haoma.numbers.segments.file import open_image, parse_image, write_atomically
from haoma.numbers.segments.pack import Pack
from haoma.settings import Settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

__all__ = ["Build", "fingerprint", "load", "open_pack", "pack_path", "rebuild"]

Build: TypeAlias = "Callable[[Settings, str, dt.datetime], bytes]"
"""Makes the bytes of a pack of the settings' sources, which carries this fingerprint and this time."""

KEPT = 4
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_CODE = Path(__file__).resolve().parent
_TABLES = _CODE.parent / "data"


def _package_file(package: str, name: str) -> Path | None:
    """A file of an installed package, looked for where an import would look."""
    found = (Path(place or ".") / package / name for place in sys.path)
    return next((path for path in found if path.is_file()), None)


def _state(path: Path | None) -> str:
    if path is None:
        return "absent"
    try:
        stat = path.stat()
    except OSError:
        return f"{path} unreadable"
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def fingerprint(settings: Settings) -> str:
    """The state of all sources as 16 hexadecimal digits; under 1 ms."""
    dat = settings.phone_dat or _package_file("phone", "phone.dat")
    parts = [haoma.__version__, unicodedata.unidata_version, _state(dat)]
    parts.append(_state(_package_file("phonenumbers", "__init__.py")))
    parts += [_state(path) for path in settings.overlays]
    for folder in (_TABLES, _CODE, _CODE.parent / "grammar"):
        parts += [_state(path) for path in sorted(folder.iterdir()) if path.suffix in {".csv", ".py"}]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def pack_path(settings: Settings) -> Path:
    """Where the pack for the sources as they are now lies, or will lie."""
    return settings.data_dir / f"segments-{fingerprint(settings)}.haoma"


def open_pack(path: Path, *, verify: bool = False) -> Pack:
    """Open a given packed file; raises `Tampered` where it is damaged, FileNotFoundError where it is missing."""
    pack = Pack(open_image(path))
    if verify:
        pack.verify()
    return pack


def _from_sources(settings: Settings, fingerprint: str, now: dt.datetime) -> bytes:
    from haoma.numbers.segments.build import build

    return build(settings, fingerprint, now)


def load(settings: Settings, *, build: Build = _from_sources) -> Pack:
    """The pack for these settings: under 5 ms when it is there, else built with a note on stderr."""
    try:
        return open_pack(pack_path(settings), verify=True)
    except FileNotFoundError:
        _note("building the table of number segments, once")
    except (Tampered, OSError) as error:
        _note(f"rebuilding the table of number segments: {error}")
    path, body = _built(settings, build)
    try:
        return _kept(path, body)
    except OSError as error:
        _note(f"{settings.data_dir} cannot be written ({error.strerror}); the table is kept in memory only")
        return Pack(parse_image(memoryview(body), "table in memory"))


def rebuild(settings: Settings, *, build: Build = _from_sources) -> Pack:
    """Build the pack and put it into the cache.

    Raises BadInput for a source that cannot be read or a directory that cannot be written, Unavailable for a full disk.
    """
    path, body = _built(settings, build)
    try:
        return _kept(path, body)
    except OSError as error:
        kind = Unavailable if error.errno in _FULL else BadInput
        message = f"{path}: the table cannot be written ({error.strerror})"
        raise kind(message, hint="haoma --data-dir DIR puts it elsewhere") from error


def _built(settings: Settings, build: Build) -> tuple[Path, bytes]:
    import datetime as dt

    path = pack_path(settings)
    return path, build(settings, path.stem.removeprefix("segments-"), dt.datetime.now(dt.UTC))


def _kept(path: Path, body: bytes) -> Pack:
    write_atomically(path, body)
    _prune(path)
    return open_pack(path)


def _prune(kept: Path) -> None:
    """Drop all but the newest few packs, and what a killed builder left an hour ago."""
    with contextlib.suppress(OSError):
        packs = sorted(kept.parent.glob("segments-*.haoma"), key=lambda p: p.stat().st_mtime, reverse=True)
        halves = (p for p in kept.parent.glob(".segments-*") if time.time() - p.stat().st_mtime > 3600)
        for path in (*packs[KEPT:], *halves):
            if path != kept:
                path.unlink(missing_ok=True)


def _note(text: str) -> None:
    sys.stderr.write(f"haoma: {text}\n")
