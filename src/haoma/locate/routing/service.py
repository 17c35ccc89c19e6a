"""Which store has a customer, which desk takes their call, and what to tell of delivery: behind the gate, recorded.

Rules held here:
- Store, desk and notice tell of a place, and are for whoever the policy lets see one. Each is as coarse as the
  consents: to yes or no, the desk is that of the language alone; to a region, desk and notice are the region's.
- A store is named by a consent to a district or a point, from evidence as fine as the distance that is asked about. By
  a district, the position is put on a grid of some three kilometres first (`positions`): however close the stores of a
  file lie, they tell no more than its cell.
- A distance is rounded, and no coordinate is told. The language is kept nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from haoma.consent import Consent, Granularity
from haoma.locate.fusion import Circle, Reason
from haoma.locate.gathering import Gathering, Given, Question, Seen
from haoma.locate.positions import position_of
from haoma.locate.routing.model import Chosen, Rules, language_tag
from haoma.locate.routing.rules_file import load_rules
from haoma.locate.routing.stores import Stores, read_stores
from haoma.locate.shown import SHARED_BY, shown_region
from haoma.locate.telling import Telling

__all__ = ["NO_STORE", "NoStore", "Route", "RouteStore", "Routing", "open_routing"]

MOVED_M = 2_400  # what the grid of positions moves a point at the most
STEP_M = {Granularity.DISTRICT: 1_000, Granularity.POINT: 100}
NO_STORE = {
    "not-granted": ("客户同意的范围只到地区，不指明门店。", "The consent is to a region, and names no store."),
    "too-coarse": ("所知位置不够精确，不指明门店。", "What is known is not fine enough to name a store."),
    "none-near": ("附近没有门店。", "There is no store near them."),
    "no-stores": ("规则未提供门店表。", "The rules have no stores."),
}


@dataclass(frozen=True, slots=True)
class NoStore:
    """Why no store is named: a code of `NO_STORE`."""

    code: str

    @property
    def zh(self) -> str:
        """In Chinese."""
        return NO_STORE[self.code][0]

    @property
    def en(self) -> str:
        """In English."""
        return NO_STORE[self.code][1]


@dataclass(frozen=True, slots=True)
class RouteStore:
    """A store, about how far it is, and how far off that may be in nine cases of ten; both rounded up."""

    id: str = field(repr=False)
    name: str = field(repr=False)
    distance_m: int = field(repr=False)
    off_m: int


@dataclass(frozen=True, slots=True)
class Route:
    """Where a customer is sent. `level` is how fine the region was that desk and notice were chosen by, or None."""

    store: RouteStore | None
    no_store: NoStore | None
    chosen: Chosen = field(repr=False)
    level: Granularity | None
    reasons: tuple[Reason, ...]
    silent: tuple[str, ...]
    until: datetime
    entry_id: int
    credits: tuple[str, ...] = ()


class Routing:
    """Sends customers where they are served, as a company's rules say and their consents allow.

    `k`: how many people have to live in a region that anything is chosen by, as in `Locate`.
    """

    def __init__(
        self, consent: Consent, gathering: Gathering, rules: Rules, stores: Stores | None, *, k: int = SHARED_BY
    ) -> None:
        self._consent = consent
        self._gathering = gathering
        self._telling = Telling(consent)
        self.rules = rules
        self.stores = stores
        self._k = k

    def route(self, question: Question, *, language: str = "", given: Sequence[Given] = ()) -> Route:
        """The store, the desk and the notice for a customer; `language` is what they or their app chose.

        Raises Refused, with consent's reason, where there is no permission; Unavailable where that cannot be known;
        BadInput for what is no language tag.
        """
        spoken = language_tag(language) if language else ""
        self._telling.check_sight(question, "route")
        seen = self._gathering.gather(question, None, given)
        granted = min((grant.granularity for grant in seen.grants), key=lambda one: one.rank)
        region, reasons = shown_region(seen.fused, granted, self._k)
        reasons = () if granted is Granularity.YES_NO else reasons  # of what is not used
        chosen = self.rules.choose(region, spoken, self._consent.office.now())
        store, tells = self._store(seen, granted)
        level = Granularity(region.level) if region else None
        shown = granted if tells else level or Granularity.YES_NO
        done = self._telling.tell(question, seen, "route", shown, told=tells or region is not None)
        named, why = (store, None) if isinstance(store, RouteStore) else (None, store)
        return Route(named, why, chosen, level, reasons, seen.silent, done.until, done.entry_id, seen.credits)

    def _store(self, seen: Seen, granted: Granularity) -> tuple[RouteStore | NoStore, bool]:
        """The nearest store, or why there is none; and whether that tells anything of where the customer is."""
        if self.stores is None or self.rules.stores is None:
            return NoStore("no-stores"), False
        if granted not in STEP_M:
            return NoStore("not-granted"), False
        within_m, fused, here = self.rules.stores.within_m, seen.fused.circle, _position(seen, granted)
        if here is None or fused is None or fused.radius_m > within_m:
            return NoStore("too-coarse"), False
        found = self.stores.nearest(here.lat, here.lon, within_m=within_m)
        if found is None:
            return NoStore("none-near"), True
        step, moved = STEP_M[granted], MOVED_M if granted is Granularity.DISTRICT else 0.0
        return RouteStore(found.id, found.name, _up(found.distance_m, step), _up(fused.radius_m + moved, step)), True


def _position(seen: Seen, granted: Granularity) -> Circle | None:
    found = position_of(seen.fused, seen.observed, granted)
    return found if isinstance(found, Circle) else None


def open_routing(consent: Consent, gathering: Gathering, file: Path, *, k: int = SHARED_BY) -> Routing:
    """Routing by the rules in a file; raises BadInput, which says what is wrong with it or with its stores."""
    rules = load_rules(file)
    if rules.stores is None:
        return Routing(consent, gathering, rules, None, k=k)
    path, coordinates, columns, _ = rules.stores
    return Routing(consent, gathering, rules, read_stores(Path(path), coordinates, dict(columns)), k=k)


def _up(metres: float, step: int) -> int:
    return max(1, math.ceil(metres / step)) * step
