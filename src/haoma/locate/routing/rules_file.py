"""A company's rules of routing out of a TOML file, and everything that is wrong in it.

Rules held here:
- Nothing is guessed and nothing is left out: an unknown key, a region that there is none of, coordinates that do not
  say of which map they are, are flaws, each told with its line where it can be found, its key, and what is allowed.
- Whatever the bytes are, a file gives rules or flaws. A pipe is no file: nobody waits for one.
- What goes out in answers prints: no text of a company's sends a terminal or a header astray.
- A path in the file starts at the file.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from haoma.errors import BadInput, HaomaError
from haoma.locate.areas import region_called
from haoma.locate.routing.hours import Hours, hours_of
from haoma.locate.routing.lines import line_of
from haoma.locate.routing.model import ANY, Desk, Remote, Rules, StoresFile, language_tag
from haoma.places import Region

__all__ = ["Flaw", "examine", "load_rules"]

T = TypeVar("T")
LARGEST = 1 << 20
MOST = 1000


class Flaw(NamedTuple):
    """What is wrong with a file: the line, None where it cannot be told, the key, and why with what is allowed."""

    line: int | None
    key: str
    why: str


def _read(parse: Callable[[str], T]) -> Callable[[object], T]:
    def read(value: object) -> T:
        if not isinstance(value, str):
            message = "this is no text"
            raise ValueError(message)  # noqa: TRY004 - pydantic's way to say so
        try:
            return parse(value)
        except HaomaError as error:
            message = f"{error} ({error.hint})"
            raise ValueError(message) from None

    return read


def _language(text: str) -> str:
    return ANY if text == ANY else language_tag(text)


def _printable(text: str) -> str:
    # The wide blank of Chinese text is none that prints, as Unicode has it.
    if not text.replace("\u3000", " ").isprintable():
        message = "it has a sign that does not print"
        raise ValueError(message)
    return text


def _told(text: str) -> str:
    if not text.strip():
        message = "it is blank"
        raise ValueError(message)
    return _printable(text)


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="a word of a-z, 0-9 and -, at most 32")]
Line = Annotated[
    str, AfterValidator(_told), Field(min_length=1, max_length=200, description="a text of 1 to 200 characters")
]
Name = Annotated[str, AfterValidator(_told), Field(min_length=1, max_length=64, description="the header of a column")]
Languages = Annotated[
    list[Annotated[str, PlainValidator(_read(_language))]],
    Field(min_length=1, max_length=50, description='a list of language tags (BCP 47), or ["*"] for all'),
]
Regions = Annotated[
    list[Annotated[Region, PlainValidator(_read(region_called))]],
    Field(min_length=1, max_length=500, description="a list of cities, provinces and 大区, by name or adcode"),
]
Open = Annotated[
    list[Annotated[Hours, PlainValidator(_read(hours_of))]],
    Field(min_length=1, max_length=20, description='a list of hours: ["mon-fri 09:00-18:00"]'),
]
Maps = Literal["wgs84", "gcj02", "bd09"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Columns(_Table):
    id: Name = "id"
    name: Name = "name"
    lat: Name = "lat"
    lon: Name = "lon"
    coordinates: Name = "coordinates"


class _Stores(_Table):
    file: Annotated[
        str, AfterValidator(_told), Field(min_length=1, max_length=1000, description="a CSV file, beside this one")
    ]
    coordinates: Annotated[Maps, Field(description="wgs84, gcj02 (高德, 腾讯) or bd09 (百度)")]
    within_m: Annotated[float, Field(3000, ge=100, le=50_000, allow_inf_nan=False, description="metres, 100 to 50,000")]
    columns: _Columns = _Columns()


class _Desk(_Table):
    id: Word
    zh: Line
    en: Line
    languages: Languages = [ANY]
    regions: Regions | None = None
    hours: Open | None = None
    contact: Annotated[
        str, AfterValidator(_printable), Field(max_length=200, description="a text of at most 200 characters")
    ] = ""


class _Remote(_Table):
    id: Word
    zh: Line
    en: Line
    extra_days: Annotated[int, Field(ge=0, le=60, description="whole days, 0 to 60")]
    regions: Regions


class _File(_Table):
    fallback: Annotated[Word, Field(description="the id of the desk that answers where no other does")]
    language: Annotated[str, PlainValidator(_read(language_tag)), Field(description="a language tag (BCP 47)")] = "zh"
    stores: _Stores | None = None
    desks: Annotated[list[_Desk], Field(min_length=1, max_length=MOST, description="[[desks]], at least one")]
    remote: Annotated[list[_Remote], Field(max_length=MOST, description="[[remote]]")] = []


def load_rules(file: Path) -> Rules:
    """The rules in a file; raises BadInput, with the first of its flaws, where it has any."""
    rules, flaws = examine(file)
    if rules is not None:
        return rules
    line, key, why = flaws[0]
    place = f"{file}, line {line}" if line else str(file)
    more = f"{len(flaws) - 1} more: " if len(flaws) > 1 else ""
    raise BadInput(
        f"{place}: {key + ': ' if key else ''}{why}", hint=f"{more}haoma route check shows all that is wrong"
    )


def examine(file: Path) -> tuple[Rules | None, tuple[Flaw, ...]]:
    """The rules in a file, or its flaws; raises BadInput where it cannot be read at all."""
    data = _bytes(file)
    try:
        text = data.decode("utf-8-sig")
        found = tomllib.loads(text) if len(data) <= LARGEST else None
    except (ValueError, RecursionError) as error:
        return None, (_no_toml(error),)
    if found is None:
        return None, (Flaw(None, "", f"the file is longer than {LARGEST >> 10} KiB"),)
    try:
        read = _File.model_validate(found)
    except ValidationError as error:
        return None, tuple(_flaw(text.splitlines(), one["loc"], one["msg"]) for one in error.errors(include_url=False))
    flaws = tuple(_contradictions(read, text.splitlines()))
    return (None, flaws) if flaws else (_rules(read, file), ())


def _bytes(file: Path) -> bytes:
    """The first bytes of a file: one more than a file of rules may have."""
    hint = "the setting route_rules names a TOML file"
    try:
        # A pipe that nobody writes to would be waited for without an end.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise BadInput(f"{file} is no plain file", hint=hint)
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}", hint=hint) from error


def _rules(read: _File, file: Path) -> Rules:
    desks = tuple(_desk(one) for one in read.desks)
    remote = tuple(Remote(one.id, one.zh, one.en, one.extra_days, tuple(one.regions)) for one in read.remote)
    fallback = next(one for one in desks if one.id == read.fallback)
    return Rules(desks, fallback, remote, read.language, _stores(read.stores, file))


def _desk(read: _Desk) -> Desk:
    where, when = tuple(read.regions or ()), tuple(read.hours or ())
    return Desk(read.id, read.zh, read.en, tuple(read.languages), where, when, read.contact)


def _stores(read: _Stores | None, file: Path) -> StoresFile | None:
    if read is None:
        return None
    columns = tuple((str(name), str(header)) for name, header in read.columns.model_dump().items())
    return StoresFile(str(file.parent / read.file), read.coordinates, columns, read.within_m)


def _contradictions(read: _File, lines: Sequence[str]) -> list[Flaw]:
    """What no key alone shows: two of one id, a fallback that there is none of."""
    flaws = list[Flaw]()
    for table, ids in (("desks", [one.id for one in read.desks]), ("remote", [one.id for one in read.remote])):
        twice = {name for name, count in Counter(ids).items() if count > 1}
        places = [at for at, name in enumerate(ids) if name in twice and ids.index(name) < at]
        flaws += [_flaw(lines, (table, at, "id"), "an earlier one has this id") for at in places]
    if read.fallback not in {one.id for one in read.desks}:
        flaws.append(_flaw(lines, ("fallback",), "no desk has this id"))
    return flaws


def _no_toml(error: Exception) -> Flaw:
    said = re.search(r"\(at line ([0-9]{1,9}), ", str(error))
    why = "brackets in brackets without end" if isinstance(error, RecursionError) else str(error)[:200]
    return Flaw(int(said[1]) if said else None, "", f"this is no TOML in UTF-8: {why}")


def _flaw(lines: Sequence[str], where: Sequence[int | str], said: str) -> Flaw:
    key = "".join(f"[{one + 1}]" if isinstance(one, int) else f".{one}" for one in where).removeprefix(".")
    why, allowed = said.removeprefix("Value error, "), _allowed(where)
    return Flaw(line_of(lines, where), key[:100], f"{why}; allowed: {allowed}" if allowed else why)


def _allowed(where: Sequence[int | str]) -> str:
    model: type[BaseModel] = _File
    allowed = ""
    for name in (one for one in where if isinstance(one, str)):
        field = model.model_fields.get(name)
        if field is None:
            return f"the keys {', '.join(model.model_fields)}"
        allowed, model = field.description or "", _BELOW.get(name, _Table)
    return allowed


_BELOW: dict[str, type[BaseModel]] = {"desks": _Desk, "remote": _Remote, "stores": _Stores, "columns": _Columns}
