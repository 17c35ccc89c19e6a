from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.registry import Desk, company, hotline, open_desk
from haoma.access import Role
from haoma.access import tables as access
from haoma.access.policy import shipped_text
from haoma.errors import Conflict, NotFound, Refused
from haoma.guard.registry import HIDDEN, Hotline, Organisation, added, changed, retired, uri_of

OTHER = "6f1b4d2e-0000-4000-8000-000000000000"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(f"sqlite:///{tmp_path / 'haoma.db'}") as desk:
        yield desk


def founded(desk: Desk, **values: object) -> tuple[Organisation, Hotline]:
    of = company(aliases=("安盈",))
    line = hotline(of, **values)
    desk.did(added(of), added(line))
    return of, desk.now_of(line)


def under(desk: Desk, change: tuple[str, str]) -> None:
    """Another policy than the shipped one."""
    text = shipped_text().replace(*change)
    assert text != shipped_text()
    row = {"text": text, "digest": hashlib.sha256(text.encode()).hexdigest(), "since": desk.world.now()}
    desk.hand(sa.insert(access.policies).values(row | {"approval_id": "x"}))


def test_who_looks_after_a_hotline_is_seen_by_editors_and_approvers(desk: Desk) -> None:
    _, line = founded(desk, owner="客服中心")
    now = desk.world.now
    seen = {who: desk.registry.hotlines(desk.people[who], now())[0].owner for who in ("ed", "pru", "an", "dora")}
    assert seen == {"ed": "客服中心", "pru": "客服中心", "an": HIDDEN, "dora": HIDDEN}
    assert desk.registry.hotline(desk.people["an"], line.uid, now()).uri == line.uri
    for who in ("an", "dora"):
        with pytest.raises(Refused):
            desk.registry.history(desk.people[who], line.uid, now())


def test_a_field_of_the_companys_own_is_asked_for_by_who_may_write_it(desk: Desk) -> None:
    of, line = founded(desk)
    asked = desk.ask(changed(line, replace(line, owner="客服中心")))
    desk.yes(asked)
    before = 'in [Action::"see", Action::"write"],\n    resource in Object::"hotline"'
    under(desk, (before, before.replace(', Action::"write"', "")))
    with pytest.raises(Refused, match="no-policy"):
        desk.run(asked)
    with pytest.raises(Refused, match="no-policy"):
        desk.ask(changed(line, replace(line, owner="投诉科")))
    with pytest.raises(Refused, match="no-policy"):
        desk.ask(added(hotline(of, "95599", owner="投诉科")))
    desk.did(changed(line, replace(line, channels=("app",))))
    assert desk.now_of(line).channels == ("app",)


@pytest.mark.parametrize("who", ["pru", "dora", "an", "root", "safe"])
def test_only_an_editor_asks(desk: Desk, who: str) -> None:
    with pytest.raises(Refused):
        desk.ask(added(company()), by=who)


def test_nobody_approves_what_they_asked_for_and_another_editor_does_not_either(desk: Desk) -> None:
    safe, ed = desk.people["safe"], desk.people["ed"]
    desk.world.people.grant(safe, ed.id, Role.DPO, desk.world.now())
    both = replace(ed, roles=ed.roles | {Role.DPO})
    asked = desk.ask(added(company()))
    desk.people["both"] = both
    for who, role in (("both", Role.DPO), ("el", Role.HOTLINE_EDITOR), ("el", Role.APPROVER)):
        with pytest.raises(Refused):
            desk.yes(asked, who, role)
    with pytest.raises(Conflict):
        desk.run(asked)
    desk.yes(asked, "dora", Role.DPO)
    assert desk.run(asked).state == "done"


def test_what_changed_since_it_was_looked_at_is_not_changed_again(desk: Desk) -> None:
    of, line = founded(desk)
    first = desk.ask(changed(line, replace(line, uri=uri_of("95599"))))
    second = desk.ask(changed(line, replace(line, owner="客服中心")), added(hotline(of, "95566")))
    for asked in (first, second):
        desk.yes(asked)
    desk.run(first)
    with pytest.raises(Conflict, match="looked at"):
        desk.run(second)
    assert len(desk.registry.hotlines(desk.people["ed"], desk.world.now())) == 1


def test_what_is_retired_is_changed_no_more(desk: Desk) -> None:
    _, line = founded(desk)
    desk.did(retired(line))
    over = desk.now_of(line)
    for change in (changed(over, replace(over, owner="x")), retired(over)):
        with pytest.raises(Conflict, match="retired"):
            desk.ask(change)


def test_another_tenant_sees_and_changes_nothing_of_it(desk: Desk) -> None:
    of, line = founded(desk)
    stranger = replace(desk.people["ed"], tenant=OTHER)
    desk.people["stranger"] = stranger
    tenant = {"tenant_id": OTHER, "name": "beta", "created_at": desk.world.now()}
    desk.hand(sa.insert(access.tenants).values(tenant))
    assert desk.registry.organisations(stranger) == []
    assert desk.registry.hotlines(stranger, desk.world.now()) == []
    for question in (
        lambda: desk.registry.hotline(stranger, line.uid, desk.world.now()),
        lambda: desk.registry.history(stranger, line.uid, desk.world.now()),
        lambda: desk.registry.organisation(stranger, "安盈"),
    ):
        with pytest.raises(NotFound):
            question()
    for change in (changed(line, replace(line, owner="x")), retired(line), added(hotline(of, "95599"))):
        with pytest.raises(Refused, match="another tenant"):
            desk.ask(change, by="stranger")


def test_an_organisation_is_found_by_name_alias_or_uid(desk: Desk) -> None:
    of, _ = founded(desk)
    for name in ("安盈基金", "安盈", of.uid):
        assert desk.registry.organisation(desk.people["an"], name).uid == of.uid
    with pytest.raises(Conflict, match="there is an organisation"):
        desk.ask(added(company()))
