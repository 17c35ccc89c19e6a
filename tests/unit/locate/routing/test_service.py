from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from contracts.consent import NOW, NUMBER, TENANT, World, open_world
from contracts.routing import RULES, STORES, rules_in
from haoma.consent import Grant, Source, make_notice
from haoma.errors import BadInput, Refused
from haoma.locate import Card, Gathering, Question, Terms, tables
from haoma.locate.areas import Area
from haoma.locate.fusion import (
    Address,
    CarrierCircle,
    Circle,
    Device,
    Observation,
    Stated,
    known_cities,
    shipped_priors,
)
from haoma.locate.routing import Route, Routing, open_routing

SHANGHAI, BEIJING, LHASA = (31.2304, 121.4737), (39.9042, 116.4074), (29.6500, 91.1400)
CARE, HELP = "customer-care", "service-provision"


@dataclass
class Network:
    """A carrier's answers, put by the tests."""

    seen: Sequence[Observation] = ()
    terms = Terms("carrier", "network", Source.CARRIER, 1000)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        return self.seen

    def card(self, grant: Grant) -> Card | None:
        return None


@dataclass
class Desk:
    """Customers who are to be sent somewhere, over a world of consent."""

    world: World
    network: Network
    routing: Routing

    def agreed(self, granularity: str, purpose: str = CARE) -> None:
        """A customer's yes to what is asked for as finely as this."""
        sources, days = ["carrier", "stated", "browser"], 1 if purpose == HELP else 30
        notice = make_notice(purpose, "acme-desk", "安客", "privacy@acme.example", sources, granularity, days)
        self.world.assess(purpose)
        self.world.consent.notices.publish(self.world.people["dpo"], TENANT, notice)
        self.receipt = self.world.give(purposes=purpose).receipt

    def question(self, purpose: str = CARE, by: str = "agent") -> Question:
        return Question(self.world.people[by], self.world.subject(), purpose, "acme-desk")

    def route(self, at: tuple[float, float] | None = None, *, purpose: str = CARE, language: str = "") -> Route:
        given = [] if at is None else [self.shared(*at)]
        return self.routing.route(self.question(purpose), language=language, given=given)

    def shared(self, lat: float, lon: float, radius_m: float = 60.0) -> Device:
        return Device(Circle(lat, lon, radius_m, 0.68), "shared-position", self.world.clock[0])

    def with_rules(self, folder: Path, **texts: str) -> None:
        gathering = Gathering(self.world.consent, [self.network], known_cities(), shipped_priors())
        self.routing = open_routing(self.world.consent, gathering, rules_in(folder, **texts))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.open_case()
        network = Network()
        gathering = Gathering(world.consent, [network], known_cities(), shipped_priors())
        yield Desk(world, network, open_routing(world.consent, gathering, rules_in(tmp_path / "rules")))


def refused(desk: Desk, **asked: object) -> str:
    with pytest.raises(Refused) as error:
        desk.routing.route(desk.question(**asked), given=[desk.shared(*SHANGHAI)])
    return error.value.reason


def told(route: Route) -> tuple[object, ...]:
    return (route.store, route.no_store, route.chosen, route.level, route.reasons)


def test_a_customer_who_shared_where_they_are_is_sent_to_the_nearest_store(desk: Desk) -> None:
    desk.agreed("point", HELP)
    said = desk.route(SHANGHAI, purpose=HELP)
    assert said.store is not None
    assert (said.store.id, said.store.name, said.store.distance_m) == ("sh-1", "上海人民广场店", 400)
    assert said.no_store is None
    assert (said.chosen.desk_rule, said.chosen.desk.contact) == ("desks.shanghai", "queue:sh")


def test_a_carrier_finds_the_store_too_and_says_how_far_off_that_may_be(desk: Desk) -> None:
    desk.agreed("point", HELP)
    desk.network.seen = [CarrierCircle(Circle(*SHANGHAI, 800.0, 0.9), "carrier", desk.world.clock[0])]
    said = desk.route(purpose=HELP)
    assert said.store is not None
    assert said.store.id == "sh-1"
    assert said.store.off_m >= 800


def test_beyond_three_kilometres_there_is_no_store(desk: Desk) -> None:
    desk.agreed("point", HELP)
    said = desk.route(BEIJING, purpose=HELP)
    assert said.no_store is not None
    assert (said.store, said.no_store.code) == (None, "none-near")
    assert said.chosen.desk_rule == "desks.national"
    [row] = desk.world.rows(tables.disclosures)
    assert row.granularity == "point", "that no store is near tells of a place as well"


@pytest.mark.parametrize(
    ("granted", "rule"), [("city", "shanghai"), ("province", "shanghai"), ("macro-region", "east")]
)
def test_a_consent_to_a_region_names_no_store_and_the_desk_of_that_region(desk: Desk, granted: str, rule: str) -> None:
    desk.agreed(granted)
    said = desk.route(SHANGHAI)
    assert said.no_store is not None
    assert (said.store, said.no_store.code, said.level) == (None, "not-granted", granted)
    assert said.chosen.desk_rule == f"desks.{rule}"


def test_a_consent_to_yes_or_no_never_becomes_a_place(desk: Desk) -> None:
    desk.agreed("yes-no")
    answers = {told(desk.route(place, language="en")) for place in (SHANGHAI, BEIJING, LHASA)}
    [(store, why, chosen, level, reasons)] = answers
    assert (store, why.code, chosen.desk_rule, chosen.notice, level, reasons) == (
        None, "not-granted", "desks.national", None, None, (),
    )  # fmt: skip
    assert desk.world.rows(tables.disclosures) == []


def test_a_consent_to_a_district_tells_no_more_than_the_cell_however_close_the_stores_lie(
    desk: Desk, tmp_path: Path
) -> None:
    lat, lon = 31.23, 121.47  # a corner of the grid, in the middle of what is put on it
    steps = [0.001 * step for step in range(-20, 21)]
    rows = [f"s{at}-{on},S,{lat + y:.6f},{lon + x:.6f}" for at, y in enumerate(steps) for on, x in enumerate(steps)]
    desk.with_rules(tmp_path / "dense", rules=RULES, stores="\n".join(["id,name,lat,lon", *rows]))
    desk.agreed("district")
    inside = [(lat + y * 0.03, lon + x * 0.03) for y, x in ((-0.45, -0.45), (0.0, 0.0), (0.45, 0.3), (-0.2, 0.45))]
    assert len({told(desk.route(place)) for place in inside}) == 1
    said = desk.route(inside[0]).store
    assert said is not None
    assert (said.distance_m, said.off_m >= 2400) == (1000, True)


def test_what_is_not_fine_enough_names_no_store(desk: Desk) -> None:
    desk.agreed("district")
    city = Stated("310000", Address.DELIVERY, "customer", NOW)
    for given in ([], [_at(city, desk)], [desk.shared(*SHANGHAI, 9_000.0)]):
        said = desk.routing.route(desk.question(), given=given)
        assert said.no_store is not None
        assert (said.store, said.no_store.code) == (None, "too-coarse"), given


def _at(one: Observation, desk: Desk) -> Observation:
    return replace(one, observed_at=desk.world.clock[0])


def test_a_device_that_the_carrier_contradicts_is_sent_to_no_store(desk: Desk) -> None:
    desk.agreed("point", HELP)
    desk.network.seen = [CarrierCircle(Circle(*BEIJING, 800.0, 0.9), "carrier", desk.world.clock[0])]
    said = desk.route(SHANGHAI, purpose=HELP)
    assert said.store is None


def test_a_remote_area_has_its_notice(desk: Desk) -> None:
    desk.agreed("province", "delivery")
    said = desk.routing.route(
        desk.question("delivery"), given=[_at(Stated("540100", Address.DELIVERY, "customer", NOW), desk)]
    )
    assert said.chosen.notice is not None
    assert (said.chosen.notice.extra_days, said.chosen.notice_rule) == (5, "remote.tibet")
    assert desk.route(SHANGHAI, purpose="delivery").chosen.notice is None


def test_the_language_is_the_customers_and_no_region_makes_one(desk: Desk) -> None:
    desk.agreed("city")
    rules = {one: desk.route(SHANGHAI, language=one).chosen.desk_rule for one in ("en-GB", "zh-CN", "WUU", "bo", "")}
    assert rules == {
        "en-GB": "desks.east-en", "zh-CN": "desks.shanghai", "WUU": "desks.shanghai", "bo": "fallback",
        "": "desks.shanghai",
    }  # fmt: skip
    assert desk.route(LHASA).chosen.desk_rule == "desks.national"
    with pytest.raises(BadInput):
        desk.route(SHANGHAI, language="no language")


def test_nobody_is_sent_anywhere_without_a_permission(desk: Desk) -> None:
    desk.world.assess()
    assert refused(desk) == "no-grant"
    desk.agreed("district")
    for by in ("colleague", "analyst", "dpo", "admin"):
        assert refused(desk, by=by) == "policy"
    elsewhere = replace(desk.world.subject(), tenant="other")
    with pytest.raises(Refused) as error:
        desk.routing.route(desk.question()._replace(subject=elsewhere))
    assert error.value.reason == "policy"
    desk.world.consent.withdrawals.by_receipt(desk.receipt)
    assert refused(desk) == "withdrawn"
    assert desk.world.rows(tables.disclosures) == []


def test_a_withdrawal_between_asking_and_telling_is_felt(desk: Desk) -> None:
    desk.agreed("district")

    class Slow(Network):
        def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
            desk.world.consent.withdrawals.by_receipt(desk.receipt)
            return []

    gathering = Gathering(desk.world.consent, [Slow()], known_cities(), shipped_priors())
    desk.routing = Routing(desk.world.consent, gathering, desk.routing.rules, desk.routing.stores)
    assert refused(desk) == "withdrawn"


def test_what_is_told_is_counted_as_finely_as_it_was_and_nothing_of_it_is_kept(desk: Desk) -> None:
    desk.agreed("district")
    said = desk.route(SHANGHAI, language="en")
    [row] = desk.world.rows(tables.disclosures)
    assert (row.question, row.granularity, row.entry_id) == ("route", "district", said.entry_id)
    assert len(desk.world.entries("locate.")) == 1
    text = " ".join(map(str, desk.world.entries())) + str(desk.world.rows(tables.disclosures)) + repr(said)
    for canary in (NUMBER, NUMBER[3:], "31.2", "121.4", "上海", "310000", "sh-1", "east-en", '"en"'):
        assert canary not in text
    assert "上海" not in repr(desk.routing.stores)


def test_rules_without_stores_still_have_desks(desk: Desk, tmp_path: Path) -> None:
    without = RULES.replace('[stores]\nfile = "stores.csv"\ncoordinates = "wgs84"\n', "")
    desk.with_rules(tmp_path / "bare", rules=without, stores=STORES)
    desk.agreed("district")
    said = desk.route(SHANGHAI)
    assert said.no_store is not None
    assert (said.no_store.code, said.chosen.desk_rule) == ("no-stores", "desks.shanghai")
