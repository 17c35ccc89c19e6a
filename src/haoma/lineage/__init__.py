"""Where every value is from: facts, the graph they form, and the questions to it.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.lineage.activity import Recorder, Run, code_digest
from haoma.lineage.confidence import confidence, reassess
from haoma.lineage.content import content
from haoma.lineage.diverge import Divergence, Hop, How, diverge, hops_of
from haoma.lineage.entries import ENTRY_TYPES
from haoma.lineage.hop import HopReport, read_report, receive_hop, report_hop
from haoma.lineage.model import (
    Activity,
    Draft,
    Fact,
    Outcome,
    Sealed,
    Stage,
    canonical_value,
    digest,
)
from haoma.lineage.read import Origin, Page, impact, latest, successors, trace
from haoma.lineage.rows import activities_of, facts_of
from haoma.lineage.service import record, record_activity

__all__ = [
    "ENTRY_TYPES",
    "Activity",
    "Divergence",
    "Draft",
    "Fact",
    "Hop",
    "HopReport",
    "How",
    "Origin",
    "Outcome",
    "Page",
    "Recorder",
    "Run",
    "Sealed",
    "Stage",
    "activities_of",
    "canonical_value",
    "code_digest",
    "confidence",
    "content",
    "digest",
    "diverge",
    "facts_of",
    "hops_of",
    "impact",
    "latest",
    "read_report",
    "reassess",
    "receive_hop",
    "record",
    "record_activity",
    "report_hop",
    "successors",
    "trace",
]
