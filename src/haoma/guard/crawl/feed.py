"""A licensed feed, read by a map of its fields: its rows become a page of schema.org, which is read as any other page.

Rules held here:
- The map says where the rows are and which field is what, in TOML: `rows = "data.items"`, `name = "org"`,
  `number = "tel"`, and perhaps `purpose`, `url`, `area`. `key_header` and `key_file` say which header wants which key.
- A key lies in the folder of keys of feeds, so that who may add sources can have no other secret of this machine sent
  away; and it goes over HTTPS, or to a host that is allowed by name.
- The answer itself is kept as it came; what is made of it is kept beside it, and nothing is made up.
"""

from __future__ import annotations

import html
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from haoma.errors import BadInput, Refused
from haoma.guard.crawl.addresses import Allowed
from haoma.ledger.key_file import read_private

__all__ = ["FeedKeys", "check_mapping", "mapped", "page_of"]

FIELDS = {"name": "name", "number": "telephone", "purpose": "contactType", "url": "url", "area": "areaServed"}
MOST_ROWS = 10_000


def check_mapping(text: str) -> str:
    """The map, if it is one; raises BadInput otherwise."""
    _read(text)
    return text


def mapped(body: bytes, mapping: str) -> bytes:
    """The page that a feed's answer stands for; an empty one where the answer is no JSON or has no such rows."""
    chart = _read(mapping)
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    for key in filter(None, chart.get("rows", "").split(".")):
        found = found.get(key) if isinstance(found, dict) else None
    rows = found if isinstance(found, list) else []
    return page_of(_fields(row, chart) for row in rows[:MOST_ROWS] if isinstance(row, dict))


@dataclass(frozen=True, slots=True)
class FeedKeys:
    """The keys of feeds, each a file of `folder`; `allowed` are the hosts that may be told one without TLS."""

    folder: Path
    allowed: Allowed = field(default_factory=Allowed)

    def header(self, mapping: str, url: str) -> Sequence[tuple[str, str]]:
        """The header with the key that a feed at `url` asks for; none where its map names no key.

        Raises BadInput where the file is not in the folder or cannot be read, Refused where others may read it, or
        where the key would go out in the clear.
        """
        chart, parts = _read(mapping), urlsplit(url)
        if "key_file" not in chart:
            return ()
        if parts.scheme != "https" and (parts.hostname or "", parts.port or 80) not in self.allowed:
            raise Refused("the key of a feed goes over HTTPS", hint="https://…, or name its host in crawl_allow")
        return [(chart["key_header"], self._read(chart["key_file"]))]

    def _read(self, name: str) -> str:
        folder, hint = self.folder.resolve(), f"it is a file of ASCII in {self.folder} (setting crawl_keys)"
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise BadInput("key_file of a feed leads out of the folder of keys", hint=hint)
        try:
            return read_private(path).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise BadInput("the key of a feed cannot be read", hint=hint) from None


def page_of(rows: Iterable[Mapping[str, str]]) -> bytes:
    """A page that says of each organisation (`name`) which number is its, as schema.org says such things."""
    said, lines = [], []
    for row in rows:
        point = {FIELDS[key]: value for key, value in row.items() if key in {"number", "purpose", "area"}}
        about = {FIELDS[key]: value for key, value in row.items() if key in {"name", "url"}}
        said.append({"@type": "Organization", **about, "contactPoint": {"@type": "ContactPoint", **point}})
        lines.append(f"<p>{html.escape('　'.join(row[key] for key in FIELDS if key in row))}</p>")
    document = json.dumps({"@context": "https://schema.org", "@graph": said}, ensure_ascii=False).replace("</", "<\\/")
    head = '<!doctype html><meta charset="utf-8"><script type="application/ld+json">'
    return f"{head}{document}</script>\n{''.join(lines)}\n".encode()


def _fields(row: Mapping[str, object], chart: Mapping[str, str]) -> dict[str, str]:
    found = {field: row.get(chart[field]) for field in FIELDS if field in chart}
    return {field: str(value) for field, value in found.items() if isinstance(value, str | int) and str(value)}


def _read(text: str) -> Mapping[str, str]:
    try:
        chart = tomllib.loads(text)
    except ValueError:
        chart = {}
    known = {"rows", "key_header", "key_file", *FIELDS}
    texts = all(isinstance(one, str) for one in chart.values())
    if not {"name", "number"} <= chart.keys() <= known or not texts or ("key_file" in chart) != ("key_header" in chart):
        message = (
            "the map of a feed says rows, name and number, and perhaps purpose, url, area, key_header and key_file"
        )
        raise BadInput(message, hint='rows = "data.items"; name = "org"; number = "tel"')
    return chart
