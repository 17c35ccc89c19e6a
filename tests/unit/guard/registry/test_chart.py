from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from haoma.errors import BadInput, Refused, Unavailable
from haoma.guard.model import Purpose
from haoma.guard.registry.chart import read_chart
from haoma.guard.registry.imports import rows_of

COLUMNS = '[columns]\nnumber = "tel"\n'


def chart(place: Path, text: str, mode: int = 0o600) -> Path:
    file = place / "map.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


@pytest.fixture
def cms(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "cms.db")) as file, file:
        file.execute('CREATE TABLE "a""b; --" (id INTEGER, tel TEXT, since TEXT, "x y" REAL)')
        file.execute("""INSERT INTO "a""b; --" VALUES (7, '057188888888', '2026-11-22', 1.5), (8, NULL, NULL, NULL)""")
    return tmp_path


def test_a_map_of_a_file_is_read(tmp_path: Path) -> None:
    found = read_chart(chart(tmp_path, COLUMNS + '[purposes]\n"1" = "fax"\n[defaults]\nchannels = "web"\n', 0o644))
    assert (found.columns, found.purposes, found.defaults) == (
        {"number": "tel"}, {"1": Purpose.FAX}, {"channels": "web"}
    )  # fmt: skip
    (tmp_path / "a.csv").write_text("tel,other\n95588,x\n", encoding="utf-8")
    rows, named = rows_of(tmp_path / "a.csv", tmp_path / "map.toml")
    assert [row.texts for row in named.renamed(rows)] == [{"number": "95588", "channels": "web"}]


@pytest.mark.parametrize(
    "text",
    ["", "x", "[columns]\n", '[columns]\nnumbr = "tel"\n', "[columns]\nnumber = 7\n", 'columns = "tel"',
     COLUMNS + "a = 1\n", "more = 1\n" + COLUMNS, 'table = "t"\n' + COLUMNS,
     'url = "mysql://a/b"\ntable = "t"\n' + COLUMNS,
     'url = "sqlite:///a"\n' + COLUMNS, 'url = "sqlite:///a"\ntable = "t"\ntimeout_s = 0\n' + COLUMNS,
     'url = "sqlite:///a"\ntable = "t"\nschema = 7\n' + COLUMNS, COLUMNS + '[purposes]\n"1" = "joy"\n'],
)  # fmt: skip
def test_what_is_no_map_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        read_chart(chart(tmp_path, text))


def test_a_map_with_a_url_is_its_owners_alone(tmp_path: Path) -> None:
    text = 'url = "sqlite:///cms.db"\ntable = "t"\n' + COLUMNS
    with pytest.raises(Refused):
        read_chart(chart(tmp_path, text, 0o640))
    assert read_chart(chart(tmp_path, text)).place is not None


def test_a_table_is_read_by_quoted_names_and_numbers_stay_texts(cms: Path) -> None:
    text = 'url = "sqlite:///cms.db"\ntable = \'a"b; --\'\n' + COLUMNS + 'valid_from = "since"\nowner = "x y"\n'
    rows, _ = rows_of(None, chart(cms, text))
    assert [row.texts for row in rows] == [{"tel": "057188888888", "since": "2026-11-22", "x y": "1.5"}, {}]


def test_a_column_or_a_database_that_is_not_there_is_no_text(cms: Path) -> None:
    for text in (
        'url = "sqlite:///cms.db"\ntable = \'a"b; --\'\n[columns]\nnumber = "telephone"\n',
        'url = "sqlite:///gone.db"\ntable = "t"\n' + COLUMNS,
        'url = "sqlite:///map.toml"\ntable = "t"\n' + COLUMNS,
    ):
        with pytest.raises(Unavailable):
            rows_of(None, chart(cms, text))
    assert not (cms / "gone.db").exists()
