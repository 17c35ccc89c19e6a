"""The registry for people: what they may see of it, and what they ask to be changed.

Rules held here:
- Nothing changes here: a change is a request (`change-hotline`), which somebody else approves, and is run by
  `Approvals.run`.
- What is public is for everybody who may see it; what is the company's own (who looks after a hotline, why it changed)
  for whom the policy lets, field by field. Each look is a decision, and recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from haoma.access import Approval, Approvals, Asker, Gate, Thing
from haoma.errors import NotFound
from haoma.guard.registry.changes import ACTION, Change, changes_of, payload_of
from haoma.guard.registry.chart import Chart
from haoma.guard.registry.diff import Diff, Present, diff
from haoma.guard.registry.effect import OBJECT
from haoma.guard.registry.history import Past, history
from haoma.guard.registry.incoming import Row
from haoma.guard.registry.model import Hotline, Organisation
from haoma.guard.registry.proposed import Difference, differences
from haoma.guard.registry.read import every_hotline, one_organisation, organisations

__all__ = ["HIDDEN", "Registry"]

HIDDEN = "***"


class Registry:
    """The registry of one store, as whoever asks may see and change it."""

    def __init__(self, gate: Gate, approvals: Approvals) -> None:
        self._gate = gate
        self._approvals = approvals

    def propose(self, asker: Asker, changes: Sequence[Change], reason: str, now: datetime) -> Approval:
        """Ask that these changes be made, all or none; somebody else approves it.

        Raises BadInput, NotFound or Conflict where one cannot be made as the registry is, Refused where the asker may
        not ask for it.
        """
        return self._approvals.request(asker, ACTION, payload_of(changes, reason), now)

    def proposed(self, asker: Asker, approval_id: str, now: datetime) -> tuple[Approval, list[Difference]]:
        """A request with what it would change as the registry is now, for who is to approve it or has requested it.

        Raises NotFound where there is no such request of hotlines.
        """
        found = self._approvals.one(asker, approval_id, now)
        if found.action != ACTION:
            raise NotFound("this is no request of hotlines", hint="haoma access approve show tells what it is")
        changes, _ = changes_of(found.payload)
        with self._gate.store.read() as tx:
            return found, list(differences(changes, organisations(tx), every_hotline(tx)))

    def compare(self, asker: Asker, rows: Sequence[Row], chart: Chart, now: datetime) -> Diff:
        """What an import of these rows would change; nothing is changed, and nothing requested.

        Raises BadInput where a column is not known, Refused where the asker may not see the registry.
        """
        named = chart.renamed(rows)
        owners = self._sees(asker, now)
        with self._gate.store.read() as tx:
            present = Present(asker.tenant, organisations(tx), _shown(every_hotline(tx), owners), now)
        return diff(named, present, chart.purposes)

    def hotlines(self, asker: Asker, now: datetime) -> list[Hotline]:
        """Every hotline of the asker's tenant, retired ones too; `owner` is `***` for who may not see it."""
        owners = self._sees(asker, now)
        theirs = {one.uid for one in self.organisations(asker)}
        with self._gate.store.read() as tx:
            found = [one for one in every_hotline(tx) if one.organisation in theirs]
        return _shown(found, owners)

    def hotline(self, asker: Asker, uid: str, now: datetime) -> Hotline:
        """The hotline with this UID; NotFound where there is none of the asker's tenant."""
        found = next((one for one in self.hotlines(asker, now) if one.uid == uid), None)
        if found is None:
            raise NotFound("there is no such hotline", hint="haoma hotline list shows them")
        return found

    def organisation(self, asker: Asker, name: str) -> Organisation:
        """The organisation of the asker's tenant with this name, alias or UID; NotFound where there is none."""
        return one_organisation(self.organisations(asker), name)

    def organisations(self, asker: Asker) -> list[Organisation]:
        """The organisations of the asker's tenant, by name: they are public."""
        with self._gate.store.read() as tx:
            return [one for one in organisations(tx) if one.tenant == asker.tenant]

    def history(self, asker: Asker, uid: str, now: datetime) -> list[Past]:
        """Every change of a hotline or an organisation, the first one first; for who may see why.

        Raises NotFound where there is none of the asker's tenant.
        """
        self._gate.ask(asker, "see", Thing(OBJECT, asker.tenant, "reason"), now).require()
        with self._gate.store.read() as tx:
            return history(tx, uid, asker.tenant)

    def _sees(self, asker: Asker, now: datetime) -> bool:
        """Whether they see who looks after a hotline; raises Refused where they see none."""
        self._gate.ask(asker, "see", Thing(OBJECT, asker.tenant, "number"), now).require()
        return self._gate.ask(asker, "see", Thing(OBJECT, asker.tenant, "owner"), now).allowed


def _shown(found: list[Hotline], owners: bool) -> list[Hotline]:
    return found if owners else [replace(one, owner=HIDDEN if one.owner else "") for one in found]
