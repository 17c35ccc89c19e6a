"""What is usual for a hotline beside its mean: how its counts scatter, and how many of its callers report an error.

Rules held here:
- Each is estimated for every hotline by itself, and drawn towards the tuning's value as long as few counts speak for
  it.
- What one hour can add is bounded, so that an hour of fault makes no hotline deaf; but not before a share of reports
  is a hotline's own, for until then nobody knows what a fault is.
- A share of reports that may be larger than usual is taken to be so: what is not known raises no alarm.
- Inquiries scatter twice: from minute to minute (variance over mean), and hour by hour around the level of their days
  (relative).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from haoma.watch.memory import Field, Memory
from haoma.watch.model import Bools, Floats, Tuning, Which
from haoma.watch.profile import Hour

__all__ = ["Habits", "Whereabouts", "fields"]

_CALLS = 500.0  # inquiries that the tuning's dispersion weighs
_STRAYS = 168 * 30.0**2  # squared inquiries of hours that its spread weighs: a week of thirty an hour
_SHARE_REPORTS = 2.0  # reports that its share of reports weighs
_LEAST_REPORTS = 0.2  # the same where its own are more
_SCATTER_REPORTS = 20.0  # reports that their dispersion weighs
_DISPERSIONS = (1.02, 20.0)
_SPREADS = (0.03, 0.5)
_REPORT_DISPERSIONS = (1.0, 4.0)
_BOUND = 4.0  # how often its expected square an hour may add
_HOUR = ("came", "minutes", "share", "due", "slow", "squares")


def fields(signals: int) -> dict[str, Field]:
    """What a hotline's habits, and the hour under way, need."""
    return {
        "squares": ("<f8", (2,)),
        "strays": ("<f8", (2,)),
        "reported": ("<f8", (3, signals - 1)),  # reports, inquiries they are of, squares
        "hour": ("<f8", (len(_HOUR),)),
        "hour_quarters": ("<f8", (4,)),
        "hour_reported": ("<f8", (3, signals - 1)),
    }


class Whereabouts(Protocol):
    """Where in its hour a minute is."""

    @property
    def share(self) -> Floats:
        """What part of its hour a minute is, [hotlines]."""

    @property
    def numbers(self) -> tuple[tuple[int, Which], ...]:
        """Which quarter of their hour it is for whom."""


class Habits:
    """The habits of all hotlines."""

    def __init__(self, tuning: Tuning, memory: Memory) -> None:
        self.tuning = tuning
        self._squares = memory.floats("squares")
        self._strays = memory.floats("strays")
        self._reported = memory.floats("reported")
        self._hour = memory.floats("hour")
        self._quarters = memory.floats("hour_quarters")
        self._hour_reported = memory.floats("hour_reported")
        self._spread_left = float(0.5 ** (1 / tuning.spread_half_life_h))
        self._report_left = float(0.5 ** (1 / tuning.report_half_life_h))

    def dispersion(self) -> Floats:
        """Variance over mean of a minute's inquiries."""
        squares, due = self._squares
        found: Floats = np.clip((_CALLS * self.tuning.dispersion + squares) / (_CALLS + due), *_DISPERSIONS)
        return found

    def spread(self) -> Floats:
        """Relative standard deviation of an hour around the level of its days."""
        strays, due = self._strays
        variance = (_STRAYS * self.tuning.spread**2 + strays) / (_STRAYS + due)
        found: Floats = np.clip(np.sqrt(np.maximum(variance, 0)), *_SPREADS)
        return found

    def report_shares(self) -> Floats:
        """[signals - 1, hotlines]: reports for each inquiry."""
        reports, inquiries, _ = self._reported
        usual = self.tuning.report_share
        drawn, loose = ((many + reports) / (many / usual + inquiries) for many in (_SHARE_REPORTS, _LEAST_REPORTS))
        found: Floats = np.maximum(drawn, loose)
        return found

    def heard(self) -> Bools:
        """[hotlines]: whose share of reports is their own by now more than it is the tuning's, in every signal."""
        found: Bools = (self._reported[1] >= _SHARE_REPORTS / self.tuning.report_share).all(axis=0)
        return found

    def report_dispersion(self) -> Floats:
        """[signals - 1, hotlines]: variance over mean of a minute's reports."""
        _, inquiries, squares = self._reported
        due = self.report_shares() * inquiries
        scatter = (_SCATTER_REPORTS * self.tuning.report_dispersion + squares) / (_SCATTER_REPORTS + due)
        found: Floats = np.clip(scatter, *_REPORT_DISPERSIONS)
        return found

    def add_inquiries(self, now: Whereabouts, told: Bools, came: Floats, due: Floats, slow: Floats) -> None:
        """Take a minute's inquiries into the hour under way; `due` and `slow` were expected by either level, else 0."""
        off = came - due
        self._hour += np.stack((came, told, now.share * told, due, slow, off * off))
        for quarter, which in now.numbers:
            self._quarters[quarter, which] += came[which]

    def add_reports(self, reports: Floats, inquiries: Floats, shares: Floats) -> None:
        """Take a minute's reports [signals - 1, hotlines] in, the inquiries they are of, 0 where none were told."""
        off = (reports - shares * inquiries) * (inquiries > 0)
        self._hour_reported += np.stack((reports, inquiries, off * off))

    def end_hour(self, which: Which) -> Hour:
        """Learn from the hour that has ended, and begin the next one. The hour is given back for the profile."""
        came, minutes, share, due, slow, squares = self._hour[:, which].copy()
        ended = Hour(came, minutes, share, self._quarters[:, which].copy())
        self._learn_scatter(which, squares, due)
        self.learn_spread(which, came, slow)
        self._learn_reports(which, self._hour_reported[..., which])
        self._hour[:, which] = 0
        self._quarters[:, which] = 0
        self._hour_reported[..., which] = 0
        return ended

    def _learn_scatter(self, which: Which, squares: Floats, due: Floats) -> None:
        most = _BOUND * self.dispersion()[which] * due
        self._squares[:, which] = self._squares[:, which] * self._spread_left + np.stack(
            (np.minimum(squares, most), due)
        )

    def learn_spread(self, which: Which, came: Floats, slow: Floats) -> None:
        """Learn how far an hour with `came` inquiries was from the `slow` ones that the level of its days has."""
        usual = self.dispersion()[which] * slow
        most = _BOUND * (usual + (self.spread()[which] * slow) ** 2)
        stray = np.minimum((came - slow) ** 2, most) - usual
        self._strays[:, which] = self._strays[:, which] * self._spread_left + np.stack((stray, slow * slow))

    def learn_reports(self, which: Which, reports: Floats, inquiries: Floats) -> None:
        """Learn from the quarters of an hour: reports [4, signals - 1, hotlines] and the inquiries they are of."""
        off = reports - self.report_shares()[:, which] * inquiries
        self._learn_reports(which, np.stack((reports, inquiries, off * off)).sum(axis=1))

    def _learn_reports(self, which: Which, hour: Floats) -> None:
        reports, inquiries, squares = hour
        due = self.report_shares()[:, which] * inquiries
        usual = self.report_dispersion()[:, which] * due
        bound = np.where(self.heard()[which], due + 3 * np.sqrt(usual) + 1, np.inf)
        most = np.where(inquiries > 0, bound, 0)
        learned = np.stack((np.minimum(reports, most), inquiries, np.minimum(squares, _BOUND * usual + 1)))
        self._reported[..., which] = self._reported[..., which] * self._report_left + learned
