"""Every case of what a command does as a process; a few of them are in `make test` too."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from contracts.commands import (
    DEMO_ENDED_BY,
    ENRICH_ENDED_BY,
    NO_STDIN,
    READERS_OF_STDIN,
    WITHOUT_STDERR,
    assert_a_stdin_that_cannot_be_read_is_told,
    assert_an_interrupted_run_leaves_nothing,
    assert_notes_are_dropped_and_the_file_is_written,
    assert_nothing_of_the_demo_is_left,
)


@pytest.mark.parametrize(("sent", "code"), DEMO_ENDED_BY)
def test_a_signal_leaves_nothing_of_the_demo(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    assert_nothing_of_the_demo_is_left(sent, code, tmp_path)


@pytest.mark.parametrize(("sent", "code", "target"), ENRICH_ENDED_BY)
def test_an_interrupted_run_leaves_nothing(sent: signal.Signals, code: int, target: str, tmp_path: Path) -> None:
    assert_an_interrupted_run_leaves_nothing(sent, code, target, tmp_path)


@pytest.mark.parametrize("closed", WITHOUT_STDERR)
def test_without_stderr_the_notes_are_dropped_and_the_file_is_written(closed: str, tmp_path: Path) -> None:
    assert_notes_are_dropped_and_the_file_is_written(closed, tmp_path)


@pytest.mark.parametrize("args", READERS_OF_STDIN)
@pytest.mark.parametrize("stdin", NO_STDIN)
def test_a_stdin_that_cannot_be_read_is_told(args: str, stdin: str, tmp_path: Path) -> None:
    assert_a_stdin_that_cannot_be_read_is_told(args, stdin, tmp_path)
