"""A batch or crawl run as OpenLineage events (core 2-0-2), to a file or an HTTP endpoint such as Marquez.

Rules held here:
- A run is a START and one of COMPLETE and FAIL. A dataset is what one source says, or what one system holds of a name.
- OpenLineage ends at columns: of single values it gets counts and the ledger's entries. haoma's own facets are called
  `haoma_…`, and their schema is shipped (facets.json).
- No subject and no value leaves: a number would become a name of a dataset.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import haoma
from haoma.errors import Refused, Unavailable
from haoma.ledger.entry import Json
from haoma.ledger.forms import time_text
from haoma.lineage.model import Activity, Fact, Outcome

if TYPE_CHECKING:
    import httpx

__all__ = ["FACETS", "append_events", "post_events", "run_events"]

SPEC = "https://openlineage.io/spec"
FACETS = "urn:haoma:openlineage:1-0-0:facets.json"

Event = dict[str, Json]


def run_events(activity: Activity, facts: Sequence[Fact], parents: Iterable[Fact] = ()) -> list[Event]:
    """The two events of a run that made these facts out of those parents."""
    ended = "COMPLETE" if activity.outcome is Outcome.COMPLETED else "FAIL"
    inputs: list[Json] = [_input(source, name, count) for (source, name), count in _datasets(parents)]
    outputs: list[Json] = [_output(activity, name, some) for name, some in _by_name(facts).items()]
    run: dict[str, Json] = {"runId": activity.run_id, "facets": _run_facets(activity)}
    return [
        _event("START", time_text(activity.started_at), activity, {"runId": activity.run_id}, inputs, []),
        _event(ended, time_text(activity.ended_at), activity, run, inputs, outputs),
    ]


def append_events(path: Path, events: Iterable[Event]) -> None:
    """Add events to a file, one a line; they are on the disk when this returns."""
    lines = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    try:
        with path.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = f"{path}: events cannot be written ({error.strerror})"
        raise Unavailable(message) from None


def post_events(
    url: str, events: Iterable[Event], *, token: str | None = None, client: httpx.Client | None = None
) -> int:
    """Send events to an endpoint (OpenLineage's `/api/v1/lineage`), in order; returns how many were taken.

    Raises Unavailable where nobody answers and Refused where an event is declined; those before it were taken.
    """
    import httpx

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    taken = 0
    for event in events:
        try:
            send = client.post if client else httpx.post
            answer = send(url, json=event, headers=headers, timeout=10)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"OpenLineage events could not be sent ({type(error).__name__}); {taken} were"
            raise Unavailable(message, hint="look at the address; sending an event again is harmless") from None
        if answer.status_code >= 300:
            kind = Refused if answer.status_code < 500 else Unavailable
            message = f"an OpenLineage event was declined with HTTP {answer.status_code}; {taken} were taken"
            raise kind(message, hint="look at the address and the token")
        taken += 1
    return taken


def _event(
    kind: str, at: str, activity: Activity, run: dict[str, Json], inputs: list[Json], outputs: list[Json]
) -> Event:
    return {
        "eventType": kind,
        "eventTime": at,
        "producer": _producer(),
        "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": run,
        "job": {"namespace": _namespace(activity.system), "name": activity.name, "facets": {"jobType": _job_type()}},
        "inputs": inputs,
        "outputs": outputs,
    }


def _run_facets(activity: Activity) -> dict[str, Json]:
    facets: dict[str, Json] = {
        "haoma_activity": _facet(
            f"{FACETS}#/$defs/HaomaActivityRunFacet",
            {"codeDigest": activity.code_digest, "version": activity.version, "stage": str(activity.stage)},
        )
    }
    if activity.failure:
        said: dict[str, Json] = {"message": activity.failure, "programmingLanguage": "PYTHON"}
        facets["errorMessage"] = _facet(_standard("1-0-1", "ErrorMessageRunFacet"), said)
    return facets


def _job_type() -> Json:
    said: dict[str, Json] = {"processingType": "BATCH", "integration": "HAOMA", "jobType": "JOB"}
    return _facet(_standard("2-0-4", "JobTypeJobFacet"), said)


def _input(source: str, name: str, count: int) -> Json:
    return {"namespace": _namespace(source), "name": name, "inputFacets": {"haoma_values": _counted(count)}}


def _output(activity: Activity, name: str, facts: Sequence[Fact]) -> Json:
    rows = _facet(_standard("1-0-2", "OutputStatisticsOutputDatasetFacet"), {"rowCount": len(facts)})
    entries: list[Json] = [*sorted({fact.entry_id for fact in facts})]
    proof = _facet(f"{FACETS}#/$defs/HaomaLedgerOutputDatasetFacet", {"entries": entries})
    facets: Json = {"outputStatistics": rows, "haoma_ledger": proof}
    return {"namespace": _namespace(activity.system), "name": name, "outputFacets": facets}


def _counted(count: int) -> Json:
    return _facet(f"{FACETS}#/$defs/HaomaValuesInputDatasetFacet", {"count": count})


def _facet(schema: str, body: Mapping[str, Json]) -> Json:
    return {"_producer": _producer(), "_schemaURL": schema, **body}


def _standard(version: str, name: str) -> str:
    return f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}"


def _producer() -> str:
    return f"urn:haoma:producer:{haoma.__version__}"


def _namespace(text: str) -> str:
    return f"haoma://{quote(text)}"


def _datasets(facts: Iterable[Fact]) -> list[tuple[tuple[str, str], int]]:
    return sorted(Counter((fact.source, fact.name) for fact in facts).items())


def _by_name(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.name, []).append(fact)
    return found
