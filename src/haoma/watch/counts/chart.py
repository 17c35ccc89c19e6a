"""The map of a file or a table of counts: which column is what, of which hotline and zone all rows are, where it lies.

Rules held here:
- Without a map the columns are called as haoma calls them. `timestamp` and one count at least are there, and a hotline
  by a column or by the map.
- An unknown key, and a value of another type, are errors that name file and key.
- A map with a URL is its owner's alone to read: there may be a password in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone, tzinfo
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.ledger.key_file import read_private
from haoma.storage.foreign import foreign_url
from haoma.watch.counts.rows import CHINA, NAMES

__all__ = ["Chart", "read_chart"]

TIMEOUT_S, LONGEST_S, LONGEST_NAME = 10, 60, 63
KINDS = ("time", "text", "seconds")
_HINT = "docs/guide/watch.md shows a map"
_KEYS = {"url", "schema", "table", "timeout_s", "kind", "columns", "hotline", "utc_offset_min"}


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns by what they are; without any, each is called what it is. `hotline` is of whom all rows are.

    `kind` is what a time is in a table: a time of the database's, a text (2026-11-22 09:31:00), or seconds since 1970.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    hotline: str = ""
    zone: tzinfo = CHINA
    url: sa.URL | None = None
    table: str = ""
    schema: str | None = None
    kind: str = "text"
    timeout_s: int = TIMEOUT_S

    def names(self, there: Sequence[str], where: str) -> dict[str, str]:
        """Which of these columns is what; raises BadInput where a needed one is missing."""
        found = dict(self.columns) or {name: name for name in there}
        missing = [column for column in found.values() if column not in there]
        if self.hotline:
            found.pop("hotline", None)
        elif "hotline" not in found:
            missing.append("hotline")
        if "timestamp" not in found:
            missing.append("timestamp")
        if missing or len(found) < len(NAMES) + (not self.hotline):
            message = f"{where}: it has no column {(missing or ['of counts'])[0][:LONGEST_NAME]!r}"
            raise BadInput(message, hint="timestamp, hotline, inquiries, errors; --map FILE says which is which")
        return found


def read_chart(path: Path) -> Chart:
    """The map in a TOML file; raises BadInput where it is none, Refused where others can read one with a URL."""
    said = _content(path)
    for key in said:
        if key not in _KEYS:
            raise BadInput(f"{path}: there is no key {key[:40]!r} here", hint=f"keys: {', '.join(sorted(_KEYS))}")
    columns = said.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(one, str) and one for one in columns.values()):
        raise _wrong(path, "columns", 'which column is what: inquiries = "calls"')
    offset = said.get("utc_offset_min", 480)
    if type(offset) is not int or not -720 <= offset <= 840:
        raise _wrong(path, "utc_offset_min", "-720 to 840 minutes")
    zone = CHINA if offset == 480 else timezone(timedelta(minutes=offset))
    hotline = said.get("hotline", "")
    if not isinstance(hotline, str):
        raise _wrong(path, "hotline", "a text")
    return _placed(path, said, Chart(columns, hotline, zone))


def _placed(path: Path, said: Mapping[str, object], chart: Chart) -> Chart:
    """The map with the table that it names, where it names one."""
    if "url" not in said:
        if said.keys() & {"schema", "table", "timeout_s", "kind"}:
            raise _wrong(path, "url", "sqlite:///FILE or postgresql://USER@HOST/DATABASE, where a table is named")
        return chart
    url = foreign_url(str(said["url"]), path.absolute().parent)
    if url is None:
        raise _wrong(path, "url", "sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    table, schema = said.get("table"), said.get("schema")
    if not isinstance(table, str) or not _is_name(table):
        raise _wrong(path, "table", "the name of a table or view")
    if schema is not None and (not isinstance(schema, str) or not _is_name(schema)):
        raise _wrong(path, "schema", "the name of a schema")
    seconds, kind = said.get("timeout_s", TIMEOUT_S), said.get("kind", "text")
    if type(seconds) is not int or not 0 < seconds <= LONGEST_S:
        raise _wrong(path, "timeout_s", f"1 to {LONGEST_S} seconds")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _wrong(path, "kind", ", ".join(KINDS))
    if not said.get("columns"):
        raise _wrong(path, "columns", 'which column is what: timestamp = "at", inquiries = "calls"')
    return replace(chart, url=url, table=table, schema=schema, timeout_s=seconds, kind=kind)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def _content(path: Path) -> dict[str, object]:
    try:
        said = tomllib.loads(path.read_bytes().decode())
        return tomllib.loads(read_private(path).decode()) if "url" in said else said
    except OSError as error:
        raise BadInput(f"{path}: this cannot be read ({error.strerror})", hint=_HINT) from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise BadInput(f"{path}: this is no TOML ({error})", hint=_HINT) from None


def _wrong(path: Path, key: str, allowed: str) -> BadInput:
    return BadInput(f"{path}: {key} is not as it has to be; {allowed}", hint=_HINT)
