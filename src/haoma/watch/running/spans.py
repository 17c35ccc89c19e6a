"""Alerts as stretches of minutes, and how those that were kept become those that the counts give by now. Pure.

Rules held here:
- An alert is called by its hotline and the minute that raised it: the same counts give the same alerts, whenever and
  however often they are judged.
- What is kept is never forgotten: an alert that corrected counts do not give any more is withdrawn.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from haoma.watch.running.shown import Shown

__all__ = ["Change", "Held", "Span", "State", "alert_id", "changes"]

NAMESPACE = uuid.UUID("6f0f4c0e-3c8f-5b5e-9a5e-0c6f0a4f7d11")


class State(StrEnum):
    """How an alert stands."""

    OPEN = "open"
    RECOVERED = "recovered"
    """The counts are back."""
    NEW_LEVEL = "new-level"
    """They are not, and have stayed where they are for so long that this is usual now."""
    WITHDRAWN = "withdrawn"
    """Counts that came late, or were corrected, show that there was nothing."""


@dataclass(frozen=True, slots=True)
class Span:
    """An alert as the detector gives it: from the minute `opened` on, up to `closed`, None while it stands.

    `shown` is None of one that was raised before the minutes that were judged.
    """

    hotline: int
    opened: int
    shown: Shown | None
    closed: int | None = None
    state: State = State.OPEN


@dataclass(frozen=True, slots=True)
class Held:
    """An alert as it is kept."""

    hotline: int
    opened: int
    closed: int | None
    state: State


@dataclass(frozen=True, slots=True)
class Change:
    """What has to become of one alert: raised (anew), or over in this state and minute."""

    hotline: int
    opened: int
    state: State
    closed: int | None
    shown: Shown | None


def changes(held: Iterable[Held], spans: Sequence[Span], since: int) -> list[Change]:
    """What becomes of alerts that are kept, where those after the minute `since` were judged (anew); in order of time.

    `held` are those that were raised after it, and those that stood then.
    """
    now = {(one.hotline, one.opened): one for one in spans}
    kept = {(one.hotline, one.opened): one for one in held}
    made = [_changed(kept.get(key), one) for key, one in now.items()]
    gone = [
        Change(one.hotline, one.opened, State.WITHDRAWN, None, None)
        for key, one in kept.items()
        if key not in now and one.opened > since and one.state is not State.WITHDRAWN
    ]
    return sorted((one for one in (*made, *gone) if one is not None), key=lambda one: (one.opened, one.hotline))


def alert_id(hotline: int, opened: int) -> str:
    """What an alert is called, for ever."""
    return str(uuid.uuid5(NAMESPACE, f"{hotline} {opened}"))


def _changed(held: Held | None, span: Span) -> Change | None:
    if held is None and span.shown is None:
        return None  # its row was taken away by hand, which an audit tells
    if held is not None and (held.state, held.closed) == (span.state, span.closed):
        return None
    return Change(span.hotline, span.opened, span.state, span.closed, span.shown)
