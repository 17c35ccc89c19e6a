"""The settings as options of `haoma` itself, and the settings in force inside a command.

Rules held here:
- The options are made out of `haoma.settings.SETTINGS`, so that a new setting is a new option.
- Settings are resolved when a command asks for them: `haoma --version` reads no file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import click

from haoma.errors import HaomaError
from haoma.settings import SETTINGS, Setting, Settings, load

__all__ = ["current_settings", "debugging", "settings_flags"]


def settings_flags(group: Callable[[], None]) -> Callable[..., None]:
    """Give a group one option per setting; `current_settings` in its commands then knows what was typed."""

    @wraps(group)
    def remember(**flags: object) -> None:
        click.get_current_context().obj = flags
        group()

    command: Callable[..., None] = remember
    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


def current_settings() -> Settings:
    """The settings in force for the running command, its flags included."""
    context = click.get_current_context(silent=True)
    return load(context.find_root().obj if context else None)


def debugging() -> bool:
    """Tell whether tracebacks are asked for; settings that cannot be read do not ask for them."""
    try:
        return current_settings().debug
    except HaomaError:
        return False


def _option(setting: Setting) -> Callable[[Callable[..., None]], Callable[..., None]]:
    flag = f"--{setting.name.replace('_', '-')}"
    shown = f"{setting.help} [{setting.variable}]"
    if setting.type == "boolean":
        return click.option(flag, setting.name, is_flag=True, default=None, help=shown)
    metavar = {"path": "PATH", "paths": "PATHS", "text": "TEXT", "integer": setting.unit.upper() or "N"}[setting.type]
    return click.option(flag, setting.name, metavar=metavar, help=shown)
