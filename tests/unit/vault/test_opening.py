"""Nothing in the code opens what the vault sealed but through an opener, which is for one kind of permission."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import haoma

SRC = Path(haoma.__file__).parent
INSIDE = {"vault/opening.py", "vault/rotation.py", "vault/location_tokens.py"}
"""The vault itself: re-keying shows nobody a number, and a location token is its own permission."""
NO_KEY_OF_THE_VAULT = {"consent/door_rows.py"}
"""A number is sealed there under the door of the customer's page itself, which only their browser has."""
OTHER_THAN_GRANTS = {
    ("access/guarded.py", "_Approved"),
    ("consent/intake.py", "_Agreed"),
    ("locate/kept/places.py", "_Opening"),
}
"""An approved request; what a customer agrees to in the same transaction; what a case keeps, as the policy lets."""


def openers(source: str) -> list[str]:
    """The class of permissions of each opener that is made here; `?` where it cannot be told."""
    made = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split("[")[0].split(".")[-1] == "Opener":
            kinds = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "kind")]
            made.append(ast.unparse(kinds[0]) if len(kinds) == 1 else "?")
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id == "Opener":
            made.append("?")
    return made


def bare(source: str) -> set[str]:
    """What here opens without a permission, or takes a sealing key itself."""
    found = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name | ast.Attribute | ast.alias):
            name = {ast.Name: "id", ast.Attribute: "attr", ast.alias: "name"}[type(node)]
            found.add(str(getattr(node, name)).rpartition(".")[2])
    return found & {"open_sealed", "open_number", "sealer"}


def sources() -> dict[str, str]:
    return {path.relative_to(SRC).as_posix(): path.read_text(encoding="utf-8") for path in SRC.rglob("*.py")}


def test_an_opener_is_for_grants_or_for_what_two_others_or_the_customer_have_just_allowed() -> None:
    made = {(path, kind) for path, source in sources().items() for kind in openers(source)}
    assert {one for one in made if one[1] != "Grant"} == OTHER_THAN_GRANTS
    assert {path.split("/")[0] for path, kind in made if kind == "Grant"} == {"locate"}


def test_a_grant_there_is_the_one_of_consent() -> None:
    for path, source in sources().items():
        if "Grant" in openers(source):
            named = [
                node.module
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.ImportFrom) and "Grant" in {one.name for one in node.names}
            ]
            assert named in (["haoma.consent"], ["haoma.consent.grant"]), path


def test_nothing_but_the_vault_itself_opens_without_a_permission() -> None:
    known = {path for path, source in sources().items() if bare(source)}
    assert known == INSIDE | NO_KEY_OF_THE_VAULT | {"vault/service.py", "vault/suites.py", "vault/local_file.py"}


def test_what_is_sealed_under_no_key_of_the_vault_takes_no_key_of_it() -> None:
    for path in NO_KEY_OF_THE_VAULT:
        source = (SRC / path).read_text(encoding="utf-8")
        assert not bare(source) - {"sealer"}, path
        assert [word for word in (".secret", "keys.get", "keys.current", "keys.kept") if word in source] == [], path


def test_the_permissions_that_are_no_grants_are_made_where_they_are_declared() -> None:
    for owner, kind in OTHER_THAN_GRANTS:
        named = {path for path, source in sources().items() if kind in source}
        assert named == {owner}


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("Opener(vault, Grant)", ["Grant"]),
        ("opening.Opener[Grant](vault, kind=Grant)", ["Grant"]),
        ("Opener(*both)", ["?"]),
        ("make = Opener", ["?"]),
        ("x: Opener[Grant]", []),
    ],
)
def test_the_walk_sees_an_opener_however_it_is_made(source: str, kinds: list[str]) -> None:
    assert openers(source) == kinds


@pytest.mark.parametrize(
    "source",
    ["opening.open_sealed(1)", "from haoma.vault.opening import open_number as f", "key.suite.sealer(key.secret)"],
)
def test_the_walk_sees_what_opens_without_one(source: str) -> None:
    assert bare(source)
