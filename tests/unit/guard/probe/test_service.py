from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.lineage import World, open_world
from haoma.errors import Unavailable
from haoma.guard.probe import Asked, Pipeline, Station, probe, record_probe, rows, sentence
from haoma.guard.probe.model import sight_of
from haoma.lineage import Stage, activities_of, canonical_value, digest, diverge, hops_of, trace
from haoma.lineage.model import Fact

URI = "tel:95588;phone-context=+86"
ASKED = Asked("h-1", "o-1", URI, "h-1")
RIGHT, WRONG, NOTHING = ("955 88",), ("95599",), ()
STAGES = (Stage.COLLECTION, Stage.STORAGE, Stage.TRANSPORT, Stage.DISPLAY)


@dataclass(frozen=True, slots=True)
class Says:
    """A place that says something, or does not answer; fills `Place`."""

    texts: Sequence[str] | None

    def read(self, asked: Asked) -> Sequence[str]:
        if self.texts is None:
            raise Unavailable("nobody is there")
        return self.texts


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}")
    with world.store:
        yield world


def pipeline(*hops: tuple[Sequence[str] | None, Sequence[str] | None] | Sequence[str] | None) -> Pipeline:
    """Hops by what goes out of them, or by what comes in and goes out."""
    stations = []
    for stage, hop in zip(STAGES, hops, strict=False):
        come, out = hop if hop and isinstance(hop[0], tuple | None) else ((), hop)
        stations.append(Station(stage, f"s{len(stations) + 1}", Says(out), Says(come) if come != () else None))
    return Pipeline("cms", "CN", {}, tuple(stations))


def asked(world: World, given: Pipeline, known: Sequence[str] = ()) -> tuple[str, list[Fact]]:
    found = probe(given, ASKED, now=world.now, known=lambda uri: uri in known)
    work = lambda tx: record_probe(tx, world.ledger, world.keys, given, found, at=world.now())  # noqa: E731
    return sentence(found), world.store.write(work)


@pytest.mark.parametrize(
    ("hops", "said"),
    [
        ([RIGHT, RIGHT, RIGHT, RIGHT], "the hotline is right at every hop that was read (4 of 4)"),
        ([RIGHT, None, RIGHT], "the hotline is right at every hop that was read (2 of 3)"),
        ([WRONG, WRONG], "first wrong at hop 1 of 2 (collection, s1): 95599 (in it or on the way to it"),
        ([(RIGHT, WRONG), WRONG], "first wrong inside hop 1 of 2 (collection, s1): right when it came in, 95599"),
        ([RIGHT, (RIGHT, WRONG)], "first wrong inside hop 2 of 2 (storage, s2): right when it came in, 95599"),
        ([RIGHT, (WRONG, WRONG)], "first wrong between hop 1 of 2 (collection, s1) and hop 2 of 2 (storage, s2): 9"),
        ([(WRONG, WRONG)], "first wrong before hop 1 of 1 (collection, s1): 95599 came in"),
        ([RIGHT, NOTHING], "first wrong at hop 2 of 2 (storage, s2): no number"),
        ([RIGHT, None, WRONG], "first wrong somewhere in hop 2 of 3 (storage, s2) to hop 3 of 3 (transport, s3)"),
        ([RIGHT, ("95588", "95599")], "right as far as it was read; hop 2 of 2 (storage, s2) could not be read"),
        ([RIGHT, None, None], "right as far as it was read; hop 2 of 3 (storage, s2) to hop 3 of 3"),
    ],
)  # fmt: skip
def test_the_earliest_wrong_hop_is_named_in_words(world: World, hops: list[object], said: str) -> None:
    found, _ = asked(world, pipeline(*hops))
    assert found.startswith(said)


def test_whose_the_wrong_number_is_stands_in_the_sentence() -> None:
    from datetime import UTC, datetime

    found = probe(pipeline(RIGHT, (RIGHT, WRONG)), ASKED, now=lambda: datetime.now(UTC))
    whose = {"tel:95599;phone-context=+86": "农业银行's"}
    assert "95599, 农业银行's, when it went out" in sentence(found, whose.get)


def test_the_way_is_recorded_so_that_a_trace_names_the_same_hop(world: World) -> None:
    _, facts = asked(world, pipeline(RIGHT, (RIGHT, WRONG), None, WRONG))
    assert [str(fact.stage) for fact in facts] == ["collection", "storage", "display"]
    with world.store.read() as tx:
        page = trace(tx, facts[-1].fact_id)
        path = hops_of(page.facts, activities_of(tx, [fact.activity_id for fact in page.facts]))
    found = diverge(digest(canonical_value(URI)), path)
    assert found
    assert (found.index, path[found.index].system, str(found.how)) == (1, "s2", "inside")


def test_a_number_that_may_be_a_person_s_is_shown_and_kept_by_nobody(world: World) -> None:
    mobile = ("138 0013 8000",)
    given = pipeline(RIGHT, (RIGHT, mobile), mobile)
    found = probe(given, ASKED, now=world.now)
    _, facts = asked(world, given)
    shown = f"{rows(found)} {sentence(found)} {found}"
    assert "138****8000" in shown
    assert "13800138000" not in shown.replace(" ", "")
    assert [fact.value for fact in facts] == [canonical_value(URI), None, None]
    assert digest(canonical_value("tel:+8613800138000")) not in {fact.output_digest for fact in facts}
    again = asked(world, given)[1]
    assert again[1].output_digest != facts[1].output_digest
    assert facts[1].output_digest == facts[2].output_digest


def test_a_mobile_that_a_registry_knows_is_a_hotline(world: World) -> None:
    said, facts = asked(world, pipeline(("13800138000",)), known=["tel:+8613800138000"])
    assert "138 0013 8000" in said
    assert facts[0].value == canonical_value("tel:+8613800138000")


def test_rows_tell_what_was_read_and_why_not(world: World) -> None:
    found = rows(probe(pipeline(RIGHT, None, (RIGHT, WRONG)), ASKED, now=world.now))
    assert [(row["hop"], row["out"], row["right"], row["first_wrong"]) for row in found] == [
        (1, "95588", True, False),
        (2, None, None, False),
        (3, "95599", False, True),
    ]
    assert found[1]["why"] == "what goes out: nobody is there"


def test_a_number_is_read_out_of_what_stands_around_it() -> None:
    assert sight_of(["全国统一客服热线：955 88（24小时）", "tel:95588"], lambda _uri: False, b"").shown == "95588"
    assert sight_of(["暂无"], lambda _uri: False, b"").shown == "no number"
    assert sight_of([], lambda _uri: False, b"").shown == "no number"
