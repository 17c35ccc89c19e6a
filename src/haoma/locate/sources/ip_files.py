"""The database of network addresses on this machine: which files it is, where they are from, and how old.

Rules held here:
- A manifest names the files, with version, date, licence and SHA-256. It is written last and in one step, so that a
  reader finds the old database or the new one.
- Files are taken in only where each opens and is a database of cities.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Tampered, Unavailable

if TYPE_CHECKING:
    import maxminddb

__all__ = ["CREDIT", "STALE_DAYS", "Addresses", "Held", "held", "intact", "opened", "require_reader", "take_in"]

TITLE, LICENCE = "DB-IP City Lite", "CC-BY-4.0"
CREDIT = "IP Geolocation by DB-IP (https://db-ip.com)"
STALE_DAYS = 90
MANIFEST = "ip-city.json"


@dataclass(frozen=True, slots=True)
class Held:
    """The database that is held. `files` has the name and the SHA-256 of a file by version of addresses: 4, 6."""

    title: str
    version: str
    made_on: str
    licence: str
    credit: str
    integrity: str
    files: Mapping[str, tuple[str, str]]

    def age_days(self, today: date) -> int:
        """Days since its data was made."""
        return (today - date.fromisoformat(self.made_on)).days


class Addresses:
    """One file, open: what it says of addresses."""

    def __init__(self, path: Path) -> None:
        self._reader = _open(path)

    def get(self, address: IPv4Address | IPv6Address) -> Mapping[str, object]:
        """The record of an address, empty without one; raises Unavailable for a file that is damaged there."""
        try:
            found = self._reader.get(address)
        except (RuntimeError, ValueError):
            raise Unavailable("the database of network addresses is damaged", hint="haoma data fetch ip") from None
        return found if isinstance(found, dict) else {}


def require_reader() -> None:
    """Raise Unavailable where what reads such files is not installed."""
    try:
        import maxminddb  # noqa: F401
    except ModuleNotFoundError:
        message = "network addresses are looked up with maxminddb, which is not installed"
        raise Unavailable(message, hint="pip install 'haoma[ip]'") from None


def held(folder: Path) -> Held | None:
    """The database in a directory, None without one; raises Tampered for a manifest that cannot be read."""
    path = folder / MANIFEST
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        found = Held(**{**said, "files": {kind: (str(name), str(sha)) for kind, (name, sha) in said["files"].items()}})
        date.fromisoformat(found.made_on)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Tampered(f"{path} cannot be read", hint="haoma data fetch ip makes it anew") from None
    return found


def opened(folder: Path) -> Mapping[int, Addresses]:
    """The files of the database, by version of addresses; raises Unavailable where there is none."""
    found = held(folder)
    if found is None:
        raise Unavailable("no database of network addresses is on this machine", hint="haoma data fetch ip")
    return {int(kind): Addresses(folder / name) for kind, (name, _) in found.files.items()}


def intact(folder: Path, found: Held) -> bool:
    """Whether its files are those that were taken in; reads all of them."""
    return all((folder / name).is_file() and _sha256(folder / name) == sha for name, sha in found.files.values())


def take_in(folder: Path, files: Sequence[Path], version: str, integrity: str) -> Held:
    """Keep these files as the database of a directory, in the place of the one before.

    Raises BadInput for what is none, Unavailable where the reader is not installed.
    """
    chosen, made = _chosen(files)
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("ip-city-*.mmdb"))
    kept = {path: _kept(folder, path) for path in sorted(set(chosen.values()))}
    names = {kind: kept[path] for kind, path in chosen.items()}
    found = Held(TITLE, version, f"{made:%Y-%m-%d}", LICENCE, CREDIT, integrity, names)
    _replace(folder / MANIFEST, json.dumps(asdict(found), ensure_ascii=False, indent=2).encode())
    for path in before - {folder / name for name, _ in names.values()}:
        path.unlink(missing_ok=True)
    return found


def _chosen(files: Sequence[Path]) -> tuple[dict[str, Path], datetime]:
    """The file for each version of addresses, and when the oldest was made. One of version 6 may hold both."""
    chosen, made = dict[str, Path](), list[datetime]()
    for path in sorted(files):
        with _open(path) as reader:
            said = reader.metadata()
        if "city" not in said.database_type.lower():
            raise BadInput(f"{path.name} is no database of cities", hint="dbip-city, as MaxMind DB (.mmdb)")
        made.append(datetime.fromtimestamp(said.build_epoch, UTC))
        chosen[str(said.ip_version)] = path
    if not chosen:
        raise BadInput("there is no database of network addresses in it", hint="dbip-city, as MaxMind DB (.mmdb)")
    if "4" not in chosen:
        chosen["4"] = chosen["6"]
    return chosen, min(made)


def _kept(folder: Path, path: Path) -> tuple[str, str]:
    """Copy a file in under a name made of what it holds; the name, and the SHA-256."""
    sha = _sha256(path)
    name = f"ip-city-{sha[:16]}.mmdb"
    if not (folder / name).is_file() or _sha256(folder / name) != sha:
        draft = folder / f".{name}.{secrets.token_hex(6)}"
        try:
            shutil.copyfile(path, draft)
            _synced(draft)
            draft.replace(folder / name)
        finally:
            draft.unlink(missing_ok=True)
    return name, sha


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    draft.write_bytes(data)
    _synced(draft)
    draft.replace(path)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path) -> maxminddb.Reader:
    require_reader()
    import maxminddb

    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError):
        raise BadInput(f"{path.name} is no MaxMind DB", hint="dbip-city, as MaxMind DB (.mmdb)") from None
