from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contracts.hearing import Mailbox, Postbox, mailbox, postbox
from contracts.judge import LABELLED_AS_A_RIVAL, World
from haoma.consent.http import HttpTransport
from haoma.consent.webhook import RETRIES_S, public_key, verify_webhook
from haoma.errors import Unavailable
from haoma.guard.judge import Severity
from haoma.guard.judge.channels import Mail, Robot, Spec, Webhook
from haoma.guard.judge.channels.words import body, subject
from haoma.guard.judge.outbox import Sent, send_due
from haoma.vault import LocalFiles, suite_named

AT = datetime(2026, 11, 22, 8, 0, 0, 500_000, tzinfo=UTC)
ID = "0dd00000-0000-5000-8000-000000000001"
NEWS = {
    "event": "incident.opened",
    "incident": "0ee00000-0000-5000-8000-000000000001",
    "severity": "critical",
    "verdict": "wrong-organisation",
    "organisation": "安心基金管理有限公司",
    "number": "4008001234",
    "url": "https://map.example/1",
    "source": "map",
}
SECRET = "SECabc"
TLS = ssl.create_default_context()


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as box:
        yield box


def mail_to(box: Mailbox, port: int = 0) -> Mail:
    to = ("desk@example.com", "boss@example.com")
    spec = Spec(
        "ops", "mail", Severity.LOW, host="127.0.0.1", port=port or box.port, tls="none", sender="haoma@example.com"
    )
    return Mail(Spec(**{name: getattr(spec, name) for name in Spec.__slots__} | {"to": to}), TLS)


def robot(kind: str, url: str, secret: str = SECRET) -> Robot:
    return Robot(Spec("robot", kind, Severity.LOW, url=url, secret=secret), TLS, time.monotonic, lambda: AT)


def test_mail_says_what_is_wrong_in_chinese_and_keeps_its_id(mail: Mailbox) -> None:
    for _ in range(2):
        mail_to(mail).send(ID, NEWS, AT)
    first, again = mail.came
    assert first["Message-ID"] == again["Message-ID"] == f"<{ID}@example.com>"
    assert first["Subject"] == "[critical] 发现热线标注异常：安心基金管理有限公司，标注为其他机构"
    text = first.get_content()
    assert "号码：4008001234" in text
    assert "级别：严重（critical）" in text
    assert mail.to[0] == ["desk@example.com", "boss@example.com"]


def test_a_mail_server_that_refuses_or_is_not_there_is_unavailable_and_no_address_is_told(mail: Mailbox) -> None:
    mail.code = 554
    with pytest.raises(Unavailable) as refused:
        mail_to(mail).send(ID, NEWS, AT)
    with pytest.raises(Unavailable) as nobody:
        mail_to(mail, port=1).send(ID, NEWS, AT)
    assert "@" not in f"{refused.value} {nobody.value}"


def test_news_has_no_line_break_in_its_subject_whatever_is_in_it() -> None:
    bad = {**NEWS, "organisation": "安心\r\nBcc: a@b.example", "url": "https://x.example/\u2028y"}
    assert "\n" not in subject(bad)
    assert "Bcc: a@b.example" in subject(bad)
    assert len(body(bad).splitlines()) == len(body(NEWS).splitlines())


def test_a_webhook_is_signed_as_standard_webhooks_are_with_the_same_id_each_time(box: Postbox, tmp_path: Path) -> None:
    custody = LocalFiles(tmp_path / "custody", suite_named("aes-sha2"))
    with httpx.Client() as client:
        transport = HttpTransport(lambda: client)
        hook = Webhook(Spec("hook", "webhook", Severity.LOW, url=f"{box.url}/x"), custody, transport)
        hook.send(ID, NEWS, AT)
        hook.send(ID, NEWS, AT + timedelta(minutes=1))
        box.status = 500
        with pytest.raises(Unavailable):
            hook.send(ID, NEWS, AT)
    (_, headers, sent), (_, later, _), _ = box.came
    key = public_key(custody)
    assert verify_webhook(headers, sent, key, AT) == verify_webhook(later, box.came[1][2], key, AT) == f"msg_{ID}"
    told = json.loads(sent)
    assert (told["type"], told["data"]["verdict"]) == ("guard.incident.opened", "wrong-organisation")


def test_dingtalk_is_signed_in_its_address(box: Postbox) -> None:
    box.said = {"errcode": 0, "errmsg": "ok"}
    robot("dingtalk", f"{box.url}/robot/send?access_token=t").send(ID, NEWS, AT)
    ((path, _, sent),) = box.came
    asked = parse_qs(urlsplit(path).query)
    time_ms = str(int(AT.timestamp() * 1000))
    assert asked["timestamp"] == [time_ms]
    signed = hmac.new(b"SECabc", f"{time_ms}\nSECabc".encode(), hashlib.sha256).digest()
    assert b64decode(asked["sign"][0]) == signed
    said = json.loads(sent)
    assert said["msgtype"] == "text"
    assert "标注为其他机构" in said["text"]["content"]
    assert ID in said["text"]["content"]


def test_feishu_is_signed_in_its_body(box: Postbox) -> None:
    box.said = {"code": 0, "msg": "success", "data": {}}
    robot("feishu", f"{box.url}/hook").send(ID, NEWS, AT)
    said = json.loads(box.came[0][2])
    key = f"{int(AT.timestamp())}\nSECabc".encode()
    assert said["sign"] == b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert (said["timestamp"], said["msg_type"]) == (str(int(AT.timestamp())), "text")
    assert "4008001234" in said["content"]["text"]


def test_no_text_of_a_page_calls_everybody_of_a_group(box: Postbox) -> None:
    box.said = {"code": 0, "msg": "success", "data": {}}
    robot("feishu", f"{box.url}/hook").send(ID, {**NEWS, "organisation": '<at user_id="all">'}, AT)
    text = json.loads(box.came[0][2])["content"]["text"]
    assert '＜at user_id="all">' in text
    assert "<" not in text


def test_wecom_is_asked_as_it_is(box: Postbox) -> None:
    box.said = {"errcode": 0, "errmsg": "ok"}
    robot("wecom", f"{box.url}/send?key=k", "").send(ID, NEWS, AT)
    ((path, _, sent),) = box.came
    assert path == "/send?key=k"
    assert json.loads(sent)["msgtype"] == "text"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {"errcode": 310000, "errmsg": "sign not match"}),
        (200, {"code": 19021, "msg": "sign match fail"}),
        (200, {}),
        (200, {"errcode": False}),
        (200, {"errcode": 0, "code": 1}),
        (500, {"errcode": 0}),
        (200, None),
    ],
)
def test_a_robot_that_takes_nothing_is_told_by_the_code_it_answers(box: Postbox, status: int, said: object) -> None:
    box.status, box.said = status, said
    with pytest.raises(Unavailable) as told:
        robot("dingtalk", f"{box.url}/robot/send?access_token=t").send(ID, NEWS, AT)
    assert "access_token" not in f"{told.value} {told.value.hint}"


def test_no_news_is_lost_while_channels_are_down_and_each_hears_it_when_it_is_back(
    world: World, mail: Mailbox, box: Postbox
) -> None:
    box.status = 503
    mail.code = 451
    channels = {"ops": mail_to(mail), "boss": robot("wecom", f"{box.url}/send?key=k", "")}
    for _ in range(2):
        world.look(*LABELLED_AS_A_RIVAL)
    for wait_s in RETRIES_S[:3]:
        assert send_due(world.desk, channels) == Sent(0, 2, 0)
        world.clock[0] += timedelta(seconds=wait_s)
    box.status, box.said, mail.code = 200, {"errcode": 0}, 250
    assert send_due(world.desk, channels) == Sent(2, 0, 0)
    assert (len(mail.came), len(box.came)) == (1, 4)
    assert "安心基金管理有限公司" in mail.came[0].get_content()
