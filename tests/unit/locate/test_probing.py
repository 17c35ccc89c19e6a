from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.consent import TENANT, World, open_world
from haoma.access import Asker
from haoma.consent import make_notice
from haoma.errors import Refused
from haoma.locate import Gathering, InRegion, Locate, Near, Question
from haoma.locate.areas import Area
from haoma.locate.fusion import Circle, Device, Verdict, known_cities, shipped_priors
from haoma.locate.probing import AREAS
from haoma.locate.tables import areas
from haoma.places import named
from haoma.vault.tables import audit

HERE = (31.2304111, 121.4737222)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A customer who agreed to yes and no, out of the position that they share."""
    folder = tmp_path_factory.mktemp("probing")
    with open_world(f"sqlite:///{folder}/haoma.db", folder / "keys") as world:
        world.assess()
        notice = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["browser"], "yes-no", 30)
        world.consent.notices.publish(world.people["dpo"], TENANT, notice)
        world.open_case()
        world.give()
        yield world


@pytest.fixture
def world(given: World) -> World:
    given.clock[0] += timedelta(days=1, minutes=1)  # what was asked a day ago no longer counts
    given.open_case()
    return given


def ask(world: World, area: Area, by: str = "agent") -> Verdict:
    locate = Locate(world.consent, Gathering(world.consent, [], known_cities(), shipped_priors()))
    asker: Asker = world.people[by]
    shared = Device(Circle(*HERE, 20.0, 0.95), "browser", world.clock[0])
    question = Question(asker, world.subject(), "customer-care", "acme-desk")
    return locate.verify(question, area, given=[shared]).verdict


def refused(world: World, area: Area) -> str:
    with pytest.raises(Refused) as error:
        ask(world, area)
    return error.value.reason


def test_a_street_takes_a_consent_to_a_point(world: World) -> None:
    assert refused(world, Near(*HERE, 999.0)) == "granularity"
    assert ask(world, Near(*HERE, 1000.0)) is Verdict.TRUE


def test_a_customer_is_not_found_by_asking_about_one_circle_after_another(world: World) -> None:
    edge = [Near(HERE[0] + step / 500, HERE[1], 1000.0) for step in range(AREAS)]
    assert [ask(world, one) for one in edge][:1] == [Verdict.TRUE]
    assert refused(world, Near(HERE[0], HERE[1] + 0.01, 1000.0)) == "areas-many"
    assert refused(world, Near(HERE[0], HERE[1], 1000.5)) == "areas-many"
    assert refused(world, InRegion(named("北京市"))) == "areas-many"
    assert [ask(world, one) for one in edge][:1] == [Verdict.TRUE]  # no other areas: answered as before
    with world.store.read() as tx:
        told = tx.execute(sa.select(audit.c.decision, audit.c.reason).order_by(audit.c.audit_id.desc()).limit(20)).all()
    assert ("refused", "areas-many") in [tuple(row) for row in told]


def test_after_a_day_another_area_is_asked_about(world: World) -> None:
    for step in range(AREAS):
        ask(world, Near(30.0 + step, 120.0, 3000.0))
    assert refused(world, Near(*HERE, 3000.0)) == "areas-many"
    world.clock[0] += timedelta(days=1)
    world.open_case()
    assert ask(world, Near(*HERE, 3000.0)) is Verdict.TRUE


def test_no_row_tells_where_somebody_was_looked_for(world: World, tmp_path: Path) -> None:
    ask(world, Near(*HERE, 1234.5))
    with world.store.read() as tx:
        rows = tx.execute(sa.select(areas)).all()
    assert rows
    assert not [row for row in rows for said in ("31.23", "121.47", "1234") if said in str(row.area)]
