"""Compiles all sources on this machine into one packed file.

Rules held here:
- The header names every source with version, date, licence and digest, and how far the sources agreed.
- A source that is not there is left out, and the header shows it; phonenumbers alone is required.
- `haoma.numbers.grammar.symbols.build()` may add sections of its own; their names must be new.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import haoma
from haoma.errors import BadInput
from haoma.numbers.segments import libphonenumber, overlay, phonedat
from haoma.numbers.segments.file import FORMAT, Contents, Source, pack_image
from haoma.numbers.segments.landlines import area_sections, network_sections
from haoma.numbers.segments.mobiles import apply_overlays, segment_rows
from haoma.numbers.segments.rowtable import RowTable
from haoma.numbers.segments.tables import DATA
from haoma.settings import Settings

__all__ = ["build"]

BUILT_IN = ("miit", "phone.dat", "libphonenumber", "numbering-plan")
MAX_OVERLAYS = 12
CONTRIBUTOR = "haoma.numbers.grammar.symbols"


def _sha256(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file_date(path: Path) -> str:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date().isoformat()


def _month(version: str) -> str:
    """`2312` is December 2023."""
    return f"20{version[:2]}-{version[2:]}" if version.isdigit() and len(version) == 4 else version


def _source(name: str, title: str, version: str, date: str, licence: str, *paths: Path) -> Source:
    digest = _sha256(paths) if paths else None
    return Source(name=name, title=title, version=version, date=date, licence=licence, sha256=digest)


def _sources(geodata_version: str, dat: tuple[Path, str] | None, overlays: tuple[Path, ...]) -> list[Source]:
    """All sources in the order of their bits; one that is not there has no digest."""
    geodata = libphonenumber.find() / "geodata"
    facts = [DATA / name for name in ("networks.csv", "area_splits.csv")]
    path, version = dat or (None, "")
    found = [
        _source("miit", "MIIT table of public mobile network codes", "2023-03-31", "2023-03-31",
                "facts (PRC Copyright Law art. 5)", DATA / "miit_h0.csv"),
        _source("phone.dat", "phone.dat of PyPI's phone", version, _month(version),
                "not stated; read in place, never shipped", *([path] if path else [])),
        _source("libphonenumber", "Google libphonenumber, through phonenumbers", geodata_version,
                "", "Apache-2.0", *sorted(geodata.glob("data*.py"))),
        _source("numbering-plan", "MIIT numbering plan, reports, general knowledge", "2025", "2025", "facts", *facts),
    ]  # fmt: skip
    return found + [_source(p.stem, str(p), "", _file_date(p), "yours", p) for p in overlays]


def _phone_dat(configured: Path | None) -> tuple[Path | None, phonedat.PhoneDat | None]:
    """The file and its content; one that the user did not name is left out, with a note, where it cannot be read."""
    path = phonedat.find(configured)
    try:
        return path, phonedat.read(path) if path else None
    except BadInput as error:
        if configured:
            raise
        sys.stderr.write(f"haoma: {error}; its places are left out\n")
        return None, None


def _check_names(overlays: tuple[overlay.Overlay, ...]) -> None:
    names = [*BUILT_IN, *(each.name for each in overlays)]
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"two sources are called {', '.join(doubles)}", hint="give the overlay file another name")


def _contributed() -> dict[str, bytes]:
    if importlib.util.find_spec(CONTRIBUTOR) is None:
        return {}
    contribute = getattr(importlib.import_module(CONTRIBUTOR), "build", None)
    return dict(contribute()) if contribute else {}


def build(settings: Settings, fingerprint: str, now: dt.datetime) -> bytes:
    """The bytes of a pack (about 2 s, 1.5 MB); raises `BadInput` for a source that cannot be read."""
    if len(settings.overlays) > MAX_OVERLAYS:
        raise BadInput(f"{len(settings.overlays)} overlay files", hint=f"at most {MAX_OVERLAYS}; join some of them")
    overlays = tuple(overlay.read(path) for path in settings.overlays)
    _check_names(overlays)
    dat_path, dat = _phone_dat(settings.phone_dat)
    geodata = libphonenumber.read()
    table = RowTable()
    segments, agreement = segment_rows(table, geodata, dat)
    sections = {**area_sections(table), **network_sections(table)}
    fine_first, fine = apply_overlays(table, segments, overlays)
    sections = {"segments": segments.tobytes(), **sections, "fine": fine.tobytes(), **table.sections()}
    extra = _contributed()
    if taken := sections.keys() & extra.keys():
        raise ValueError(f"sections {sorted(taken)} contributed twice")
    named = (dat_path, dat.version) if dat_path and dat else None
    contents: Contents = {
        "format": FORMAT,
        "haoma": haoma.__version__,
        "built_at": now.isoformat(timespec="seconds"),
        "fingerprint": fingerprint,
        "sources": _sources(geodata.version, named, settings.overlays),
        "agreement": asdict(agreement),
        "unknown_places": [*geodata.unknown, *(dat.unknown if dat else ())],
        "fine_first": fine_first,
    }
    return pack_image(contents, {**sections, **extra})
