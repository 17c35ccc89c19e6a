"""What may leave in a bulk export, of every package. A new package adds its own here.

Rules held here:
- No number, place, receipt, commitment, id or sealed value is among the columns: what is the same in two exports would
  join them.
- Whom a row is about, and who did it, are named among `renamed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

    from haoma.access import Exportable
    from haoma.access.exports import Tenant

__all__ = ["exportables"]


def exportables() -> Mapping[str, Exportable]:
    """Every kind of row that may be exported, by its name."""
    from haoma.access import tables as access
    from haoma.consent import tables as consent
    from haoma.lineage import tables as lineage
    from haoma.locate import tables as locate
    from haoma.vault import tables as vault

    audit, decisions, grants = vault.audit.c, access.decisions.c, consent.grants.c
    disclosures, facts = locate.disclosures.c, lineage.facts.c
    return {
        "audit": _kind(audit, "at", "action", "decision", "reason", "purpose", "subject", "actor", of=_named(audit)),
        "consents": _kind(
            grants,
            *("since", "until", "ended_at", "state", "purpose", "recipient", "sources", "granularity", "basis"),
            *("channel", "holder", "subject"),
            of=_begins(grants.subject),
        ),
        "decisions": _kind(
            decisions,
            *("at", "action", "object", "allowed", "policies", "subject", "asker"),
            of=lambda tenant: decisions.tenant_id == tenant.id,
        ),
        "disclosures": _kind(
            disclosures,
            *("at", "recipient", "purpose", "question", "granularity", "subject", "actor"),
            of=_named(disclosures),
        ),
        "facts": _kind(
            facts, "recorded_at", "name", "value", "confidence", "observed_at", "subject", of=_begins(facts.subject)
        ),
    }


RENAMED = frozenset({"subject", "actor", "asker"})


def _kind(
    columns: sa.ColumnCollection[str, sa.Column[Any]], *names: str, of: Callable[[Tenant], sa.ColumnElement[bool]]
) -> Exportable:
    """Rows with these columns, the first of which says when each was made."""
    from haoma.access import Exportable

    found = {name: columns[name] for name in names}
    return Exportable(found[names[0]], found, RENAMED & found.keys(), of)


def _named(columns: sa.ColumnCollection[str, sa.Column[Any]]) -> Callable[[Tenant], sa.ColumnElement[bool]]:
    return lambda tenant: columns["tenant"] == tenant.name


def _begins(subject: sa.Column[Any]) -> Callable[[Tenant], sa.ColumnElement[bool]]:
    return lambda tenant: subject.startswith(f"{tenant.name}.", autoescape=True)
