from __future__ import annotations

import dataclasses
import os
import pwd
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.settings import SETTINGS, Settings, load

HOME = {"HOME": "/home/an"}


def test_the_table_and_the_settings_name_the_same_knobs() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]


def test_defaults_follow_the_user_directories(tmp_path: Path) -> None:
    assert load(env=HOME, cwd=tmp_path).data_dir == Path("/home/an/.cache/haoma")
    assert load(env=HOME | {"XDG_CACHE_HOME": "/var/c"}, cwd=tmp_path).data_dir == Path("/var/c/haoma")
    assert load(env=HOME | {"XDG_CACHE_HOME": "not/absolute"}, cwd=tmp_path).data_dir == Path("/home/an/.cache/haoma")


def test_an_empty_home_is_the_one_of_the_user_in_the_systems_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "")
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for env in ({"HOME": ""}, {}):
        assert load(env=env, cwd=tmp_path).store_dir == home / ".local/share/haoma"


def test_a_user_without_a_home_is_told_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # nobody has it
    with pytest.raises(BadInput, match="home") as caught:
        load(env={"HOME": "", "HAOMA_DATA_DIR": "/srv/data"}, cwd=tmp_path)
    assert caught.value.hint == "set HOME, or HAOMA_STORE_DIR"
    named = {"HAOMA_DATA_DIR": "/srv/data", "HAOMA_STORE_DIR": "/srv/store"}
    assert load(env=named, cwd=tmp_path).store_dir == Path("/srv/store")


def test_the_home_of_nobody_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="HAOMA_STORE_DIR"):
        load(env=HOME | {"HAOMA_STORE_DIR": "~nobody-of-this-name/x"}, cwd=tmp_path)


def test_what_haoma_keeps_lies_in_the_users_data_directory(tmp_path: Path) -> None:
    assert load(env=HOME, cwd=tmp_path).store_dir == Path("/home/an/.local/share/haoma")
    assert load(env=HOME | {"XDG_DATA_HOME": "/srv"}, cwd=tmp_path).store_dir == Path("/srv/haoma")


def test_a_text_is_taken_as_it_is_and_empty_by_default(tmp_path: Path) -> None:
    env = HOME | {"HAOMA_DATABASE": "postgresql://an@db/haoma"}
    assert [load(env=env, cwd=tmp_path).database, load(env=HOME, cwd=tmp_path).database] == [env["HAOMA_DATABASE"], ""]


def test_flags_win_over_environment_over_file_over_default(tmp_path: Path) -> None:
    seen = [load(env=HOME, cwd=tmp_path).batch_rows]
    (tmp_path / "haoma.toml").write_text("batch_rows = 1")
    seen.append(load(env=HOME, cwd=tmp_path).batch_rows)
    env = HOME | {"HAOMA_BATCH_ROWS": "2"}
    seen.append(load(env=env, cwd=tmp_path).batch_rows)
    seen.append(load({"batch_rows": "3"}, env=env, cwd=tmp_path).batch_rows)
    assert seen == [262144, 1, 2, 3]


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load({"batch_rows": None}, env=HOME, cwd=tmp_path).batch_rows == 262144


def test_the_file_is_the_named_one_else_the_one_here_else_the_users_own(tmp_path: Path) -> None:
    here, config = tmp_path / "here", tmp_path / "config"
    (config / "haoma").mkdir(parents=True)
    here.mkdir()
    (config / "haoma" / "haoma.toml").write_text("batch_rows = 1")
    env = HOME | {"XDG_CONFIG_HOME": str(config)}
    seen = [load(env=env, cwd=here).batch_rows]
    (here / "haoma.toml").write_text("batch_rows = 2")
    seen.append(load(env=env, cwd=here).batch_rows)
    (tmp_path / "named.toml").write_text("batch_rows = 3")
    seen.append(load(env=env | {"HAOMA_CONFIG": str(tmp_path / "named.toml")}, cwd=here).batch_rows)
    assert seen == [1, 2, 3]


def test_paths_in_a_file_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "haoma.toml").write_text('overlays = ["ours.csv", "/etc/theirs.csv"]\nphone_dat = "phone.dat"')
    found = load(env=HOME, cwd=tmp_path)
    assert found.overlays == (tmp_path / "ours.csv", Path("/etc/theirs.csv"))
    assert found.phone_dat == tmp_path / "phone.dat"


def test_paths_in_the_environment_are_separated_as_the_system_does(tmp_path: Path) -> None:
    found = load(env=HOME | {"HAOMA_OVERLAYS": f"/a.csv{os.pathsep}/b.csv"}, cwd=tmp_path)
    assert found.overlays == (Path("/a.csv"), Path("/b.csv"))


@pytest.mark.parametrize(("text", "means"), [("1", True), ("Yes", True), ("off", False), ("0", False)])
def test_a_boolean_is_said_in_many_words(text: str, means: bool, tmp_path: Path) -> None:
    assert load(env=HOME | {"HAOMA_DEBUG": text}, cwd=tmp_path).debug is means


@pytest.mark.parametrize(
    "content",
    [
        'colour = "red"',
        "batch_rows = 0",
        "batch_rows = true",
        'batch_rows = "many"',
        'overlays = [""]',
        "overlays = 3",
        "database = 3",
        "overlays = [3]",
        'debug = "maybe"',
        "batch_rows =",
        'x = "\ud800"',
    ],
)
def test_a_wrong_file_is_named_and_the_way_out_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "haoma.toml").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadInput, match=r"haoma\.toml") as caught:
        load(env=HOME, cwd=tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("content", ["batch_rows = 1" + "0" * 30, "batch_rows = 1" + "0" * 5000])
def test_a_number_beyond_all_use_is_told_in_a_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "haoma.toml").write_text(content)
    with pytest.raises(BadInput) as caught:
        load({}, {}, tmp_path)
    assert len(str(caught.value)) < 300


def test_a_directory_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "haoma.toml").mkdir()
    with pytest.raises(BadInput, match=r"haoma\.toml: the settings cannot be read \(Is a directory\)"):
        load({}, {}, tmp_path)


def test_an_empty_text_is_a_setting_that_was_not_given(tmp_path: Path) -> None:
    (tmp_path / "haoma.toml").write_text('data_dir = "cache"\nphone_dat = ""\noverlays = ""')
    found = load(env=HOME | {"HAOMA_DATA_DIR": ""}, cwd=tmp_path)
    assert (found.data_dir, found.phone_dat, found.overlays) == (tmp_path / "cache", None, ())


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        load(env=HOME | {"HAOMA_CONFIG": "nowhere.toml"}, cwd=tmp_path)


def test_a_wrong_variable_or_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="HAOMA_BATCH_ROWS"):
        load(env=HOME | {"HAOMA_BATCH_ROWS": "-1"}, cwd=tmp_path)
    with pytest.raises(BadInput, match="--batch-rows"):
        load({"batch_rows": "x"}, env=HOME, cwd=tmp_path)


def test_variables_that_others_set_are_left_alone(tmp_path: Path) -> None:
    assert load(env=HOME | {"HAOMA_PORT": "tcp://10.0.0.1:80"}, cwd=tmp_path).batch_rows == 262144
