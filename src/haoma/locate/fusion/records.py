"""Records to learn from, as JSON lines: what sources said, and where somebody was, if that is known.

    {"at": "2026-11-22T08:00:00Z", "truth": "310000", "seen": [
      {"kind": "issued", "source": "segment", "at": "2026-11-22T08:00:00Z", "adcode": "440100", "confidence": 0.998},
      {"kind": "ip", "source": "ip-db", "at": "…", "adcode": "310000", "network": "fixed"},
      {"kind": "stated", "source": "crm", "at": "…", "adcode": "310000", "address": "delivery"},
      {"kind": "device", "source": "browser", "at": "…", "circle": [latitude, longitude, radius_m, coverage]},
      {"kind": "verdict", "source": "carrier", "at": "…", "about": "310000", "verdict": "PARTIAL", "match_rate": 60}]}

Rules held here:
- A line holds no number and no name; an error names the line, and nothing that stands in it.
- `radio` and `carrier` are as `device`; `about` is an adcode or a circle; `truth` is an adcode or left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from haoma.errors import BadInput
from haoma.locate.fusion.observation import (
    Address,
    CarrierCircle,
    CarrierVerdict,
    Circle,
    Device,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Stated,
    Verdict,
)

__all__ = ["Record", "record_json", "records_from"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Row: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """What was seen of somebody at a time, and the adcode of the city they were in, where that is known."""

    at: datetime
    observations: tuple[Observation, ...]
    truth: str | None = None


def records_from(lines: Iterable[str]) -> Iterator[Record]:
    """Records out of JSON lines; empty lines are passed over.

    Raises BadInput with the number of the first line that cannot be read.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _record(json.loads(line))
            except (BadInput, ValueError, TypeError, KeyError, AttributeError) as error:
                hint = error.hint if isinstance(error, BadInput) else "docs/guide/fusion.md shows a record"
                raise BadInput(f"line {number} is no record of observations", hint=hint) from None


def record_json(record: Record) -> str:
    """A record as one line of JSON."""
    body: dict[str, Json] = {"at": record.at.isoformat(), "seen": [_shown(seen) for seen in record.observations]}
    if record.truth is not None:
        body["truth"] = record.truth
    return json.dumps(body, ensure_ascii=False)


def _record(row: Row) -> Record:
    seen, truth = row["seen"], row.get("truth")
    if not isinstance(seen, list) or not (truth is None or isinstance(truth, str)):
        raise BadInput("a record has a list of what was seen", hint="docs/guide/fusion.md shows a record")
    return Record(_time(row["at"]), tuple(_seen(one) for one in seen), truth)


def _seen(row: Json) -> Observation:
    if not isinstance(row, dict):
        raise BadInput("an observation is an object", hint="docs/guide/fusion.md shows a record")
    return READERS[str(row["kind"])](row, str(row["source"]), _time(row["at"]))


def _time(value: Json) -> datetime:
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise BadInput("a time has no zone", hint="2026-11-22T08:00:00Z")
    return at


def _circle(value: Json) -> Circle:
    if not isinstance(value, list):
        raise BadInput("a circle is a list of four numbers", hint="[latitude, longitude, radius_m, coverage]")
    lat, lon, radius_m, coverage = (float(str(one)) for one in value)
    return Circle(lat, lon, radius_m, coverage)


def _verdict(row: Row, source: str, at: datetime) -> CarrierVerdict:
    about, rate = row["about"], row.get("match_rate")
    there = about if isinstance(about, str) else _circle(about)
    return CarrierVerdict(there, Verdict(str(row["verdict"])), source, at, None if rate is None else int(str(rate)))


READERS: Mapping[str, Callable[[Row, str, datetime], Observation]] = MappingProxyType(
    {
        "issued": lambda row, source, at: Issued(str(row["adcode"]), float(str(row["confidence"])), source, at),
        "ip": lambda row, source, at: IpCity(str(row["adcode"]), Network(str(row["network"])), source, at),
        "stated": lambda row, source, at: Stated(str(row["adcode"]), Address(str(row["address"])), source, at),
        "device": lambda row, source, at: Device(_circle(row["circle"]), source, at),
        "radio": lambda row, source, at: Radio(_circle(row["circle"]), source, at),
        "carrier": lambda row, source, at: CarrierCircle(_circle(row["circle"]), source, at),
        "verdict": _verdict,
    }
)


def _shown(seen: Observation) -> dict[str, Json]:
    common: dict[str, Json] = {"source": seen.source, "at": seen.observed_at.isoformat()}
    if isinstance(seen, Issued):
        return {"kind": "issued", **common, "adcode": seen.adcode, "confidence": seen.confidence}
    if isinstance(seen, IpCity):
        return {"kind": "ip", **common, "adcode": seen.adcode, "network": str(seen.network)}
    if isinstance(seen, Stated):
        return {"kind": "stated", **common, "adcode": seen.adcode, "address": str(seen.kind)}
    if isinstance(seen, CarrierVerdict):
        about: Json = seen.about if isinstance(seen.about, str) else _four(seen.about)
        rate: dict[str, Json] = {} if seen.match_rate is None else {"match_rate": seen.match_rate}
        return {"kind": "verdict", **common, "about": about, "verdict": str(seen.verdict), **rate}
    kind = "device" if isinstance(seen, Device) else "radio" if isinstance(seen, Radio) else "carrier"
    return {"kind": kind, **common, "circle": _four(seen.circle)}


def _four(circle: Circle) -> Json:
    return [circle.lat, circle.lon, circle.radius_m, circle.coverage]
