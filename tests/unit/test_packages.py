from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
PACKAGES = sorted(path.parent for path in SRC.rglob("__init__.py"))


def module_name(package: Path) -> str:
    return ".".join(package.relative_to(SRC).parts)


def public_names(source: str) -> set[str]:
    """The names a package binds for others: what it defines, and what it imports from inside haoma."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("haoma"):
            names |= {alias.asname or alias.name for alias in node.names}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")} - {"TYPE_CHECKING"}


@pytest.mark.parametrize("package", PACKAGES, ids=module_name)
def test_a_package_lists_all_its_names(package: Path) -> None:
    module = import_module(module_name(package))
    listed = module.__all__
    assert len(set(listed)) == len(listed)
    assert public_names((package / "__init__.py").read_text(encoding="utf-8")) == set(listed) - {"__version__"}
    assert all(hasattr(module, name) for name in listed)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        import_module("haoma").nothing  # noqa: B018


@pytest.mark.parametrize(
    "args", [[], ["--version"], ["--help"], ["number", "--help"], ["data", "--help"], ["db", "--help"]]
)
def test_the_command_line_loads_nothing_heavy_before_it_must(args: list[str]) -> None:
    heavy = {"numba", "numpy", "pandas", "phonenumbers", "pyarrow", "pyspark", "rich", "tomllib"}
    heavy |= {"alembic", "cryptography", "httpx", "psycopg", "sqlalchemy", "starlette", "uvicorn", "web3"}
    code = f"from haoma.cli.main import run, sys; run({args!r}); print({heavy!r} & set(sys.modules), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[-1] == "set()"
