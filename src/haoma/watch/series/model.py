"""The one configuration that every series is scored with."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TUNING", "Tuning"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a series is read; rows are equally spaced, whatever a row is.

    `level_rows`: half-life of the level that is watched beside the value itself.
    `memory_rows`: how long a value stays known. `apart_rows`: a value becomes known only that long after it was seen,
    so that an incident does not excuse itself at once.
    `recent_rows`: half-life of the greatest strangeness of late, which a new one is held against.
    `spread_rows`: half-life of the mean and the spread; `floor` is the share of the spread that counts as nothing.
    `quiet_rows`: a row is news only if it is stranger than all of so many before it; while a series is young, than a
    `young` share of its rows, `quiet_least` at the least. `warm_rows` at the beginning are never news.
    `tail`: of ordinary rows a share of `tail` / strangeness is news that strange or stranger; `alert` is the share from
    which on a row alerts.
    """

    level_rows: float = 20
    memory_rows: int = 8_000
    apart_rows: int = 50
    recent_rows: float = 100
    spread_rows: float = 5_000
    floor: float = 0.1
    quiet_rows: int = 300
    quiet_least: int = 30
    young: float = 0.1
    warm_rows: int = 150
    tail: float = 6.5e-4
    alert: float = 6e-4


TUNING = Tuning()
