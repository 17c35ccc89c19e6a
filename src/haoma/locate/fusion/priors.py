"""How often things go wrong before anything is known: one table, with the origin of each figure.

Rules held here:
- Names are a closed list, the one in `priors.json`; shares lie strictly between 0 and 1, so that nothing is impossible.
- Each figure is measured (docs/guide/fusion.md says where), judged, or fitted on data, and says which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from haoma.errors import BadInput

__all__ = ["Prior", "Priors", "priors_from", "priors_json", "shipped_priors"]

FORMAT = "haoma fusion priors 1"
NOT_SHARES = ("stated.half_life_days", "device.stretch", "radio.stretch", "carrier.stretch", "drift_m_per_s")
LEAST, MOST = 1e-6, 1 - 1e-6
ORIGINS = ("measured", "judgement", "fitted")


@dataclass(frozen=True, slots=True)
class Prior:
    """One figure, where it is from (measured, judgement, fitted), and what it means."""

    value: float
    origin: str
    note: str


@dataclass(frozen=True, slots=True)
class Priors:
    """All figures by name.

    >>> shipped_priors()["device.wrong"], shipped_priors().table["radio.stretch"].origin
    (0.02, 'measured')
    """

    table: Mapping[str, Prior]

    def __getitem__(self, name: str) -> float:
        return self.table[name].value

    def fitted(self, values: Mapping[str, float]) -> Priors:
        """The same with other values for some names, which are kept inside (0, 1) and marked as fitted."""
        new = {
            name: Prior(min(max(float(value), LEAST), MOST), "fitted", self.table[name].note)
            for name, value in values.items()
        }
        return Priors(MappingProxyType({**self.table, **new}))


@cache
def shipped_priors() -> Priors:
    """The figures that come with haoma."""
    text = files("haoma.locate.fusion").joinpath("priors.json").read_text(encoding="utf-8")
    return Priors(MappingProxyType(_read(text)))


def priors_from(text: str) -> Priors:
    """Priors out of JSON that `priors_json` wrote; what it leaves out is as shipped.

    Raises BadInput for another format, an unknown name, or a value outside its range.
    """
    table = _read(text)
    if unknown := set(table) - set(shipped_priors().table):
        raise BadInput(f"unknown prior {min(unknown)!r}", hint="docs/guide/fusion.md lists all of them")
    return Priors(MappingProxyType({**shipped_priors().table, **table}))


def priors_json(priors: Priors) -> str:
    """Priors as JSON, one a line.

    >>> priors_from(priors_json(shipped_priors())) == shipped_priors()
    True
    """
    rows = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps([p.value, p.origin, p.note], ensure_ascii=False)}"
        for name, p in priors.table.items()
    )
    return f'{{\n  "format": "{FORMAT}",\n  "priors": {{\n{rows}\n  }}\n}}\n'


def _read(text: str) -> dict[str, Prior]:
    try:
        body = json.loads(text)
        if body["format"] != FORMAT:
            raise BadInput("not a file of fusion priors", hint=f"its format is {FORMAT!r}")
        table = {
            str(name): Prior(float(value), str(by), str(note)) for name, (value, by, note) in body["priors"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput("these priors cannot be read", hint="JSON as haoma's own priors.json has it") from error
    for name, prior in table.items():
        _check(name, prior)
    return table


def _check(name: str, prior: Prior) -> None:
    most = 1e6 if name in NOT_SHARES else MOST
    if not LEAST <= prior.value <= most or prior.origin not in ORIGINS:
        hint = f"between {LEAST:g} and {most:g}; origin one of {', '.join(ORIGINS)}"
        raise BadInput(f"prior {name} is out of range", hint=hint)
