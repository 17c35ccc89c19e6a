"""What is learnt from incidents: risks, trials of measures, samples by mystery shoppers, the review of a month.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.guard.improve.document import as_html, as_markdown
from haoma.guard.improve.entries import ENTRY_TYPES
from haoma.guard.improve.held import Held, hold_improvement
from haoma.guard.improve.incidents import Filed, Happened, Incidents, KeptIncidents, filed, watched
from haoma.guard.improve.model import Arm, Better, Judged, Measure, Outcome, Sample, Trial, Visit
from haoma.guard.improve.months import Month
from haoma.guard.improve.read import sample_of, trials_before
from haoma.guard.improve.report import report
from haoma.guard.improve.review import Review, actions, review
from haoma.guard.improve.risk import Band, Risk, risks
from haoma.guard.improve.service import Improvement
from haoma.guard.improve.sop import procedure
from haoma.guard.improve.words import Language

__all__ = [
    "ENTRY_TYPES",
    "Arm",
    "Band",
    "Better",
    "Filed",
    "Happened",
    "Held",
    "Improvement",
    "Incidents",
    "Judged",
    "KeptIncidents",
    "Language",
    "Measure",
    "Month",
    "Outcome",
    "Review",
    "Risk",
    "Sample",
    "Trial",
    "Visit",
    "actions",
    "as_html",
    "as_markdown",
    "filed",
    "hold_improvement",
    "procedure",
    "report",
    "review",
    "risks",
    "sample_of",
    "trials_before",
    "watched",
]
