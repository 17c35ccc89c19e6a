"""`haoma completion`: the script that lets a shell complete haoma's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    Load it where the shell starts, for example: eval "$(haoma completion bash)" in ~/.bashrc.
    """
    kind = get_completion_class(shell)
    if kind is None:
        message = f"click knows no completion for {shell}"
        raise click.UsageError(message)
    click.echo(kind(ctx.find_root().command, {}, "haoma", "_HAOMA_COMPLETE").source())
