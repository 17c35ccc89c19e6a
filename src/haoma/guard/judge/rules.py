"""The table of verdicts: whose a number is on the page, how it stands in the registry, and what that means. Data only.

Rules held here:
- The first row that fits speaks. What fits none is of no concern here: somebody else's number under their own name.
- What cannot be told is for a person to look at, and opens no incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from haoma.guard.judge.model import Severity, SourceKind, Verdict
from haoma.guard.model import Belongs, Purpose, Role

__all__ = ["FINANCE", "REACH", "RULES", "SEVERITY", "Rule", "Stands", "rule_for", "rules_page", "severity_of"]


class Stands(StrEnum):
    """How a number stands in the registry, seen from the organisation that was asked about."""

    OURS = "ours"
    OURS_AS_FAX = "ours, as fax alone"
    SHARED = "ours and others', on purpose"
    RETIRED = "ours, retired"
    OTHERS = "another organisation's"
    NEAR = "nobody's, one digit off ours"
    NOBODYS = "nobody's"
    ABSENT = "none of ours is there"


_TARGET, _OTHER, _UNSURE = (frozenset({one}) for one in (Belongs.TARGET, Belongs.OTHER, Belongs.UNSURE))
_VOICE, _FAX, _ANY = frozenset({Role.VOICE}), frozenset({Role.FAX}), frozenset(Role)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: under whose name, how registered, in which role and for what; what that is, and why, in words."""

    name: str
    whose: frozenset[Belongs]
    stands: frozenset[Stands]
    role: frozenset[Role]
    verdict: Verdict
    zh: str
    en: str
    purposes: frozenset[Purpose] = frozenset(Purpose)


def _rule(name: str, row: tuple[frozenset[Belongs], set[Stands], frozenset[Role]], verdict: Verdict, *why: str) -> Rule:
    whose, stands, role = row
    zh, en = why
    return Rule(name, whose, frozenset(stands), role, verdict, zh, en)


_V, _S = Verdict, Stands
RULES: tuple[Rule, ...] = (
    _rule("own", (_TARGET, {_S.OURS, _S.SHARED}, _ANY), _V.MATCH, "本机构在用号码", "our number, as ours"),
    _rule("shared", (_OTHER, {_S.SHARED}, _ANY), _V.MATCH, "经登记的共用号码", "a number that others answer too"),
    _rule("own-fax", (_TARGET, {_S.OURS_AS_FAX}, _FAX), _V.MATCH, "本机构传真", "our fax, as fax"),
    _rule(
        "fax-as-voice",
        (_TARGET, {_S.OURS_AS_FAX}, _VOICE),
        _V.WRONG_NUMBER,
        "把传真号登成了电话",
        "our fax, given as a telephone",
    ),
    _rule(
        "own-as-theirs",
        (_OTHER, {_S.OURS}, _ANY),
        _V.WRONG_ORGANISATION,
        "本机构热线被标注为其他机构",
        "our number, under somebody else's name",
    ),
    _rule(
        "theirs-as-own",
        (_TARGET, {_S.OTHERS}, _ANY),
        _V.WRONG_ORGANISATION,
        "把其他机构的号码标注为本机构",
        "another organisation's number, as ours",
    ),
    _rule("retired", (_TARGET, {_S.RETIRED}, _ANY), _V.STALE, "已停用的旧号码", "a number of ours that was retired"),
    _rule(
        "near",
        (_TARGET, {_S.NEAR}, _ANY),
        _V.LOOKALIKE,
        "与本机构热线仅差一位，疑似仿冒",
        "one digit off a number of ours: a slip, or made to be dialled by mistake",
    ),
    replace(
        _rule(
            "foreign",
            (_TARGET, {_S.NOBODYS}, _VOICE),
            _V.WRONG_NUMBER,
            "未登记的号码被标注为本机构热线",
            "a number that nobody registered, as a hotline of ours",
        ),
        purposes=frozenset(Purpose) - {Purpose.OTHER},
    ),
    _rule(
        "branch",
        (_TARGET, {_S.NOBODYS}, _VOICE),
        _V.CANNOT_TELL,
        "未登记的总机、分支机构或其他号码",
        "a number that nobody registered, as a branch, a switchboard or the like of ours",
    ),
    _rule(
        "foreign-other",
        (_TARGET, {_S.NOBODYS}, _ANY),
        _V.CANNOT_TELL,
        "未登记的传真或其他号码",
        "a fax or the like that nobody registered, as ours",
    ),
    _rule(
        "role-unclear",
        (_TARGET, {_S.OURS_AS_FAX}, _ANY),
        _V.CANNOT_TELL,
        "传真号用途不明",
        "our fax, and the page does not say what it is",
    ),
    _rule(
        "unsure",
        (_UNSURE, {_S.OURS, _S.OURS_AS_FAX, _S.SHARED, _S.RETIRED, _S.NEAR}, _ANY),
        _V.CANNOT_TELL,
        "页面未说明号码归属",
        "ours, or nearly, and the page leaves open whose it is",
    ),
    _rule(
        "unsure-unknown",
        (_UNSURE, {_S.NOBODYS}, _VOICE),
        _V.CANNOT_TELL,
        "未登记的号码，页面未说明归属",
        "a number that nobody registered, and the page leaves open whose it is",
    ),
    _rule(
        "absent",
        (_TARGET, {_S.ABSENT}, _ANY),
        _V.MISSING,
        "页面不再登载本机构号码",
        "none of our numbers is there, where one was, or should be",
    ),
)

_PAGE, _PLACE, _LABEL = "page", "listing", "label"
REACH: Mapping[SourceKind, str] = MappingProxyType(
    {
        SourceKind.PAGE: _PLACE,
        SourceKind.SUBMISSION: _PAGE,
        SourceKind.SHOPPER: _PAGE,
        SourceKind.FEED: _PLACE,
        SourceKind.PLATFORM: _LABEL,
        SourceKind.OFFICIAL: _LABEL,
        SourceKind.COUNTS: _LABEL,
    }
)
_LEVELS = (_PAGE, _PLACE, _LABEL)
SEVERITY: Mapping[Verdict, tuple[Severity, Severity, Severity]] = MappingProxyType(
    {
        _V.WRONG_ORGANISATION: (Severity.HIGH, Severity.HIGH, Severity.CRITICAL),
        _V.LOOKALIKE: (Severity.HIGH, Severity.HIGH, Severity.CRITICAL),
        _V.WRONG_NUMBER: (Severity.MEDIUM, Severity.HIGH, Severity.HIGH),
        _V.STALE: (Severity.LOW, Severity.MEDIUM, Severity.MEDIUM),
        _V.MISSING: (Severity.LOW, Severity.LOW, Severity.MEDIUM),
        _V.UNUSUAL_COUNTS: (Severity.HIGH, Severity.HIGH, Severity.HIGH),
    }
)
"""How bad each verdict is on a page, a listing (map, directory, feed), and a label platform or one's own site.

Counts say that callers are lost, and not where: they are as bad everywhere.
"""

FINANCE = ("银行", "基金", "证券", "保险", "信托", "期货", "支付", "理财", "Bank", "Fund", "Securities", "Insurance")
"""Words in a name whose callers have money at stake."""


def rule_for(whose: Belongs, stands: Stands, role: Role, purpose: Purpose) -> Rule | None:
    """The row that fits; None where the number is no concern of ours.

    >>> rule_for(Belongs.OTHER, Stands.OURS, Role.VOICE, Purpose.CARE).verdict
    <Verdict.WRONG_ORGANISATION: 'wrong-organisation'>
    """
    fits = (one for one in RULES if whose in one.whose and stands in one.stands and role in one.role)
    return next((one for one in fits if purpose in one.purposes), None)


def severity_of(verdict: Verdict, kind: SourceKind, name: str, *, hidden: bool) -> Severity:
    """How bad it is: by verdict and reach; wrong names are critical where money is at stake, and hidden is a step less.

    >>> severity_of(Verdict.WRONG_ORGANISATION, SourceKind.PAGE, "某某基金管理有限公司", hidden=False)
    <Severity.CRITICAL: 'critical'>
    """
    found = SEVERITY[verdict][_LEVELS.index(REACH[kind])]
    if verdict in {Verdict.WRONG_ORGANISATION, Verdict.LOOKALIKE} and any(word in name for word in FINANCE):
        found = Severity.CRITICAL
    return list(Severity)[max(0, found.rank - 1)] if hidden else found


def rules_page() -> str:
    """The table and that of severities, as the guide shows them."""
    rows = [
        "| rule | under whose name | the number is | as | verdict | 含义 | meaning |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in RULES:
        cells = [" / ".join(sorted(each)) for each in (one.whose, one.stands)]
        role = "any" if one.role == _ANY else " / ".join(sorted(one.role))
        purposes = "any" if one.purposes == frozenset(Purpose) else "/".join(p for p in Purpose if p in one.purposes)
        said = (f"`{one.name}`", *cells, role, purposes, f"`{one.verdict}`", one.zh, one.en)
        rows.append(f"| {' | '.join(said)} |")
    rows += ["", "| verdict | on a page | in a listing | on a label platform, or one's own site |", "|---|---|---|---|"]
    rows += [f"| `{verdict}` | {' | '.join(levels)} |" for verdict, levels in SEVERITY.items()]
    return "\n".join(rows)
