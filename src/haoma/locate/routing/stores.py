"""A company's stores out of a CSV file: where they are, and which rows are no stores, and why.

Rules held here:
- A row that is no store never stops the file: it is named with its reason. A reason repeats no cell.
- Coordinates become WGS-84 here, at the edge, from what the row says they are, else from what the file is said to be.
- A million rows take seconds; names stay in Arrow's memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from haoma.errors import BadInput
from haoma.numbers.files.delimited import KEPT, DelimitedReader
from haoma.numbers.files.model import Options, column_at, format_of
from haoma.numbers.files.text import open_text
from haoma.places import Sites, bd09_to_wgs84, gcj02_to_wgs84

__all__ = ["COLUMNS", "MAPS", "NearStore", "Stores", "Wrong", "read_stores"]

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
COLUMNS = ("id", "name", "lat", "lon")
MAPS = ("wgs84", "gcj02", "bd09")
LONGEST_ID, LONGEST_NAME, MOST_TOLD = 64, 200, 1000
_DEGREES = r"^[+-]?[0-9]{1,3}(\.[0-9]{1,15})?$"
_CONTROL = r"[\x00-\x1f\x7f]"


class Wrong(NamedTuple):
    """A row that is no store; the header is row 1."""

    row: int
    why: str


class NearStore(NamedTuple):
    """A store, and how far it is."""

    id: str
    name: str
    distance_m: float


@dataclass(frozen=True, slots=True, repr=False)
class Stores:
    """Stores that can be asked for the nearest one.

    `rows` are those of the file; `wrong` are the first thousand of its `wrong_rows`.
    """

    sites: Sites
    ids: Sequence[str]
    names: Sequence[str]
    rows: int
    wrong_rows: int
    wrong: tuple[Wrong, ...]

    def __len__(self) -> int:
        return len(self.sites)

    def __repr__(self) -> str:
        return f"Stores({len(self)} of {self.rows} rows)"

    def nearest(self, lat: float, lon: float, *, within_m: float) -> NearStore | None:
        """The nearest store to a WGS-84 point, None where there is none within that many metres."""
        number, metres = self.sites.nearest_of_each([lat], [lon], within_m=within_m)
        at = int(number[0])
        return None if at < 0 else NearStore(self.ids[at], self.names[at], float(metres[0]))


def read_stores(file: Path, coordinates: str, columns: Mapping[str, str] | None = None) -> Stores:
    """The stores in a CSV file with the columns id, name, lat, lon, and coordinates where rows tell theirs.

    `coordinates` are those of rows that do not: wgs84, gcj02 or bd09. `columns` names columns that are called
    otherwise.
    Encoding and delimiter are told by the file. Raises BadInput where it cannot be read, or has no such columns.
    """
    if coordinates not in MAPS:
        raise BadInput("these are no coordinates that are known", hint=f"one of {', '.join(MAPS)}")
    if file.exists() and not file.is_file():  # a pipe that nobody writes to would be waited for without an end
        raise BadInput(f"{file} is no plain file", hint="a CSV file, or one that ends in .csv.gz")
    table, failed = _table(file, dict(columns or {}))
    text = {name: pc.utf8_trim_whitespace(pc.fill_null(table[name], "")) for name in table}
    flaws = _Flaws(len(failed))
    flaws.note_all(failed)
    _check_words(text, flaws)
    lat, lon = _degrees(text, flaws)
    y, x = _converted(lat, lon, _maps(text, coordinates, flaws), flaws.none)
    kept = pa.array(flaws.none)
    ids, names = text["id"].filter(kept), text["name"].filter(kept)
    count, told = flaws.told()
    return Stores(Sites(y, x, _Texts(ids)), _Texts(ids), _Texts(names), len(failed), count, told)


class _Texts(Sequence[str]):
    """A column of texts, each made when it is asked for."""

    def __init__(self, column: pa.Array) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return _Texts(self._column[at]) if isinstance(at, slice) else str(self._column[int(at)])


class _Flaws:
    """Why rows are no stores; the first reason that is noted for a row stands."""

    def __init__(self, rows: int) -> None:
        self._codes = np.zeros(rows, np.int32)
        self._words = [""]

    @property
    def none(self) -> Bools:
        """The rows that are right so far."""
        right: Bools = self._codes == 0
        return right

    def note(self, where: Bools, why: str) -> None:
        """Give a reason to the rows that are true and have none."""
        self._codes[where & (self._codes == 0)] = len(self._words)
        self._words.append(why)

    def note_all(self, why: pa.Array) -> None:
        """Take the reasons that the reader of the file gave, null where it gave none."""
        for one in pc.unique(why.drop_null()).to_pylist():
            self.note(_true(pc.equal(why, one)), one)

    def told(self) -> tuple[int, tuple[Wrong, ...]]:
        """How many rows are wrong, and the first of them."""
        at = np.flatnonzero(self._codes)
        return len(at), tuple(Wrong(int(row) + 2, self._words[self._codes[row]]) for row in at[:MOST_TOLD])


def _table(file: Path, names: Mapping[str, str]) -> tuple[dict[str, pa.Array], pa.Array]:
    kind = format_of(file, None)
    if not kind.delimited:
        raise BadInput(f"{file}: stores are read from CSV", hint="id,name,lat,lon in its first line")
    with open_text(file, None, KEPT) as text:
        reader = DelimitedReader(text, kind, Options(), names.get("id", "id"), as_table=True)
        places = {name: column_at(reader.names, names.get(name, name), str(file)) for name in COLUMNS}
        own = names.get("coordinates", "coordinates")
        # Rows that say of which map they are are not passed over for a blank or a capital in the header.
        told = [name for name in reader.names if name.strip().casefold() == own.strip().casefold()]
        if told or own != "coordinates":
            places["coordinates"] = column_at(reader.names, told[0] if told else own, str(file))
        batches = [(batch.table, batch.failed) for batch in reader.batches()]
    tables = [table for table, _ in batches if table is not None]
    failed = [pa.nulls(len(table), pa.string()) if why is None else why for table, why in batches if table is not None]
    return {name: _joined([table.column(at) for table in tables]) for name, at in places.items()}, _joined(failed)


def _joined(columns: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays([piece for column in columns for piece in _pieces(column)])


def _pieces(column: pa.Array) -> Iterator[pa.Array]:
    for chunk in getattr(column, "chunks", [column]):
        yield chunk.cast(pa.large_string())


def _check_words(text: Mapping[str, pa.Array], flaws: _Flaws) -> None:
    for name, longest in (("id", LONGEST_ID), ("name", LONGEST_NAME)):
        flaws.note(_true(pc.equal(text[name], "")), f"it has no {name}")
        flaws.note(
            _true(pc.greater(pc.utf8_length(text[name]), longest)), f"its {name} has more than {longest} characters"
        )
        flaws.note(_true(pc.match_substring_regex(text[name], _CONTROL)), f"its {name} has a control character")
    codes = np.asarray(text["id"].dictionary_encode().indices)
    again = np.ones(len(codes), np.bool_)
    again[np.unique(codes, return_index=True)[1]] = False
    flaws.note(again, "an earlier row has its id")


def _degrees(text: Mapping[str, pa.Array], flaws: _Flaws) -> tuple[Floats, Floats]:
    lat, lon = _numbers(text["lat"]), _numbers(text["lon"])
    for name, values in (("lat", lat), ("lon", lon)):
        flaws.note(np.isnan(values), f"its {name} is no number of degrees, such as 31.2304")
    high, wide = np.abs(lat), np.abs(lon)
    turned = ((high > 90) & (high <= 180) & (wide <= 90)) | ((lat >= 73) & (lat <= 90) & (lon >= 18) & (lon <= 54))
    flaws.note(turned, "its lat and lon look exchanged")
    flaws.note((high > 90) | (wide > 180), "it is not on Earth: lat is -90 to 90, lon -180 to 180")
    flaws.note((high < 0.01) & (wide < 0.01), "it lies at 0, 0, which is open sea")
    return lat, lon


def _numbers(column: pa.Array) -> Floats:
    good = pc.match_substring_regex(column, _DEGREES)
    found = pc.if_else(good, column, None).cast(pa.float64())
    values: Floats = np.asarray(found.fill_null(float("nan")))
    return values


def _maps(text: Mapping[str, pa.Array], usual: str, flaws: _Flaws) -> pa.Array:
    """Of which map each row's coordinates are."""
    if "coordinates" not in text:
        return pa.array([usual]).take(pa.array(np.zeros(len(text["id"]), np.int32)))
    said = pc.replace_substring_regex(pc.utf8_lower(text["coordinates"]), "[-_ ]", "")
    said = pc.if_else(pc.equal(said, ""), usual, said)
    flaws.note(~_true(pc.is_in(said, pa.array(MAPS, said.type))), f"its coordinates are none of {', '.join(MAPS)}")
    return said


def _converted(lat: Floats, lon: Floats, maps: pa.Array, right: Bools) -> tuple[Floats, Floats]:
    y, x = lat[right], lon[right]
    for name, convert in (("gcj02", gcj02_to_wgs84), ("bd09", bd09_to_wgs84)):
        at = _true(pc.equal(maps, name))[right]
        y[at], x[at] = convert(y[at], x[at])
    return y, x


def _true(mask: pa.Array) -> Bools:
    found: Bools = np.asarray(mask.fill_null(False))
    return found
