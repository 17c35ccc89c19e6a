"""What changes would leave behind: held against the registry as it is, before anything is written.

Rules held here:
- What is changed is of the tenant that asks, and at the version that was seen: else Conflict.
- What was retired, or is over, is changed no more: its UID stands for what it was.
- A number is one hotline's, unless each that has it now or later says that it is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import Conflict, NotFound, Refused
from haoma.guard.registry import tables
from haoma.guard.registry.changes import Change, Do
from haoma.guard.registry.model import Hotline, Organisation, moment_of
from haoma.guard.registry.read import hotlines_where, organisations
from haoma.guard.registry.states import hotline_of, hotline_state, organisation_of, organisation_state
from haoma.ledger.forms import Json
from haoma.numbers.model import hide

__all__ = ["Step", "apart", "is_live", "plan"]

AT_ONCE = 500
_H = tables.hotlines.c


@dataclass(frozen=True, slots=True)
class Step:
    """One change with what there was, and what there will be."""

    do: Do
    before: Organisation | Hotline | None
    after: Organisation | Hotline

    @property
    def state(self) -> dict[str, Json]:
        """What will be kept of it, beside its UID."""
        return organisation_state(self.after) if isinstance(self.after, Organisation) else hotline_state(self.after)


def plan(tx: sa.Connection, tenant: str, changes: Sequence[Change], at: datetime) -> list[Step]:
    """What each change does; raises NotFound, Refused, Conflict or BadInput where one cannot be made at this moment."""
    companies = {one.uid: one for one in organisations(tx)}
    steps: list[Step] = []
    for change in changes:
        if change.do.kind == "organisation":
            step = _of_organisation(companies, tenant, change)
            steps.append(step)
            if isinstance(step.after, Organisation):
                companies[change.uid] = step.after
    _check_names(companies.values())
    present = _present(tx, [one.uid for one in changes])
    steps += [_of_hotline(present, companies, tenant, one, at) for one in changes if one.do.kind == "hotline"]
    _check_numbers(tx, steps, companies, at)
    return steps


def is_live(one: Hotline, at: datetime) -> bool:
    """Whether a hotline has its number now, or will have it: it is not over."""
    return one.valid_until is None or one.valid_until > at


def apart(many: Sequence[str]) -> Iterable[Sequence[str]]:
    """Some hundreds at a time, as many as a statement takes."""
    return (many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE))


def _of_organisation(companies: Mapping[str, Organisation], tenant: str, change: Change) -> Step:
    before = companies.get(change.uid)
    if change.do is Do.ADD_ORGANISATION:
        if before is not None:
            raise Conflict("there is an organisation with this UID", hint="request it anew")
        return Step(change.do, None, organisation_of(change.uid, change.fields, tenant, 1))
    if before is None:
        raise NotFound("there is no such organisation", hint="haoma hotline organisation list shows them")
    _check_seen(before.tenant, tenant, before.version, change)
    state = {**organisation_state(before), **change.fields}
    return Step(change.do, before, organisation_of(change.uid, state, tenant, before.version + 1))


def _of_hotline(
    present: Mapping[str, Hotline],
    companies: Mapping[str, Organisation],
    tenant: str,
    change: Change,
    at: datetime,
) -> Step:
    before = present.get(change.uid)
    if change.do is Do.ADD:
        if before is not None:
            raise Conflict("there is a hotline with this UID", hint="request it anew")
        after = hotline_of(change.uid, change.fields, 1)
    elif before is None:
        raise NotFound("there is no such hotline", hint="haoma hotline list shows them")
    else:
        _check_seen(companies[before.organisation].tenant, tenant, before.version, change)
        if not is_live(before, at):
            raise Conflict("this hotline is retired", hint="add it anew: what was stays as it was")
        after = _changed(before, change, at)
    company = companies.get(after.organisation)
    if company is None:
        raise NotFound("there is no such organisation", hint="haoma hotline organisation add makes one")
    if company.tenant != tenant:
        raise Refused("this organisation is another tenant's", hint="who is of that tenant asks for it")
    return Step(change.do, before, after)


def _changed(before: Hotline, change: Change, at: datetime) -> Hotline:
    if change.do is Do.CHANGE:
        return hotline_of(change.uid, {**hotline_state(before), **change.fields}, before.version + 1, before.fact)
    said = change.fields["valid_until"]
    until = at if said is None else moment_of(str(said))
    return replace(before, valid_until=max(until, before.valid_from), version=before.version + 1)


def _check_seen(theirs: str, tenant: str, version: int, change: Change) -> None:
    if theirs != tenant:
        raise Refused("this is another tenant's", hint="who is of that tenant asks for it")
    if version != change.version:
        raise Conflict("this was changed since it was looked at", hint="look at it again, and request it anew")


def _check_names(companies: Iterable[Organisation]) -> None:
    seen = set[tuple[str, str]]()
    for one in companies:
        if (one.tenant, one.names.name) in seen:
            raise Conflict(
                f"there is an organisation {hide(one.names.name)!r}", hint="give it another name, or an alias"
            )
        seen.add((one.tenant, one.names.name))


def _present(tx: sa.Connection, uids: Sequence[str]) -> dict[str, Hotline]:
    found = [one for some in apart(uids) for one in hotlines_where(tx, _H.hotline_id.in_(some))]
    return {one.uid: one for one in found}


def _check_numbers(
    tx: sa.Connection, steps: Sequence[Step], companies: Mapping[str, Organisation], at: datetime
) -> None:
    """Require that each number is one hotline's, or shared by all."""
    planned = {one.after.uid: one.after for one in steps if isinstance(one.after, Hotline)}
    live = [one for one in planned.values() if is_live(one, at)]
    uris = sorted({one.uri for one in live})
    there = [one for some in apart(uris) for one in hotlines_where(tx, _H.live_uri.in_(some))]
    holders: dict[str, list[Hotline]] = {}
    for one in [*live, *(one for one in there if one.uid not in planned and is_live(one, at))]:
        holders.setdefault(one.uri, []).append(one)
    for those in holders.values():
        if len(those) > 1 and not all(one.shared for one in those):
            raise _taken(those, companies)


def _taken(those: Sequence[Hotline], companies: Mapping[str, Organisation]) -> Conflict:
    one = those[-1]
    name = hide(companies[one.organisation].names.name)
    message = f"the number of hotline {those[0].uid} is that of {one.uid}, of {name}"
    if those[0].organisation == one.organisation:
        hint = "change that one, or retire it first; a number for several purposes is one hotline with several"
    else:
        hint = "where both share it on purpose, say so of both: --shared"
    return Conflict(message, hint=hint)
