from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from haoma.cli import main
from haoma.cli.failures import exit_code_of
from haoma.cli.main import NOUNS, cli, run
from haoma.errors import ERRORS, BadInput, HaomaError

HAOMA = str(Path(sys.executable).with_name("haoma"))


def test_every_noun_has_a_command() -> None:
    context = click.Context(cli)
    assert all(cli.get_command(context, noun) for noun in NOUNS)
    assert cli.get_command(context, "main") is None


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_told_in_one_line_with_its_hint_and_exit_code(
    error: type[HaomaError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error("it went wrong", hint="try this")) == error.exit_code
    assert capsys.readouterr().err == "haoma: it went wrong\n       try this\n"


def test_ctrl_c_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(KeyboardInterrupt()) == 128 + signal.SIGINT
    assert exit_code_of(click.Abort()) == 128 + signal.SIGINT
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(PermissionError(13, "Permission denied", "out.csv"), 2), (OSError(28, "No space left on device", "out.csv"), 4)],
)
def test_the_system_says_no_and_the_file_is_named(
    error: OSError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == code
    assert capsys.readouterr().err == f"haoma: out.csv: {error.strerror}\n"


def test_an_unexpected_failure_shows_its_place_and_not_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="13800138000x") as caught:
        int("13800138000x")
    assert exit_code_of(caught.value) == 70
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "138" not in told


@pytest.mark.parametrize("typed", ["13800138000", "+86 138 0013 8000", "1３800138000", "(010) 6234-5678", "62345678"])
def test_a_number_in_the_wrong_place_is_masked(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([typed]) == 2
    told = capsys.readouterr().err
    assert "****" in told
    assert typed not in told


def test_a_date_in_the_name_of_a_file_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(click.UsageError("'calls_20261121.csv' is not there")) == 2
    assert "calls_20261121.csv" in capsys.readouterr().err


def test_a_usage_error_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "haoma completion --help tells more" in capsys.readouterr().err


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "Commands:" in "".join(capsys.readouterr())


def test_debug_shows_where_a_failure_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise BadInput("row 7 is broken")

    monkeypatch.setitem(NOUNS, "broken", "")
    monkeypatch.setattr(main, "import_module", lambda _name: type("Module", (), {"broken": broken}))
    assert run(["broken"]) == BadInput.exit_code
    assert "Traceback" not in capsys.readouterr().err
    assert run(["--debug", "broken"]) == BadInput.exit_code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert f"_HAOMA_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_a_reader_that_goes_away_ends_haoma_quietly() -> None:
    with subprocess.Popen([HAOMA, "completion", "zsh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full, which Linux has")
@pytest.mark.parametrize(
    "args",
    [["completion", "zsh"], ["--version"], *(["number", "parse", "95588", "--format", f] for f in ("csv", "json"))],
)
def test_a_full_disk_is_told_in_one_line(args: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([HAOMA, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (4, "haoma: the output: No space left on device\n")


def test_a_closed_stdout_is_no_failure() -> None:
    ended = subprocess.run(["bash", "-c", f"{HAOMA} completion zsh >&-"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_installed_command_says_its_version() -> None:
    ended = subprocess.run([HAOMA, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("haoma ")
