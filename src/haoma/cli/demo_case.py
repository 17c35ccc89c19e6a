"""The demo's part on finding a customer: from an order to a case, and a number that is shown to be theirs.

Rules held here:
- The CRM is the example's: a file of made-up customers, made for this run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from haoma.cli.demo_desk import TENANT, Desk
from haoma.cli.stage import Step
from haoma.errors import NotFound
from haoma.locate.cases import By, Reference, tables
from haoma.locate.cases.example import make_example

__all__ = ["crm_of", "found_by_order"]

ORDER, SECOND, NOBODYS = (Reference(By.ORDER, f"A-2026-{n}") for n in ("0001", "0002", "9999"))
SECRETS = ("13800138201", "A-2026-0001", "C-1001")


def crm_of(folder: Path) -> Path:
    """A CRM of made-up customers beside a folder, and the map of it, whose path is returned."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return make_example(folder.with_name(f"{folder.name}-crm.db"), TENANT)


def found_by_order(desk: Desk) -> Iterator[Step]:
    """An order on the screen and no number: the case, the check by code, and what who declines is offered."""
    customers, agent = desk.stage.services.customers, desk.agent
    made = customers.open(agent, ORDER)
    case, ways = made.standing.case.id, made.standing.ways
    yield Step("an order leads to a case, and the agent sees of the number", "138****8201", made.masked)
    joined = customers.open(agent, SECOND)
    yield Step("another order of the same customer joins it", case, joined.standing.case.id)
    yield Step("an order that is nobody's leads nowhere", "not-found", _looked_for(desk, NOBODYS))
    customers.verify(agent, case, ORDER)
    text = (desk.stage.services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()[-1]
    shown = customers.confirm(agent, case, re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1])
    days = (shown.due_at - shown.shown_at).days
    yield Step(
        "a code that is read back shows that the number is theirs, for days",
        desk.stage.services.settings.case_verify_days,
        days,
    )
    desk.stage.show(
        "A customer who declines is offered", [{"way": str(way), "zh": way.zh, "en": way.en} for way in ways]
    )
    yield Step("who declines is offered", "e-mail, in-app, call-back", ", ".join(customers.decline(agent, case)))
    with desk.stage.services.store.read() as tx:
        kept = (tables.searches, tables.references, tables.codes, tables.numbers)
        text = "".join(str(row) for table in kept for row in tx.execute(table.select()))
    yield Step(
        "neither number nor order is kept of it", "none", ", ".join(one for one in SECRETS if one in text) or "none"
    )


def _looked_for(desk: Desk, reference: Reference) -> str:
    try:
        return desk.stage.services.customers.open(desk.agent, reference).masked
    except NotFound as error:
        return error.code
