"""Compiles all sources on this machine into one packed file.

Rules held here:
- The header names every source with version, date, licence and digest, and how far the sources agreed.
- A source that is not there is left out, and the header shows it; phonenumbers alone is required.
- `haoma.numbers.symbols.build()` may add sections of its own; their names must be new.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import haoma
from haoma.errors import BadInput
from haoma.numbers.segments import libphonenumber, overlay, phonedat
from haoma.numbers.segments.file import FORMAT, pack_image
from haoma.numbers.segments.landlines import area_sections, network_sections
from haoma.numbers.segments.mobiles import apply_overlays, segment_rows
from haoma.numbers.segments.rowtable import RowTable
from haoma.numbers.segments.tables import DATA
from haoma.settings import Settings

__all__ = ["Source", "build"]

MAX_OVERLAYS = 12
CONTRIBUTOR = "haoma.numbers.symbols"


@dataclass(frozen=True, slots=True)
class Source:
    """One source in a pack's header; its position is its bit in the rows' `sources`. `date` is that of the data."""

    name: str
    title: str
    version: str
    date: str
    licence: str
    sha256: str | None


def _sha256(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file_date(path: Path) -> str:
    return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).date().isoformat()


def _month(version: str) -> str:
    """`2312` is December 2023."""
    return f"20{version[:2]}-{version[2:]}" if version.isdigit() and len(version) == 4 else version


def _sources(geodata_version: str, dat: tuple[Path, str] | None, overlays: tuple[Path, ...]) -> list[Source]:
    geodata = libphonenumber.find() / "geodata"
    facts = ("networks.csv", "area_splits.csv")
    found = [
        Source("miit", "MIIT table of public mobile network codes", "2023-03-31", "2023-03-31",
               "facts (PRC Copyright Law art. 5)", _sha256([DATA / "miit_h0.csv"])),
        Source("phone.dat", "phone.dat of PyPI's phone", dat[1] if dat else "", _month(dat[1]) if dat else "",
               "not stated; read in place, never shipped", _sha256([dat[0]]) if dat else None),
        Source("libphonenumber", "Google libphonenumber, through phonenumbers", geodata_version,
               _file_date(geodata / "__init__.py"), "Apache-2.0", _sha256(sorted(geodata.glob("data*.py")))),
        Source("numbering-plan", "MIIT numbering plan and operators' announcements", "2025", "2025",
               "facts", _sha256(DATA / name for name in facts)),
    ]  # fmt: skip
    found += [Source(path.stem, str(path), "", _file_date(path), "yours", _sha256([path])) for path in overlays]
    return found


def _contributed() -> dict[str, bytes]:
    if importlib.util.find_spec(CONTRIBUTOR) is None:
        return {}
    contribute = getattr(importlib.import_module(CONTRIBUTOR), "build", None)
    return dict(contribute()) if contribute else {}


def build(settings: Settings, fingerprint: str, now: datetime.datetime) -> bytes:
    """The bytes of a pack (about 2 s, 1.5 MB); raises `BadInput` for a source that cannot be read."""
    if len(settings.overlays) > MAX_OVERLAYS:
        raise BadInput(f"{len(settings.overlays)} overlay files", hint=f"at most {MAX_OVERLAYS}; join some of them")
    overlays = tuple(overlay.read(path) for path in settings.overlays)
    dat_path = phonedat.find(settings.phone_dat)
    dat = phonedat.read(dat_path) if dat_path else None
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
    header = {
        "format": FORMAT,
        "haoma": haoma.__version__,
        "built_at": now.isoformat(timespec="seconds"),
        "fingerprint": fingerprint,
        "sources": [asdict(source) for source in _sources(geodata.version, named, settings.overlays)],
        "agreement": asdict(agreement),
        "fine_first": fine_first,
    }
    return pack_image(header, {**sections, **extra})
