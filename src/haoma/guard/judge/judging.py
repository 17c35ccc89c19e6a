"""From mentions and the registry to findings. Pure: what the registry says is handed in.

Rules held here:
- A page with many numbers that nobody registered and whose owners it leaves open is a directory: nobody is asked of
  these. At most 500 findings are made of a page.
- A number is compared without its extension; one that is printed ten times is found once for each verdict.
- A number of ours that extraction is not sure of, and that goes by the name of another one of the registry, is theirs
  as far as the page says; that it goes by ours makes it no surer, for the page may call it dead.
- Our page that shows none of our numbers is a finding; a page of others is one only where it showed one before. What
  it shows in the place of ours is a finding of its own, and the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from haoma.guard.judge.desk import HotlineLike
from haoma.guard.judge.model import Finding, Seen, Shown, SourceKind, Verdict
from haoma.guard.judge.rules import Stands, rule_for
from haoma.guard.judge.shown import bare, digits_of, without_mobiles
from haoma.guard.model import Belongs, Mention, Names, Purpose, Role

__all__ = ["Known", "judge", "one_off"]

LONGEST_OWNER = 200
SHORTEST_ALIKE = 7
SHORTEST_NAME = 4
MOST = 500
MOST_DOUBTS = 20
LINES_OF_A_BLOCK = 2  # the last digits of a landline tell the lines of one switchboard


@dataclass(frozen=True, slots=True)
class Known:
    """What the registry says of an organisation, and of every number on a page, whosever it is (by bare URI).

    `rivals` are how all the others are known.
    """

    organisation: str
    names: Names
    rivals: Sequence[Names]
    own: Sequence[HotlineLike]
    by_uri: Mapping[str, Sequence[HotlineLike]]


def judge(
    seen: Seen, mentions: Sequence[Mention], known: Known, show: Callable[[str, bool], Shown], *, was_there: bool
) -> tuple[Finding, ...]:
    """What is to be said of a page, each thing once, in an order that does not depend on that of the mentions.

    `show` makes a number such that it may be kept, given whether it is registered; `was_there` says whether an earlier
    look found a number of ours there.
    """
    found = [one for mention in mentions if mention.uri for one in _of(mention, seen.at, known, show)]
    if _is_absent(seen, found, known, was_there=was_there):
        found.append(_absent())
    return tuple(sorted(_bounded(_each_once(found)), key=_order))


def one_off(one: str, other: str) -> bool:
    """Whether two numbers differ by one digit: another one, one more or less, or two neighbours swapped.

    A short code is no lookalike of another one: they are given out in a row, to one company each.

    >>> one_off("4008889999", "4008889990"), one_off("4008889999", "4008898999"), one_off("95588", "95580")
    (True, True, False)
    """
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < SHORTEST_ALIKE:
        return False
    if len(one) != len(other):
        longer, shorter = (one, other) if len(one) > len(other) else (other, one)
        return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    differs = [at for at in range(len(one)) if one[at] != other[at]]
    if len(differs) != 2 or differs[1] != differs[0] + 1:
        return len(differs) == 1
    at = differs[0]
    return one[at : at + 2] == other[at : at + 2][::-1]


def _of(mention: Mention, at: datetime, known: Known, show: Callable[[str, bool], Shown]) -> Iterable[Finding]:
    uri = bare(str(mention.uri))
    registered = known.by_uri.get(uri, ())
    stands, about = _standing(uri, registered, at, known)
    rule = rule_for(_whose(mention, stands, known), stands, mention.role, mention.purpose)
    if rule is None:
        return
    yield Finding(
        rule.verdict,
        rule.name,
        about.uid if about else None,
        show(uri, bool(registered)),
        round(mention.confidence * 1_000_000),
        mention.xpath[:1_000],
        without_mobiles(mention.owner)[:LONGEST_OWNER] if mention.owner else None,
        mention.hidden,
    )


def _whose(mention: Mention, stands: Stands, known: Known) -> Belongs:
    """Whose a number is said to be: one of ours that goes by a rival's very name on the page is said to be theirs."""
    owner = mention.owner or ""
    doubtful = mention.organisation is Belongs.UNSURE and stands is Stands.OURS and not mention.hidden
    if not doubtful or _is_called(owner, known.names) or not any(_is_called(owner, one) for one in known.rivals):
        return mention.organisation
    return Belongs.OTHER


def _is_called(owner: str, names: Names) -> bool:
    """Whether a name on a page is that of an organisation, or begins it."""
    every = [one for one in (names.name, *names.aliases) if len(one) >= SHORTEST_NAME]
    return any(one in owner or (len(owner) >= SHORTEST_NAME and one.startswith(owner)) for one in every)


def _standing(
    uri: str, registered: Sequence[HotlineLike], at: datetime, known: Known
) -> tuple[Stands, HotlineLike | None]:
    ours = sorted((one for one in registered if one.organisation == known.organisation), key=lambda one: one.uid)
    theirs = [one for one in registered if one.organisation != known.organisation and _in_force(one, at)]
    good = [one for one in ours if _in_force(one, at)]
    if good:
        shared = any(one.shared for one in good)
        fax = all(one.purposes == {Purpose.FAX} for one in good)
        return (Stands.SHARED if shared else Stands.OURS_AS_FAX if fax else Stands.OURS), good[0]
    if theirs:
        return Stands.OTHERS, None
    if ours:
        return Stands.RETIRED, ours[0]
    near = sorted((one for one in known.own if _in_force(one, at) and _is_near(uri, one.uri)), key=lambda one: one.uid)
    return (Stands.NEAR, near[0]) if near else (Stands.NOBODYS, None)


def _is_near(uri: str, ours: str) -> bool:
    one, other = digits_of(uri), digits_of(ours)
    if one[0] == "0" == other[0] and one[:-LINES_OF_A_BLOCK] == other[:-LINES_OF_A_BLOCK]:
        return False
    return one_off(one, other)


def _in_force(one: HotlineLike, at: datetime) -> bool:
    return one.valid_from <= at and (one.valid_until is None or at < one.valid_until)


def _is_absent(seen: Seen, found: Sequence[Finding], known: Known, *, was_there: bool) -> bool:
    expected = was_there or seen.kind is SourceKind.OFFICIAL
    there = any(one.bad or one.hotline for one in found)
    return expected and not there and any(_in_force(one, seen.at) for one in known.own)


def _absent() -> Finding:
    rule = rule_for(Belongs.TARGET, Stands.ABSENT, Role.VOICE, Purpose.CARE)
    return Finding(rule.verdict if rule else Verdict.MISSING, "absent")


def _each_once(found: Sequence[Finding]) -> list[Finding]:
    """Of findings that say the same, the one that a reader sees, and of these the surest."""
    kept: dict[tuple[object, ...], Finding] = {}
    for one in sorted(found, key=lambda one: (one.hidden, -one.confidence, one.xpath)):
        kept.setdefault((one.verdict, one.hotline, one.shown.token if one.shown else ""), one)
    return list(kept.values())


def _bounded(found: Sequence[Finding]) -> list[Finding]:
    """What is worth a person's time: of a directory no doubts about strangers' numbers, of a flood the worst part."""
    doubts = [one for one in found if one.verdict is Verdict.CANNOT_TELL and one.hotline is None]
    kept = [one for one in found if len(doubts) <= MOST_DOUBTS or one not in doubts]
    return sorted(kept, key=lambda one: (one.hotline is None, not one.bad, *_order(one)))[:MOST]


def _order(one: Finding) -> tuple[str, str, str]:
    return str(one.verdict), one.hotline or "", one.shown.token if one.shown else ""
