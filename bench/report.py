"""What a run leaves: all figures as JSON, and one Markdown table for people."""

from __future__ import annotations

import itertools
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench.figure import Figure

__all__ = ["machine", "markdown", "quote", "write"]

LIBRARIES = ("haoma", "numba", "numpy", "pyarrow", "scipy")
Report = Mapping[str, object]
QUOTED = (
    "column, everyday mix",
    "column, messy mix",
    "column, eleven clean digits",
    "one clean mobile, median",
    "haoma number parse",
    "CSV file",
    "log, batches",
    "log, durable append, 256",
    "inclusion proof, ",
    "inclusion proofs verified",
    "audit",
    "trace, a chain",
    "impact, a fan-out",
    "subject tokens of a column, aes-sha2",
    "a decision recorded",
    "a grant required",
    "nearest of",
)


def machine() -> dict[str, object]:
    """The machine a figure was taken on."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def markdown(figures: Iterable[Figure]) -> str:
    """The table, a line for each thing that was measured; a ratio above 1 says that haoma is the better one."""
    lines = ["| what | haoma | beside, and how many times better haoma is |", "|---|--:|---|"]
    for what, group in itertools.groupby(figures, lambda figure: figure.what):
        same = list(group)
        beside = "; ".join(_beside(figure) for figure in same if figure.peer)
        lines.append(f"| {what} | {_shown(same[0].haoma, same[0].unit)} | {beside} |")
    return "\n".join(lines) + "\n"


def _beside(figure: Figure) -> str:
    return f"{figure.peer}: {_shown(figure.peer_value or 0, figure.unit)} (**{_number(figure.ratio or 0)} ×**)"


def _shown(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    decimals = next((places for least, places in ((100, 0), (10, 1), (0.1, 2)) if value >= least), 3)
    return f"{value:,.{decimals}f}"


def write(directory: Path, date: str, report: Report, figures: list[Figure]) -> Path:
    """Write `<date>-haoma-<version>.json` and `.md`; returns the path of the table."""
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{date}-haoma-{version('haoma')}"
    body = {"date": date, **report, "figures": [{**asdict(figure), "ratio": figure.ratio} for figure in figures]}
    (directory / f"{stem}.json").write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    told = ", ".join(f"{key} {value}" for key, value in machine().items())
    path = directory / f"{stem}.md"
    path.write_text(f"Taken on {date}; {told}.\n\n{markdown(figures)}", encoding="utf-8")
    return path


def quote(readme: Path, results: Path) -> None:
    """Put lines of a run's table, its date, machine and link into the README's section `## Figures`.

    `QUOTED` says which: a reader wants two screens, and the whole table is one click away.
    """
    m, date = machine(), results.name[:10]
    head, rule, *rows = results.read_text(encoding="utf-8").partition("\n\n")[2].splitlines(keepends=True)
    table = "".join([head, rule, *(row for row in rows if row.removeprefix("| ").startswith(QUOTED))])
    section = (
        f"## Figures\n\nOne of {m['cores']} cores, {m['cpu']}, Python {m['python']}, {date}, all tools in"
        f" [the same run](bench/results/{results.name}). Ratios hold\nacross machines, absolute figures do not; above 1"
        f" haoma is the better one. [How they are taken](docs/guide/figures.md).\n\n{table}\n"
    )
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition("## Figures\n")
    after = rest[rest.index("\n## ") + 1 :]
    readme.write_text(before + section + after, encoding="utf-8")
