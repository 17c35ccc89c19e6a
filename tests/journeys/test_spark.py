"""A team enriches its files on a real Spark cluster: one master and two workers on loopback, out of the pip package."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haoma.numbers.files import Options, enrich_file
from haoma.numbers.samples import samples

pyspark = pytest.importorskip("pyspark")

HAOMA = str(Path(sys.executable).with_name("haoma"))
CLASSES = "org.apache.spark.deploy"
READY_S = 90
ROWS = 20_000


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment() -> dict[str, str]:
    return os.environ | {
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
        "PYSPARK_PYTHON": sys.executable,
    }


@contextmanager
def service(log: Path, name: str, *args: str) -> Iterator[None]:
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    with log.open("wb") as out:
        command = [spark_class, f"{CLASSES}.{name}", "-h", "127.0.0.1", *args]
        process = subprocess.Popen(command, env=environment(), stdout=out, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def workers_at(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/", timeout=5) as page:
            return sum(worker["state"] == "ALIVE" for worker in json.load(page)["workers"])
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return 0  # while it starts, a master answers with its front page whatever is asked


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a master with two workers."""
    folder, port, page = tmp_path_factory.mktemp("cluster"), free_port(), free_port()
    url = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        master = ("-p", str(port), "--webui-port", str(page))
        stack.enter_context(service(folder / "master.log", "master.Master", *master))
        for name in ("one", "two"):
            place = ("-c", "1", "-m", "2g", "-d", str(folder / name), "--webui-port", str(free_port()), url)
            stack.enter_context(service(folder / f"{name}.log", "worker.Worker", *place))
        deadline = time.monotonic() + READY_S
        while workers_at(page) < 2:
            assert time.monotonic() < deadline, "\n".join(log.read_text() for log in folder.glob("*.log"))
            time.sleep(0.5)
        yield url


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same calls as Parquet, CSV and JSON lines."""
    folder = tmp_path_factory.mktemp("calls")
    cells = samples(ROWS)["cell"].to_pylist()
    notes = ["plain", 'a "quoted", one', "two\nlines", "", None]
    table = pa.table({
        "id": pa.array(range(ROWS)),
        "phone": pa.array([None if at % 997 == 0 else cell for at, cell in enumerate(cells)], pa.string()),
        "note": pa.array([notes[at % len(notes)] for at in range(ROWS)], pa.string()),
    })  # fmt: skip
    pq.write_table(table, folder / "calls.parquet", row_group_size=5_000)
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(zip(*table.to_pydict().values(), strict=True))
    with (folder / "calls.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist())
        file.write('{"phone": "95588"\n\n')
    return folder


def on_spark(cluster: str, source: Path, target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [HAOMA, "number", "enrich", str(source), "-o", str(target), "--column", "phone"]
    spark = ["--engine", "spark", "--master", cluster, *more]
    return subprocess.run([*command, *spark], env=environment(), capture_output=True, text=True, check=False)


def rows_of(target: Path) -> list[str]:
    """The rows of a file or of a directory of parts, each as text, sorted."""
    parts = sorted(target.glob("part-*")) if target.is_dir() else [target]
    rows: list[str] = []
    for part in parts:
        if target.suffix == ".parquet":
            rows += map(str, pq.read_table(part).to_pylist())
        elif target.suffix == ".csv":
            with part.open(newline="", encoding="utf-8") as file:
                rows += map(str, csv.DictReader(file))
        else:
            rows += part.read_text(encoding="utf-8").split("\n")[:-1]
    return sorted(rows)


@pytest.mark.parametrize(
    ("source", "target"),
    [("calls.parquet", "out.parquet"), ("calls.csv", "out.csv"), ("calls.jsonl", "out.jsonl"),
     ("calls.csv", "out.parquet"), ("calls.jsonl", "out.parquet"), ("calls.parquet", "out.jsonl")],
)  # fmt: skip
def test_a_cluster_makes_the_rows_that_one_machine_makes(
    cluster: str, calls: Path, tmp_path: Path, source: str, target: str
) -> None:
    here = tmp_path / f"local-{target}"
    summary = enrich_file(calls / source, here, "phone", Options())
    ended = on_spark(cluster, calls / source, tmp_path / target)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / target / "_SUCCESS").exists()
    assert rows_of(tmp_path / target) == rows_of(here)
    told = f"{summary.rows:,} rows, {summary.invalid:,} invalid, {summary.nulls:,} without a cell"
    assert told in ended.stderr


def test_what_cannot_be_done_is_told_in_a_line(cluster: str, calls: Path, tmp_path: Path) -> None:
    (tmp_path / "there.parquet").mkdir()
    ended = on_spark(cluster, calls / "calls.parquet", tmp_path / "there.parquet")
    assert (ended.returncode, "is there already" in ended.stderr) == (1, True)
    ended = on_spark(cluster, calls / "calls.parquet", tmp_path / "out.parquet", "--column", "tel")
    assert (ended.returncode, "columns there: id, phone, note" in ended.stderr) == (2, True)
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    ended = on_spark(cluster, tmp_path / "broken.parquet", tmp_path / "out.parquet")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)


def test_strict_counts_on_spark_too(cluster: str, calls: Path, tmp_path: Path) -> None:
    ended = on_spark(cluster, calls / "calls.parquet", tmp_path / "out.parquet", "--strict", "--columns", "uri")
    assert ended.returncode == 1
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["id", "phone", "note", "uri"]
