from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from contracts.desk import Desk
from contracts.registry import company, hotline, open_desk
from haoma.guard.model import Purpose
from haoma.guard.registry import added

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PIPELINE = """
name = "site"
[[hop]]
stage = "storage"
system = "cms"
out = { kind = "json", file = "cms.json", pointer = "/{key}" }
[[hop]]
stage = "display"
system = "site"
in = { kind = "json", file = "cms.json", pointer = "/{key}" }
out = { kind = "json", file = "site.json", pointer = "/{key}" }
[keys]
"""


@pytest.fixture(scope="module")
def uids(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, str]]:
    """A machine whose registry has a company with a hotline and a fax."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "haoma").mkdir(mode=0o700)
    of = company()
    numbers = {"客服": "95588", "传真": "400-810-9090"}
    lines = {
        purpose: hotline(of, number, purposes=frozenset({Purpose(purpose)}), valid_from=LONG_AGO)
        for purpose, number in numbers.items()
    }
    with open_desk(f"sqlite:///{folder / 'haoma' / 'haoma.db'}") as desk:
        desk.did(added(of), *(added(line) for line in lines.values()))
    return Desk(folder), {purpose: line.uid for purpose, line in lines.items()}


def told(uids: tuple[Desk, dict[str, str]], cms: str, site: str) -> tuple[int, list[dict[str, object]], str]:
    """What a probe of a company with these two files says."""
    desk, uid = uids
    (desk.folder / "pipeline.toml").write_text(f'{PIPELINE}"{uid["客服"]}" = "fund-7"\n', encoding="utf-8")
    (desk.folder / "cms.json").write_text(cms)
    (desk.folder / "site.json").write_text(site)
    ended = desk.haoma("guard", "probe", "--hotline", uid["客服"], "--pipeline", "pipeline.toml")
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


def test_a_hotline_that_is_right_everywhere_is_told(uids: tuple[Desk, dict[str, str]]) -> None:
    code, rows, said = told(uids, '{"fund-7": "955 88"}', '{"fund-7": "955 88"}')
    assert (code, [row["right"] for row in rows]) == (0, [True, True])
    assert said == "the hotline is right at every hop that was read (2 of 2)\n"


def test_the_hop_that_shows_it_wrong_is_named_and_a_trace_names_the_same(uids: tuple[Desk, dict[str, str]]) -> None:
    code, rows, said = told(uids, '{"fund-7": "95588"}', '{"fund-7": "400-810-9090"}')
    assert (code, rows[1]["first_wrong"]) == (1, True)
    assert said == (
        "first wrong inside hop 2 of 2 (display, site): right when it came in, 400-810-9090, another number of the same"
        " organisation (传真), when it went out\n"
    )
    traced = uids[0].haoma("trace", "95588", "--name", "pipeline site", "--expect", "95588")
    assert (traced.returncode, traced.stderr.startswith("lost at hop 2 of 2: display, site, inside")) == (1, True)


def test_a_way_that_cannot_be_read_to_its_end_is_unavailable(uids: tuple[Desk, dict[str, str]]) -> None:
    code, rows, said = told(uids, '{"fund-7": "95588"}', "no json")
    assert (code, rows[1]["why"]) == (4, "what goes out: the file is no JSON")
    assert "right as far as it was read; hop 2 of 2 (display, site) could not be read" in said


def test_a_mobile_that_nobody_registered_is_masked_on_the_command_line(uids: tuple[Desk, dict[str, str]]) -> None:
    code, rows, said = told(uids, '{"fund-7": "138 0013 8000"}', "{}")
    assert code == 1
    assert "138****8000" in said
    assert "8001" not in f"{rows}{said}".replace(" ", "")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("probe", "--hotline", "x"), 2, "which pipeline?"),
        (("probe", "--hotline", "x", "--pipeline", "none.toml"), 2, "cannot be read"),
        (("review", "--month", "2026-13"), 2, "is no month"),
        (("improve", "sample", "--month", "2020-01"), 3, "nobody"),
        (("improve", "draw", "--month", "2020-01", "--visits", "9"), 3, "nobody"),
    ],
)
def test_what_cannot_be_done_is_told(
    uids: tuple[Desk, dict[str, str]], args: tuple[str, ...], code: int, says: str
) -> None:
    ended = uids[0].haoma("guard", *args)
    assert (ended.returncode, says in ended.stderr) == (code, True), ended.stderr
