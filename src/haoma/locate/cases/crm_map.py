"""Where each tenant's customers are found: a TOML file, a table for each tenant.

Rules held here:
- A tenant has a CRM of its own and reaches no other: nothing is shared but the file, which nobody else may read.
- An unknown key, a missing one and a value of another type are errors that name file, tenant and key. The file is
  whoever's who runs the instance: what is wrong with it is never the fault of who asks.
- A CRM is SQLite, PostgreSQL, or a service behind HTTPS; plain HTTP is taken for this machine alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from haoma.errors import BadInput, Refused, Unavailable
from haoma.ledger.key_file import read_private
from haoma.locate.cases.sql import Customers, Orders, SqlCrm
from haoma.storage.foreign import foreign_url
from haoma.vault.model import check_tenant

if TYPE_CHECKING:
    from haoma.locate.cases.search import Crm

__all__ = ["Crms"]

TIMEOUT_S, LONGEST_S = 5, 30
_HINT = "docs/guide/cases.md shows a map"
_T = TypeVar("_T", Customers, Orders)


class Crms:
    """The CRMs that a file names, each made when it is first asked; fills `CrmOf`. Without a file there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = None if path is None else path.absolute()
        self._made: dict[str, Crm] = {}
        self._lock = Lock()

    def __call__(self, tenant: str) -> Crm:
        """The CRM of a tenant; raises Unavailable where it has none, or the file does not say which."""
        with self._lock:
            if tenant not in self._made:
                try:
                    self._made[tenant] = self._make(tenant)
                except (BadInput, Refused) as error:
                    raise Unavailable(str(error), hint=error.hint) from error
            return self._made[tenant]

    def _make(self, tenant: str) -> Crm:
        if self._path is None:
            raise BadInput("no CRM is set", hint="the setting crm_map names the file that says where customers are")
        content = _content(self._path)
        if tenant not in content:
            message = f"{self._path}: the tenant {tenant} has no CRM"
            raise BadInput(message, hint=_HINT)
        return _Section(self._path, tenant, content[tenant]).crm()


class _Section:
    """What the file says of one tenant."""

    def __init__(self, path: Path, tenant: str, said: object) -> None:
        self._path = path
        self._where = f"{path}: [{tenant}]"
        self._said = said if isinstance(said, dict) else {}
        self._known({"url", "timeout_s", "token_file", "customers", "orders"}, self._said, "")

    def crm(self) -> Crm:
        """The CRM that it names."""
        url, timeout_s = self._said.get("url"), self._said.get("timeout_s", TIMEOUT_S)
        if isinstance(timeout_s, bool) or not isinstance(timeout_s, int) or not 0 < timeout_s <= LONGEST_S:
            raise self._wrong("timeout_s", f"1 to {LONGEST_S} seconds")
        if not isinstance(url, str):
            raise self._wrong("url", "sqlite:///FILE, postgresql://…, or https://…")
        return self._service(url, timeout_s) if url.startswith("http") else self._database(url, timeout_s)

    def _service(self, url: str, timeout_s: int) -> Crm:
        import httpx

        from haoma.locate.cases.http import HttpCrm
        from haoma.wire.line import is_plain_url

        self._known({"url", "timeout_s", "token_file"}, self._said, "")
        file = self._said.get("token_file")
        if not is_plain_url(url):
            raise self._wrong("url", "https://…, without a name or a query")
        if not isinstance(file, str) or not file:
            raise self._wrong("token_file", "a file with what the service knows this instance by")
        token = _private(self._path.parent / Path(file).expanduser()).strip()
        if not token.isascii() or not token.isprintable() or not 0 < len(token) <= 4096 or " " in token:
            raise self._wrong("token_file", "one word of ASCII in that file (RFC 6750 §2.1)")
        return HttpCrm(url, token, httpx.create_ssl_context(), timeout_s)

    def _database(self, text: str, timeout_s: int) -> Crm:
        self._known({"url", "timeout_s", "customers", "orders"}, self._said, "")
        url = foreign_url(text, self._path.parent)
        if url is None:
            raise self._wrong("url", "sqlite:///FILE, postgresql://USER@HOST/DATABASE, or https://…")
        orders = self._table("orders", Orders) if "orders" in self._said else None
        return SqlCrm(url, self._table("customers", Customers), orders, timeout_s)

    def _table(self, name: str, kind: type[_T]) -> _T:
        said = self._said.get(name)
        if not isinstance(said, dict):
            raise self._wrong(name, "a table of columns")
        known = {one.name: one for one in fields(kind)}
        self._known(set(known), said, f"{name}.")
        for key, value in said.items():
            if key == "whole_ids":
                if not isinstance(value, bool):
                    raise self._wrong(f"{name}.{key}", "true or false")
            elif not isinstance(value, str) or not 0 < len(value) <= 63 or not value.isprintable():
                raise self._wrong(f"{name}.{key}", "the name of a column or table")
        missing = [key for key, one in known.items() if one.default is MISSING and key not in said]
        if missing:
            raise self._wrong(f"{name}.{missing[0]}", "a name: without it nobody is found")
        return kind(**said)

    def _known(self, known: set[str], said: Mapping[str, object], where: str) -> None:
        for key in said:
            if key not in known:
                message = f"{self._where}: there is no key {where}{key!r} here"
                raise BadInput(message, hint=f"keys: {', '.join(sorted(known))}")

    def _wrong(self, key: str, allowed: str) -> BadInput:
        return BadInput(f"{self._where}: {key} is not as it has to be; {allowed}", hint=_HINT)


def _content(path: Path) -> Mapping[str, object]:
    import tomllib

    try:
        content = tomllib.loads(_private(path))
    except ValueError as error:  # of TOML
        raise BadInput(f"{path}: this is no TOML ({error})", hint=_HINT) from None
    for tenant in content:
        check_tenant(tenant)
    return content


def _private(path: Path) -> str:
    try:
        return read_private(path).decode()
    except OSError as error:
        message = f"{path}: this cannot be read ({error.strerror})"
        raise BadInput(message, hint=_HINT) from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: this is not UTF-8", hint=_HINT) from None
