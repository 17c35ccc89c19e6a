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
from haoma.guard.registry.changes import ACTION, Change, payload_of
from haoma.guard.registry.effect import OBJECT
from haoma.guard.registry.history import Past, history
from haoma.guard.registry.model import Hotline, Organisation
from haoma.guard.registry.read import every_hotline, organisations

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

    def hotlines(self, asker: Asker, now: datetime) -> list[Hotline]:
        """Every hotline of the asker's tenant, retired ones too; `owner` is `***` for who may not see it."""
        owners = self._sees(asker, now)
        theirs = {one.uid for one in self.organisations(asker)}
        with self._gate.store.read() as tx:
            found = [one for one in every_hotline(tx) if one.organisation in theirs]
        return found if owners else [replace(one, owner=HIDDEN if one.owner else "") for one in found]

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
