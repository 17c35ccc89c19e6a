"""What the ledger commits to of a fact.

Rules held here:
- All of a fact is in it but where the ledger put it, and all of the activity that made it: what is changed is found.
- It is RFC 8785 canonical JSON, so that others compute the same bytes. The ledger holds a commitment to them alone.
"""

from __future__ import annotations

from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json, time_text
from haoma.lineage.model import Activity, Fact, Sealed

__all__ = ["content"]


def content(fact: Fact, activity: Activity) -> bytes:
    """The bytes that the ledger commits to: all of a fact but where the ledger put it, and all of what made it."""
    value: Json = fact.value if not isinstance(fact.value, Sealed) else [fact.value.key_id, fact.value.data.hex()]
    return canonical(
        {
            "activity": {
                "code_digest": activity.code_digest,
                "ended_at": time_text(activity.ended_at),
                "failure": activity.failure,
                "name": activity.name,
                "outcome": str(activity.outcome),
                "run_id": activity.run_id,
                "stage": str(activity.stage),
                "started_at": time_text(activity.started_at),
                "system": activity.system,
                "version": activity.version,
            },
            "confidence": fact.confidence,
            "fact_id": fact.fact_id,
            "input_digest": fact.input_digest,
            "name": fact.name,
            "observed_at": time_text(fact.observed_at),
            "output_digest": fact.output_digest,
            "parents": list(fact.parents),
            "recorded_at": time_text(fact.recorded_at),
            "source": fact.source,
            "stage": str(fact.stage),
            "subject": fact.subject,
            "supersedes": fact.supersedes,
            "value": value,
        }
    )
