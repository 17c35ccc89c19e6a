"""The demo's chapter on published numbers: a crawler in a process of its own, over the little web."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.commands import DEMO_ENDED_BY, HAOMA, started
from haoma.cli.demo_crawl import crawler
from haoma.cli.main import run
from haoma.errors import Unavailable
from haoma.settings import load

WHOLE = ["demo", "--no-serve", "--rows", "2000", "--format", "jsonl"]
FOUND = {
    "four sites are read, each of its pages once": 4,
    "a page that robots.txt forbids is linked to, and asked for by nobody": 0,
    "one look opens no incident": "none",
    "the second finds the three numbers that were planted wrong, and nothing else": (
        "listing lookalike, map wrong-organisation, official wrong-number"
    ),
    "a person is asked about a hidden old number at most, and a mobile, masked": "none",
    "the number on the company's own site went wrong in its CMS": "storage, cms",
    "the second closes that incident": "official wrong-number",
    "and leaves open what others have to put right": "listing lookalike, map wrong-organisation",
    "what is wrong goes out as evidence that proves itself, offline": 3,
    "but for the page as it came, a member's mobile is kept nowhere": "none",
}


def test_what_is_published_wrong_is_found_traced_put_right_and_proved_and_so_it_is_in_a_second_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run([*WHOLE, "--keep", str(tmp_path)]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line for line in lines if not line["ok"]] == []
        got = {line["step"]: line["got"] for line in lines}
        assert {step: got.get(step) for step in FOUND} == FOUND
    assert len(list(tmp_path.glob("guard-*"))) == 2


def test_a_person_sees_what_is_wrong_and_where_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--no-serve", "--rows", "2000"]) == 0
    shown = capsys.readouterr().out
    for seen in ("own-as-theirs", "fax-as-voice", "form of the hotline desk", "its fax"):
        assert seen in shown


def test_a_crawler_that_ends_is_told_and_not_waited_for(tmp_path: Path) -> None:
    settings = replace(load({"store_dir": str(tmp_path / "store")}), crawl_allow="no host")
    with crawler(settings, tmp_path) as look, pytest.raises(Unavailable):
        look(0)


@pytest.mark.parametrize(("sent", "code"), [*DEMO_ENDED_BY, (signal.SIGKILL, -signal.SIGKILL)])
def test_a_demo_that_is_ended_leaves_no_crawler_and_no_files_where_it_can_help_it(
    sent: signal.Signals, code: int, tmp_path: Path
) -> None:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with started(HAOMA, *WHOLE, env=os.environ | {"TMPDIR": str(tmp_path)}, **quiet) as process:
        (crawler_id,) = children(process.pid)
        process.send_signal(sent)
        assert process.wait(timeout=30) == code
    until = time.monotonic() + 20
    while command_of(crawler_id) and time.monotonic() < until:
        time.sleep(0.05)
    assert not command_of(crawler_id)
    assert sent is signal.SIGKILL or not list(tmp_path.iterdir())


def command_of(process_id: int) -> bytes:
    """What a process was started as; nothing where it has ended, whether somebody asked how or not."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return b""


def children(parent: int) -> list[int]:
    """The crawlers of a demo, as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
        if crawlers := [one for one in found if b"haoma.cli.demo_crawl" in command_of(one)]:
            return crawlers
        time.sleep(0.02)
    return []
