"""Runs a file's bytes through `enrich_file`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from haoma.numbers.files import Options, Summary, enrich_file

Enriched = Callable[..., tuple[bytes, Summary]]


@pytest.fixture(scope="session")
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Enriched:
    """Bytes of a file in, bytes of the enriched file and its summary out."""
    folder = tmp_path_factory.mktemp("enriched")

    def through(
        body: bytes, name: str = "in.csv", to: str = "out.csv", column: str | int | None = "phone", **options: object
    ) -> tuple[bytes, Summary]:
        source, target = folder / name, folder / to
        source.write_bytes(body)
        shown = {"columns": ("uri", "kind", "reason"), "overwrite": True, **options}
        summary = enrich_file(source, target, column, Options(**shown))  # type: ignore[arg-type]
        assert [path for path in folder.iterdir() if path.name.endswith(".haoma-part")] == []
        return Path(target).read_bytes(), summary

    return through
