"""Watching counts: the runner over the counts and the guard of this store, as its settings say.

Rules held here:
- What is said of budgets is read when counts are judged: who only takes them in needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from haoma.app.services import Services
    from haoma.settings import Settings
    from haoma.watch.calendar import Hours
    from haoma.watch.residual.serving import Model
    from haoma.watch.running.history import Manner
    from haoma.watch.running.runner import Runner
    from haoma.watch.running.sights import Sights

__all__ = ["corrector_of", "manner_of", "watch_manner", "watch_runner", "watch_sights"]

MOST_ALARMS = 1_000_000
LONGEST_GRACE_MIN = 60


def watch_manner(services: Services) -> Manner:
    """How counts of this store are judged."""
    return manner_of(services.settings)


def manner_of(settings: Settings) -> Manner:
    """How counts are judged: the detector's own figures, with budgets, patience and opening hours of the settings."""
    from dataclasses import replace

    from haoma.watch.model import Budget, Tuning
    from haoma.watch.running.history import Manner

    bounds = {
        "watch_hotline_alarms": (settings.watch_hotline_alarms, MOST_ALARMS),
        "watch_fleet_alarms": (settings.watch_fleet_alarms, MOST_ALARMS),
        "watch_grace_min": (settings.watch_grace_min, LONGEST_GRACE_MIN),
    }
    for name, (value, most) in bounds.items():
        if not 1 <= value <= most:
            raise BadInput(f"{name} is {value:,}; 1 to {most:,} are allowed")
    budget = Budget(hotline=float(settings.watch_hotline_alarms), fleet=float(settings.watch_fleet_alarms))
    tuning = replace(Tuning(), budget=budget, grace_min=settings.watch_grace_min)
    hours = _hours(settings.watch_hours) if settings.watch_hours else {}
    return Manner(tuning, hours, corrector_of(settings.watch_corrector) if settings.watch_corrector else None)


def watch_runner(services: Services) -> Runner:
    """Who judges counts as they come."""
    from haoma.watch.running.runner import Runner

    return Runner(services.guard_desk, services.watch_manner)


def watch_sights(services: Services) -> Sights:
    """Who tells a tenant how its hotlines stand."""
    from haoma.watch.calendar import Calendar
    from haoma.watch.running.sights import Sights

    return Sights(services.gate, services.watch_manner, Calendar())


def corrector_of(path: Path) -> Model:
    """A model of `haoma watch train`; raises BadInput for what is none."""
    from haoma.watch.residual.serving import Model

    return Model(path)


def _hours(path: Path) -> Mapping[str, Hours]:
    """When hotlines are open, by the names that their counts come under."""
    import tomllib

    from haoma.watch.calendar import Hours

    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: opening hours cannot be read ({type(error).__name__})") from None
    if wrong := [name for name, text in said.items() if not isinstance(text, str)]:
        raise BadInput(f"{path}: what stands for {wrong[0][:40]!r} is no text", hint='desk = "Mo-Fr 09:00-18:00"')
    return {name: Hours.parse(text) for name, text in said.items()}
