"""How much more likely a minute is if some calls go elsewhere: logarithms of likelihood ratios, in nats.

Rules held here:
- Inquiries are a Poisson count whose rate is gamma distributed, with the mean and the variance that are told. A
  diversion thins it: each call goes elsewhere with probability p, by itself. That keeps the gamma's shape, so that
  the ratio is exact and linear in the count: n·a + μ·b.
- Reports are a Poisson count; of each diverted call q are reported on top of what is reported anyway. Their ratio is
  divided by their dispersion, as for a quasi-likelihood (McCullagh and Nelder 1989, §9).
- What minutes say is added up, and so is what signals say.
"""

from __future__ import annotations

import numpy as np

from haoma.watch.memory import Reals

__all__ = ["report_gain", "reports_after", "reports_before", "volume", "volume_after", "volume_before"]

_LEAST = 1.01  # a variance below which the formula would divide by nothing


def volume(p: Reals, dispersion: Reals) -> tuple[Reals, Reals]:
    """What makes n·a + μ·b for a share p of calls that go elsewhere and a variance over mean: a and b, broadcast.

    >>> a, b = volume(np.array(0.5), np.array(1.35))
    >>> round(float(a), 3), round(float(b), 3)
    (-0.554, 0.397)
    """
    wide = np.maximum(dispersion, _LEAST)
    shrunk = np.log(wide) - np.log(1 + (1 - p) * (wide - 1))
    return np.log1p(-p) + shrunk, shrunk / (wide - 1)


def volume_before(p: Reals, dispersion: Reals) -> Reals:
    """Divergence of what is normal from a diversion, in nats for each inquiry expected: what a CUSUM falls by."""
    a, b = volume(p, dispersion)
    return -(a + b)


def volume_after(p: Reals, dispersion: Reals) -> Reals:
    """Divergence of a diversion from what is normal, in nats for each inquiry expected: what a CUSUM climbs by."""
    a, b = volume(p, dispersion)
    return (1 - p) * a + b


def report_gain(x: Reals, share: Reals, dispersion: Reals) -> Reals:
    """What one report says, where `share` of inquiries are reports or x more; each inquiry says -x / dispersion.

    >>> round(float(report_gain(np.array(0.025), np.array(0.005), np.array(1.0))), 3)
    1.792
    """
    found: Reals = np.log(1 + x / share) / dispersion  # np.log is vectorised, log1p is not
    return found


def reports_before(x: Reals, share: Reals, dispersion: Reals) -> Reals:
    """Divergence of usual reports from x more, in nats for each inquiry expected."""
    return x / dispersion - share * report_gain(x, share, dispersion)


def reports_after(x: Reals, share: Reals, dispersion: Reals) -> Reals:
    """Divergence of x more reports from usual ones, in nats for each inquiry expected."""
    return (share + x) * report_gain(x, share, dispersion) - x / dispersion
