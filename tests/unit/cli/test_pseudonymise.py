from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haoma.app import Services
from haoma.cli.main import run
from haoma.numbers import parse
from haoma.settings import load

NUMBER, OTHER = "13800138000", "13800138001"


@pytest.fixture
def store_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path / "store"


def source(path: Path, ending: str) -> Path:
    rows = [{"id": "1", "phone": NUMBER}, {"id": "2", "phone": "138 0013 8001"}, {"id": "3", "phone": "none"}]
    file = path / f"in.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif ending == "jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        mark = "\t" if ending == "tsv" else ","
        file.write_text(f"id{mark}phone\n" + "".join(f"{row['id']}{mark}{row['phone']}\n" for row in rows))
    return file


def rows_of(file: Path) -> list[dict[str, object]]:
    if file.suffix == ".parquet":
        return pq.read_table(file).to_pylist()
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    return list(csv.DictReader(file.read_text().splitlines(), delimiter="\t" if file.suffix == ".tsv" else ","))


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_a_file_of_every_format_gets_the_tokens_of_its_numbers_and_shows_no_number(
    store_dir: Path, tmp_path: Path, ending: str, target: str
) -> None:
    out = tmp_path / f"out.{target}"
    command = ["number", "enrich", str(source(tmp_path, ending)), "-o", str(out), "--column", "phone"]
    assert run([*command, "--columns", "kind", "--pseudonymise", "--tenant", "acme"]) == 0
    with Services(load({"store_dir": store_dir}, env={})) as services:
        wanted = [str(services.vault.pseudonym("acme", parse(text))) for text in (NUMBER, OTHER)]
    rows = rows_of(out)
    assert [row["subject"] or None for row in rows] == [*wanted, None]
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert "phone" not in rows[0]
    assert not any(digits in out.read_bytes() for digits in (b"13800138000", b"138 0013 8001", b"13800138001"))


@pytest.mark.parametrize("body", ["id,phone\n1," + NUMBER + ",x,y\n", "id,phone\n" + NUMBER + '\n2,"' + NUMBER])
def test_a_row_that_cannot_be_read_shows_nothing(store_dir: Path, tmp_path: Path, body: str) -> None:
    (tmp_path / "in.csv").write_text(body)
    command = ["number", "enrich", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--column", "phone"]
    assert run([*command, "--pseudonymise"]) == 0
    assert NUMBER not in (tmp_path / "out.csv").read_text()


def test_a_broken_line_of_json_shows_nothing(store_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(f'{{"phone": "{NUMBER}"}}\n{{"phone": "{NUMBER}"\n"{NUMBER}"\n')
    command = ["number", "enrich", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl")]
    assert run([*command, "--column", "phone", "--pseudonymise"]) == 0
    assert NUMBER not in (tmp_path / "out.jsonl").read_text()
    assert len(rows_of(tmp_path / "out.jsonl")) == 3


def test_columns_of_the_same_name_hide_the_one_that_is_read(store_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"phone,phone\nx,{NUMBER}\n")
    command = ["number", "enrich", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv"), "--no-header"]
    assert run([*command, "--column", "2", "--pseudonymise"]) == 0
    assert NUMBER not in (tmp_path / "out.csv").read_text()


def test_spark_does_not_get_the_keys(store_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["number", "enrich", "a.csv", "-o", "b", "--pseudonymise", "--engine", "spark"]) == 2
    assert "--engine local" in capsys.readouterr().err


def test_there_is_no_subject_without_being_asked_for(store_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert run(["number", "enrich", str(source(tmp_path, "csv")), "-o", str(out), "--column", "phone"]) == 0
    assert "subject" not in rows_of(out)[0]
    assert not store_dir.exists()
