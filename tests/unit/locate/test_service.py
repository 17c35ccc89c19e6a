from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import NOW, NUMBER, TENANT, World, open_world
from contracts.mmdb import SHANGHAI as AT_SHANGHAI
from contracts.mmdb import write_mmdb
from haoma.consent import Grant, Granularity, Source, make_notice
from haoma.consent.tables import grants
from haoma.errors import BadInput, Refused, Unavailable
from haoma.locate import (
    Card,
    EvidenceSource,
    Gathering,
    InRegion,
    IpAddress,
    Locate,
    Near,
    Question,
    Reader,
    Surroundings,
    Terms,
)
from haoma.locate import tables as locate_tables
from haoma.locate.areas import Area
from haoma.locate.disclosures import overview, sound_due
from haoma.locate.fusion import (
    Address,
    CarrierCircle,
    CarrierVerdict,
    Circle,
    Device,
    Observation,
    Radio,
    Stated,
    Verdict,
    known_cities,
    shipped_priors,
)
from haoma.locate.given import CellTower, Given, Raw, SharedTrail
from haoma.locate.risk import IDENTITY, Calibration, Fix, fit_platt
from haoma.locate.sources.ip_files import take_in
from haoma.locate.sources.network import NetworkAddress
from haoma.locate.sources.segment import IssuedIn
from haoma.places import distance_m, named
from haoma.vault import tables as vault_tables
from haoma.vault.location_tokens import LocationTokens

SHANGHAI = (31.2304, 121.4737)
STORE = Near(*SHANGHAI, within_m=3000)


@dataclass
class Network:
    """A carrier's answers, put by the tests: what the wire brings has tests of its own."""

    seen: Sequence[Observation] = ()
    down: bool = False
    asked: int = 0
    known: Card | None = None
    terms = Terms("carrier", "network", Source.CARRIER, 1000)

    def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
        self.asked += 1
        if self.down:
            message = "the carrier does not answer"
            raise Unavailable(message)
        return self.seen

    def card(self, grant: Grant) -> Card | None:
        return self.known


@dataclass
class Desk:
    """Questions about where the customer is, over a world of consent."""

    world: World
    network: Network
    locate: Locate

    def question(self, by: str = "agent", **more: str) -> Question:
        said = {"purpose": "customer-care", "recipient": "acme-desk"} | more
        return Question(self.world.people[by], self.world.subject(), **said)

    def stated(self, name: str) -> list[Stated]:
        return [Stated(named(name).adcode, Address.DELIVERY, "order", self.world.clock[0])]

    def circle(self, lat: float, lon: float, radius_m: float = 800.0) -> None:
        self.network.seen = [CarrierCircle(Circle(lat, lon, radius_m, 0.9), "carrier", self.world.clock[0])]

    def verdict(self, verdict: Verdict, rate: int | None = None) -> None:
        about = Circle(STORE.lat, STORE.lon, STORE.within_m, 0.9)
        self.network.seen = [CarrierVerdict(about, verdict, "carrier", self.world.clock[0], rate)]


def publish(world: World, granularity: str, sources: Sequence[str] = ("carrier", "stated", "segment")) -> None:
    notice = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", list(sources), granularity, 30)
    world.consent.notices.publish(world.people["dpo"], TENANT, notice)


def locate_with(world: World, sources: Sequence[EvidenceSource], readers: Sequence[Reader] = ()) -> Locate:
    return Locate(world.consent, Gathering(world.consent, sources, known_cities(), shipped_priors(), readers))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose customer has been asked for their city."""
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.assess()
        publish(world, "city")
        world.open_case()
        network = Network()
        sources = [IssuedIn(world.vault), network]
        yield Desk(
            world, network, Locate(world.consent, Gathering(world.consent, sources, known_cities(), shipped_priors()))
        )


def refused(call: object, *args: object, **more: object) -> str:
    with pytest.raises(Refused) as error:
        call(*args, **more)
    return error.value.reason


def test_nobody_is_located_without_a_consent(desk: Desk) -> None:
    assert refused(desk.locate.verify, desk.question(), STORE) == "no-grant"
    assert refused(desk.locate.region, desk.question()) == "no-grant"
    assert desk.network.asked == 0


@pytest.mark.parametrize("by", ["colleague", "analyst", "dpo", "admin"])
def test_nobody_else_is_told(desk: Desk, by: str) -> None:
    desk.world.give()
    assert refused(desk.locate.verify, desk.question(by), STORE) == "policy"
    assert refused(desk.locate.region, desk.question(by)) == "policy"
    assert desk.network.asked == 0


@pytest.mark.parametrize(
    ("verdict", "rate"), [(Verdict.TRUE, None), (Verdict.FALSE, None), (Verdict.PARTIAL, 40), (Verdict.UNKNOWN, None)]
)
def test_a_carrier_says_whether_the_phone_is_near_a_store(desk: Desk, verdict: Verdict, rate: int | None) -> None:
    desk.world.give()
    desk.verdict(verdict, rate)
    said = desk.locate.verify(desk.question(), STORE)
    assert (said.verdict, said.match_rate) == (verdict, rate)


def test_a_circle_answers_for_regions_and_for_stores(desk: Desk) -> None:
    desk.world.give()
    desk.circle(*SHANGHAI)
    near, far = Near(*SHANGHAI, 3000), Near(31.5, 121.0, 3000)
    assert desk.locate.verify(desk.question(), near).verdict is Verdict.TRUE
    assert desk.locate.verify(desk.question(), far).verdict is Verdict.FALSE
    for name, verdict in (("上海市", Verdict.TRUE), ("北京市", Verdict.FALSE)):
        assert desk.locate.verify(desk.question(), InRegion(named(name))).verdict is verdict


def test_a_city_alone_does_not_say_that_somebody_is_not_in_a_street_of_it(desk: Desk) -> None:
    desk.world.give()
    said = desk.locate.verify(desk.question(), STORE, given=desk.stated("上海市"))
    assert said.verdict is Verdict.UNKNOWN


def test_what_was_issued_somewhere_says_so_and_no_more(desk: Desk) -> None:
    desk.world.give()
    said = desk.locate.region(desk.question())
    assert [reason.code for reason in said.reasons if reason.code == "issued-only"]
    assert said.region is None or said.confidence < 0.9


@pytest.mark.parametrize(
    ("granted", "asked", "shown"),
    [
        ("city", Granularity.CITY, "上海市"),
        ("city", Granularity.MACRO_REGION, "华东"),
        ("macro-region", Granularity.CITY, "华东"),
        ("province", Granularity.CITY, "上海市"),
        ("district", Granularity.CITY, "上海市"),
    ],
)
def test_a_region_is_as_coarse_as_asked_and_allowed(desk: Desk, granted: str, asked: Granularity, shown: str) -> None:
    publish(desk.world, granted)
    desk.world.give()
    desk.circle(*SHANGHAI)
    said = desk.locate.region(desk.question(), finest=asked)
    assert said.region is not None
    assert said.region.name == shown
    assert said.confidence > 0.9


def test_a_yes_or_no_shows_no_region(desk: Desk) -> None:
    publish(desk.world, "yes-no")
    desk.world.give()
    assert refused(desk.locate.region, desk.question()) == "granularity"


def test_a_region_comes_as_a_token_that_dies_with_the_consent(desk: Desk) -> None:
    given = desk.world.give()
    desk.circle(*SHANGHAI)
    said = desk.locate.region(desk.question())
    tokens, actor = LocationTokens(desk.world.vault), desk.question().by
    [audience] = [row.audience for row in desk.world.rows(vault_tables.tokens)]
    found = tokens.resolve(str(said.token), tenant=TENANT, audience=audience, actor=audience)
    assert json.loads(found.value)["name"] == "上海市"
    assert said.until <= desk.world.clock[0] + timedelta(hours=24)
    desk.world.consent.withdrawals.by_receipt(given.receipt)
    with pytest.raises(Refused):
        tokens.resolve(str(said.token), tenant=TENANT, audience=audience, actor=audience)
    assert refused(desk.locate.region, desk.question()) == "withdrawn"
    assert actor.strong


def test_a_withdrawal_between_asking_and_telling_is_felt(desk: Desk) -> None:
    given = desk.world.give()

    class Slow(Network):
        def observe(self, grant: Grant, area: Area | None) -> Sequence[Observation]:
            desk.world.consent.withdrawals.by_receipt(given.receipt)
            return []

    locate = locate_with(desk.world, [Slow()])
    assert refused(locate.verify, desk.question(), STORE) == "withdrawn"
    assert desk.world.rows(locate_tables.disclosures) == []


def test_a_score_says_why(desk: Desk) -> None:
    world = desk.world
    world.assess("fraud-prevention")
    sources = ["carrier", "segment", "browser"]
    notice = make_notice("fraud-prevention", "acme-risk", "安客", "privacy@acme.example", sources, "yes-no", 30)
    world.consent.notices.publish(world.people["dpo"], TENANT, notice)
    world.give(purposes="fraud-prevention", recipient="acme-risk")
    question = desk.question("analyst", purpose="fraud-prevention", recipient="acme-risk")
    calm = desk.locate.risk(question).assessed
    assert (calm.alarm, calm.signals) == (False, ())
    desk.network.known = Card(world.clock[0] - timedelta(hours=3), True)
    desk.circle(39.9, 116.4)
    shared = [Device(Circle(*SHANGHAI, 60.0, 0.68), "app", world.clock[0])]
    found = desk.locate.risk(question, declared="310000", given=shared).assessed
    assert found.alarm
    assert {"device-against-carrier", "sim-swapped", "roaming"} <= {signal.code for signal in found.signals}
    assert refused(desk.locate.region, question) == "policy"
    assert (
        refused(desk.locate.risk, desk.question("agent", purpose="fraud-prevention", recipient="acme-risk")) == "policy"
    )


@dataclass
class Nearby:
    """A radio service that puts everything that was heard at one point."""

    at: tuple[float, float]
    terms = Terms("radio", "wi-fi and cells", Source.BROWSER, 50)

    def read(self, grant: Grant, given: Raw) -> Sequence[Observation]:
        assert isinstance(given, Surroundings)
        return [Radio(Circle(*self.at, 30.0, 0.95), "radio", given.at)]


def test_a_trail_is_compared_with_radio_and_the_holder_of_the_number_with_the_one_before(desk: Desk) -> None:
    world, now = desk.world, desk.world.clock[0]
    publish(world, "city", ["browser", "carrier", "segment"])
    world.give()
    locate = locate_with(world, [IssuedIn(world.vault), desk.network], [Nearby((31.4, 121.4737))])
    times = [now - timedelta(minutes=minute) for minute in range(3)]
    trail = SharedTrail(tuple(Fix(at, *SHANGHAI, 20.0) for at in times))
    heard = [Surroundings((), (CellTower("lte", 460, 0, 4301, 20986),), at) for at in times]

    def codes(*given: Given, calibration: Calibration = IDENTITY) -> tuple[set[str], bool]:
        asked = Locate(world.consent, locate._gathering, calibration=calibration)
        said = asked.risk(desk.question(), given=given)
        return {signal.code for signal in said.assessed.signals}, said.calibrated

    assert codes(trail) == (set(), False)
    desk.network.known = Card(recycled=True)
    assert codes() == ({"number-recycled"}, False)
    desk.network.known = Card(recycled=None, silent=True)
    assert locate_with(world, [desk.network, IssuedIn(world.vault)]).risk(desk.question()).silent == ("carrier",)
    desk.network.known = Card(recycled=False)
    learned = fit_platt([-3.5, 0.0], [False, True])
    assert codes(trail, *heard, calibration=learned) == ({"trail-off-radio"}, True)
    publish(world, "city", ["carrier", "segment"])
    world.give()
    assert codes(trail, *heard) == (set(), False)
    text = " ".join(map(str, world.entries())) + repr((trail, heard, locate._gathering.gather(desk.question())))
    assert not [one for one in ("31.2", "121.4", "31.4") if one in text]


def test_a_source_that_the_consent_does_not_name_is_not_asked(desk: Desk) -> None:
    publish(desk.world, "city", ["stated"])
    desk.world.give()
    desk.circle(*SHANGHAI)
    assert refused(desk.locate.region, desk.question()) == "source"
    said = desk.locate.region(desk.question(), given=desk.stated("成都市"))
    assert desk.network.asked == 0
    assert said.silent == ()


def test_a_position_that_the_customer_shared_answers_for_a_store(desk: Desk) -> None:
    publish(desk.world, "city", ["browser", "segment"])
    desk.world.give()
    shared = Device(Circle(*SHANGHAI, 60.0, 0.68), "consent-page", desk.world.clock[0])
    said = desk.locate.verify(desk.question(), STORE, given=[shared])
    assert said.verdict is Verdict.TRUE
    assert desk.network.asked == 0


def test_a_carrier_that_does_not_answer_is_told_as_silent(desk: Desk) -> None:
    desk.world.give()
    desk.network.down = True
    said = desk.locate.verify(desk.question(), STORE)
    assert said.silent == ("carrier",)
    assert said.verdict is Verdict.UNKNOWN


def test_what_is_told_is_counted_with_its_permission_and_what_is_not_is_not(desk: Desk) -> None:
    desk.world.give()
    desk.verdict(Verdict.UNKNOWN)
    desk.locate.verify(desk.question(), STORE)
    assert desk.world.rows(locate_tables.disclosures) == []
    desk.verdict(Verdict.TRUE)
    said = desk.locate.verify(desk.question(), STORE)
    [row] = desk.world.rows(locate_tables.disclosures)
    assert (row.question, row.granularity, row.entry_id) == ("verify", "yes-no", said.entry_id)
    [all_of_it] = desk.locate.disclosed(desk.world.people["dpo"], TENANT, NOW - timedelta(days=1))
    assert (all_of_it.disclosed, all_of_it.without_basis) == (1, 0)


def test_a_disclosure_whose_permission_is_gone_lacks_a_basis(desk: Desk) -> None:
    desk.world.give()
    desk.verdict(Verdict.TRUE)
    desk.locate.verify(desk.question(), STORE)
    desk.world.store.write(lambda tx: tx.execute(sa.delete(grants)).rowcount)
    with desk.world.store.read() as tx:
        [found] = overview(tx, TENANT, NOW - timedelta(days=1))
    assert (found.disclosed, found.without_basis) == (1, 1)


def test_an_operator_who_leaves_their_own_normal_sounds_one_alarm_a_day(desk: Desk) -> None:
    desk.world.give()
    desk.verdict(Verdict.TRUE)
    for _ in range(25):
        desk.locate.verify(desk.question(), STORE)
    rang = [kind for kind, _ in desk.world.sent.alarms]
    assert rang == ["disclosures-unusual"]


def test_an_alarm_that_nobody_hears_is_due_until_somebody_does_and_the_answer_is_given(desk: Desk) -> None:
    desk.world.give()
    desk.verdict(Verdict.TRUE)
    desk.world.sent.down.add("alarms")
    said = [desk.locate.verify(desk.question(), STORE) for _ in range(25)]
    assert {one.verdict for one in said} == {Verdict.TRUE}
    office = desk.world.consent.office
    assert sound_due(office) == 1
    desk.world.sent.down.clear()
    assert sound_due(office) == 0
    assert sound_due(office) == 0
    [(kind, reference)] = desk.world.sent.alarms
    assert kind == "disclosures-unusual"
    assert int(reference) in {one.entry_id for one in said}
    [who] = desk.locate.disclosed(desk.world.people["dpo"], TENANT, NOW - timedelta(days=1))
    assert who.alarms == 1


def test_a_region_that_few_share_is_shown_as_the_next_larger_one(desk: Desk) -> None:
    desk.world.give()
    desk.circle(16.83, 112.33)
    said = desk.locate.region(desk.question())
    assert said.region is not None
    assert said.region.name == "海南省"
    assert [one for one in said.reasons if one.code == "few-people"]
    everybody = Locate(desk.world.consent, desk.locate._gathering, k=2_000_000_000)
    nobody = everybody.region(desk.question())
    assert (nobody.region, nobody.token) == (None, None)


@pytest.fixture
def roadside(desk: Desk) -> Desk:
    """A customer who asked for help on the road, and consented to the exact place for it."""
    desk.world.assess("service-provision")
    sources = ["browser", "carrier", "segment", "stated"]
    notice = make_notice("service-provision", "acme-road", "安客", "privacy@acme.example", sources, "point", 1)
    desk.world.consent.notices.publish(desk.world.people["dpo"], TENANT, notice)
    desk.world.give(purposes="service-provision", recipient="acme-road")
    return desk


ROAD = {"purpose": "service-provision", "recipient": "acme-road"}


def test_a_point_is_told_to_who_consented_to_one(roadside: Desk) -> None:
    shared = Device(Circle(*SHANGHAI, 60.0, 0.68), "consent-page", roadside.world.clock[0])
    said = roadside.locate.place(roadside.question(**ROAD), given=[shared])
    assert said.circle is not None
    assert distance_m(said.circle.lat, said.circle.lon, *SHANGHAI) < 5
    assert said.circle.radius_m < 300
    assert said.circle.coverage >= 0.9
    [row] = roadside.world.rows(locate_tables.disclosures)
    assert (row.question, row.granularity, row.entry_id) == ("place", "point", said.entry_id)
    [audience] = [row.audience for row in roadside.world.rows(vault_tables.tokens)]
    tokens = LocationTokens(roadside.world.vault)
    found = tokens.resolve(str(said.token), tenant=TENANT, audience=audience, actor=audience)
    assert json.loads(found.value)["latitude"] == said.circle.lat
    text = " ".join(map(str, roadside.world.entries())) + repr(said)
    assert not [one for one in ("31.2", "121.4") if one in text]


def test_no_point_is_made_of_where_a_number_was_issued_or_of_an_address(roadside: Desk) -> None:
    said = roadside.locate.place(roadside.question(**ROAD), given=roadside.stated("上海市"))
    assert (said.circle, said.token) == (None, None)
    assert said.reasons[0].code == "no-position"
    assert roadside.world.rows(locate_tables.disclosures) == []


@pytest.mark.parametrize(
    ("lat", "lon", "radius_m", "why"), [(*SHANGHAI, 90_000.0, "too-wide"), (0.0, 0.0, 50.0, "outside")]
)
def test_a_circle_that_is_no_place_is_told_as_none(
    roadside: Desk, lat: float, lon: float, radius_m: float, why: str
) -> None:
    roadside.circle(lat, lon, radius_m)
    said = roadside.locate.place(roadside.question(**ROAD))
    assert said.circle is None
    assert why in [one.code for one in said.reasons]


def test_a_consent_to_a_district_shows_three_kilometres_around_a_rounded_centre(desk: Desk) -> None:
    publish(desk.world, "district")
    desk.world.give()
    told = set()
    for step in range(4):
        desk.circle(SHANGHAI[0] + step / 1000, SHANGHAI[1] - step / 1000, 100.0)
        said = desk.locate.place(desk.question())
        assert said.circle is not None
        assert said.circle.radius_m >= 3000
        assert distance_m(said.circle.lat, said.circle.lon, *SHANGHAI) + 100 <= said.circle.radius_m
        told.add((said.circle.lat, said.circle.lon))
    assert len(told) == 1
    assert {row.granularity for row in desk.world.rows(locate_tables.disclosures)} == {"district"}


@pytest.mark.parametrize("granted", ["yes-no", "macro-region", "province", "city"])
def test_a_consent_to_less_shows_no_point_and_asks_nobody_for_one(desk: Desk, granted: str) -> None:
    publish(desk.world, granted)
    desk.world.give()
    assert refused(desk.locate.place, desk.question()) == "granularity"
    assert desk.network.asked == 0


@pytest.mark.parametrize("by", ["colleague", "analyst", "dpo", "admin"])
def test_nobody_else_is_told_a_point(roadside: Desk, by: str) -> None:
    assert refused(roadside.locate.place, roadside.question(by, **ROAD)) == "policy"


def test_in_an_emergency_a_point_is_told_by_the_grant_for_it_alone(desk: Desk) -> None:
    asked = {"recipient": "police", "reason": "missing-person", "reference": "police-case", "source": Source.CARRIER}
    rescue = desk.question(purpose="emergency", recipient="police")
    desk.circle(*SHANGHAI)
    assert refused(desk.locate.place, rescue) == "no-grant"
    desk.world.consent.emergencies.disclose(desk.world.agent, desk.world.subject(), **asked)
    said = desk.locate.place(rescue)
    assert said.circle is not None
    desk.world.pass_(minutes=31)
    assert refused(desk.locate.place, rescue) == "expired"


def test_what_has_to_be_looked_up_is_and_its_licence_is_credited(desk: Desk, tmp_path: Path) -> None:
    publish(desk.world, "city", ["browser"])
    desk.world.give()
    take_in(tmp_path / "ip", [write_mmdb(tmp_path / "ip.mmdb", {"180.76.0.0/16": AT_SHANGHAI})], "1", "sha512-x")
    readers = [NetworkAddress(tmp_path / "ip")]
    locate = locate_with(desk.world, [], readers)
    there, here = (IpAddress(text, desk.world.clock[0]) for text in ("180.76.1.1", "10.0.0.1"))
    said = locate.region(desk.question(), given=[there])
    assert said.credits == ("IP Geolocation by DB-IP (https://db-ip.com)",)
    assert "ip-agrees" in [one.code for one in said.reasons]
    assert locate.region(desk.question(), given=[here]).credits == ()
    heard = Surroundings((), (CellTower("lte", 460, 0, 1, 1),), desk.world.clock[0])
    assert locate.region(desk.question(), given=[heard]).silent == ("radio",)
    assert desk.locate.region(desk.question(), given=[there]).silent == ("network",)


def test_no_entry_and_no_row_holds_a_number_a_place_or_a_verdict(desk: Desk) -> None:
    desk.world.give()
    desk.circle(*SHANGHAI)
    said = desk.locate.region(desk.question())
    desk.locate.verify(desk.question(), STORE)
    assert len(desk.world.entries("locate.")) == 2
    text = " ".join(map(str, desk.world.entries())) + str(desk.world.rows(locate_tables.disclosures))
    for canary in (NUMBER, NUMBER[3:], "31.23", "121.47", "上海", "310000", str(said.token), "TRUE"):
        assert canary not in text
    assert "31.23" not in repr(said) + repr(STORE)
    assert "上海" not in repr(said)


@pytest.mark.parametrize(
    "area", [(91.0, 0.0, 3000.0), (0.0, 181.0, 3000.0), (0.0, 0.0, 10.0), (0.0, 0.0, float("nan"))]
)
def test_an_area_that_is_none_is_told(area: tuple[float, float, float]) -> None:
    with pytest.raises(BadInput):
        Near(*area)
