"""The demo's part on places: what a desk is told while a consent stands, why, and what the log says of it.

A desk asks for a region, whether a store is near, which desk and store serve a customer, and whether a case adds up.

Rules held here:
- The customer shares their position on the page, as a browser tells it; where that is, is known beforehand.
- What the log says of an answer is proved without the database, and holds no place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from haoma.access import Asker
from haoma.cli.demo_desk import CARE, RISK, TENANT, Desk, Job, reason_of
from haoma.cli.output import Row
from haoma.cli.stage import Step
from haoma.consent import Granularity, make_notice
from haoma.consent.office import actor_of
from haoma.ledger.offline import proof_file, verify_file
from haoma.locate import Answer, Near, Question, Verified
from haoma.locate.fusion import Circle, Device, Reason
from haoma.locate.risk import Signal
from haoma.locate.routing import open_routing
from haoma.numbers import Number

__all__ = ["asked_where", "counted", "located", "scored", "token_of"]

SHANGHAI, PLACE = (31.2304, 121.4737), ("华东", "上海", "31.23", "121.47")
STORE, ELSEWHERE = Near(31.24, 121.48, 3000), Near(39.9, 116.4, 3000)
HELP = Job("service-provision", CARE.recipient)
STORES = """id,name,lat,lon
sh-1,上海人民广场店,31.2330,121.4750
sh-2,上海陆家嘴店,31.2400,121.5000
bj-1,北京王府井店,39.9100,116.4100
"""
RULES = """fallback = "national"
[[desks]]
id = "east-en"
zh = "华东英文坐席"
en = "East China, in English"
languages = ["en"]
regions = ["华东"]
[[desks]]
id = "national"
zh = "全国坐席"
en = "China"
"""
STORES_TABLE = """[stores]
file = "stores.csv"
coordinates = "wgs84"
"""


def located(desk: Desk, number: Number) -> Iterator[Step]:
    """The agent is told a region and whether a store is near; the log says that they were, and not what."""
    said = asked_where(desk, desk.agent, number)
    desk.stage.show("Where the customer is, and why", _why(said.reasons))
    yield Step("the agent is told the region", "华东", said.region.name if said.region else None)
    yield Step("near the store in 上海", "TRUE", str(_near(desk, number, STORE).verdict))
    yield Step("near the store in 北京", "FALSE", str(_near(desk, number, ELSEWHERE).verdict))
    yield Step("the token stands for the region, for this agent", "华东", token_of(desk, desk.agent, said))
    yield Step("and for nobody else", "refused", token_of(desk, desk.analyst, said))
    services = desk.stage.services
    services.publisher.checkpoint()
    file = proof_file(services.view, services.publisher, services.view.require_index(said.entry_id))
    entry = verify_file(file, [services.log_key.verifier.text]).entry
    yield Step("the log proves that they were told", "locate.answered", str(json.loads(entry)["type"]))
    yield Step(
        "and does not say what", "no place", "a place" if any(one.encode() in entry for one in PLACE) else "no place"
    )
    yield from _routed(desk, number)


def scored(desk: Desk, number: Number) -> Iterator[Step]:
    """A case is scored for an analyst, with a consent of its own; the score says why, and shows no region."""
    locate = desk.stage.services.locate
    question, given = _question(desk, desk.analyst, number, RISK), [_shared()]
    told = reason_of(lambda: locate.risk(question, given=given))
    yield Step("the consent to be served is none to be scored", "no-grant", told)
    desk.agreed(number, RISK)
    calm, found = (locate.risk(question, declared=adcode, given=given).assessed for adcode in ("310000", "110000"))
    desk.stage.show("A case that says 北京, scored", _why(found.signals))
    yield Step("a case that says 上海 has no signal", "none", _codes(calm.signals))
    yield Step("one that says 北京 explains its score", "declared-contradicted", _codes(found.signals))
    yield Step("one signal moves the score, and rings no alarm", True, found.score > calm.score and not found.alarm)
    told = reason_of(lambda: asked_where(desk, desk.analyst, number, RISK))
    yield Step("the analyst is shown no region", "policy", told)


def counted(desk: Desk) -> Step:
    """How many of the answers lack a basis."""
    expected = 8 if _finds_stores() else 7
    found = desk.stage.services.locate.disclosed(desk.officer, TENANT, datetime.now(UTC) - timedelta(days=1))
    told = f"{sum(one.disclosed for one in found)} told, {sum(one.without_basis for one in found)} without a basis"
    return Step("every answer was counted with its permission", f"{expected} told, 0 without a basis", told)


def asked_where(desk: Desk, by: Asker, number: Number, job: Job = CARE) -> Answer:
    """Which 大区 a customer is in, by the position they shared."""
    question = _question(desk, by, number, job)
    return desk.stage.services.locate.region(question, finest=Granularity.MACRO_REGION, given=[_shared()])


def token_of(desk: Desk, by: Asker, said: Answer) -> str:
    """What the location token of an answer stands for, for somebody; `refused` where it does not resolve."""
    actor, found = actor_of(by), list[str]()

    def resolve() -> None:
        tokens = desk.stage.services.vault.locations
        value = tokens.resolve(str(said.token), tenant=TENANT, audience=actor, actor=actor).value
        found.append(str(json.loads(value)["name"]))

    return found[0] if reason_of(resolve) == "allowed" else "refused"


def _routed(desk: Desk, number: Number) -> Iterator[Step]:
    """The consent to a city picks a desk; the store near them takes one to a point, which is asked for by itself."""
    services, given = desk.stage.services, [_shared()]
    file = services.settings.store_dir / "rules.toml"
    file.write_text(RULES + STORES_TABLE * _finds_stores(), encoding="utf-8")
    file.with_name("stores.csv").write_text(STORES, encoding="utf-8")
    routing = open_routing(services.consent, services.gathering, file)
    said = routing.route(_question(desk, desk.agent, number, CARE), language="en-GB", given=given)
    yield Step("the desk of their language and region takes the call", "desks.east-en", said.chosen.desk_rule)
    if not _finds_stores():
        return
    yield Step("a consent to a city names no store", "not-granted", said.no_store.code if said.no_store else None)
    notices, until = services.consent.notices, datetime.now(UTC) + timedelta(days=365)
    asked = (HELP.purpose, HELP.recipient, "安客", "privacy@acme.example", ["browser"], "point", 1)
    notices.publish(desk.officer, TENANT, make_notice(*asked))
    notices.assess(desk.officer, TENANT, HELP.purpose, "0" * 64, until)
    desk.agreed(number, HELP)
    said = routing.route(_question(desk, desk.agent, number, HELP), given=given)
    told = f"{said.store.name}, {said.store.distance_m} m" if said.store else None
    yield Step("help to where they are is another consent: the nearest store", "上海人民广场店, 400 m", told)


def _finds_stores() -> bool:
    """Whether SciPy is there, which finds the nearest of many."""
    return find_spec("scipy") is not None


def _near(desk: Desk, number: Number, area: Near) -> Verified:
    return desk.stage.services.locate.verify(_question(desk, desk.agent, number, CARE), area, given=[_shared()])


def _question(desk: Desk, by: Asker, number: Number, job: Job) -> Question:
    return Question(by, desk.stage.services.consent.office.subject(TENANT, number), job.purpose, job.recipient)


def _shared() -> Device:
    """The position that the customer shares on the page."""
    return Device(Circle(*SHANGHAI, 60.0, 0.68), "consent-page", datetime.now(UTC))


def _why(reasons: Iterable[Reason | Signal]) -> list[Row]:
    return [{"code": one.code, "zh": one.zh, "en": one.en} for one in reasons]


def _codes(signals: Iterable[Signal]) -> str:
    return ", ".join(one.code for one in signals) or "none"
