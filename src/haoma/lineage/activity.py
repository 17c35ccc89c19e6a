"""Code that records what it does: a block or a function becomes an activity, and what it makes becomes facts.

Rules held here:
- The code digest is that of the function's source: another version of it is another code.
- Facts, activity, entry and the change itself (`Run.change`) are one transaction. Nothing is recorded before the end.
- A block that fails leaves an activity that failed, with the kind of error and never its text, and no facts.
- What is said of a person is sealed or left out, and its digests are keyed; without a key it is refused.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import textwrap
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import CodeType
from typing import Generic, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from haoma.errors import BadInput, HaomaError, Refused
from haoma.ledger.commitment import Commitments
from haoma.ledger.entry import Json
from haoma.lineage.entries import Log
from haoma.lineage.model import Activity, Draft, Fact, Outcome, Sealed, Stage, canonical_value, digest, is_public
from haoma.lineage.service import record, record_activity

__all__ = ["Recorded", "Recorder", "Run", "Writes", "code_digest"]

P = ParamSpec("P")
T = TypeVar("T")


class Writes(Protocol):
    """The way into the database."""

    def write(self, work: Callable[[sa.Connection], T], /) -> T:
        """Run the work in one transaction, maybe again; returns when it is durable."""


@dataclass(slots=True)
class Run:
    """A block under way. `facts` are there when it has ended."""

    facts: tuple[Fact, ...] = ()
    drafts: list[Draft] = field(default_factory=list)
    changes: list[Callable[[sa.Connection], object]] = field(default_factory=list)

    def add(self, draft: Draft) -> Draft:
        """Have a fact recorded at the end of the block; give the draft as a parent to those made of it."""
        self.drafts.append(draft)
        return draft

    def change(self, work: Callable[[sa.Connection], object]) -> None:
        """Have a change made in the transaction that records the facts; it does nothing but talk to its `tx`."""
        self.changes.append(work)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records activities of one system. `key` keys digests of what is said of persons, `seal` seals their values.

    `now` is the clock.
    """

    store: Writes
    log: Log
    commitments: Commitments
    system: str
    key: bytes | None = None
    seal: Callable[[bytes], Sealed] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @contextmanager
    def run(self, name: str, *, stage: Stage, code: Callable[..., object] | str, version: str = "") -> Iterator[Run]:
        """Make a block an activity; `code` is the function that does the work, or the digest of what does."""
        began, run_id, run = self.now(), str(uuid.uuid4()), Run()
        made_by = code if isinstance(code, str) else code_digest(code)

        def activity(failure: str | None = None) -> Activity:
            outcome = Outcome.FAILED if failure else Outcome.COMPLETED
            ended = max(self.now(), began)  # a clock that was set back must not undo what was done
            return Activity(name, made_by, self.system, stage, began, ended, version, run_id, outcome, failure)

        try:
            yield run
        except BaseException as error:
            self._failed(activity(type(error).__name__), error)
            raise
        run.facts = self._completed(activity(), run)

    def activity(
        self, name: str, *, stage: Stage, subject: str, fact: str, source: str, version: str = ""
    ) -> Callable[[Callable[P, Json]], Recorded[P]]:
        """Make a function an activity, each call a run whose result is a fact about `subject` called `fact`.

        Arguments that are facts are its parents; the function gets their values.
        """

        def decorate(function: Callable[P, Json]) -> Recorded[P]:
            if inspect.iscoroutinefunction(function):
                message = "a coroutine function cannot be decorated"
                raise BadInput(message, hint="await it inside a block: with recorder.run(…) as run")
            return Recorded(self, function, _Told(name, stage, subject, fact, source, version))

        return decorate

    def digest(self, subject: str, value: Json) -> str:
        """The digest of a value said of this subject; raises Refused for a person's where there is no key."""
        if not is_public(subject) and self.key is None:
            message = "a digest of what is said of a person needs a key"
            raise Refused(message, hint="Recorder(…, key=…); a bare digest of a number is found by trying all numbers")
        return digest(canonical_value(value), None if is_public(subject) else self.key)

    def value(self, subject: str, value: Json) -> str | Sealed | None:
        """A value as a fact about this subject may hold it."""
        text = canonical_value(value)
        return text if is_public(subject) else self.seal(text.encode()) if self.seal else None

    def _completed(self, activity: Activity, run: Run) -> tuple[Fact, ...]:
        def work(tx: sa.Connection) -> tuple[Fact, ...]:
            for change in run.changes:
                change(tx)
            done = record_activity(tx, self.log, activity, at=activity.ended_at)
            return tuple(record(tx, self.log, self.commitments, done, run.drafts, at=activity.ended_at))

        return self.store.write(work)

    def _failed(self, activity: Activity, error: BaseException) -> None:
        try:
            self.store.write(lambda tx: record_activity(tx, self.log, activity, at=activity.ended_at))
        except HaomaError as trouble:
            error.add_note(f"that it failed could not be recorded: {trouble}")


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    stage: Stage
    subject: str
    fact: str
    source: str
    version: str


class Recorded(Generic[P]):
    """A function whose calls are recorded. A call returns what the function returns, `fact(…)` the fact of it."""

    def __init__(self, recorder: Recorder, function: Callable[P, Json], told: _Told) -> None:
        functools.update_wrapper(self, function)
        self._recorder, self._function, self._told = recorder, function, told

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Json:
        """Call the function, record the run, and return what the function returned."""
        return self._run(args, kwargs)[0]

    def fact(self, *args: object, **kwargs: object) -> Fact:
        """Call the function and return the fact that holds its result; arguments may be facts."""
        return self._run(args, kwargs)[1]

    def _run(self, args: Sequence[object], kwargs: dict[str, object]) -> tuple[Json, Fact]:
        told, recorder = self._told, self._recorder
        given = [*args, *kwargs.values()]
        parents = [one for one in given if isinstance(one, Fact)]
        with recorder.run(told.name, stage=told.stage, code=self._function, version=told.version) as run:
            positional = [_clear(one) for one in args]
            named = {name: _clear(one) for name, one in kwargs.items()}
            result: Json = self._function(*positional, **named)  # type: ignore[arg-type]
            run.add(
                Draft(
                    subject=told.subject,
                    name=told.fact,
                    value=recorder.value(told.subject, result),
                    source=told.source,
                    stage=told.stage,
                    observed_at=recorder.now(),
                    confidence=min((parent.confidence for parent in parents), default=1_000_000),
                    parents=tuple(parent.fact_id for parent in parents),
                    input_digest=recorder.digest(told.subject, _received(positional, named)),
                    output_digest=recorder.digest(told.subject, result),
                )
            )
        return result, run.facts[0]


def _clear(argument: object) -> object:
    if not isinstance(argument, Fact):
        return argument
    if not isinstance(argument.value, str):
        message = "a sealed fact was given to a recorded function"
        raise Refused(message, hint="open it in the vault and give the value, inside a block: with recorder.run(…)")
    return argument.json_value()


def _received(positional: list[object], named: dict[str, object]) -> Json:
    """What a function got, for its digest: the one value, or all of them; what is no JSON by its type's name."""
    values = [_json(one) for one in positional] + [[name, _json(one)] for name, one in sorted(named.items())]
    return values[0] if len(values) == 1 and not named else values


def _json(value: object) -> Json:
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _json(one) for name, one in value.items()}
    return value if isinstance(value, str | int | bool | None) else type(value).__name__


def code_digest(function: Callable[..., object]) -> str:
    """SHA-256 of a function's source without its indentation; of its bytecode or name where there is none.

    >>> code_digest(code_digest) == code_digest(lambda: None)
    False
    """
    bare = inspect.unwrap(function)
    try:
        text = textwrap.dedent(inspect.getsource(bare))
    except (OSError, TypeError):
        code = getattr(bare, "__code__", None)
        text = (
            _bytecode(code) if code else f"{bare.__module__}.{getattr(bare, '__qualname__', type(bare).__qualname__)}"
        )
    return hashlib.sha256(text.encode()).hexdigest()


def _bytecode(code: CodeType) -> str:
    within = [_bytecode(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return repr((code.co_code, code.co_names, code.co_varnames, within))
