from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from contracts.lineage import NOW, World, draft
from contracts.lineage_schemas import openlineage_errors, prov_errors
from haoma.errors import Refused, Unavailable
from haoma.lineage import Activity, Fact, Outcome, Sealed, Stage, activities_of, trace
from haoma.lineage.openlineage import FACETS, append_events, post_events, run_events
from haoma.lineage.prov import prov_json


@pytest.fixture
def traced(world: World) -> tuple[list[Fact], dict[int, Activity]]:
    page = draft("工行 95588", name="page", source="https://example.com/联系我们")
    first = draft("95588", parents=(page,))
    (wrong, *_) = world.record(page, first, draft(subject="s1-7f", value=Sealed(b"x", "k-1")))
    fixed = draft("95588", parents=(wrong.fact_id, wrong.fact_id + 1, wrong.fact_id + 2), supersedes=wrong.fact_id + 1)
    (fact,) = world.record(fixed, activity=world.ran("votes"))
    facts = list(world.ask(lambda tx: trace(tx, fact.fact_id)).facts)
    return facts, world.ask(lambda tx: activities_of(tx, {one.activity_id for one in facts}))


def test_a_trace_is_prov_json_by_the_official_schema(shared: Path, traced: tuple) -> None:
    document = prov_json(*traced)
    assert prov_errors(shared, document) == []
    assert json.loads(json.dumps(document)) == document


def test_prov_tells_entities_runs_derivations_and_revisions(traced: tuple) -> None:
    facts, activities = traced
    document = prov_json(facts, activities)
    assert set(document["entity"]) == {f"haoma:fact-{fact.fact_id}" for fact in facts}
    assert set(document["activity"]) == {f"haoma:run-{one}" for one in activities}
    revised = [one for one in document["wasDerivedFrom"].values() if "prov:type" in one]
    assert [(one["prov:generatedEntity"], one["prov:usedEntity"]) for one in revised] == [
        ("haoma:fact-4", "haoma:fact-2")
    ]
    assert document["entity"]["haoma:fact-1"]["prov:value"] == '"工行 95588"'
    assert "prov:value" not in document["entity"]["haoma:fact-3"]
    ends = {
        end for kind in ("used", "wasDerivedFrom") for one in document[kind].values() for end in map(str, one.values())
    }
    assert {end for end in ends if end.startswith("haoma:fact-")} <= set(document["entity"])


def test_a_run_is_openlineage_events_by_the_official_schemas(shared: Path, traced: tuple) -> None:
    facts, activities = traced
    (made, *_) = [fact for fact in facts if fact.fact_id == 4]
    events = run_events(activities[made.activity_id], [made], facts[:3])
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    for event in events:
        assert openlineage_errors(shared, event) == []
    assert events[1]["outputs"][0]["outputFacets"]["haoma_ledger"]["entries"] == [made.entry_id]
    assert "95588" not in json.dumps(events)


def test_a_run_that_failed_is_told_as_failed(shared: Path) -> None:
    activity = Activity(
        "crawl", "c" * 64, "网 bot", Stage.COLLECTION, NOW, NOW, outcome=Outcome.FAILED, failure="OSError"
    )
    start, end = run_events(activity, [])
    assert (end["eventType"], end["run"]["facets"]["errorMessage"]["message"]) == ("FAIL", "OSError")
    assert openlineage_errors(shared, start) + openlineage_errors(shared, end) == []


def test_the_check_of_events_finds_what_is_wrong(shared: Path) -> None:
    activity = Activity("crawl", "c" * 64, "bot", Stage.COLLECTION, NOW, NOW + timedelta(seconds=1))
    good = run_events(activity, [])[1]
    bad = json.loads(json.dumps(good))
    bad["run"]["facets"]["haoma_activity"]["codeDigest"] = "no digest"
    assert openlineage_errors(shared, bad)
    assert openlineage_errors(shared, good | {"eventTime": "2026-02-30T00:00:00Z"})
    assert openlineage_errors(shared, good | {"producer": "no uri"})


def test_our_own_facets_are_shipped_under_the_name_that_events_give() -> None:
    shipped = json.loads(files("haoma.lineage").joinpath("facets.json").read_text(encoding="utf-8"))
    assert shipped["$id"] == FACETS
    assert all(name.startswith("Haoma") and name.endswith("Facet") for name in shipped["$defs"])


def events() -> list:
    return run_events(Activity("crawl", "c" * 64, "bot", Stage.COLLECTION, NOW, NOW), [])


def test_events_are_added_to_a_file_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    append_events(path, events())
    append_events(path, events())
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["eventType"] for line in lines] == ["START", "COMPLETE"] * 2
    with pytest.raises(Unavailable, match="cannot be written"):
        append_events(tmp_path, events())


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_events_are_sent_in_order_with_the_token() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["authorization"], json.loads(request.content)["eventType"]))
        return httpx.Response(201)

    assert post_events("https://marquez.example/api/v1/lineage", events(), token="t", client=client(answer)) == 2
    assert seen == [("Bearer t", "START"), ("Bearer t", "COMPLETE")]


def test_a_declined_event_says_how_many_were_taken() -> None:
    answers = iter([httpx.Response(201), httpx.Response(422)])
    with pytest.raises(Refused, match="422; 1 were taken"):
        post_events("https://marquez.example/", events(), client=client(lambda _: next(answers)))
    with pytest.raises(Unavailable, match="503"):
        post_events("https://marquez.example/", events(), client=client(lambda _: httpx.Response(503)))
    with pytest.raises(Unavailable, match="ConnectError"):
        post_events("http://127.0.0.1:9/", events())


def test_what_lies_outside_the_page_is_named_and_not_described(shared: Path, traced: tuple) -> None:
    facts, _ = traced
    document = prov_json([replace(facts[-1])], {})
    assert set(document["entity"]) == {"haoma:fact-4"}
    assert prov_errors(shared, document) == []
