from __future__ import annotations

import ast
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.schema import differences
from contracts.store import names, put
from haoma.errors import BadInput, Unavailable
from haoma.settings import load
from haoma.storage import database_url, inspect_store, open_store, schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "haoma.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_migrations_are_one_line_and_named_as_their_files() -> None:
    before = None
    for name in schema.revisions():
        tree = ast.parse((schema.VERSIONS / f"{name}.py").read_text(encoding="utf-8"))
        said = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        assert (said["revision"], said["down_revision"]) == (name, before)
        assert len(name) <= 32, "what Alembic's table holds"
        before = name
    assert [name[:4] for name in schema.revisions()] == [f"{n:04}" for n in range(1, len(schema.revisions()) + 1)]


def test_the_declared_tables_are_what_the_migrations_make(url: str) -> None:
    open_store(url).close()
    assert differences(url) == []


def older(url: str, path: Path) -> None:
    """A store as an earlier haoma has left it."""
    path.touch()
    engine = sa.create_engine(url)
    with engine.begin() as tx:
        schema.migrate(tx, schema.revisions()[:1])
        put("a")(tx)
    engine.dispose()


def test_a_store_that_is_behind_is_brought_up_to_date_and_kept_as_it_was(url: str, path: Path) -> None:
    older(url, path)
    assert inspect_store(url).pending == schema.revisions()[1:]
    with open_store(url) as store:
        assert names(store) == {"a"}
    assert inspect_store(url).revision == schema.revisions()[-1]
    kept = path.with_name("haoma.db.0001_store.bak")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT name FROM store_info").fetchall() == [("a",)]
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001_store",)]


def test_a_store_that_others_can_read_is_closed_to_them_and_that_is_said(
    url: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(url) as store:
        store.write(put("a"))
        beside = path.with_name("haoma.db-wal")
        for one in (path, beside):
            one.chmod(0o644)
        with open_store(url) as again:
            assert names(again) == {"a"}
        assert {stat.S_IMODE(one.stat().st_mode) for one in (path, beside)} == {0o600}
    open_store(url).close()
    (said,) = [one.getMessage() for one in caplog.records if one.name == "haoma.storage"]
    assert said == f"haoma: {path} could be read by others; from now on it is its owner's alone (0600)"


def test_a_new_store_leaves_no_copy_of_nothing(url: str, path: Path) -> None:
    open_store(url).close()
    assert not list(path.parent.glob("*.bak"))


@pytest.mark.slow
def test_processes_that_open_an_older_store_at_once_migrate_it_once(url: str, path: Path) -> None:
    older(url, path)
    code = "import sys; from haoma.storage import open_store; open_store(sys.argv[1]).close()"
    running = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, url]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0, 0]
    assert inspect_store(url).pending == ()


@pytest.mark.parametrize(
    "text", ["", "haoma.db", "sqlite://", "sqlite:///:memory:", "mysql://an@host/db", "postgresql://an@host", "://"]
)
def test_another_url_is_bad_input_that_tells_which_there_are(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_store(text)
    assert "postgresql://" in str(caught.value.hint)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(BadInput) as caught:
        open_store("mysql://an:secret@host/db")
    assert "secret" not in str(caught.value)


def test_without_a_database_in_the_settings_it_is_a_file_in_store_dir(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert database_url(load(env=env, cwd=tmp_path)) == f"sqlite:///{tmp_path}/.local/share/haoma/haoma.db"
    named = env | {"HAOMA_DATABASE": "postgresql://an@host/db"}
    assert database_url(load(env=named, cwd=tmp_path)) == "postgresql://an@host/db"


def test_without_psycopg_the_way_to_it_is_told() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from haoma.errors import Unavailable\n"
        "from haoma.storage import open_store\n"
        "try: open_store('postgresql://an@127.0.0.1:1/db')\n"
        "except Unavailable as error: print(error.hint)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "pip install 'haoma[postgres]'\n"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(Unavailable, match="does not answer"):
        open_store("postgresql://an@127.0.0.1:1/db", wait_s=2)


def test_opening_an_up_to_date_store_loads_no_alembic(url: str) -> None:
    open_store(url).close()
    code = (
        "import sys; from haoma.storage import open_store; open_store(sys.argv[1]).close(); "
        "print({'alembic', 'pyarrow', 'numpy', 'mako'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
