from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from contracts.commands import (
    DEMO_ENDED_BY,
    ENRICH_ENDED_BY,
    HAOMA,
    NO_STDIN,
    READERS_OF_STDIN,
    WITHOUT_STDERR,
    assert_a_stdin_that_cannot_be_read_is_told,
    assert_an_interrupted_run_leaves_nothing,
    assert_notes_are_dropped_and_the_file_is_written,
    assert_nothing_of_the_demo_is_left,
    in_shell,
)
from haoma.cli import main
from haoma.cli.failures import exit_code_of
from haoma.cli.main import NOUNS, cli, run
from haoma.errors import ERRORS, BadInput, HaomaError

HINT = "       name a file, or feed a pipe\n"
FULL = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs the device that is always full, which Linux has"
)


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


@pytest.mark.parametrize(
    "hint", ["2027-01-31, or 2027-01-31T08:00+08:00", "at 2026-11-22 08:00", "(GB/T 22239-2019 §8.1.5.1, §8.1.5.3)"]
)
def test_a_date_and_a_standard_in_a_hint_are_shown(hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(BadInput("no", hint=hint)) == 2
    assert capsys.readouterr().err == f"haoma: no\n       {hint}\n"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2026-01-31 5678", "202****5678"),
        ("2013-80-01-38000", "201****8000"),
        ("GB/T 13800138000", "GB/T 138****8000"),
        ("GB/T 13800-2019-38000", "GB/T 138****8000"),
        ("22239-2019", "222****2019"),
    ],
)
def test_what_only_looks_like_a_date_or_a_standard_is_masked(
    told: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(BadInput(told)) == 2
    assert capsys.readouterr().err == f"haoma: {shown}\n"


@pytest.mark.parametrize(
    "shown",
    [
        "the root 4b2a13912345678f61" + "0123456789" * 4 + "f4d6c1 differs",
        "the digest " + "1234567890" * 6 + "1234 differs",
        "transaction 0x13912345678" + "a" * 29 + " failed",
        "the key ID 0012345f is another",
        "the root 351234567b111ff0… differs",
    ],
)
def test_what_is_hexadecimal_is_shown_whole(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(BadInput(shown)) == 2
    assert capsys.readouterr().err == f"haoma: {shown}\n"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("13912345678", "139****5678"),
        ("tel13912345678x", "tel139****5678x"),
        ("face13912345678", "face139****5678"),
        ("a13912345678b", "a139****5678b"),
        ("a1391234 5678", "a139****5678"),
        ("139 12345678a", "139****5678a"),
        ("a62345678", "a62****"),
        ("beef1234 is at 13912345678", "beef1234 is at 139****5678"),
    ],
)
def test_letters_beside_a_number_do_not_make_it_hexadecimal(
    told: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(BadInput(told)) == 2
    assert capsys.readouterr().err == f"haoma: {shown}\n"


def test_a_usage_error_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "haoma completion --help tells more" in capsys.readouterr().err


def test_the_limits_of_an_option_are_shown_whole_and_what_was_typed_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--rows", "0"]) == 2
    assert "0 is not in the range 1<=x<=50000000" in capsys.readouterr().err
    assert run(["demo", "--rows", "13800138000"]) == 2
    assert "138****8000 is not in the range 1<=x<=50000000" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["-13800138000", "--13800138000", "-(010)62345678", "-86 138"])
def test_a_number_that_looks_like_an_option_is_told_how_to_type(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "parse", typed]) == 2
    told = capsys.readouterr().err
    assert "haoma number parse -- NUMBER" in told
    assert "0138" not in told


def test_an_option_that_there_is_not_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "parse", "--nothing"]) == 2
    assert capsys.readouterr().err.endswith("haoma number parse --help tells more\n")


def test_bytes_that_are_no_text_are_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["\udcff\udcb5", "x"]) == 2
    assert "argument 1 ('��') is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        "access sign-in --login",
        "access people grant someone",
        "case open",
        "access approve show",
        "consent grant",
        "consent withdraw",
        "vault reveal",
        "number parse",
    ],
)
def test_an_argument_that_is_not_utf_8_is_usage(args: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*args.split(), "138\udcff00138000"]) == 2
    told = capsys.readouterr().err
    assert "is not UTF-8" in told
    assert "00138000" not in told


def test_a_message_is_no_longer_than_a_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--batch-rows", "9" * 100_000, "data", "status"]) == 2
    assert run(["x" * 100_000]) == 2
    told = capsys.readouterr().err
    assert len(told) < 4000
    assert "is not a whole number above zero" in told


def test_too_little_memory_is_told_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(MemoryError()) == 4
    assert "--batch-rows" in capsys.readouterr().err


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


@FULL
@pytest.mark.parametrize(
    "args",
    [["completion", "zsh"], ["--version"], *(["number", "parse", "95588", "--format", f] for f in ("csv", "json"))],
)
def test_a_full_disk_is_told_in_one_line(args: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([HAOMA, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (4, "haoma: the output: No space left on device\n")


@pytest.mark.parametrize(
    "args", ["number parse 95588", "number parse 95588 --format csv", "completion zsh", "--version"]
)
def test_results_for_a_closed_stdout_are_a_failure(args: str, tmp_path: Path) -> None:
    ended = in_shell(f"{HAOMA} {args} >&-", tmp_path)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (4, "haoma: stdout is closed")
    assert in_shell(f"{HAOMA} {args} >&- 2>&-", tmp_path).returncode == 4


@pytest.mark.slow
def test_what_writes_no_results_needs_no_stdout(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("phone\n95588\n")
    assert in_shell(f"{HAOMA} number enrich in.csv -o out.csv >&-", tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("args", "stdin"), [*((args, NO_STDIN[0]) for args in READERS_OF_STDIN), (READERS_OF_STDIN[0], NO_STDIN[1])]
)
def test_a_stdin_that_cannot_be_read_is_told(args: str, stdin: str, tmp_path: Path) -> None:
    assert_a_stdin_that_cannot_be_read_is_told(args, stdin, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("stdin", NO_STDIN)
def test_whoever_is_asked_and_cannot_answer_is_told(stdin: str, tmp_path: Path) -> None:
    upgrade = f"export HAOMA_STORE_DIR=$PWD/store; {HAOMA} db upgrade >upgraded"
    for args in ("access sign-in --login ed", "access enrol", "consent grant ID --holder-asks"):
        ended = in_shell(f"{upgrade}; {HAOMA} {args} {stdin}", tmp_path)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.endswith("haoma: stdin: it is closed, or open for writing only\n" + HINT)


def test_rows_for_a_closed_stdout_are_not_thrown_away_in_silence(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("phone\n95588\n")
    ended = in_shell(f"{HAOMA} number enrich in.csv -o - >&-", tmp_path)
    assert (ended.returncode, ended.stderr) == (4, "haoma: stdout is closed\n       -o OUT writes to a file\n")


@pytest.mark.slow
@pytest.mark.parametrize("closed", WITHOUT_STDERR[:1])
def test_without_stderr_the_notes_are_dropped_and_the_file_is_written(closed: str, tmp_path: Path) -> None:
    assert_notes_are_dropped_and_the_file_is_written(closed, tmp_path)


@pytest.mark.slow
@FULL
def test_notes_for_a_full_disk_are_dropped_and_the_file_is_written(tmp_path: Path) -> None:
    assert_notes_are_dropped_and_the_file_is_written("2>/dev/full", tmp_path)


@pytest.mark.slow
def test_notes_whose_reader_went_away_are_dropped_and_the_file_is_written(tmp_path: Path) -> None:
    assert_notes_are_dropped_and_the_file_is_written("2> >(exec true; )", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), DEMO_ENDED_BY[:1])
def test_a_signal_leaves_nothing_of_the_demo(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    assert_nothing_of_the_demo_is_left(sent, code, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code", "target"), ENRICH_ENDED_BY[-1:])
def test_an_interrupted_run_leaves_nothing(sent: signal.Signals, code: int, target: str, tmp_path: Path) -> None:
    assert_an_interrupted_run_leaves_nothing(sent, code, target, tmp_path)


ASKED_TO_END = """
import os, signal, sys
from haoma.cli import main
class Tidied:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(10_000))
def run(args):
    sys.unraisablehook = lambda _: None
    Tidied()
    return 0
main.run = run
main.main()
"""


def test_a_signal_that_python_drops_still_is_the_exit_code() -> None:
    assert subprocess.run([sys.executable, "-c", ASKED_TO_END], check=False).returncode == 143


INTERRUPTED_START = """
import os, signal, sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupted())
from haoma.cli.start import main
main()
"""


@pytest.mark.parametrize("at", ["haoma.cli.main", "click", "haoma.cli.options", "haoma.settings"])
def test_ctrl_c_at_any_moment_while_the_command_starts_is_quiet(at: str) -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED_START, at], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_a_command_that_was_started_with_ctrl_c_ignored_goes_on(tmp_path: Path) -> None:
    (tmp_path / "start.py").write_text(INTERRUPTED_START)
    ended = in_shell(f"trap '' INT; exec {sys.executable} start.py click", tmp_path)
    assert (ended.returncode, "No such command 'click'" in ended.stderr) == (2, True)


def test_next_to_nothing_is_imported_before_ctrl_c_is_quiet() -> None:
    code = "import sys; before = {*sys.modules}; import haoma.cli.start; print(*{*sys.modules} - before)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typing", "click", "importlib.metadata", "haoma.errors", "haoma.cli.main"} & {*ended.stdout.split()}
    assert len(ended.stdout.split()) < 20  # signal is made of enum


LATE = """
import atexit, os, signal
from haoma.cli import main
atexit.register(os.kill, os.getpid(), signal.{})
main.main()
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_behind_the_end_of_the_work_shows_no_traceback(sent: signal.Signals) -> None:
    command = [sys.executable, "-c", LATE.format(sent.name), "--version"]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (-sent, b"")
    assert ended.stdout.startswith(b"haoma ")


@pytest.mark.slow
def test_nohup_holds(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("95588\n")
    line = f"(trap '' HUP; {HAOMA} number parse - < <(sleep 1; cat in)) & sleep 0.7; kill -HUP $!; wait $!"
    assert in_shell(line, tmp_path).stdout.startswith('{"input": "95588"')


def test_the_installed_command_says_its_version() -> None:
    ended = subprocess.run([HAOMA, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("haoma ")
