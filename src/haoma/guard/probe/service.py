"""Read a hotline at every hop of a pipeline, judge the way, and record what was seen.

Rules held here:
- A place that fails stops nothing: the hop is a gap, with the kind of trouble.
- What was seen is recorded as facts, each hop made of the one before, with their entries and in one transaction: `haoma
  trace` then draws the way, and names the same hop.
- A value that may be a person's is recorded as a keyed digest alone, and the key is forgotten with the run.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked, HopSeen, Place, Probed, Sight, Station, sight_of
from haoma.guard.probe.pipeline_file import Pipeline
from haoma.ledger.commitment import Commitments
from haoma.lineage.entries import Log
from haoma.lineage.model import Activity, Draft, Fact, Outcome, canonical_value
from haoma.lineage.service import record, record_activity

__all__ = ["probe", "record_probe"]

SALT_BYTES = 32


def probe(
    pipeline: Pipeline, asked: Asked, *, now: Callable[[], datetime], known: Callable[[str], bool] = lambda _uri: False
) -> Probed:
    """Read a hotline at every hop; `known` says whether the registry has a URI, whoever's it is.

    Costs what its places take: at most a quarter of a minute for each, half a minute for a rendered page, and what a
    page may be read for its numbers (`Bounds`). Raises BadInput and Refused where a secret that the pipeline names is
    not to be had.
    """
    salt = secrets.token_bytes(SALT_BYTES)

    def look(place: Place | None) -> tuple[Sight | None, str]:
        if place is None:
            return None, ""
        try:
            texts = place.read(asked)
        except Unavailable as trouble:
            return None, str(trouble)
        sight = sight_of(texts, lambda uri: uri == asked.uri or known(uri), salt, pipeline.region)
        return sight, "" if sight else "it shows several numbers"

    return Probed.of(asked, [_seen(station, look, now) for station in pipeline.hops])


def _seen(
    station: Station, look: Callable[[Place | None], tuple[Sight | None, str]], now: Callable[[], datetime]
) -> HopSeen:
    (come, why_come), (out, why_out) = look(station.come), look(station.out)
    failures = [f"what comes in: {why_come}"] if why_come else []
    failures += [f"what goes out: {why_out}"] if why_out else []
    return HopSeen(station.stage, station.system, come, out, now(), tuple(failures))


def record_probe(
    tx: sa.Connection, log: Log, commitments: Commitments, pipeline: Pipeline, probed: Probed, *, at: datetime
) -> list[Fact]:
    """Record what was seen, in the transaction of `Store.write`; a hop of which nothing was read leaves a failed run.

    Facts are about `hotline:URI` and called `pipeline NAME`.
    """
    facts: list[Fact] = []
    for station, seen in zip(pipeline.hops, probed.hops, strict=True):
        failed = seen.out is None
        run = Activity(
            "guard.probe",
            hashlib.sha256(repr(station).encode()).hexdigest(),
            seen.system,
            seen.stage,
            seen.observed_at,
            seen.observed_at,
            run_id=str(uuid.uuid4()),
            outcome=Outcome.FAILED if failed else Outcome.COMPLETED,
            failure=Unavailable.__name__ if failed else None,
        )
        activity = record_activity(tx, log, run, at=at)
        if seen.out is not None:
            parent = (facts[-1].fact_id,) if facts else ()
            made = _draft(pipeline, probed.asked, seen, seen.out, parent)
            facts += record(tx, log, commitments, activity, [made], at=at)
    return facts


def _draft(pipeline: Pipeline, asked: Asked, seen: HopSeen, out: Sight, parents: tuple[int, ...]) -> Draft:
    return Draft(
        subject=f"hotline:{asked.uri}",
        name=f"pipeline {pipeline.name}",
        value=None if out.personal else canonical_value(out.uri),
        source=f"{seen.stage}: {seen.system}",
        stage=seen.stage,
        observed_at=seen.observed_at,
        parents=parents,
        input_digest=seen.come.digest if seen.come else None,
        output_digest=out.digest,
    )
