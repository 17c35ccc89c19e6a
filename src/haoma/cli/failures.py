"""What a person reads on stderr when a command fails, and the exit code a script sees.

Rules held here:
- What was typed, a file's name or a column's may be a number: long runs of digits are masked before they are shown,
  and control characters are not shown at all. A digest or a key ID in hexadecimal is no number and shown whole.
- A message is cut where it is longer than a person reads.
- An unexpected exception shows where it happened and never its text, which may hold a number.
"""

from __future__ import annotations

import errno
import re
import traceback
from pathlib import Path

import click

from haoma.cli.told import tell
from haoma.errors import BadInput, HaomaError, Unavailable

__all__ = ["exit_code_of"]

LONGEST = 1000
_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
_INTERRUPTED = 128 + 2
# Seven digits or more with what people write between them. Left alone are a date such as 20261121 in a file's name, one
# such as 2026-11-21, with an hour behind it or not, and the name of a standard: GB/T 22239-2019.
_DIGITS = re.compile(
    r"(?<!\d)"
    r"(?!20\d\d[01]\d[0-3]\d(?!\d))"
    r"(?!20\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d|(?![ .()-]{0,2}\d)))"
    r"(?!(?<=GB/T )\d{4,5}-(?:19|20)\d\d(?![ .()-]{0,2}\d))"
    r"\d(?:[ .()-]{0,2}\d){6,}"
)
# A word in hexadecimal: a digest, or the beginning of one with letters in it. The shorter it is, the fewer digits it
# may hold in a row, and what could be a number that goes on beside it is taken for one.
_HEX = re.compile(
    r"(?<![^\W_])("
    r"[0-9]{64}|(?:0x)?(?=[0-9]*[a-f])(?:[0-9a-f]{32,}|(?<!\d[ .()-])(?<!\d[ .()-]{2})"
    r"(?:(?![0-9a-f]*[0-9]{10})[0-9a-f]{16,31}|(?![0-9a-f]*[0-9]{8})[0-9a-f]{8,15})(?![ .()-]{1,2}\d))"
    r")(?![^\W_])",
    re.IGNORECASE,
)
_NO_TEXT = re.compile(r"\\ud[89a-f][0-9a-f]{2}")  # how repr shows a lone surrogate, which stands for a byte
_NO_PLACE = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EROFS, errno.EEXIST}


def exit_code_of(error: BaseException) -> int:
    """Tell the person what went wrong, and return the exit code for it."""
    match error:
        case HaomaError():
            return _tell(_masked(str(error)), _masked(error.hint) if error.hint else None, error.exit_code)
        case click.UsageError():
            return _misused(error)
        case click.ClickException():
            return _tell(_masked(error.format_message()), None, BadInput.exit_code)
        case click.exceptions.Abort() | KeyboardInterrupt():
            return _INTERRUPTED
        case OSError() | MemoryError():
            return _of_the_machine(error)
    return _unexpected(error)


def _misused(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        tell(error.format_message())
        return BadInput.exit_code
    shown = _masked(error.format_message(), _limits_of(error))
    return _tell(shown, _way_to_type(error) or _help_of(error.ctx), BadInput.exit_code)


def _of_the_machine(error: OSError | MemoryError) -> int:
    if isinstance(error, MemoryError):
        hint = "haoma --batch-rows 20000 … holds fewer rows at once"
        return _tell("there is not enough memory", hint, Unavailable.exit_code)
    if not error.strerror:
        return _unexpected(error)
    if error.errno == errno.EBADF and not error.filename:
        return _tell("stdout is closed", "the results have nowhere to go: > FILE keeps them", Unavailable.exit_code)
    code = BadInput.exit_code if error.errno in _NO_PLACE else Unavailable.exit_code
    return _tell(_masked(f"{error.filename or 'the output'}: {error.strerror}"), None, code)


def _unexpected(error: BaseException) -> int:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "haoma" in Path(frame.filename).parts]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return _tell(f"a fault of haoma's own ({type(error).__name__}{place})", "HAOMA_DEBUG=1 shows more", _INTERNAL)


def _tell(message: str, hint: str | None, exit_code: int) -> int:
    lines = [f"haoma: {_cut(message)}"] + ([f"       {_cut(hint)}"] if hint else [])
    tell("\n".join(lines))
    return exit_code


def _help_of(ctx: click.Context | None) -> str | None:
    return f"{ctx.command_path} --help tells more" if ctx else None


def _way_to_type(error: click.UsageError) -> str | None:
    """For a number that begins with a hyphen, and so was taken for an option."""
    if not isinstance(error, click.NoSuchOption) or not error.ctx or re.match(r"-+[A-Za-z]", error.option_name):
        return None
    return f"what begins with a hyphen comes behind --: {error.ctx.command_path} -- NUMBER"


def _limits_of(error: click.UsageError) -> frozenset[str]:
    kind = error.param.type if isinstance(error, click.BadParameter) and error.param else None
    return frozenset(map(str, (kind.min, kind.max))) if isinstance(kind, click.IntRange) else frozenset()


def _masked(text: str, limits: frozenset[str] = frozenset()) -> str:
    text = _NO_TEXT.sub("�", text)
    shown = "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
    pieces = _HEX.split(shown)  # what lies between, and at the odd places what is hexadecimal
    pieces[::2] = [_DIGITS.sub(lambda run: run[0] if run[0] in limits else _hidden(run[0]), one) for one in pieces[::2]]
    return "".join(pieces)


def _hidden(run: str) -> str:
    return f"{run[:3]}****{run[-4:]}" if len(run) > 9 else f"{run[:2]}****"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
