"""The ```console blocks of a page: one session in one directory, each command followed by what it prints.

`...` stands for anything. A command is typed into a shell (`in_shell`); or `within`, where it needs nothing of a shell,
it runs in this process, which spares the start of an interpreter and its packages.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from pathlib import Path

import pytest

from haoma.cli.main import run

ROOT = Path(__file__).parents[2]
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WITH_CONSOLE = [page for page in PAGES if CONSOLE.search(page.read_text(encoding="utf-8"))]

# What a line may hold that runs without a shell: plain words, and the directory that it runs in.
PLAIN = re.compile(r"(?:[\w./,:=@%+-]|\$PWD\b|[ ])+")
ASSIGNED = re.compile(r"([A-Z_]+)=(.*)")

Execute = Callable[[str, Path, Mapping[str, str]], bytes]


def assert_console_blocks_show_what_haoma_prints(page: Path, folder: Path, execute: Execute) -> None:
    env = (
        {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        | {"XDG_DATA_HOME": str(folder / "data"), "LC_ALL": "C.UTF-8"}
        | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    )
    for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, wanted = split_command(session)
            printed = execute(command, folder, env)
            got = "".join(f"{line.rstrip()}\n" for line in printed.decode().splitlines())
            agree = doctest.OutputChecker().check_output(wanted, got, doctest.ELLIPSIS)
            assert agree, f"$ {command}\nwanted:\n{wanted}\ngot:\n{got}"


def split_command(session: str) -> tuple[str, str]:
    """A command, continued over lines that end with a backslash or begin with `> `, and what it prints."""
    first, *rest = session.splitlines(keepends=True)
    command = first
    while rest and (command.endswith("\\\n") or rest[0].startswith("> ")):
        command += rest.pop(0).removeprefix("> ")
    return command.rstrip("\n"), "".join(rest)


def in_shell(command: str, folder: Path, env: Mapping[str, str]) -> bytes:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=env, check=False, **streams).stdout


def within(command: str, folder: Path, env: Mapping[str, str]) -> bytes:
    lines = [plain_words(line, folder) for line in command.replace("\\\n", " ").splitlines()]
    if not all(lines):
        return in_shell(command, folder, env)
    printed = b""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in env.items():
            patch.setenv(name, value)
        for words in lines:
            assert words
            printed += said(words, patch, folder / ".said")
    return printed


def plain_words(line: str, folder: Path) -> list[str]:
    """The words of a line that runs without a shell: `export NAME=VALUE` or `[NAME=VALUE] haoma …`; else none."""
    if not PLAIN.fullmatch(line):
        return []
    words = shlex.split(line.replace("$PWD", str(folder)))
    name = next((word for word in words if not ASSIGNED.fullmatch(word)), "")
    return words if name == "haoma" or words[:1] == ["export"] else []


def said(words: list[str], patch: pytest.MonkeyPatch, file: Path) -> bytes:
    """What one line prints, with its variables set: for the lines behind it too where it is an export."""
    if words[0] == "export":
        patch.setenv(*words[1].split("=", 1))
        return b""
    with patch.context() as here:
        while assigned := ASSIGNED.fullmatch(words[0]):
            here.setenv(*assigned.groups())
            words = words[1:]
        with captured(file):
            run(words[1:])
    printed = file.read_bytes()
    file.unlink()
    return printed


@contextmanager
def captured(file: Path) -> Iterator[None]:
    """Both streams into one file, each held back as where they are a pipe: stdout for long, stderr for a line."""
    with (
        file.open("ab") as out,
        file.open("ab") as err,
        TextIOWrapper(out, "utf-8") as stdout,
        TextIOWrapper(err, "utf-8", line_buffering=True) as stderr,
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        yield
