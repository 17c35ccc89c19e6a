from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from haoma.app import Services
from haoma.consent.sms import OutboxFile
from haoma.consent.sms_file import read_sms
from haoma.consent.sms_http import SmsOperator
from haoma.consent.webhook import public_key, verify_webhook
from haoma.errors import BadInput, Refused, Unavailable
from haoma.numbers import parse
from haoma.settings import load
from haoma.vault import LocalFiles, suite_named
from haoma.wire.breaker import FAILURES

NUMBER, TEXT = "13800138000", '安客："code" 123456 {number} \\ \n退订'
SECRET = "s3cret-of-the-test"
FILE = """
url = "{url}/v1/messages"
secret_file = "secret"
timeout_s = 2
[headers]
Authorization = "Bearer {{secret}}"
[body]
to = ["{{number}}"]
[body.message]
text = "【安客】{{text}}"
reference = "{{id}}"
priority = 1
[success]
status = [200, 202]
field = "result.code"
equals = "OK"
"""
TAKEN = (200, b'{"result": {"code": "OK"}}')


@dataclass
class Operator:
    """What came in, and what is answered in turn, the last one ever after."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [TAKEN])
    kind: str = "application/json"
    wait_s: float = 0.0
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def operator() -> Iterator[Operator]:
    told = Operator()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(told.wait_s)
            status, text = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(status)
            self.send_header("location", f"{told.url}/elsewhere")
            self.send_header("content-type", told.kind)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return  # whoever hangs up

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def custody(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "custody", suite_named("aes-sha2"))


def written(folder: Path, text: str) -> Path:
    (folder / "secret").write_text(f"{SECRET}\n")
    (folder / "secret").chmod(0o600)
    (folder / "sms.toml").write_text(text, encoding="utf-8")
    return folder / "sms.toml"


@pytest.fixture
def sms(tmp_path: Path, operator: Operator, custody: LocalFiles) -> SmsOperator:
    path = written(tmp_path, FILE.format(url=operator.url))
    tls = ssl.create_default_context()
    return SmsOperator(lambda: read_sms(path), custody, tls, time.monotonic, lambda: datetime.now(UTC))


def test_a_message_arrives_whole_with_the_number_in_the_body_alone(
    sms: SmsOperator, operator: Operator, custody: LocalFiles
) -> None:
    sms.send(parse(NUMBER), TEXT)
    ((path, headers, body),) = operator.heard
    said = json.loads(body)
    assert (said["to"], said["message"]["text"], said["message"]["priority"]) == (
        [f"+86{NUMBER}"],
        f"【安客】{TEXT}",
        1,
    )
    assert NUMBER not in f"{path}{headers}"
    assert headers["authorization"] == f"Bearer {SECRET}"
    name = verify_webhook(headers, body, public_key(custody), datetime.now(UTC))
    assert name == f"msg_{headers['idempotency-key']}" == f"msg_{said['message']['reference']}"


def test_a_message_that_got_no_answer_is_tried_again_under_the_same_id(sms: SmsOperator, operator: Operator) -> None:
    operator.answers = [(503, b""), TAKEN]
    sms.send(parse(NUMBER), TEXT)
    ids = [headers["idempotency-key"] for _, headers, _ in operator.heard]
    assert (len(ids), len(set(ids))) == (2, 1)
    sms.send(parse(NUMBER), TEXT)
    assert operator.heard[-1][1]["idempotency-key"] != ids[0]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"result": {"code": "OK"}}'),
        (302, b'{"result": {"code": "OK"}}'),
        (201, b'{"result": {"code": "OK"}}'),
        (200, b'{"result": {"code": "BLOCKED"}}'),
        (200, b'{"result": {"code": 0}}'),
        (200, b'{"result": "OK"}'),
        (200, b"{}"),
    ],
)
def test_what_was_not_taken_is_told_once_and_not_tried_again(
    sms: SmsOperator, operator: Operator, status: int, body: bytes
) -> None:
    operator.answers = [(status, body)]
    with pytest.raises(Unavailable, match="did not take"):
        sms.send(parse(NUMBER), TEXT)
    assert [path for path, _, _ in operator.heard] == ["/v1/messages"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (429, b""), (200, b"OK"), (200, b"[]"), (200, b""), (200, b"{" * 9), (200, b" " * 70_000)],
)
def test_what_cannot_be_read_is_tried_again_and_then_told_without_number_text_or_secret(
    sms: SmsOperator, operator: Operator, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    operator.answers = [(status, body)]
    with pytest.raises(Unavailable) as raised:
        sms.send(parse(NUMBER), TEXT)
    assert 1 <= len(operator.heard) <= 2
    shown = f"{raised.value}{raised.value.hint}{sms!r}"
    assert [word for word in (NUMBER, "123456", SECRET) if word in shown + caplog.text] == []
    assert operator.url not in shown


def test_an_operator_that_is_slow_is_given_up_in_time(sms: SmsOperator, operator: Operator, tmp_path: Path) -> None:
    written(tmp_path, FILE.format(url=operator.url).replace("timeout_s = 2", "timeout_s = 0.3"))
    operator.wait_s = 1.0
    began = time.monotonic()
    with pytest.raises(Unavailable):
        sms.send(parse(NUMBER), TEXT)
    assert time.monotonic() - began < 0.9


def test_an_operator_that_does_not_answer_is_left_alone_for_a_while(sms: SmsOperator, operator: Operator) -> None:
    operator.answers = [(500, b"")]
    for _ in range(FAILURES):
        with pytest.raises(Unavailable):
            sms.send(parse(NUMBER), TEXT)
    assert len(operator.heard) == FAILURES


def test_who_answers_no_json_is_not_taken_for_one_who_does(sms: SmsOperator, operator: Operator) -> None:
    operator.kind = "text/plain"
    with pytest.raises(Unavailable):
        sms.send(parse(NUMBER), TEXT)


@pytest.mark.parametrize("how", ["e164", "national", "uri"])
def test_the_number_is_written_as_the_operator_wants_it(
    sms: SmsOperator, operator: Operator, tmp_path: Path, how: str
) -> None:
    written(tmp_path, f'number = "{how}"\n' + FILE.format(url=operator.url))
    sms.send(parse(NUMBER), TEXT)
    wanted = {"e164": f"+86{NUMBER}", "national": NUMBER, "uri": f"tel:+86{NUMBER}"}
    assert json.loads(operator.heard[0][2])["to"] == [wanted[how]]


WRONG: dict[str, Callable[[str], str]] = {
    "plain HTTP": lambda text: text.replace("http://127.0.0.1", "http://sms.example"),
    "a query": lambda text: text.replace("/v1/messages", "/v1/messages?to={number}"),
    "number in the URL": lambda text: text.replace("/v1/messages", "/v1/{number}"),
    "number in a header": lambda text: text.replace('"Bearer {secret}"', '"{number}"'),
    "two lines in a header": lambda text: text.replace('"Bearer {secret}"', '"a\\r\\nb: c"'),
    "a header of ours": lambda text: text.replace("Authorization", "Host"),
    "a signature of theirs": lambda text: text.replace("Authorization", "webhook-signature"),
    "no number": lambda text: text.replace('"{number}"', '"x"'),
    "the number twice": lambda text: text.replace("{id}", "{number}"),
    "no text": lambda text: text.replace("{text}", ""),
    "no secret": lambda text: text.replace('secret_file = "secret"\n', ""),
    "a secret that is not there": lambda text: text.replace('"secret"', '"nothing"'),
    "another key": lambda text: "user = 1\n" + text,
    "another key of success": lambda text: text + "more = 1\n",
    "half a field": lambda text: text.replace('equals = "OK"\n', ""),
    "a status that is none": lambda text: text.replace("[200, 202]", "[200, 302]"),
    "a list for a status": lambda text: text.replace("[200, 202]", '"200"'),
    "no time": lambda text: text.replace("timeout_s = 2", "timeout_s = true"),
    "too many attempts": lambda text: "attempts = 6\n" + text,
    "another form": lambda text: 'number = "sip"\n' + text,
    "a date in the body": lambda text: text.replace("priority = 1", "priority = 2026-11-22"),
    "no tables": lambda text: "headers = 1\n" + text.replace("[headers]\nAuthorization", "Authorization"),
    "no TOML": lambda text: f"= {text}",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_says_something_else_is_told(tmp_path: Path, wrong: str) -> None:
    right = FILE.format(url="http://127.0.0.1:9")
    read_sms(written(tmp_path, right))
    changed = WRONG[wrong](right)
    assert changed != right
    with pytest.raises(BadInput) as raised:
        read_sms(written(tmp_path, changed))
    assert SECRET not in f"{raised.value}{raised.value.hint}"


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, FILE.format(url="https://sms.example"))
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(Refused):
        read_sms(path)
    with pytest.raises(BadInput):
        read_sms(tmp_path / "none.toml")


def test_the_setting_says_who_sends_and_a_wrong_file_hinders_no_more_than_sending(tmp_path: Path) -> None:
    def port(**settings: object) -> object:
        with Services(load({"store_dir": tmp_path / "store", **settings}, env={})) as services:
            return services.consent.office.sms

    assert isinstance(port(), OutboxFile)
    operator = port(sms_file=tmp_path / "none.toml")
    assert isinstance(operator, SmsOperator)
    with pytest.raises(Unavailable, match=r"none\.toml"):
        operator.send(parse(NUMBER), TEXT)


def test_the_file_that_the_guide_shows_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "guide" / "consent.md").read_text(encoding="utf-8")
    shown = page.partition("# sms.toml")[2].partition("\n")[2].partition("```")[0]
    file = read_sms(written(tmp_path, shown.replace("sms.secret", "secret")))
    assert (file.number, file.attempts, file.where) == ("e164", 2, "result.code")
