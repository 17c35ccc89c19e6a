"""The finder: whatever a hand does to references, numbers, codes and searches of cases is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.cases import THIRD, Desk, customer, open_desk, order
from contracts.consent import TENANT
from haoma.app.packages import subject_columns
from haoma.errors import HaomaError, Refused, Tampered
from haoma.locate.cases import tables
from haoma.locate.cases.audit import Audited, audit_cases
from haoma.locate.cases.keeping import EXPIRING
from haoma.numbers import parse
from haoma.vault.retention import Retention
from haoma.vault.rotation import Rotation

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(f"sqlite:///{tmp_path / 'haoma.db'}", tmp_path, recycling=True) as desk:
        yield desk


def audited(desk: Desk) -> Audited:
    with desk.world.store.read() as tx:
        return audit_cases(tx, desk.world.consent.office)


def found(desk: Desk) -> str:
    with pytest.raises(Tampered) as raised:
        audited(desk)
    return str(raised.value)


def changed(desk: Desk, statement: sa.Update | sa.Delete | sa.Insert) -> None:
    desk.world.store.write(lambda tx: tx.execute(statement).rowcount)


def wrong(desk: Desk, case: str) -> None:
    code = f"{(int(desk.world.sent.code) + 1) % 10**6:06d}"
    with pytest.raises(Refused):
        desk.customers.confirm(desk.agent, case, code)


def lived(desk: Desk) -> str:
    """A number that was shown at the second try, one of a customer who declined, searches that found nobody."""
    case = desk.case()
    desk.customers.verify(desk.agent, case, order())
    wrong(desk, case)
    desk.customers.confirm(desk.agent, case, desk.world.sent.code)
    other = desk.case(order(THIRD))
    desk.customers.verify(desk.agent, other, order(THIRD))
    wrong(desk, other)
    desk.customers.decline(desk.agent, other)
    for nobody in (order("A-2026-9999"), customer("C-1004")):
        with pytest.raises(HaomaError):
            desk.open(nobody)
    assert desk.customers.was_for(desk.agent, case, order())
    return case


def test_what_was_done_by_the_rules_stands(desk: Desk) -> None:
    assert audited(desk) == Audited(0, 0, 0, 0)
    lived(desk)
    assert audited(desk) == Audited(2, 1, 2, 7)
    desk.world.vault.log.integrate()
    assert audited(desk) == Audited(2, 1, 2, 7)


def test_two_agents_of_one_customer_stand(desk: Desk) -> None:
    first, second = desk.case(), desk.open(by="colleague").standing.case.id
    colleague = desk.world.people["colleague"]
    desk.customers.verify(desk.agent, first, order())
    wrong(desk, first)
    desk.customers.verify(colleague, second, order())
    with pytest.raises(Refused):
        desk.customers.confirm(colleague, second, "x")
    for agent, case in ((desk.agent, first), (colleague, second)):
        desk.customers.decline(agent, case)
    desk.customers.decline(desk.agent, desk.case(order(THIRD)))
    assert audited(desk).codes == 3
    changed(desk, sa.update(tables.codes).where(tables.codes.c.case_id == second).values(state="over"))
    assert "that a customer declined" in found(desk)


def test_what_stands_does_so_over_rotations_and_until_it_is_deleted_on_time(desk: Desk) -> None:
    lived(desk)
    Rotation(desk.world.vault, subject_columns()).rotate_tenant(TENANT)
    assert audited(desk) == Audited(2, 1, 2, 7)
    left = []
    for days in (0.9, 0.2, 350, 60):
        desk.world.pass_(days=days)
        Retention(desk.world.vault, EXPIRING).run(after_pause=True)
        left.append(audited(desk))
    assert left == [Audited(2, 1, 2, 7), Audited(2, 1, 0, 0), Audited(2, 1, 0, 0), Audited(0, 0, 0, 0)]


def test_a_number_that_changed_hands_is_due_at_once_and_stays_so(desk: Desk) -> None:
    case = desk.shown()
    (before,) = desk.world.rows(tables.numbers)
    desk.world.pass_(hours=1)
    desk.customers.verify(desk.agent, case, order())
    assert audited(desk).numbers == 1
    desk.world.pass_(hours=1)
    desk.world.sent.recycled_at[str(parse("13800138201").uri)] = desk.world.clock[0]
    with pytest.raises(Refused):
        desk.customers.verify(desk.agent, case, order())
    assert audited(desk).numbers == 1
    changed(desk, sa.update(tables.numbers).values(due_at=before.due_at))
    assert "its due day differs" in found(desk)


R, N, C, S = tables.references.c, tables.numbers.c, tables.codes.c, tables.searches.c
ROW = {table.name: next(iter(table.primary_key)) for table in (tables.references, tables.numbers, tables.codes)}
OTHER = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("table", "values", "names"),
    [
        (tables.references, {"case_id": OTHER}, "entry"),
        (tables.references, {"reference": "x"}, "entry"),
        (tables.references, {"at": MOMENT}, "time"),
        (tables.references, {"kept_until": -MOMENT}, "time"),
        (tables.numbers, {"due_at": 3650 * DAY}, "due day"),
        (tables.numbers, {"due_at": -MOMENT}, "due day"),
        (tables.numbers, {"shown_at": MOMENT}, "time"),
        (tables.numbers, {"how": "carrier"}, "time"),
        (tables.numbers, {"fact_id": 10**6}, "fact"),
        (tables.codes, {"attempts": 0}, "tries"),
        (tables.codes, {"attempts": 2}, "tries"),
        (tables.codes, {"sent_at": -MOMENT}, "entry"),
        (tables.codes, {"expires_at": MOMENT}, "time"),
        (tables.codes, {"kept_until": -MOMENT}, "time"),
        (tables.codes, {"case_id": OTHER}, "case"),
        (tables.codes, {"actor": "person:a"}, "entry"),
    ],
    ids=str,
)
def test_a_row_that_a_hand_changed_is_named(desk: Desk, table: sa.Table, values: dict[str, object], names: str) -> None:
    lived(desk)
    key = ROW[table.name]
    row = desk.world.rows(table)[-1]
    made = {name: getattr(row, name) + by if isinstance(by, timedelta) else by for name, by in values.items()}
    changed(desk, sa.update(table).where(key == getattr(row, key.name)).values(**made))
    called = table.name.replace("_", " ").removesuffix("s")
    assert found(desk) == f"{called} {getattr(row, key.name)} is not what was recorded: its {names} differs"


def test_a_row_of_another_customer_is_named(desk: Desk) -> None:
    lived(desk)
    theirs = str(desk.world.subject("13800138209"))
    for table in (tables.references, tables.numbers, tables.codes):
        rows = {getattr(row, ROW[table.name].name): row.subject for row in desk.world.rows(table)}
        changed(desk, sa.update(table).values(subject=theirs))
        assert "is not what was recorded" in found(desk)
        for key, subject in rows.items():
            changed(desk, sa.update(table).where(ROW[table.name] == key).values(subject=subject))
    audited(desk)


def test_a_reference_that_a_hand_deleted_is_no_denial_that_stands(desk: Desk) -> None:
    case = lived(desk)
    changed(desk, sa.delete(tables.references).where(R.case_id == case))
    assert not desk.customers.was_for(desk.agent, case, order())
    assert "of the log tells of is gone" in found(desk)
    desk.world.pass_(days=401)
    assert "1 references are gone, and retention deleted 0" in found(desk) or "2 references" in found(desk)


def test_a_reference_that_is_there_twice_is_named(desk: Desk) -> None:
    lived(desk)
    row = desk.world.rows(tables.references)[0]
    changed(desk, sa.insert(tables.references).values(**row._asdict() | {"reference_id": 99}))
    assert found(desk) == "case reference 99 is not what was recorded: its entry differs"


def test_a_number_that_a_hand_deleted_is_found(desk: Desk) -> None:
    lived(desk)
    changed(desk, sa.delete(tables.numbers))
    assert "when a number was shown, as entry" in found(desk)


def test_a_customer_who_declined_has_declined(desk: Desk) -> None:
    lived(desk)
    changed(desk, sa.update(tables.codes).where(C.state == "declined").values(state="over"))
    assert "that a customer declined" in found(desk)
    changed(desk, sa.update(tables.codes).values(state="declined"))
    assert "its state differs" in found(desk)


def test_a_code_that_a_hand_deleted_is_found(desk: Desk) -> None:
    case = lived(desk)
    changed(desk, sa.delete(tables.codes).where(C.case_id == case))
    assert "the code of entry" in found(desk)


def test_searches_that_a_hand_deleted_or_turned_into_others_are_found(desk: Desk) -> None:
    lived(desk)
    changed(desk, sa.update(tables.searches).where(S.state == "not-found").values(state="found"))
    assert "a search of the last day is gone" in found(desk)
    changed(desk, sa.delete(tables.searches))
    assert "a search of the last day is gone" in found(desk)


def test_a_search_that_nobody_made_is_found(desk: Desk) -> None:
    lived(desk)
    row = {"actor": "person:a", "at": desk.world.clock[0], "state": "found", "kept_until": desk.world.clock[0] + DAY}
    changed(desk, sa.insert(tables.searches).values(**row))
    assert "a search is in no entry of the log" in found(desk)


def test_a_damaged_cell_is_tampered(desk: Desk) -> None:
    lived(desk)
    for table in ("case_references", "case_numbers", "case_codes"):
        desk.world.store.write(lambda tx, t=table: tx.exec_driver_sql(f"UPDATE {t} SET kept_until = 'x'") and None)  # noqa: S608
        with pytest.raises(Tampered):
            audited(desk)
