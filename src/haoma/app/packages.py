"""What each package adds to the services below it. A new package adds its own here.

Rules held here:
- The log takes the types of entries that stand here, and no others.
- What ends is deleted by retention only if it stands here, and what holds a subject token is brought over by a rotation
  only if it does. A table of which nothing ends is named in `lasting`, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.ledger.entry import EntryType
    from haoma.vault.retention import Expiring
    from haoma.vault.rotation import SubjectColumn

__all__ = ["entry_types", "expiring", "lasting", "subject_columns"]


def entry_types() -> Sequence[EntryType]:
    """The types of entries of every package."""
    from haoma import access, lineage
    from haoma.consent import entries as consent
    from haoma.guard.crawl import entries as crawl
    from haoma.guard.improve import entries as improve
    from haoma.guard.judge import entries as judge
    from haoma.guard.registry import entries as registry
    from haoma.ledger import events
    from haoma.locate import entries as locate
    from haoma.locate.cases import entries as cases
    from haoma.locate.kept import entries as kept
    from haoma.vault import entries
    from haoma.watch.counts import entries as counts
    from haoma.watch.running import entries as watch

    below = [*events.ENTRY_TYPES, *lineage.ENTRY_TYPES, *entries.ENTRY_TYPES, *kept.ENTRY_TYPES]
    above = [*consent.ENTRY_TYPES, *locate.ENTRY_TYPES, *cases.ENTRY_TYPES]
    guard = [*registry.ENTRY_TYPES, *crawl.ENTRY_TYPES, *judge.ENTRY_TYPES, *improve.ENTRY_TYPES]
    return [*below, *access.ENTRY_TYPES, *above, *guard, *counts.ENTRY_TYPES, *watch.ENTRY_TYPES]


def expiring() -> Sequence[Expiring]:
    """The rows of every package that end."""
    from haoma.access import keeping as access
    from haoma.consent import keeping
    from haoma.guard.crawl import keeping as crawl
    from haoma.guard.judge import keeping as judge
    from haoma.locate import keeping as locate
    from haoma.locate.cases import keeping as cases
    from haoma.locate.kept import keeping as kept
    from haoma.locate.shared import keeping as shared
    from haoma.vault.retention import EXPIRING
    from haoma.watch.counts import keeping as counts

    places = [*locate.EXPIRING, *kept.EXPIRING]
    above = [*cases.EXPIRING, *shared.EXPIRING, *crawl.EXPIRING, *judge.EXPIRING, *counts.EXPIRING]
    return [*EXPIRING, *access.EXPIRING, *keeping.EXPIRING, *places, *above]


def lasting() -> Mapping[str, str]:
    """The tables of every package of which nothing ends, and why."""
    from haoma.access import keeping as access
    from haoma.consent import keeping
    from haoma.guard.crawl import keeping as crawl
    from haoma.guard.improve import keeping as improve
    from haoma.guard.judge import keeping as judge
    from haoma.guard.registry import keeping as registry
    from haoma.vault.retention_table import LASTING
    from haoma.watch.counts import keeping as counts
    from haoma.watch.running import keeping as watch

    guard = {**registry.LASTING, **crawl.LASTING, **judge.LASTING, **improve.LASTING}
    return {**LASTING, **access.LASTING, **keeping.LASTING, **guard, **counts.LASTING, **watch.LASTING}


def subject_columns() -> Sequence[SubjectColumn]:
    """The columns of every package that hold subject tokens."""
    from haoma.access import keeping as access
    from haoma.consent import keeping
    from haoma.locate import keeping as locate
    from haoma.locate.cases import keeping as cases
    from haoma.locate.kept import keeping as kept
    from haoma.locate.shared import keeping as shared
    from haoma.vault.rotation import SUBJECT_COLUMNS

    below = [*SUBJECT_COLUMNS, *kept.SUBJECT_COLUMNS, *access.SUBJECT_COLUMNS, *keeping.SUBJECT_COLUMNS]
    return [*below, *locate.SUBJECT_COLUMNS, *cases.SUBJECT_COLUMNS, *shared.SUBJECT_COLUMNS]
