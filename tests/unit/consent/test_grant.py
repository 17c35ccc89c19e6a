from __future__ import annotations

import ast
import copy
import dataclasses
import pickle
from pathlib import Path

import pytest

from contracts.consent import World
from haoma.consent.grant import Grant
from haoma.consent.purposes import Granularity
from haoma.errors import Refused

SRC = Path(__file__).parents[3] / "src" / "haoma"


def test_a_grant_is_made_by_no_one_else(world: World) -> None:
    world.give()
    grant = world.require()
    values = {name: getattr(grant, name) for name in Grant.__dataclass_fields__ if name != "minted"}
    with pytest.raises(Refused, match="by hand"):
        Grant(minted=object(), **values)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(grant, purpose="delivery")
    with pytest.raises(Refused, match="by hand"):
        pickle.dumps(grant)
    with pytest.raises(Refused, match="by hand"):
        type("Wider", (Grant,), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        grant.purpose = "delivery"
    assert copy.copy(grant) is copy.deepcopy(grant) is grant


def test_a_grant_shows_no_more_than_was_agreed_to(world: World) -> None:
    world.give()
    grant = world.require()
    assert grant.covers(Granularity.YES_NO)
    assert not grant.covers(Granularity.CITY)


def mints(path: Path) -> list[str]:
    """What in this file makes a Grant, or reaches for what makes one."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and "Grant" in ast.unparse(node.func).split("."):
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and "__new__" in ast.unparse(node.func) and "Grant" in ast.unparse(node):
            found.append(ast.unparse(node))
        if isinstance(node, ast.ImportFrom) and node.module == "haoma.consent.grant":
            found += [
                alias.name
                for alias in node.names
                if alias.name not in {"Grant", "Standing", "UNRECORDED", "USE_WITHIN"}
            ]
        if isinstance(node, ast.Attribute) and node.attr in {"mint", "_MINT"}:
            found.append(node.attr)
        if isinstance(node, ast.Name) and node.id == "_MINT":
            found.append(node.id)
    return found


def test_the_code_has_no_other_way_to_a_grant_than_consent() -> None:
    makers = {str(path.relative_to(SRC)): mints(path) for path in SRC.rglob("*.py")}
    makers = {path: found for path, found in makers.items() if found}
    assert set(makers) == {"consent/emergency.py", "consent/grant.py", "consent/service.py"}
    assert makers["consent/service.py"] == makers["consent/emergency.py"] == ["mint"]


def test_the_walk_would_find_a_grant_that_is_made_elsewhere(tmp_path: Path) -> None:
    tries = {
        "grant.Grant(minted=m)": 1,
        "object.__new__(Grant)": 1,
        "from haoma.consent.grant import mint": 1,
        "import haoma.consent.grant as g; g.mint(1); g._MINT": 2,
        "def f(grant: Grant) -> Grant: ...": 0,
    }
    for at, (text, count) in enumerate(tries.items()):
        file = tmp_path / f"{at}.py"
        file.write_text(text, encoding="utf-8")
        assert len(mints(file)) == count, text
