from __future__ import annotations

from pathlib import Path

import pytest

from contracts.cases import customer
from haoma.errors import Conflict, Unavailable
from haoma.locate.cases import Crms
from haoma.locate.cases.example import make_example
from haoma.web.api.problems import problem

WHOLE = """
[acme]
url = "sqlite:///crm.db"
[acme.customers]
table = "customers"
id = "customer_id"
number = "phone"
"""


def chart(place: Path, text: str, mode: int = 0o600) -> Path:
    path = place / "crm.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_each_tenant_has_its_own_crm_and_no_other(tmp_path: Path) -> None:
    for tenant in ("acme", "beta"):
        make_example(tmp_path / f"{tenant}.db", tenant)
    both = "".join((tmp_path / f"{tenant}.toml").read_text(encoding="utf-8") for tenant in ("acme", "beta"))
    crms = Crms(chart(tmp_path, both))
    assert crms("acme") is crms("acme")
    assert crms("acme") is not crms("beta")
    with pytest.raises(Unavailable, match="the tenant gamma has no CRM"):
        crms("gamma")


def test_without_a_map_there_is_no_crm() -> None:
    with pytest.raises(Unavailable, match="no CRM is set"):
        Crms(None)("acme")


def test_who_asks_is_not_told_where_the_map_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart(tmp_path, WHOLE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unavailable) as raised:
        Crms(Path("crm.toml"))("gamma")
    said = problem("a", raised.value)
    assert said.status_code == 503
    assert b"the tenant gamma has no CRM" in bytes(said.body)
    assert b"crm.toml" not in bytes(said.body)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("acme = 1", "url"),
        ("[acme", "no TOML"),
        ("[Acme]\nurl = 'x'", "tenant"),
        (WHOLE.replace("sqlite:///crm.db", "mysql://crm/db"), "url"),
        (WHOLE.replace("sqlite:///crm.db", "sqlite://"), "url"),
        (WHOLE.replace("sqlite:///crm.db", "postgresql://crm/db?options=-c%20x"), "url"),
        (WHOLE.replace("sqlite:///crm.db", "not a url"), "url"),
        (WHOLE.replace("[acme.customers]", "timeout_s = 0\n[acme.customers]"), "timeout_s"),
        (WHOLE.replace("[acme.customers]", "timeout_s = 3600\n[acme.customers]"), "timeout_s"),
        (WHOLE.replace("[acme.customers]", "password = 'x'\n[acme.customers]"), "password"),
        (WHOLE.replace("[acme.customers]", "[acme.people]"), "people"),
        (WHOLE.replace('number = "phone"', ""), "customers.number"),
        (WHOLE.replace('number = "phone"', "number = 1"), "customers.number"),
        (WHOLE + 'query = "SELECT 1"', "query"),
        (WHOLE + "whole_ids = 1", "whole_ids"),
        (WHOLE + '[acme.orders]\ntable = "orders"\nid = "order_no"', "orders.customer"),
        ("[acme]\nurl = 'http://crm.example/find'\ntoken_file = 'token'", "url"),
        ("[acme]\nurl = 'https://me:secret@crm.example/find'\ntoken_file = 'token'", "url"),
        ("[acme]\nurl = 'https://crm.example/find'", "token_file"),
        ("[acme]\nurl = 'https://crm.example/find'\ntoken_file = 'gone'", "gone"),
        ("[acme]\nurl = 'https://crm.example/find'\ntoken_file = 'two'", "token_file"),
        ("[acme]\nurl = 'https://crm.example/find'\ntoken_file = 'token'\n[acme.customers]", "customers"),
    ],
)
def test_what_is_wrong_in_a_map_is_named(tmp_path: Path, text: str, told: str) -> None:
    for name, content in (("token", "a-token"), ("two", "two words")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    with pytest.raises(Unavailable) as raised:
        Crms(chart(tmp_path, text))("acme")
    assert told in str(raised.value)
    assert "secret" not in f"{raised.value} {raised.value.hint}"


def test_a_map_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can be read by others"):
        Crms(chart(tmp_path, WHOLE, 0o644))("acme")
    with pytest.raises(Unavailable, match="cannot be read"):
        Crms(tmp_path / "gone.toml")("acme")


def test_the_example_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = make_example(tmp_path / "crm.db", "acme")
    assert {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {"crm.db": 0o600, "crm.toml": 0o600}
    assert Crms(path)("acme").find(customer()) is not None
    with pytest.raises(Conflict):
        make_example(tmp_path / "crm.db", "acme")
