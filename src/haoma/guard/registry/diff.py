"""What an import would change: each row new, changed, unchanged, or refused with the reason.

Rules held here:
- A row is the hotline that has its `key` or its number with that organisation; of what a row does not say, nothing
  changes. What a file does not have stays as it is: nothing is retired by an import.
- A key is the source's own id of a hotline. Its UID follows from it, so that the same one comes out of every import,
  whatever its number has become.
- A row that cannot be is refused and stops no other one: no number, no purpose, a number that is another's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from haoma.errors import BadInput, Refused
from haoma.guard.model import Names, Purpose
from haoma.guard.registry.changes import Change, added, changed, check_texts
from haoma.guard.registry.incoming import Row
from haoma.guard.registry.model import (
    Hotline,
    Organisation,
    check_hotline,
    check_organisation,
    moment_of,
    purpose_of,
    uri_of,
)
from haoma.guard.registry.planning import is_live
from haoma.ledger.forms import Json
from haoma.numbers.model import hide

__all__ = ["Diff", "Line", "Present", "What", "diff", "uid_of_key"]

_MARKS = str.maketrans("；、，|,\n", ";;;;;;")
_YES, _NO = {"yes", "y", "true", "t", "1", "是"}, {"no", "n", "false", "f", "0", "否"}


class What(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one row, and why where it is refused; `fields` are those that change."""

    row: int
    what: What
    organisation: str
    uid: str | None = None
    number: str | None = None
    fields: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """The registry as an import finds it: whose it is, all organisations, all hotlines, and the time."""

    tenant: str
    organisations: Sequence[Organisation]
    hotlines: Sequence[Hotline]
    now: datetime


@dataclass(frozen=True, slots=True)
class Diff:
    """What becomes of each row, in their order, and the changes that make it so."""

    lines: tuple[Line, ...]
    changes: tuple[Change, ...]

    def count(self, what: What) -> int:
        """How many rows this becomes of."""
        return sum(line.what is what for line in self.lines)


def uid_of_key(tenant: str, key: str) -> str:
    """The UID of the hotline that a source calls so, of whose registry this is."""
    return str(uuid.uuid5(uuid.UUID(tenant), f"hotline:{key}"))


def diff(rows: Iterable[Row], present: Present, purposes: Mapping[str, Purpose] | None = None) -> Diff:
    """Hold rows (`Chart.renamed`) against the registry."""
    work = _Work(present, purposes or {})
    for row in rows:
        work.take(row)
    work.settle()
    return work.diff()


@dataclass(slots=True)
class _Wish:
    """What one row comes to: a hotline before and after, or why it cannot be."""

    row: Row
    name: str = ""
    before: Hotline | None = None
    after: Hotline | None = None
    reason: str = ""


@dataclass(slots=True)
class _Work:
    present: Present
    purposes: Mapping[str, Purpose]
    wishes: list[_Wish] = field(default_factory=list)
    companies: dict[str, Organisation] = field(default_factory=dict)
    fresh: dict[str, Organisation] = field(default_factory=dict)
    there: dict[str, Hotline] = field(default_factory=dict)
    numbers: dict[tuple[str, str], Hotline] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.present.organisations:
            if one.tenant == self.present.tenant:
                for alias in one.names.aliases:
                    self.companies.setdefault(alias, one)
        own = [one for one in self.present.organisations if one.tenant == self.present.tenant]
        self.companies |= {one.names.name: one for one in own}
        self.there = {one.uid: one for one in self.present.hotlines}
        live = [one for one in self.present.hotlines if is_live(one, self.present.now)]
        self.numbers = {(one.organisation, one.uri): one for one in live}

    def take(self, row: Row) -> None:
        """Read a row, or say why not."""
        wish = _Wish(row, hide(row.texts.get("organisation", ""))[:100])
        self.wishes.append(wish)
        try:
            self._read(wish)
        except (BadInput, Refused) as error:
            wish.after, wish.reason = None, f"{error}; {error.hint}" if error.hint else str(error)

    def settle(self) -> None:
        """Refuse rows whose number is another's, when all other rows have had their way."""
        while True:
            holders: dict[str, list[Hotline]] = {}
            wished = {wish.after.uid: wish for wish in self.wishes if wish.after is not None}
            for one in [*self.there.values(), *(wish.after for wish in wished.values() if wish.after)]:
                known = wished.get(one.uid)
                if (known is None or known.after is one) and is_live(one, self.present.now):
                    holders.setdefault(one.uri, []).append(one)
            clashes = [those for those in holders.values() if len(those) > 1 and not all(one.shared for one in those)]
            if not clashes:
                return
            for those in clashes:
                self._refuse(those, wished)

    def _refuse(self, those: Sequence[Hotline], wished: Mapping[str, _Wish]) -> None:
        """Refuse the rows that want this number, but the one that has it already, or the first."""
        asked = [wished[one.uid] for one in those if one.uid in wished]
        unasked = len(asked) < len(those)
        keeps = (
            None if unasked else next((one for one in asked if one.before and one.before.uri == those[0].uri), asked[0])
        )
        for wish in asked:
            if wish is not keeps:
                wish.after = None
                wish.reason = "this number is another hotline's; where both share it on purpose, both say so: shared"

    def _read(self, wish: _Wish) -> None:
        if wish.row.flaw:
            raise BadInput(wish.row.flaw)
        said = wish.row.texts
        company, uri = self._company(said), uri_of(_needed(said, "number"))
        key = said.get("key")
        uid = uid_of_key(self.present.tenant, key) if key else None
        before = self.there.get(uid) if uid else self.numbers.get((company.uid, uri))
        if before is not None and not is_live(before, self.present.now):
            raise BadInput("the hotline of this key is retired", hint="a new one has another key")
        fields = self._fields(said)
        if before is None:
            given = {"purposes": frozenset({Purpose.OTHER}), "channels": (), "valid_from": self.present.now} | fields
            after = Hotline(uid or str(uuid.uuid4()), company.uid, uri, **given)  # type: ignore[arg-type]
        else:
            after = replace(before, organisation=company.uid, uri=uri, **fields)  # type: ignore[arg-type]
        check_hotline(after)
        change = added(after) if before is None else changed(before, after)
        if change is not None:
            check_texts(change)
        if after.uid in self.rows:
            raise BadInput(f"row {self.rows[after.uid]} says this hotline already")
        self.rows[after.uid] = wish.row.place
        self.numbers.setdefault((company.uid, uri), after)
        wish.before, wish.after = before, after

    def _company(self, said: Mapping[str, str]) -> Organisation:
        name = _needed(said, "organisation")
        known = self.companies.get(name) or self.fresh.get(name)
        if known is None:
            names = Names(name, _parts(said.get("aliases")), _parts(said.get("domains")))
            known = check_organisation(Organisation(str(uuid.uuid4()), names, self.present.tenant))
            check_texts(added(known))
            self.fresh[name] = known
        return known

    def _fields(self, said: Mapping[str, str]) -> dict[str, object]:
        """What a row says of a hotline beside its number and whose it is."""
        found: dict[str, object] = {}
        if "purposes" in said:
            found["purposes"] = frozenset(self._purpose(word) for word in _parts(said["purposes"]))
        if "channels" in said:
            found["channels"] = _parts(said["channels"])
        if "owner" in said:
            found["owner"] = said["owner"]
        found |= {name: moment_of(said[name]) for name in ("valid_from", "valid_until") if name in said}
        return found | {name: _flag(name, said[name]) for name in ("shared", "mobile") if name in said}

    def _purpose(self, word: str) -> Purpose:
        return self.purposes.get(word) or purpose_of(word)

    def diff(self) -> Diff:
        """What came of it."""
        wishes = [wish for wish in self.wishes if wish.after is not None]
        used = {wish.after.organisation for wish in wishes if wish.after is not None}
        changes = [added(one) for one in self.fresh.values() if one.uid in used]
        for wish in wishes:
            if wish.after is not None:
                change = added(wish.after) if wish.before is None else changed(wish.before, wish.after)
                changes += [change] if change is not None else []
        fields = {change.uid: change.fields for change in changes}
        return Diff(tuple(_line(wish, fields) for wish in self.wishes), tuple(changes))


def _line(wish: _Wish, fields: Mapping[str, Mapping[str, Json]]) -> Line:
    after = wish.after
    if after is None:
        return Line(wish.row.place, What.REFUSED, wish.name, reason=wish.reason)
    touched = fields.get(after.uid)
    if wish.before is None:
        return Line(wish.row.place, What.NEW, wish.name, after.uid, after.uri)
    what = What.UNCHANGED if touched is None else What.CHANGED
    return Line(wish.row.place, what, wish.name, after.uid, after.uri, tuple(sorted(touched or ())))


def _needed(said: Mapping[str, str], name: str) -> str:
    if name not in said:
        raise BadInput(f"this row has no {name}")
    return said[name]


def _parts(text: str | None) -> tuple[str, ...]:
    parts = [part.strip() for part in (text or "").translate(_MARKS).split(";")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _flag(name: str, text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise BadInput(f"{name} is neither yes nor no")
    return word in _YES
