"""Every command of the pages as it is typed: into a shell, in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.console import ROOT, WITH_CONSOLE, assert_console_blocks_show_what_haoma_prints, in_shell


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_console_blocks_show_what_haoma_prints(page: Path, tmp_path: Path) -> None:
    assert_console_blocks_show_what_haoma_prints(page, tmp_path, in_shell)
