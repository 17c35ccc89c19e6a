"""Tables of pipeline.toml, read to the letter: each value of its type, or an error that names where it stands.

Rules held here:
- An error names file, table and key, says what is allowed, and shows no value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from haoma.errors import BadInput
from haoma.guard.probe.secret import Secret
from haoma.wire.line import LOOPBACK

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["Given"]

HINT = "docs/guide/probe.md shows a pipeline"
LONGEST = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """One table: what stands in it, the file, and what an error calls the table."""

    said: Mapping[str, object]
    base: Path
    where: str

    @classmethod
    def file(cls, path: Path) -> Self:
        """The table that a file is; raises BadInput where it cannot be read or is no TOML."""
        try:
            said = tomllib.loads(path.read_bytes().decode())
        except OSError as error:
            raise BadInput(f"{path}: the pipeline cannot be read ({error.strerror})", hint=HINT) from None
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"{path}: this is no TOML ({error})", hint=HINT) from None
        except ValueError:
            raise BadInput(f"{path}: this is not UTF-8", hint=HINT) from None
        return cls(said, path.absolute().parent, f"{path}:")

    def wrong(self, key: str, allowed: str) -> BadInput:
        """The error for a key."""
        return BadInput(f"{self.where} {key} is not as it has to be; {allowed}", hint=HINT)

    def only(self, *known: str) -> None:
        """Refuse every other key."""
        if unknown := [key for key in self.said if key not in known]:
            message = f"{self.where} there is no key {unknown[0][:40]!r} here"
            raise BadInput(message, hint=f"keys: {', '.join(known)}")

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return key in self.said

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        found = self.said.get(key, default)
        if not isinstance(found, str) or len(found) > LONGEST or (not found and default is None):
            raise self.wrong(key, "a text")
        return found

    def whole(self, key: str, default: int, most: int) -> int:
        """A whole number from 1."""
        found = self.said.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= most:
            raise self.wrong(key, f"a whole number from 1 to {most}")
        return found

    def flag(self, key: str) -> bool:
        """True or false; false where it is not there."""
        found = self.said.get(key, False)
        if not isinstance(found, bool):
            raise self.wrong(key, "true or false")
        return found

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts; empty where it is not there."""
        found = self.said.get(key, {})
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise self.wrong(key, "a table of texts")
        return dict(found)

    def table(self, key: str) -> Given | None:
        """A table in this one; None where it is not there."""
        found = self.said.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise self.wrong(key, "a table")
        return Given(found, self.base, f"{self.where} {key}:")

    def tables(self, key: str) -> Sequence[Given]:
        """A list of tables."""
        found = self.said.get(key)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.wrong(key, f"tables: [[{key}]] for each")
        return [Given(one, self.base, f"{self.where} {key} {place}:") for place, one in enumerate(found, 1)]

    def path(self, key: str) -> Path:
        """A path, from where the file is."""
        return self.base / Path(self.text(key))

    def pointer(self, key: str) -> str:
        """A JSON Pointer (RFC 6901)."""
        found = self.text(key, "")
        if found and not found.startswith("/"):
            raise self.wrong(key, "a JSON Pointer, which begins with / (RFC 6901): /hotlines/0/phone")
        return found

    def secret(self, key: str) -> Secret | None:
        """Where a secret stands; None where none is named."""
        found = self.table(key) if not isinstance(self.said.get(key), str) else None
        if found is None and key not in self.said:
            return None
        if found is None or len(found.said) != 1 or not {"env", "file"} & set(found.said):
            raise self.wrong(key, 'a secret is never written here: { env = "NAME" } or { file = "PATH" }')
        return Secret(file=found.path("file")) if found.has("file") else Secret(env=found.text("env"))

    def url(self, key: str, *, guarded: bool = False) -> str:
        """A URL of HTTP without user or password; with a secret beside it (`guarded`) HTTPS, or of this machine."""
        found = self.text(key)
        try:
            parts = urlsplit(found)
            plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
            plain = plain and found.isascii() and found.isprintable() and " " not in found and parts.port != 0
        except ValueError:
            plain = False
        if not plain:
            raise self.wrong(key, "https://HOST/PATH or http://…, in ASCII, without a name or password")
        if guarded and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise self.wrong(key, "https://…: a token is sent over HTTPS, or to this machine alone")
        return found

    def database(self, key: str) -> sa.URL:
        """The URL of a database, without a password; a SQLite file starts at where the file is."""
        from haoma.storage.foreign import foreign_url

        url = foreign_url(self.text(key), self.base)
        if url is None:
            raise self.wrong(key, "sqlite:///FILE or postgresql://USER@HOST/DATABASE")
        if url.password is not None:
            raise self.wrong(key, 'without its password: password = { env = "NAME" } or { file = "PATH" }')
        return url
