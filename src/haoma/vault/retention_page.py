"""The table of retention as a page for people: what is kept, where, how long, who sees it, and on what basis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from haoma.vault.retention_table import RETENTION, Basis, Rule, rule_of

__all__ = ["retention_page"]

_HEAD = """# What is kept, and how long

Made by `tools/build_retention.py` out of the table in `haoma.vault.retention_table`; a test holds the page to the
table. A lawyer has the last word on it. What is not in it is not kept. The log is no exception: it holds commitments,
and nothing of a person is left in it when their key is destroyed ([the vault](vault.md), [the log](trust.md)).

| class | what | at least | at most | from | then | who sees it |
|---|---|---|---|---|---|---|
"""
_NEXT = """
`shred` destroys the data key, so that backups are unreadable too, and deletes the row; `delete` deletes the row. A
running service does so every `vault_retention_s` seconds, `haoma vault retention run` at once, and `haoma vault
retention status` shows how late anything is.

A class whose rows no package keeps yet has its rule already: nobody can begin to keep it without one.

The ids of what has ended are forgotten after {ends}. No backup brings back by then what had ended: a permission lasts
for less, and a request whose run began is not run to its end any more so long after it was made.

## What is kept as long as whoever runs the store

Every other table of the database, and why nothing of it ends by itself. A test holds the two lists to the tables there
are.

| tables | because |
|---|---|
{lasting}
## On what basis

| class | law | article | words |
|---|---|---|---|
"""


def retention_page(lasting: Mapping[str, str]) -> str:
    """The page, as Markdown; `lasting` are the tables of which nothing ends, each with the reason."""
    more = _NEXT.format(ends=_days(rule_of("vault.end").longest), lasting="".join(_lasting(lasting)))
    return _HEAD + "".join(map(_row, RETENTION)) + more + "".join(_bases())


def _lasting(lasting: Mapping[str, str]) -> Iterator[str]:
    for reason in dict.fromkeys(lasting.values()):
        names = ", ".join(f"`{name}`" for name in sorted(lasting) if lasting[name] == reason)
        yield f"| {names} | {reason} |\n"


def _row(rule: Rule) -> str:
    most = _days(rule.longest) if rule.longest is not None else "as long as a permission needs it"
    cells = (f"`{rule.name}`", f"{rule.zh}; {rule.en}", _days(rule.shortest), most, rule.since, str(rule.action))
    return f"| {' | '.join(cells)} | {rule.seen_by} |\n"


def _bases() -> Iterator[str]:
    for rule in RETENTION:
        for basis in rule.basis:
            yield f"| `{rule.name}` | {' | '.join(_cells(basis))} |\n"


def _cells(basis: Basis) -> tuple[str, str, str]:
    return basis.law, basis.article, basis.text


def _days(time: timedelta | None) -> str:
    if time is None:
        return ""
    return "24 hours" if time == timedelta(days=1) else f"{time.days:,} days"
