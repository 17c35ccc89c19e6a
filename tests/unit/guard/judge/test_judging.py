from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product
from pathlib import Path

import pytest

from contracts.judge import BOTH, CARE, FAX, MOBILE, NEAR, NOBODYS, NOW, OLD, OURS, THEIRS, Shelf, shows
from contracts.lineage import Keys
from haoma.guard.judge import Finding, Seen, Verdict
from haoma.guard.judge.judging import Known, judge, one_off
from haoma.guard.judge.model import SourceKind
from haoma.guard.judge.rules import RULES, SEVERITY, Stands, rule_for, rules_page, severity_of
from haoma.guard.judge.shown import bare, show, without_mobiles
from haoma.guard.model import Belongs, Mention, Purpose, Role

KEYS = Keys()


def found(
    *mentions: Mention, kind: SourceKind = SourceKind.PAGE, was_there: bool = False, shelf: Shelf | None = None
) -> list[Finding]:
    """What is said of a page that shows these."""
    shelf = shelf or Shelf()
    seen = Seen("s", "map", kind, OURS, "https://map.example/", NOW, "0" * 64)
    by_uri = {bare(one.uri): shelf.known(None, bare(one.uri)) for one in mentions if one.uri}
    known = Known(OURS, shelf.names(None, OURS), shelf.rivals(None, OURS), shelf.hotlines(None, OURS), by_uri)
    kept = judge(seen, mentions, known, lambda uri, own: show(uri, KEYS, registered=own), was_there=was_there)
    return list(kept)


def verdicts(*mentions: Mention, **but: object) -> list[str]:
    return [str(one.verdict) for one in found(*mentions, **but)]


@pytest.mark.parametrize(
    ("mention", "verdict"),
    [
        (shows(CARE), "match"),
        (shows(CARE, role=Role.OTHER), "match"),
        (shows(FAX, role=Role.FAX), "match"),
        (shows(FAX), "wrong-number"),
        (shows(FAX, role=Role.OTHER), "cannot-tell"),
        (shows(CARE, Belongs.OTHER), "wrong-organisation"),
        (shows(THEIRS), "wrong-organisation"),
        (shows(BOTH), "match"),
        (shows(BOTH, Belongs.OTHER), "match"),
        (shows(OLD), "stale"),
        (shows(NEAR), "lookalike"),
        (shows(NOBODYS), "wrong-number"),
        (shows(MOBILE), "wrong-number"),
        (shows(NOBODYS, purpose=Purpose.COMPLAINT), "wrong-number"),
        (shows(NOBODYS, purpose=Purpose.OTHER), "cannot-tell"),
        (shows(THEIRS, purpose=Purpose.OTHER), "wrong-organisation"),
        (shows(CARE, purpose=Purpose.OTHER), "match"),
        (shows(NOBODYS, role=Role.FAX), "cannot-tell"),
        (shows(CARE, Belongs.UNSURE), "cannot-tell"),
        (shows(NOBODYS, Belongs.UNSURE), "cannot-tell"),
    ],
)
def test_each_case_of_the_table_has_its_verdict(mention: Mention, verdict: str) -> None:
    assert verdicts(mention) == [verdict]


@pytest.mark.parametrize("uri", [THEIRS, NOBODYS, MOBILE, OLD])
def test_what_others_show_as_theirs_is_no_concern_of_ours(uri: str) -> None:
    assert verdicts(shows(uri, Belongs.OTHER)) == []


@pytest.mark.parametrize(
    ("uri", "owner", "verdict"),
    [
        (CARE, "平川基金管理有限公司", "wrong-organisation"),
        (CARE, "平川基金", "wrong-organisation"),
        (CARE, "平川基金管理有限公司客服中心", "wrong-organisation"),
        (CARE, "安心基金与平川基金管理有限公司", "cannot-tell"),
        (CARE, "有限公司", "cannot-tell"),
        (CARE, "某某地图", "cannot-tell"),
        (CARE, "安心基金", "cannot-tell"),
        (OLD, "平川基金", "cannot-tell"),
        (BOTH, "平川基金", "cannot-tell"),
    ],
)
def test_a_doubt_about_our_number_under_the_name_of_another_one_of_the_registry_is_none(
    uri: str, owner: str, verdict: str
) -> None:
    assert verdicts(shows(uri, Belongs.UNSURE, owner=owner)) == [verdict]
    assert verdicts(shows(uri, Belongs.UNSURE, owner=owner, hidden=True)) == ["cannot-tell"]


def test_a_directory_asks_nobody_about_strangers_numbers_and_a_flood_is_bounded() -> None:
    strangers = [shows(f"tel:400777{n:04};phone-context=+86", Belongs.UNSURE) for n in range(21)]
    assert verdicts(*strangers[:20]) == ["cannot-tell"] * 20
    assert verdicts(*strangers, shows(CARE, Belongs.UNSURE)) == ["cannot-tell"]
    wrong = [replace(one, organisation=Belongs.TARGET) for one in strangers]
    flood = [replace(one, uri=f"tel:4007{n:06};phone-context=+86") for n in range(600) for one in wrong[:1]]
    said = verdicts(*flood, shows(CARE, Belongs.OTHER))
    assert len(said) == 500
    assert "wrong-organisation" in said


def test_a_number_is_compared_without_its_extension() -> None:
    assert verdicts(shows("tel:+861062770335;ext=8001", role=Role.FAX)) == ["match"]


def test_a_number_of_ours_is_retired_from_the_moment_on_that_it_ends_at() -> None:
    shelf = Shelf()
    shelf.every[0] = replace(shelf.every[0], valid_until=NOW + timedelta(seconds=1))
    assert verdicts(shows(CARE), shelf=shelf) == ["match"]
    shelf.every[0] = replace(shelf.every[0], valid_until=NOW)
    assert verdicts(shows(CARE), shelf=shelf) == ["stale"]


def test_a_number_that_we_gave_up_and_another_took_is_theirs() -> None:
    shelf = Shelf()
    shelf.every.append(replace(shelf.every[3], uri=OLD))
    assert verdicts(shows(OLD), shelf=shelf) == ["wrong-organisation"]


def test_our_own_site_without_any_number_of_ours_is_a_finding_and_a_page_of_others_only_if_it_had_one() -> None:
    assert verdicts(kind=SourceKind.OFFICIAL) == ["missing"]
    assert verdicts() == []
    assert verdicts(was_there=True) == ["missing"]
    assert verdicts(shows(THEIRS, Belongs.OTHER), was_there=True) == ["missing"]
    assert verdicts(shows(CARE, Belongs.UNSURE), was_there=True) == ["cannot-tell"]
    assert verdicts(shows(CARE, Belongs.OTHER), was_there=True) == ["wrong-organisation"]
    assert verdicts(shows(NOBODYS), was_there=True) == ["wrong-number"]
    assert verdicts(shows(NOBODYS, purpose=Purpose.OTHER), was_there=True) == ["cannot-tell", "missing"]
    shelf = Shelf()
    shelf.every = shelf.every[1:2]  # one that is retired
    assert verdicts(kind=SourceKind.OFFICIAL, shelf=shelf) == []


def test_what_is_printed_often_is_found_once_as_a_reader_sees_it_and_in_any_order() -> None:
    seen, hidden = shows(OLD), replace(shows(OLD, hidden=True), confidence=0.99)
    for mentions in permutations([seen, hidden, shows(CARE), shows(CARE, Belongs.OTHER)]):
        said = found(*mentions)
        assert [str(one.verdict) for one in said] == ["match", "stale", "wrong-organisation"]
        assert [one.hidden for one in said if one.verdict is Verdict.STALE] == [False]


def test_a_hotline_stands_in_clear_and_what_may_be_a_persons_own_is_masked() -> None:
    shown = {uri: found(shows(uri))[0].shown for uri in (CARE, NOBODYS, MOBILE)}
    assert [one.text for one in shown.values()] == ["4008001234", "4007770000", "138****8000"]
    assert [one.personal for one in shown.values()] == [False, False, True]
    landline = show("tel:+861062770334", KEYS, registered=False)
    assert (landline.text, landline.personal) == ("010****0334", True)
    assert show("tel:+8613800138000", KEYS, registered=True).text == "13800138000"


def test_a_token_tells_two_that_are_one_and_says_nothing_of_the_number() -> None:
    one, same = (show(uri, KEYS, registered=False) for uri in (MOBILE, f"{MOBILE};ext=1"))
    assert one.token == same.token
    assert show(MOBILE, Keys(), registered=False).token != one.token


def test_an_owner_on_the_page_is_kept_with_every_mobile_masked() -> None:
    said = found(shows(CARE, Belongs.OTHER, owner="王经理 138-0013-8000"))
    assert said[0].owner == "王经理 138****8000"
    assert without_mobiles("订单 20261122138001380001") == "订单 20261122138001380001"


@pytest.mark.parametrize(
    ("one", "other", "off"),
    [
        ("4008001234", "4008001235", True),
        ("4008001234", "4008002134", True),
        ("4008001234", "40080012345", True),
        ("4008001234", "400800134", True),
        ("4008001234", "4008001234", False),
        ("4008001234", "4008002143", False),
        ("4008001234", "4009001235", False),
        ("4008001234", "400801234", True),
        ("95588", "95599", False),
    ],
)
def test_a_lookalike_is_one_slip_away(one: str, other: str, off: bool) -> None:
    assert one_off(one, other) is one_off(other, one) is off


def test_another_line_of_the_same_switchboard_is_no_lookalike() -> None:
    shelf = Shelf()
    shelf.every.append(replace(shelf.every[0], uid="0bb00000-0000-4000-8000-000000000009", uri="tel:+861062770300"))
    assert verdicts(shows("tel:+861062770301"), shelf=shelf) == ["wrong-number"]
    assert verdicts(shows("tel:+861063770300"), shelf=shelf) == ["lookalike"]


def test_every_row_of_the_table_speaks_for_something() -> None:
    every = product(Belongs, Stands, Role, Purpose)
    assert {one.name for one in RULES} == {rule.name for case in every if (rule := rule_for(*case))}


def test_a_wrong_name_is_critical_where_money_is_at_stake_and_hidden_text_is_a_step_less() -> None:
    wrong = Verdict.WRONG_ORGANISATION
    assert severity_of(wrong, SourceKind.PAGE, "安心基金", hidden=False) == "critical"
    assert severity_of(wrong, SourceKind.PAGE, "安心餐饮", hidden=False) == "high"
    assert severity_of(wrong, SourceKind.PLATFORM, "安心餐饮", hidden=False) == "critical"
    assert severity_of(Verdict.STALE, SourceKind.SUBMISSION, "安心餐饮", hidden=True) == "low"


def test_what_reaches_more_people_is_no_less_bad() -> None:
    for levels in SEVERITY.values():
        assert [one.rank for one in levels] == sorted(one.rank for one in levels)


def test_the_guide_shows_the_table_as_it_is(root: Path) -> None:
    page = (root / "docs" / "guide" / "incidents.md").read_text(encoding="utf-8")
    shown = page.split("<!-- rules -->")[1].split("<!-- /rules -->")[0].strip()
    assert shown == rules_page()
