"""The command `haoma`: finds the noun, runs it, and turns every failure into one line and an exit code.

Rules held here:
- A noun's module is imported when it is used. Nothing here imports numpy, pyarrow, numba, phonenumbers or rich.
- Exit codes: 0 yes, 1 no, 2 usage, 3 refused, 4 unavailable, 5 tampered, 70 a fault of haoma's own, 130 Ctrl-C,
  141 the reader of the output went away.
- No traceback and no whole phone number reaches the terminal; `HAOMA_DEBUG=1` asks for the traceback.
- SIGTERM and SIGHUP end a command as Ctrl-C does: nothing half is left; the exit code is 128 + the signal's number.
  Once the work is done and written they end the process at once, which a shell shows as the same number.
- An argument is UTF-8, or usage: what has a name in other bytes is renamed, or read through a pipe.
- A stream that the caller has closed stays so, and no file opened later takes its place. Results for a closed stdout
  are a failure; notes for a closed stderr are dropped.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

import click

import haoma
from haoma.cli.failures import exit_code_of
from haoma.cli.options import debugging, settings_flags
from haoma.cli.told import utf8

__all__ = ["NOUNS", "cli", "main", "run"]

NOUNS: dict[str, str] = {
    "access": "People, roles, sign-in, keys of machines, the policy, approvals by four eyes.",
    "case": "Cases of an agent: find a customer, check their number, ask for consent.",
    "completion": "Print the completion script of a shell.",
    "consent": "Ask customers for consent, prove it, use it, and take it back.",
    "crawl": "Look for published numbers: sources, pages as evidence, tasks of people.",
    "data": "The table of number segments: build it, see it, compare it.",
    "db": "The database: see it, bring it up to date, back it up, restore it.",
    "guard": "Guard hotlines: where they are wrong, where it began, what to learn from it.",
    "hotline": "The registry of hotlines: see it, import it, ask for changes.",
    "ledger": "The tamper-evident log: append, prove, verify, audit.",
    "locate": "Where customers are, as far as evidence says and their consent allows.",
    "review": "What the rules cannot tell of a published number, and what people say of it.",
    "route": "Which store and desk customers are sent to, by rules of your own.",
    "serve": "Serve the API and the log over HTTP.",
    "demo": "Make a messy file of numbers, enrich it, and show what is known.",
    "vault": "Keys, rotation, retention and shredding of what is kept of customers.",
    "number": "Parse, look up and enrich phone numbers.",
    "trace": "Where a value is from, and where it went wrong.",
    "watch": "Watch call and error counts: notice within minutes what is out of the ordinary.",
}


_CLOSED_PIPE = 128 + 13  # as a shell reports SIGPIPE
_INTERRUPTED = 128 + 2
_asked_to_end: list[int] = []


class Nouns(click.Group):
    """A group whose commands are the modules of `haoma.cli`: noun → `haoma.cli.<noun>:<noun>`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The nouns, sorted."""
        return sorted(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one noun; None when there is no such noun."""
        if cmd_name not in NOUNS:
            return None
        command = getattr(import_module(f"haoma.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the nouns with their help, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(noun, NOUNS[noun]) for noun in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a closed pipe behind it ends it quietly, and `debug` shows where a failure came from."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            ctx.exit(_CLOSED_PIPE)
        except (click.exceptions.Exit, click.UsageError):
            raise
        except Exception:
            if debugging():
                traceback.print_exc()
            raise


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(haoma.__version__, prog_name="haoma", message="%(prog)s %(version)s")
@settings_flags
def cli() -> None:
    """Phone numbers you can trust: what a number is, and where that is known from.

    Results go to stdout, everything else to stderr. Settings come from flags, HAOMA_* variables and haoma.toml.
    """


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit code; failures are told on stderr."""
    try:
        for place, arg in enumerate(args, 1):
            utf8(arg, f"argument {place} ({arg!r})")
        result = cli.main(args=list(args), prog_name="haoma", standalone_mode=False)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException as error:  # noqa: BLE001 - the edge: whatever it is, a person reads one line and no traceback
        return exit_code_of(error)
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point of the `haoma` command."""
    try:
        code = _flushed(_run_here())
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)  # Python would show a traceback while it ends
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)


def _run_here() -> int:
    """Run the command line of this process, with its streams and signals made ready."""
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Lone surrogates, and characters that the terminal's encoding lacks, must not end a command.
            stream.reconfigure(errors="replace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, _end)
    code = run(sys.argv[1:])
    # Python drops what is raised while it tidies up an object, and the command goes on to its end.
    return 128 + _asked_to_end[0] if _asked_to_end else code


def _fill_closed_streams() -> None:
    """Put a device in the place of what the caller has closed, `haoma <&- >&- 2>&-`: it takes the notes alone."""
    for place in range(3):
        try:
            os.fstat(place)
        except OSError:
            # The lowest number that is free is this one. Who reads stdin or writes to stdout is told that it is closed.
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY if place == 1 else os.O_WRONLY), True)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end


def _end(number: int, _frame: FrameType | None) -> None:
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # a second one must not stop the tidying
    _asked_to_end.append(number)
    raise SystemExit(128 + number)


def _flushed(code: int) -> int:
    """Write what is still held back; where that fails, keep Python from trying again at exit and reporting it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or (_CLOSED_PIPE if isinstance(error, BrokenPipeError) else exit_code_of(error))
    return code
