"""Who holds connections open without a whole request is given ten seconds."""

from __future__ import annotations

from pathlib import Path

from contracts.guard import assert_heads_end, served
from haoma.web.guard import GuardedProtocol


def test_heads_that_never_end_are_given_ten_seconds_and_no_byte_more_gives_them_more(tmp_path: Path) -> None:
    assert GuardedProtocol.head_s == 10
    with served(tmp_path) as (port, _):
        assert_heads_end(port, 10)
