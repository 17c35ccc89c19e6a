"""What shows an alert, as JSON: what was expected and seen, which channel spoke, what fits best, what else is known.

Rules held here:
- Numbers are whole: shares are ppm, expected counts thousandths. The same alert makes the same document, whoever makes
  it, so that its digest can stand in the log.
- A minute without a count is null, and no zero.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json
from haoma.watch.model import Channel, Floats
from haoma.watch.running.moments import minute_text

__all__ = ["Hour", "Shown", "digest_of", "document", "text_of", "totals"]


@dataclass(frozen=True, slots=True)
class Hour:
    """What was expected and seen of one hotline, minutes by signals, from the minute `since` on; NaN is missing."""

    since: int
    expected: Floats
    seen: Floats


@dataclass(frozen=True, slots=True)
class Shown:
    """What the detector said when it raised an alert. `score` is 0–1, `p` and `q` the diversion that fits best."""

    channel: Channel
    score: float
    hour: Hour
    p: float | None
    q: float | None


def document(
    name: str, signals: Sequence[str], at: tuple[str, int], shown: Shown, joined: Mapping[str, Json] | None
) -> dict[str, Json]:
    """What shows an alert; `at` is its id and the minute that raised it, `signals` are what its counts are called.

    `joined` is what else is known of the hotline, None where the registry does not know it.
    """
    (alert, opened), signals = at, signals[: shown.hour.seen.shape[1]]
    return {
        "alert": alert,
        "hotline": name,
        "opened": minute_text(opened),
        "channel": shown.channel.label,
        "score_ppm": _ppm(shown.score),
        "fits": {"diverted_ppm": _ppm(shown.p), "reporting_ppm": _ppm(shown.q)},
        "last_hour": totals(shown.hour, signals),
        "series": {"since": minute_text(shown.hour.since), **_series(shown.hour, signals)},
        "joined": None if joined is None else dict(joined),
    }


def totals(hour: Hour, signals: Sequence[str]) -> dict[str, Json]:
    """What was seen and expected of each signal, over those minutes that were counted."""
    told: dict[str, Json] = {}
    for place, name in enumerate(signals):
        seen, expected = hour.seen[:, place], hour.expected[:, place]
        counted = ~np.isnan(seen)
        told[name] = {
            "seen": round(float(seen[counted].sum())),
            "expected_milli": _milli(float(np.nansum(expected[counted]))),
            "minutes": int(counted.sum()),
        }
    return told


def text_of(said: Mapping[str, Json]) -> str:
    """A document as it is kept."""
    return canonical(dict(said)).decode()


def digest_of(text: str) -> str:
    """The SHA-256 of a document as it is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def _series(hour: Hour, signals: Sequence[str]) -> dict[str, Json]:
    return {
        name: {"seen": _each(hour.seen[:, place], 1), "expected_milli": _each(hour.expected[:, place], 1_000)}
        for place, name in enumerate(signals)
    }


def _each(values: Floats, times: int) -> Json:
    told: Sequence[float] = values.tolist()
    return [None if isnan(value) else round(value * times) for value in told]


def _ppm(value: float | None) -> int | None:
    return None if value is None or isnan(value) else round(value * 1_000_000)


def _milli(value: float) -> int:
    return round(value * 1_000)
