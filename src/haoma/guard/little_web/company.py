"""A made-up fund company's own pipeline: the form its hotline desk hands in, its CMS, its API, its page.

Rules held here:
- The form is right. What is wrong on the page was made wrong in the CMS, whose columns somebody swapped.
- Every organisation and number is made up.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Company"]

FORM, CMS = "form.json", "cms.db"
PIPELINE = """name = "demo"

[keys]
"{uid}" = "care"

[[hop]]
stage = "collection"
system = "form of the hotline desk"
out = {{ kind = "json", file = "form.json", pointer = "/{{key}}/phone" }}

[[hop]]
stage = "storage"
system = "cms"
in = {{ kind = "json", file = "form.json", pointer = "/{{key}}/phone" }}
out = {{ kind = "sql", url = "sqlite:///cms.db", query = "SELECT phone FROM contacts WHERE name = :key" }}

[[hop]]
stage = "transport"
system = "contact api"
out = {{ kind = "http", url = "{origin}/api/contacts.json", pointer = "/{{key}}/phone" }}

[[hop]]
stage = "display"
system = "official site"
out = {{ kind = "html", url = "{origin}/", selector = "#hotline" }}
"""


@dataclass(frozen=True, slots=True)
class Company:
    """The company's files, in a directory of their own."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, contacts: Mapping[str, tuple[str, str]]) -> Company:
        """Found it, with a phone and a fax for each name of its form; its CMS takes them over as they are."""
        folder.mkdir(parents=True)
        form = {name: {"phone": phone, "fax": fax} for name, (phone, fax) in contacts.items()}
        (folder / FORM).write_text(json.dumps(form, ensure_ascii=False, indent=1), encoding="utf-8")
        with closing(sqlite3.connect(folder / CMS)) as cms, cms:
            cms.execute("CREATE TABLE contacts (name TEXT PRIMARY KEY, phone TEXT NOT NULL, fax TEXT NOT NULL)")
            rows = [(name, phone, fax) for name, (phone, fax) in contacts.items()]
            cms.executemany("INSERT INTO contacts VALUES (?, ?, ?)", rows)
        return cls(folder)

    def swap(self, name: str) -> None:
        """Swap phone and fax of a row in the CMS; done twice, it is as it was."""
        with closing(sqlite3.connect(self.folder / CMS)) as cms, cms:
            cms.execute("UPDATE contacts SET phone = fax, fax = phone WHERE name = ?", (name,))

    def contacts(self) -> Mapping[str, Mapping[str, str]]:
        """What the CMS gives out, by name: phone and fax."""
        with closing(sqlite3.connect(self.folder / CMS)) as cms:
            rows = cms.execute("SELECT name, phone, fax FROM contacts ORDER BY name").fetchall()
        return {name: {"phone": phone, "fax": fax} for name, phone, fax in rows}

    def pipeline(self, uid: str, origin: str) -> Path:
        """A file that lists the hops which a hotline (UID) takes to the site at an origin."""
        file = self.folder / "pipeline.toml"
        file.write_text(PIPELINE.format(uid=uid, origin=origin), encoding="utf-8")
        return file
