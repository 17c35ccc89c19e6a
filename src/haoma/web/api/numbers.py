"""/v1/numbers: what numbers are, and what their segments say.

Rules held here:
- It is decided whether the caller may read numbers, and not recorded: nothing is told that is about anybody, and the
  numbers are the caller's own. Nothing of them is kept or logged.
- `issued_by` and `issued_in` tell who allocated a number and where; never where its owner is.
- A number is told the same way whichever route tells it (`told`).
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from haoma.access import Thing
from haoma.numbers import Number
from haoma.web.api.calls import PROBLEMS, Body, Call, Caller, answered

__all__ = ["ACTION", "MOST_CELLS", "TellsNumber", "may_read", "routes", "told"]

ACTION = "read-number"
MOST_CELLS = 10_000
LONGEST_CELL = 4_096
Cell = Annotated[str, Field(max_length=LONGEST_CELL, description="A text that holds a number, or several.")]
Region = Annotated[
    str, Field(pattern="^[A-Z]{2}$", description="Where a number without country code rings (ISO 3166-1).")
]

routes = APIRouter(prefix="/v1/numbers", tags=["numbers"])


class AsksCell(Body):
    """A text, and where its numbers ring."""

    text: Annotated[Cell, Field(examples=["0571-88888888转8001"])]
    region: Region = "CN"


class AsksCells(Body):
    """Many texts."""

    texts: Annotated[list[Cell], Field(min_length=1, max_length=MOST_CELLS, description="The texts, in order.")]


class TellsPlace(Body):
    """Where a number was issued; unknown parts are null."""

    province: str | None = Field(examples=["浙江"])
    city: str | None = Field(examples=["杭州"])
    adcode: str | None = Field(description="Six digits of GB/T 2260.", examples=["330100"])
    area_code: str | None = Field(description="With its trunk zero.", examples=["0571"])
    postcode: str | None = Field(examples=["310000"])


class TellsSource(Body):
    """Who says so."""

    name: str
    title: str
    version: str
    as_of: str = Field(description="The day or the month that its data is of.")


class TellsNumber(Body):
    """A number: what it is, and what its segment says."""

    kind: str = Field(description="What kind of number; `invalid` for none.", examples=["landline"])
    valid: bool = Field(description="Whether it is a number at all.")
    uri: str | None = Field(description="Its identity (RFC 3966).", examples=["tel:+8657188888888;ext=8001"])
    national: str | None = Field(description="As people in China write it.", examples=["(0571) 8888 8888 转 8001"])
    extension: str | None = Field(examples=["8001"])
    issued_by: str | None = Field(description="Who allocated it; it may ring elsewhere since.")
    issued_in: TellsPlace | None = Field(description="Where it was issued; never where its owner is.")
    confidence: float | None = Field(description="How sure that is, 0 to 1.", ge=0, le=1)
    sources: list[TellsSource]
    reason: str | None = Field(description="Why it is none, or what is not known.")
    note: Literal["issued, not located: numbers move to other networks and people to other places"]


class TellsCell(Body):
    """The numbers in a text, in order."""

    numbers: list[TellsNumber]
    reason: str | None = Field(description="Why there is none.")


class TellsRow(Body):
    """The first number in a text of many, flat."""

    uri: str | None
    kind: str
    issued_by: str | None
    province: str | None
    city: str | None
    adcode: str | None
    area_code: str | None
    confidence: float | None
    valid: bool
    count: int = Field(description="How many numbers the text holds.", ge=0)
    reason: str | None


class TellsRows(Body):
    """A row for each text, in order."""

    rows: list[TellsRow]


def may_read(call: Call) -> None:
    """Raise Refused where the caller may not read numbers; see the rules above."""
    with call.services.store.read() as tx:
        thing = Thing("number", call.asker.tenant)
        call.services.gate.decide(tx, call.asker, ACTION, thing, call.at).require()


def _reader(call: Caller) -> Call:
    may_read(call)
    return call


def told(number: Number) -> dict[str, object]:
    """A number as `TellsNumber` describes it: whole, for the caller has asked for it by name."""
    return {
        "kind": str(number.kind),
        "valid": number.valid,
        "uri": number.uri,
        "national": number.national,
        "extension": number.extension,
        "issued_by": number.issued_by,
        "issued_in": asdict(number.issued_in) if number.issued_in else None,
        "confidence": number.confidence,
        "sources": [_source(name) for name in number.sources],
        "reason": number.reason,
        "note": "issued, not located: numbers move to other networks and people to other places",
    }


@cache
def _source(name: str) -> dict[str, str]:
    from haoma.numbers.tables import pack

    found = next(source for source in pack().header["sources"] if source["name"] == name)
    return {"name": name, "title": str(found["title"]), "version": str(found["version"]), "as_of": str(found["date"])}


@routes.post("/parse", response_model=TellsCell, responses=PROBLEMS, dependencies=[Depends(_reader)])
def parse(asked: AsksCell) -> Response:
    """Tell all the numbers in a text."""
    from haoma.numbers.service import read_cell

    numbers, reason = read_cell(asked.text, asked.region)
    found = {"numbers": [told(one) for one in numbers], "reason": reason if not numbers else None}
    return answered(TellsCell.model_validate(found))


@routes.post("/batch", response_model=TellsRows, responses=PROBLEMS, dependencies=[Depends(_reader)])
def batch(asked: AsksCells) -> Response:
    """Tell the first number in each of up to 10,000 texts, which is the way to ask for many."""
    import pyarrow as pa

    from haoma.numbers import enrich

    table = enrich(pa.array(asked.texts))
    return answered(TellsRows(rows=[TellsRow(**row) for row in table.to_pylist()]))
