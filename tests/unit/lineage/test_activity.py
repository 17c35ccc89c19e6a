from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.lineage import World, draft
from haoma.errors import BadInput, Conflict, Refused, Unavailable
from haoma.lineage import Outcome, Recorder, Sealed, Stage, activities_of, code_digest, digest, tables, trace


def recorder(world: World, **more: object) -> Recorder:
    return Recorder(world.store, world.ledger, world.keys, "etl", now=world.now, **more)


def activities(world: World) -> list[object]:
    with world.store.read() as tx:
        found = tx.scalars(sa.select(tables.activities.c.activity_id).order_by(tables.activities.c.activity_id)).all()
        return [activities_of(tx, [one])[one] for one in found]


def test_a_block_is_an_activity_and_what_it_adds_are_facts(world: World) -> None:
    with recorder(world).run("load", stage=Stage.STORAGE, code="c" * 64, version="2") as run:
        first = run.add(draft("a"))
        run.add(draft("b", parents=(first,)))
        assert run.facts == ()
    (activity,) = activities(world)
    assert (activity.name, activity.system, activity.version, activity.code_digest) == ("load", "etl", "2", "c" * 64)
    assert activity.ended_at > activity.started_at
    assert [fact.parents for fact in run.facts] == [(), (run.facts[0].fact_id,)]


def test_a_block_that_fails_leaves_a_failed_activity_and_no_facts(world: World) -> None:
    def fails() -> None:
        with recorder(world).run("load", stage=Stage.STORAGE, code="c" * 64) as run:
            run.add(draft("a"))
            raise LookupError("13800138000")

    with pytest.raises(LookupError):
        fails()
    (activity,) = activities(world)
    assert (activity.outcome, activity.failure) == (Outcome.FAILED, "LookupError")
    assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.facts))) == 0


def test_a_change_and_its_facts_are_there_together_or_not_at_all(world: World) -> None:
    def change(tx: sa.Connection) -> None:
        tx.execute(sa.insert(tables.origins).values(kind="source", text="changed"))

    def load() -> None:
        with recorder(world).run("load", stage=Stage.STORAGE, code="c" * 64) as run:
            run.change(change)
            run.add(draft("a"))

    load()
    with pytest.raises(Conflict):
        load()
    assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.facts))) == 1


def test_functions_become_activities_whose_results_are_facts_of_their_arguments(world: World) -> None:
    told = recorder(world)

    @told.activity("read", stage=Stage.COLLECTION, subject="hotline:95588", fact="number", source="web")
    def read(page: str) -> str:
        return page.split()[1]

    @told.activity("clean", stage=Stage.STORAGE, subject="hotline:95588", fact="number", source="web")
    def clean(raw: str) -> str:
        return raw.replace("-", "")

    assert clean("95-588") == "95588"
    assert clean.__name__ == "clean"
    found = read.fact("call 95-588")
    stored = clean.fact(found)
    assert (found.value, stored.value, stored.parents) == ('"95-588"', '"95588"', (found.fact_id,))
    assert stored.input_digest == found.output_digest
    assert len(world.ask(lambda tx: trace(tx, stored.fact_id)).facts) == 2
    assert {activity.name for activity in activities(world)} == {"read", "clean"}


def test_what_is_said_of_a_person_is_sealed_and_its_digest_keyed(world: World) -> None:
    told = recorder(world, key=b"k", seal=lambda data: Sealed(data[::-1], "k-1"))

    @told.activity("read", stage=Stage.COLLECTION, subject="s1-7f", fact="mobile", source="form")
    def read(text: str) -> str:
        return text

    fact = read.fact("13800138000")
    assert fact.value == Sealed(b'"00083100831"', "k-1")
    assert fact.output_digest == digest('"13800138000"', b"k")
    with pytest.raises(Refused, match="sealed"):
        read.fact(fact)


def test_without_a_key_a_digest_of_a_person_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="needs a key"):
        recorder(world).digest("s1-7f", "13800138000")


def test_another_version_of_a_function_is_another_code() -> None:
    def version_of(line: str) -> str:
        space: dict[str, object] = {}
        exec(f"def read(x):\n    return {line}", space)  # noqa: S102 - a function without source
        return code_digest(space["read"])

    assert version_of("x.upper()") != version_of("x.lower()")
    assert code_digest(len) != code_digest(max)


def test_a_coroutine_function_is_refused(world: World) -> None:
    async def read() -> str:
        return ""

    with pytest.raises(BadInput, match="coroutine"):
        recorder(world).activity("a", stage=Stage.STORAGE, subject="hotline:1", fact="n", source="s")(read)


def test_a_clock_that_is_set_back_undoes_nothing(world: World) -> None:
    with recorder(world).run("load", stage=Stage.STORAGE, code="c" * 64) as run:
        run.add(draft("a"))
        world.clock[0] -= timedelta(hours=1)
    (activity,) = activities(world)
    assert activity.ended_at == activity.started_at
    assert len(run.facts) == 1


def test_where_a_failure_cannot_be_recorded_the_block_still_fails_with_its_own_error(world: World) -> None:
    class Full:
        def append(self, tx: sa.Connection, entry: object) -> int:
            message = "the disk is full"
            raise Unavailable(message)

    told = Recorder(world.store, Full(), world.keys, "etl", now=world.now)
    with pytest.raises(LookupError) as failure, told.run("load", stage=Stage.STORAGE, code="c" * 64):
        raise LookupError
    assert failure.value.__notes__ == ["that it failed could not be recorded: the disk is full"]
