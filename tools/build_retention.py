"""Writes docs/guide/retention.md out of the table of retention."""

from __future__ import annotations

from pathlib import Path

from haoma.app.packages import lasting
from haoma.vault.retention_page import retention_page

PAGE = Path(__file__).parent.parent / "docs" / "guide" / "retention.md"

if __name__ == "__main__":
    PAGE.write_text(retention_page(lasting()), encoding="utf-8")
