from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from haoma.app import Services
from haoma.cli.trace import trace
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.entry import Entry
from haoma.lineage import Draft, Fact, Recorder, Stage, activities_of, canonical_value, tables
from haoma.settings import load

URI = "tel:95588;phone-context=+86"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def draft(said: str, stage: Stage, **more: Any) -> Draft:
    return Draft(f"hotline:{URI}", "number", canonical_value(said), "cms", stage, AT, **more)


@pytest.fixture
def flags(tmp_path: Path) -> dict[str, str]:
    return {"store_dir": str(tmp_path / "store")}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Fact, ...]]:
    """A store with a hotline that the page shows wrong, made once; and its facts."""
    place = tmp_path_factory.mktemp("recorded") / "store"
    with Services(load({"store_dir": str(place)})) as services:
        recorder = Recorder(services.store, services.ledger, services.commitments, "cms", now=lambda: AT)
        with recorder.run("publish", stage=Stage.DISPLAY, code="c" * 64) as run:
            read = run.add(draft(URI, Stage.COLLECTION))
            stored = run.add(draft(URI, Stage.STORAGE, parents=(read,), input_digest=read.output_digest))
            run.add(
                draft(
                    "tel:95599;phone-context=+86", Stage.DISPLAY, parents=(stored,), input_digest=stored.output_digest
                )
            )
        services.ledger.integrate()
    return place, run.facts


@pytest.fixture
def facts(flags: dict[str, str], recorded: tuple[Path, tuple[Fact, ...]]) -> tuple[Fact, ...]:
    """The facts of a store of the test's own, a copy."""
    place, found = recorded
    shutil.copytree(place, flags["store_dir"])
    return found


def asked(flags: dict[str, str], *args: str) -> Result:
    return CliRunner().invoke(trace, args, obj=flags)


def test_a_number_is_traced_as_a_tree(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    result = asked(flags, "95588")
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert "time (Asia/Shanghai)" in heading
    assert len(lines) == 3
    assert "display · 2026-11-22 16:00:00 · publish on cms · 100.0 % · digest ✓  commitment ✓  proof ✓" in lines[0]
    assert lines[2].endswith("fact:1")


def test_the_hop_that_lost_the_expected_value_is_named(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    result = asked(flags, "95588", "--expect", "95588")
    assert (result.exit_code, result.stderr) == (1, "lost at hop 3 of 3: display, cms, inside (fact:3)\n")
    result = asked(flags, "fact:2", "--expect", "95588")
    assert (result.exit_code, result.stderr) == (0, "the value is the expected one at every hop\n")


@pytest.mark.parametrize("fmt", ["json", "prov", "openlineage"])
def test_documents_are_json(flags: dict[str, str], facts: tuple[Fact, ...], fmt: str) -> None:
    found = json.loads(asked(flags, "fact:3", "--format", fmt).stdout)
    assert len({"json": found, "prov": found["entity"] if fmt == "prov" else (), "openlineage": found}[fmt]) in {2, 3}


def test_rows_tell_value_confidence_and_what_holds(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    row = json.loads(asked(flags, "fact:1", "--format", "json").stdout)[0]
    assert (row["value"], row["confidence"], row["stage"]) == (URI, 1.0, "collection")
    assert row["holds"] == {"digest": True, "commitment": True, "proof": True}


def test_a_picture_is_svg(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    assert asked(flags, "fact:3", "--format", "svg").stdout.startswith("<svg ")


def test_a_changed_row_is_shown_and_named_as_tampered(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    with Services(load(flags)) as services:
        change = sa.update(tables.facts).where(tables.facts.c.fact_id == 2).values(value='"other"')
        services.store.write(lambda tx: tx.execute(change))
    result = asked(flags, "fact:3")
    assert "digest ✗  commitment ✗  proof ✓" in result.stdout.splitlines()[2]
    assert isinstance(result.exception, Tampered)
    assert "fact 2" in str(result.exception)


def edited(flags: dict[str, str], *statements: str) -> None:
    """What somebody with the database file could do to it."""
    with sqlite3.connect(next(Path(flags["store_dir"]).glob("*.db"))) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


OTHER = f"""value='"x"', output_digest=x'{sha('"x"')}', input_digest=NULL, confidence=1000000"""
FORGED = f"UPDATE lineage_facts SET {OTHER}"  # noqa: S608 - the statements of these tests are their own
INSERTED_RUN = (
    "INSERT INTO lineage_activities SELECT 9, 'r', name, code_digest, version, system, stage, started_at, ended_at,"
    " outcome, failure, 99 FROM lineage_activities WHERE activity_id=1"
)
INSERTED_FACT = (
    "INSERT INTO lineage_facts SELECT 9, 9, subject, name, value, sealed, sealed_key, source_id, code_id, activity_id,"
    " stage, observed_at, recorded_at, confidence, parents, input_digest, output_digest, NULL, entry_id, commitment"
    " FROM lineage_facts WHERE fact_id=1"
)
NO_KEY = f"commitment='facts-9:{'0' * 64}'"


@pytest.mark.parametrize("entry", ["999999", "entry_id", "1", "NULLIF(1,1)+2", "-5", "9223372036854775807"])
def test_a_rewritten_fact_is_no_fact_whose_key_is_destroyed(
    flags: dict[str, str], facts: tuple[Fact, ...], entry: str
) -> None:
    edited(flags, f"{FORGED}, {NO_KEY}, entry_id=coalesce({entry}, 999999) WHERE fact_id=3")
    assert isinstance(asked(flags, "95588").exception, Tampered)
    assert isinstance(asked(flags, "95588", "--expect", "95588").exception, Tampered)


def test_a_fact_whose_key_is_destroyed_is_traced_and_its_commitment_cannot_be_told(
    flags: dict[str, str], facts: tuple[Fact, ...]
) -> None:
    with Services(load(flags)) as services:
        services.key_store.destroy([facts[0].commitment.partition(":")[0]])
    result = asked(flags, "95588")
    assert (result.exit_code, "commitment ·  proof ✓" in result.stdout) == (0, True)
    assert "of 3 of them the key is destroyed" in asked(flags, "--all").stderr


@pytest.mark.parametrize("integrated", [True, False])
def test_a_rewritten_fact_with_an_entry_of_its_own_is_tampered(
    flags: dict[str, str], facts: tuple[Fact, ...], integrated: bool
) -> None:
    with Services(load(flags)) as services, services.store.read() as tx:
        run = activities_of(tx, [facts[0].activity_id])[facts[0].activity_id].run_id
    with Services(load(flags)) as services:
        entry = Entry("lineage.recorded", AT, {"run": run, "first": 3, "facts": [f"facts-9:{'0' * 64}"]})
        entry_id = services.store.write(lambda tx: services.ledger.append(tx, entry))
        if integrated:
            services.ledger.integrate()
    edited(flags, f"{FORGED}, {NO_KEY}, entry_id={entry_id} WHERE fact_id=3")
    result = asked(flags, "95588")
    assert "commitment ·" in result.stdout.splitlines()[1]
    assert str(result.exception) == "fact:3 is not what was recorded"
    assert isinstance(asked(flags, "--all").exception, Tampered)


def test_a_fact_that_stands_at_the_place_of_another_is_tampered(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    edited(
        flags,
        "UPDATE lineage_facts SET commitment=(SELECT commitment FROM lineage_facts WHERE fact_id=1) WHERE fact_id=2",
    )
    assert "commitment ✗  proof ✗" in asked(flags, "fact:2").stdout


def test_an_entry_that_waits_in_the_queue_cannot_be_told_and_is_not_tampered(flags: dict[str, str]) -> None:
    with Services(load(flags)) as services:
        recorder = Recorder(services.store, services.ledger, services.commitments, "cms", now=lambda: AT)
        with recorder.run("publish", stage=Stage.DISPLAY, code="c" * 64) as run:
            run.add(draft(URI, Stage.COLLECTION))
    result = asked(flags, "95588")
    assert (result.exit_code, "commitment ✓  proof ·" in result.stdout) == (0, True)
    assert asked(flags, "--all").exit_code == 0
    edited(flags, "DELETE FROM ledger_queue")
    assert isinstance(asked(flags, "95588").exception, Tampered)


@pytest.mark.parametrize("gone", [1, 2])
def test_a_fact_that_is_gone_is_missed_by_whatever_was_made_of_it(
    flags: dict[str, str], facts: tuple[Fact, ...], gone: int
) -> None:
    edited(flags, f"DELETE FROM lineage_facts WHERE fact_id={gone}")  # noqa: S608
    for args in (["fact:3"], ["95588", "--expect", "95588"]):
        failure = asked(flags, *args).exception
        assert isinstance(failure, Tampered)
        assert str(failure) == f"fact:{gone} is gone"


def test_a_newest_fact_that_is_gone_is_missed_beside_those_recorded_with_it(
    flags: dict[str, str], facts: tuple[Fact, ...]
) -> None:
    edited(flags, "DELETE FROM lineage_facts WHERE fact_id=3")
    assert str(asked(flags, "95588", "--expect", "95588").exception) == "fact:3 is gone"
    assert str(asked(flags, "fact:3").exception) == "fact:3 is gone"


@pytest.mark.parametrize(
    "change",
    ["system='crm'", "stage='storage'", "outcome='failed'", "failure='X'", "version='2'", "name='x'",
     "ended_at=ended_at+1", "started_at=started_at-1"],
)  # fmt: skip
def test_what_is_said_of_an_activity_is_committed_to(
    flags: dict[str, str], facts: tuple[Fact, ...], change: str
) -> None:
    edited(flags, f"UPDATE lineage_activities SET {change}")  # noqa: S608
    assert isinstance(asked(flags, "fact:3").exception, Tampered)
    assert isinstance(asked(flags, "--all").exception, Tampered)


@pytest.mark.parametrize("parents", ["[3]", "[2,3]", "[4]"])
def test_a_fact_that_is_made_of_itself_is_tampered_and_ends(
    flags: dict[str, str], facts: tuple[Fact, ...], parents: str
) -> None:
    edited(flags, f"UPDATE lineage_facts SET parents='{parents}' WHERE fact_id=3")  # noqa: S608
    assert isinstance(asked(flags, "fact:3", "--expect", "95588").exception, Tampered)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lineage_facts SET parents='junk'",
        "UPDATE lineage_facts SET parents='[\"a\"]'",
        "UPDATE lineage_facts SET parents='5'",
        "UPDATE lineage_facts SET stage='nowhere'",
        "UPDATE lineage_facts SET observed_at=9000000000000000000",
        "UPDATE lineage_facts SET confidence='much'",
        "UPDATE lineage_facts SET value='junk'",
        "UPDATE lineage_facts SET value=CAST(x'ff22' AS TEXT)",
        "UPDATE lineage_facts SET output_digest=7",
        "UPDATE lineage_facts SET subject=x'00ff' WHERE fact_id=2",
        "UPDATE lineage_activities SET stage='nowhere'",
        "UPDATE lineage_activities SET ended_at=9000000000000000000",
        "UPDATE lineage_activities SET run_id='x'",
        "DELETE FROM lineage_origins",
        "DELETE FROM lineage_activities",
        "DROP TABLE lineage_edges",
        "UPDATE ledger_runs SET first_index=70",
        "UPDATE ledger_runs SET first_index=-7",
    ],
)
@pytest.mark.parametrize("shape", ["table", "json", "svg"])
def test_rows_that_haoma_cannot_have_written_are_tampered(
    flags: dict[str, str], facts: tuple[Fact, ...], statement: str, shape: str
) -> None:
    edited(flags, statement)
    assert isinstance(asked(flags, "fact:3", "--format", shape).exception, Tampered)


def test_all_facts_are_held_against_the_ledger(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    result = asked(flags, "--all")
    assert (result.exit_code, result.stderr) == (0, "3 facts of 1 activities are what was recorded\n")
    assert isinstance(asked(flags, "--all", "95588").exception, BadInput)
    assert isinstance(asked(flags).exception, BadInput)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM lineage_facts", "fact:1 is gone"),
        ("DELETE FROM lineage_facts WHERE fact_id=2", "fact:2 is gone"),
        (f"{FORGED}, {NO_KEY} WHERE fact_id=2", "fact:2 is not what was recorded"),
        ("UPDATE lineage_facts SET entry_id=99 WHERE fact_id=3", "fact:3 is not what was recorded"),
        ("DELETE FROM lineage_origins", "the source of a fact is gone"),
        ("DELETE FROM lineage_activities", "the activity of entry 1 is gone"),
        (
            INSERTED_RUN,
            "an activity is in no entry of the log",
        ),
        (
            INSERTED_FACT,
            "fact:9 is in no entry of the log",
        ),
    ],
)
def test_the_first_fact_that_differs_is_named(
    flags: dict[str, str], facts: tuple[Fact, ...], statement: str, said: str
) -> None:
    edited(flags, statement)
    failure = asked(flags, "--all").exception
    assert isinstance(failure, Tampered)
    assert str(failure) == said


def test_what_cannot_be_traced_says_why(flags: dict[str, str], facts: tuple[Fact, ...]) -> None:
    for what, kind in (("10086", NotFound), ("fact:99", NotFound), ("fact:x", BadInput), ("no number", BadInput)):
        assert isinstance(asked(flags, what).exception, kind), what
    assert isinstance(asked(flags, "95588", "--name", "label").exception, NotFound)
    assert asked(flags, f"hotline:{URI}").exit_code == 0
