"""A company's own pipeline reports its hops: what came in, what went out, where and by which code.

Rules held here:
- A report is one flat JSON object of at most 16 KiB; an unknown or malformed field is refused, by its name alone.
- It carries digests. A value may come with it in clear where its subject is public, and never otherwise.
- A report may be sent again: the run it names is recorded once, and the same fact is answered. Another report under the
  same run is a conflict.
- No mobile number stands in a subject, a name, a source or a system.
- Nothing of a value stands in a URL, a header or an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Refused, Unavailable
from haoma.ledger.commitment import Commitments
from haoma.ledger.forms import time_text
from haoma.lineage import tables
from haoma.lineage.entries import Log
from haoma.lineage.model import CERTAIN, Activity, Draft, Fact, Stage
from haoma.lineage.personal import require_impersonal
from haoma.lineage.rows import facts_of, one_activity
from haoma.lineage.service import record, record_activity
from haoma.numbers.model import hide

if TYPE_CHECKING:
    import httpx

__all__ = ["LARGEST_REPORT", "HopReport", "read_report", "receive_hop", "report_hop"]

LARGEST_REPORT = 16_384
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class HopReport:
    """One hop as a pipeline tells it. Times are aware; `parents` are ids of facts; digests are hexadecimal SHA-256.

    `run_id` is a UUID of the run; a report that is sent again has the same one. One run reports one fact.
    """

    subject: str
    name: str
    source: str
    stage: Stage
    system: str
    activity: str
    code_digest: str
    observed_at: datetime
    output_digest: str
    run_id: str
    input_digest: str | None = None
    value: str | None = None
    version: str = ""
    confidence: int = CERTAIN
    parents: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"HopReport({hide(self.subject)} {hide(self.name)}, {self.stage} on {hide(self.system)})"

    def encode(self) -> bytes:
        """The report as it is sent."""
        body = asdict(self) | {"stage": str(self.stage), "observed_at": time_text(self.observed_at)}
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode()

    def draft(self) -> Draft:
        """The fact that the report tells of."""
        return Draft(
            subject=self.subject,
            name=self.name,
            value=self.value,
            source=self.source,
            stage=self.stage,
            observed_at=self.observed_at,
            confidence=self.confidence,
            parents=self.parents,
            input_digest=self.input_digest,
            output_digest=self.output_digest,
        )

    def ran(self) -> Activity:
        """The activity that the report tells of; it ended when the value was observed."""
        at = self.observed_at
        return Activity(self.activity, self.code_digest, self.system, self.stage, at, at, self.version, self.run_id)


_TEXTS = ("subject", "name", "source", "stage", "system", "activity", "code_digest", "output_digest", "run_id")
_OPTIONAL_TEXTS = ("input_digest", "value", "version")
_FIELDS = {field.name for field in fields(HopReport)}


def read_report(body: bytes) -> HopReport:
    """Read a report; raises BadInput naming what is wrong, Refused for a clear value or a number of a person."""
    given = _object(body)
    if unknown := given.keys() - _FIELDS:
        message = f"a hop report has {len(unknown)} fields that are not known"
        raise BadInput(message, hint=f"fields: {', '.join(sorted(_FIELDS))}")
    texts = {name: _text(given, name) for name in _TEXTS}
    texts |= {name: _text(given, name) for name in _OPTIONAL_TEXTS if given.get(name) is not None}
    if not texts["run_id"]:
        message = "run_id is empty"
        raise BadInput(message, hint="a new UUID for each run: str(uuid.uuid4())")
    if texts["stage"] not in set(Stage):
        message = "stage is none of a hop"
        raise BadInput(message, hint=f"stages: {', '.join(Stage)}")
    rest = {"confidence": _whole(given, "confidence", CERTAIN), "parents": _parents(given)}
    stage = Stage(texts.pop("stage"))
    report = HopReport(**texts, **rest, stage=stage, observed_at=_time(given))  # type: ignore[arg-type]
    report.draft()
    report.ran()
    named = {"name": report.name, "source": report.source, "system": report.system}
    require_impersonal(report.subject, {**named, "activity": report.activity, "version": report.version})
    return report


def receive_hop(tx: sa.Connection, log: Log, commitments: Commitments, body: bytes, *, at: datetime) -> Fact:
    """Record the hop that a report tells of and return its fact; one that was recorded before is returned again.

    For whoever serves HTTP: the body as it came, in the transaction of `Store.write`; the answer is
    `{"fact": fact.fact_id}`. Raises as `read_report`, NotFound for a parent that is not there, BadInput for a time
    ahead of `at`, and Conflict where another report was recorded under its run.
    """
    report = read_report(body)
    if (report.observed_at - at).total_seconds() > 300:
        message = "observed_at lies ahead"
        raise BadInput(message, hint="set the clock of the machine that reports; five minutes are allowed")
    known = one_activity(tx, report.ran().run_id)
    if known:
        return _recorded(tx, known, report)
    activity = record_activity(tx, log, report.ran(), at=at)
    return record(tx, log, commitments, activity, [report.draft()], at=at)[0]


def _recorded(tx: sa.Connection, activity: Activity, report: HopReport) -> Fact:
    columns = tables.facts.c
    fact_id = tx.scalar(sa.select(sa.func.min(columns.fact_id)).where(columns.activity_id == activity.activity_id))
    found = facts_of(tx, [fact_id])[0] if fact_id is not None else None
    ran = replace(report.ran(), activity_id=activity.activity_id, entry_id=activity.entry_id)
    if found is None or ran != activity or not _same(found, report.draft()):
        message = "another hop was reported under this run_id"
        raise Conflict(message, hint="one run reports one fact: make a new UUID for each")
    return found


def _same(fact: Fact, draft: Draft) -> bool:
    told = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    told["parents"] = tuple(dict.fromkeys(draft.parents))
    return all(getattr(fact, name) == value for name, value in told.items())


def report_hop(url: str, report: HopReport, *, token: str | None = None, client: httpx.Client | None = None) -> int:
    """Send a report and return the id of the fact that was recorded; sending it again is harmless.

    Raises Unavailable where nobody answers, Refused where the token is not accepted, BadInput where the report is not,
    Conflict where another one was sent under its run.
    """
    import httpx

    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        if client is None:
            answer = httpx.post(url, content=report.encode(), headers=headers, timeout=10)
        else:
            answer = client.post(url, content=report.encode(), headers=headers)
        answered = answer.json() if answer.status_code < 300 else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        message = f"the hop could not be reported ({type(error).__name__})"
        raise Unavailable(message, hint="look at the address; send it again with the same run_id") from None
    if answer.status_code >= 300:
        raise _declined(answer.status_code)
    fact_id = answered.get("fact") if isinstance(answered, dict) else None
    if not isinstance(fact_id, int):
        message = "the address answers, but not as haoma does"
        raise Unavailable(message, hint="look at the address")
    return fact_id


def _declined(status: int) -> HaomaError:
    kinds: Mapping[int, type[HaomaError]] = {400: BadInput, 401: Refused, 403: Refused, 404: NotFound, 409: Conflict}
    kind = kinds.get(status, Unavailable)
    return kind(f"the hop was declined with HTTP {status}", hint="what is wrong stands in the answer's body")


def _object(body: bytes) -> dict[str, object]:
    if len(body) > LARGEST_REPORT:
        message = f"a hop report of {len(body):,} bytes, at most {LARGEST_REPORT:,} are allowed"
        raise BadInput(message)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        message = "a hop report is a JSON object in UTF-8"
        raise BadInput(message)
    return given


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        message = f"a hop report needs {name} as a text"
        raise BadInput(message)
    return value


def _whole(given: Mapping[str, object], name: str, default: int) -> int:
    value = given.get(name, default)
    if type(value) is not int:
        message = f"{name} of a hop report is no whole number"
        raise BadInput(message)
    return value


def _parents(given: Mapping[str, object]) -> tuple[int, ...]:
    value = given.get("parents", [])
    if not isinstance(value, list) or not all(type(one) is int and 0 < one < 2**63 for one in value):
        message = "parents of a hop report are no list of ids of facts"
        raise BadInput(message)
    return tuple(value)


def _time(given: Mapping[str, object]) -> datetime:
    try:
        at = datetime.fromisoformat(_text(given, "observed_at"))
        at = at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, OverflowError):
        message = "observed_at of a hop report is no time"
        raise BadInput(message, hint="RFC 3339: 2026-11-22T08:00:00+08:00") from None
    if at.tzinfo is None:
        message = "observed_at of a hop report has no zone"
        raise BadInput(message, hint="RFC 3339: 2026-11-22T08:00:00+08:00")
    if at < EARLIEST:
        message = "observed_at of a hop report lies before 2000"
        raise BadInput(message, hint="set the clock of the machine that reports")
    return at
