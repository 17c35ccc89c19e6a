"""What fusion answers: probabilities of cities, a circle, causes and reasons.

Rules held here:
- Probabilities are whole ppm and sum to 1,000,000; those of provinces and 大区 are sums of the cities'.
- Whoever is not sure enough says so (`abstained`) and why; a coarser level that is sure enough is named all the same.
- Printing an answer shows how sure it is, and neither a place nor a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from haoma.locate.fusion.causes import Cause
from haoma.locate.fusion.cities import Cities, Floats
from haoma.locate.fusion.observation import Circle
from haoma.locate.fusion.reasons import Reason

__all__ = ["CERTAIN", "Fused", "in_ppm"]

CERTAIN = 1_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Fused:
    """An answer. `ppm` is aligned with `cities`; `confidence` is that of the likeliest city, 0 to 1.

    `circle` is None where nothing was said. `abstained`: no city is sure enough, and `why` tells.
    """

    cities: Cities
    ppm: NDArray[np.int64]
    circle: Circle | None
    causes: Mapping[Cause, int]
    reasons: tuple[Reason, ...]
    least_ppm: int
    why: Reason | None

    def __repr__(self) -> str:
        return f"Fused(confidence {self.confidence:.2f}{', abstained' if self.abstained else ''})"

    @property
    def confidence(self) -> float:
        """The probability of the likeliest city."""
        return float(self.ppm.max()) / CERTAIN

    @property
    def abstained(self) -> bool:
        """Whether no city is said."""
        return self.why is not None

    @property
    def city(self) -> str | None:
        """The adcode of the likeliest city, unless abstained."""
        return None if self.abstained else self.likeliest

    @property
    def likeliest(self) -> str:
        """The adcode of the likeliest city, however unlikely."""
        return self.cities.adcode[int(self.ppm.argmax())]

    @property
    def finest(self) -> str | None:
        """The finest level at which something is sure enough: city, province, macro-region, or None."""
        if not self.abstained:
            return "city"
        levels = (("province", self.provinces), ("macro-region", self.macro_regions))
        sure = self.circle is not None and self.why is not None and self.why.code != "outside"
        return next((name for name, shares in levels if sure and max(shares.values()) >= self.least_ppm), None)

    @property
    def by_city(self) -> dict[str, int]:
        """Those cities that have any ppm, likeliest first."""
        order = np.argsort(-self.ppm, kind="stable")
        return {self.cities.adcode[place]: int(self.ppm[place]) for place in order if self.ppm[place]}

    @cached_property
    def provinces(self) -> Mapping[str, int]:
        """The ppm of each province, by adcode."""
        return _sums(self.cities.provinces, self.cities.province, self.ppm)

    @cached_property
    def macro_regions(self) -> Mapping[str, int]:
        """The ppm of each 大区, by name."""
        return _sums(self.cities.groups, self.cities.group, self.ppm)

    def share(self, adcode: str) -> int:
        """The ppm of a city or a province; 0 for a region that is not known."""
        return int(self.ppm[self.cities.members(adcode)].sum())


def in_ppm(shares: Floats) -> NDArray[np.int64]:
    """Whole ppm that sum to 1,000,000: rounded down, and the rest given to the largest remainders.

    >>> in_ppm(np.array([1.0, 1.0, 1.0])).tolist()
    [333334, 333333, 333333]
    """
    exact: Floats = shares * (CERTAIN / shares.sum())
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    most = np.argsort(whole - exact, kind="stable")[: CERTAIN - int(whole.sum())]
    whole[most] += 1
    return whole


def _sums(names: Sequence[str], of: NDArray[np.int64], ppm: NDArray[np.int64]) -> Mapping[str, int]:
    sums = np.bincount(of, ppm).tolist()  # doubles, which hold these whole numbers exactly
    return MappingProxyType({name: int(value) for name, value in zip(names, sums, strict=True)})
