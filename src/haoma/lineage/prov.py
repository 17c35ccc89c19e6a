"""One value's trace as PROV-JSON (W3C submission, 2013-04-24), for tools that read provenance.

Rules held here:
- Facts are entities, runs are activities, systems are agents. A correction is a revision of what it supersedes.
- Only relations that W3C's own schema and the `prov` package agree on: no wasEndedBy and its like.
- A value stands here where it is clear, and so public; of any other only its digest.
- What lies outside the page is named, as W3C allows, and not described.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from haoma.ledger.entry import Json
from haoma.ledger.forms import time_text
from haoma.lineage.model import Activity, Fact

__all__ = ["prov_json"]

Document: TypeAlias = dict[str, dict[str, Json]]

PREFIXES: dict[str, Json] = {"haoma": "urn:haoma:", "xsd": "http://www.w3.org/2001/XMLSchema#"}
_NAME = "prov:QUALIFIED_NAME"


def prov_json(facts: Iterable[Fact], activities: Mapping[int, Activity]) -> Document:
    """The PROV-JSON document of these facts and of the activities that made them."""
    document: Document = {"prefix": dict(PREFIXES)}
    told = list(facts)
    for activity_id in sorted({fact.activity_id for fact in told}):
        _activity(document, activity_id, activities.get(activity_id))
    for fact in told:
        _fact(document, fact)
        _made(document, fact)
    return document


def _fact(document: Document, fact: Fact) -> None:
    attributes: dict[str, Json] = {
        "prov:type": {"$": "haoma:Fact", "type": _NAME},
        "haoma:subject": fact.subject,
        "haoma:name": fact.name,
        "haoma:source": fact.source,
        "haoma:stage": str(fact.stage),
        "haoma:confidencePpm": fact.confidence,
        "haoma:observedAt": _time(fact),
        "haoma:entry": fact.entry_id,
        "haoma:commitment": fact.commitment,
    }
    if isinstance(fact.value, str):
        attributes["prov:value"] = fact.value
    for name, digest in (("inputDigest", fact.input_digest), ("outputDigest", fact.output_digest)):
        if digest:
            attributes[f"haoma:{name}"] = digest
    document.setdefault("entity", {})[_entity(fact.fact_id)] = attributes


def _time(fact: Fact) -> Json:
    return {"$": time_text(fact.observed_at), "type": "xsd:dateTime"}


def _made(document: Document, fact: Fact) -> None:
    entity, run = _entity(fact.fact_id), _run(fact.activity_id)
    _relate(document, "wasGeneratedBy", fact.fact_id, entity=entity, activity=run, time=time_text(fact.recorded_at))
    for parent in fact.parents:
        _relate(document, "used", f"{fact.activity_id}-{parent}", activity=run, entity=_entity(parent))
        ends = {"generatedEntity": entity, "usedEntity": _entity(parent), "activity": run}
        _relate(document, "wasDerivedFrom", f"{fact.fact_id}-{parent}", **ends)
    if fact.supersedes is not None:
        number = f"{fact.fact_id}-{fact.supersedes}-revision"
        ends = {"generatedEntity": entity, "usedEntity": _entity(fact.supersedes)}
        _relate(document, "wasDerivedFrom", number, **ends)["prov:type"] = {"$": "prov:Revision", "type": _NAME}


def _activity(document: Document, activity_id: int, activity: Activity | None) -> None:
    attributes: dict[str, Json] = {"prov:type": {"$": "haoma:Activity", "type": _NAME}}
    if activity:
        agent = f"haoma:system-{activity.system.encode().hex()}"
        document.setdefault("agent", {})[agent] = {"prov:label": activity.system}
        _relate(document, "wasAssociatedWith", str(activity_id), activity=_run(activity_id), agent=agent)
        attributes |= {
            "prov:startTime": time_text(activity.started_at),
            "prov:endTime": time_text(activity.ended_at),
            "prov:label": activity.name,
            "haoma:runId": activity.run_id,
            "haoma:codeDigest": activity.code_digest,
            "haoma:version": activity.version,
            "haoma:outcome": str(activity.outcome),
        }
    document.setdefault("activity", {})[_run(activity_id)] = attributes


def _relate(document: Document, relation: str, number: int | str, **ends: str) -> dict[str, Json]:
    made: dict[str, Json] = {f"prov:{name}": end for name, end in ends.items()}
    document.setdefault(relation, {})[f"_:{relation}-{number}"] = made
    return made


def _entity(fact_id: int) -> str:
    return f"haoma:fact-{fact_id}"


def _run(activity_id: int) -> str:
    return f"haoma:run-{activity_id}"
