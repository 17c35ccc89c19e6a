from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from contracts.console import (
    PAGES,
    ROOT,
    WITH_CONSOLE,
    assert_console_blocks_show_what_haoma_prints,
    plain_words,
    within,
)
from haoma.cli.main import cli
from haoma.errors import ERRORS
from haoma.settings import SETTINGS

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def reference(name: str) -> str:
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^#+ +`?([^`\n]+)`?$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(command: click.Command = cli, path: str = "haoma") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below, name
            yield from commands(below, f"{path} {name}")


def test_every_command_and_option_is_documented() -> None:
    documented = sections(reference("commands"))
    for path, command in commands():
        assert path in documented, f"docs/reference/commands.md has no section {path!r}"
        for option in command.params:
            name = max(option.opts, key=len) if isinstance(option, click.Option) else option.human_readable_name
            if path != "haoma" or name == "--version":
                assert name in documented[path], f"docs/reference/commands.md: {path} does not tell of {name}"


def test_every_command_and_option_has_a_help() -> None:
    for path, command in commands():
        assert command.help, path
        assert all(option.help for option in command.params if isinstance(option, click.Option)), path


def test_every_documented_command_exists() -> None:
    there = {path for path, _ in commands()}
    assert {name for name in sections(reference("commands")) if name.startswith("haoma")} <= there


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default_unit_and_help(setting: object) -> None:
    row = next(line for line in reference("settings").splitlines() if line.startswith(f"| `{setting.name}` |"))
    cells = [cell.strip(" `") for cell in row.strip("|").split("|")]
    assert cells == [setting.name, setting.variable, setting.type, setting.default, setting.unit, setting.help]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_error_is_documented_with_its_codes(error: object) -> None:
    row = next(line for line in reference("errors").splitlines() if line.startswith(f"| `{error.code}` |"))
    cells = [cell.strip(" `") for cell in row.strip("|").split("|")]
    assert cells[:4] == [error.code, error.__name__, str(error.http_status), str(error.exit_code)]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def quick_or_slow(page: Path) -> object:
    return page if page.name == "README.md" else pytest.param(page, marks=pytest.mark.slow)


@pytest.mark.parametrize("page", [quick_or_slow(page) for page in WITH_CONSOLE], ids=page_name)
def test_console_blocks_show_what_haoma_prints(page: Path, tmp_path: Path) -> None:
    assert_console_blocks_show_what_haoma_prints(page, tmp_path, within)


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("haoma data status --format csv", True),
        ("export HAOMA_STORE_DIR=$PWD/store", True),
        ("HAOMA_STORE_DIR=$PWD/store haoma db status", True),
        ("cat known.csv", False),
        ("haoma data status | head -1", False),
        ("haoma ledger keys log > log.vkey", False),
        ('haoma ledger verify a --key "$(cat log.vkey)"', False),
        ("haoma number find $HOME", False),
    ],
)
def test_a_line_that_needs_a_shell_gets_one(line: str, plain: bool, tmp_path: Path) -> None:
    assert bool(plain_words(line, tmp_path)) == plain


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")], ids=page_name)
def test_python_sessions_show_what_python_prints(page: Path) -> None:
    # A block ends at its fence, which doctest would read as output.
    text = page.read_text(encoding="utf-8").replace("```", "")
    session = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(session).failed == 0
