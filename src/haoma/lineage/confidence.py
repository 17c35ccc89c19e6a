"""How sure a value is, recomputed from what it was made of. One rule, in whole ppm.

Rules held here (docs/guide/lineage.md tells them with an example):
1. Parents from one source are one witness: the surest of them speaks. Copies do not confirm each other.
2. Parents that say the same, or something else that the value was made of, support it; those that say something else
   of the same name contradict it. Supporters combine as a noisy or: 1 − ∏(1 − cᵢ). A contradiction takes its part:
   × (1 − c).
3. A superseded parent counts half: it was wrong at least once.
4. A step is no surer than its method is reliable: the result is at most that.
5. What is made of nothing else keeps its own confidence, up to its method's reliability.
- A recomputation is a fact: same subject, value and parents, new confidence; it supersedes the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.ledger.commitment import Commitments
from haoma.lineage.entries import Log
from haoma.lineage.model import CERTAIN, Activity, Draft, Fact
from haoma.lineage.read import successors
from haoma.lineage.rows import activities_of, facts_of
from haoma.lineage.service import record

__all__ = ["confidence", "reassess"]


def confidence(
    fact: Fact, parents: Iterable[Fact], *, superseded: Collection[int] = (), reliability: int = CERTAIN
) -> int:
    """The confidence of a fact in ppm, from its parents and the reliability of its method.

    Raises BadInput for a reliability that is no ppm.
    """
    if not 0 <= reliability <= CERTAIN:
        message = f"reliability {reliability} is not between 0 and {CERTAIN} ppm"
        raise BadInput(message)
    witnesses = list(parents)
    if not witnesses:
        return min(fact.confidence, reliability)
    supporting, contradicting = dict[str, int](), dict[str, int]()
    for parent in witnesses:
        side = contradicting if _contradicts(parent, fact) else supporting
        weight = parent.confidence // 2 if parent.fact_id in superseded else parent.confidence
        side[parent.source] = max(weight, side.get(parent.source, 0))
    support = CERTAIN - _product(CERTAIN - weight for weight in supporting.values())
    left = _product(CERTAIN - weight for weight in contradicting.values())
    return min(support * left // CERTAIN, reliability)


def _contradicts(parent: Fact, fact: Fact) -> bool:
    """Whether a parent says something else of the same thing; what was not watched contradicts nothing."""
    same_thing = (parent.subject, parent.name) == (fact.subject, fact.name)
    said = parent.output_digest, fact.output_digest
    # A hop that changed the value says so by its input: it was made of its parent, and did not hear it wrong.
    carried = parent.output_digest is not None and parent.output_digest == fact.input_digest
    return same_thing and not carried and None not in said and said[0] != said[1]


def _product(weights: Iterable[int]) -> int:
    """∏ of ppm in ppm, rounded down at the end, so that the order does not matter."""
    product, scale = 1, 1
    for weight in weights:
        product, scale = product * weight, scale * CERTAIN
    return product * CERTAIN // scale


def reassess(
    tx: sa.Connection,
    log: Log,
    commitments: Commitments,
    activity: Activity,
    fact_id: int,
    *,
    reliability: Mapping[str, int],
    at: datetime,
) -> Fact:
    """Recompute the confidence of a fact and record it as a new fact that supersedes it.

    `activity` is the run that recomputes; `reliability` maps names of activities to ppm, with `""` for all others.
    Raises NotFound for a fact that is not there, Conflict where it was superseded already.
    """
    (fact,) = facts_of(tx, [fact_id])
    parents = facts_of(tx, fact.parents)
    old = successors(tx, list(fact.parents))
    trust = reliability.get(_method(tx, fact, activity.name), reliability.get("", CERTAIN))
    draft = Draft(
        subject=fact.subject,
        name=fact.name,
        value=fact.value,
        source=fact.source,
        stage=fact.stage,
        observed_at=fact.observed_at,
        confidence=confidence(fact, parents, superseded=old, reliability=trust),
        parents=fact.parents,
        input_digest=fact.input_digest,
        output_digest=fact.output_digest,
        supersedes=fact.fact_id,
    )
    return record(tx, log, commitments, activity, [draft], at=at)[0]


def _method(tx: sa.Connection, fact: Fact, recomputing: str) -> str:
    """The activity that made the value, behind those that only recomputed its confidence."""
    name = activities_of(tx, [fact.activity_id])[fact.activity_id].name
    if name == recomputing and fact.supersedes is not None:
        return _method(tx, facts_of(tx, [fact.supersedes])[0], recomputing)
    return name
