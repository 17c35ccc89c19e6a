from __future__ import annotations

from pathlib import Path

import pytest

from haoma.errors import BadInput, Refused
from haoma.guard.judge import Severity
from haoma.guard.judge.channels import read_channels

MAIL = """[[channel]]
name = "desk"
kind = "mail"
host = "smtp.example.com"
port = 465
user = "haoma"
from = "haoma@example.com"
to = ["desk@example.com"]
secret_file = "smtp.secret"
severity = "medium"
"""
ROBOT = """[[channel]]
name = "robot"
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=t"
secret_file = "smtp.secret"
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    for name, content in (("channels.toml", text), ("smtp.secret", "s3cret\n")):
        path = folder / name
        path.write_text(content, encoding="utf-8")
        path.chmod(mode if name == "channels.toml" else 0o600)
    return folder / "channels.toml"


def test_channels_are_read_with_their_secrets(tmp_path: Path) -> None:
    desk, robot = read_channels(written(tmp_path, MAIL + ROBOT))
    assert (desk.severity, desk.tls, desk.to, desk.secret) == (Severity.MEDIUM, "tls", ("desk@example.com",), "s3cret")
    assert (robot.severity, robot.kind) == (Severity.LOW, "dingtalk")
    assert "s3cret" not in repr(desk)
    assert "access_token" not in repr(robot)


def test_what_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        read_channels(written(tmp_path, MAIL, mode=0o644))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL + MAIL, "one name"),
        (MAIL.replace('"desk"', '"Desk 1"', 1), "name"),
        (MAIL.replace('"mail"', '"pigeon"'), "kind"),
        (MAIL.replace("port = 465", "port = 0"), "port"),
        (MAIL.replace("port = 465", "port = true"), "port"),
        (MAIL + 'tls = "none"\n', "tls"),
        (MAIL.replace('["desk@example.com"]', "[]"), "to"),
        (MAIL.replace("haoma@example.com", "haoma"), "from"),
        (MAIL.replace('"medium"', '"loud"'), "severity"),
        (MAIL.replace("smtp.secret", "nothing"), "secret_file"),
        (MAIL + 'colour = "red"\n', "colour"),
        (ROBOT.replace("https://", "http://"), "url"),
        (ROBOT.replace("https://", "https://a@"), "url"),
        ("", "no [[channel]]"),
        ("channel = 1", "no [[channel]]"),
        ("[[", "no TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as told:
        read_channels(written(tmp_path, text))
    assert said in str(told.value)
    assert "access_token" not in f"{told.value} {told.value.hint}"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_channels(tmp_path / "nothing.toml")
