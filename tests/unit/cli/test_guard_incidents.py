from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.desk import Desk
from contracts.hearing import postbox
from contracts.judge import shows
from haoma.app import Services
from haoma.cli.main import run
from haoma.consent.webhook import verify_webhook
from haoma.guard.judge import Seen, check, tables
from haoma.guard.judge.model import SourceKind
from haoma.guard.model import Belongs, Mention
from haoma.settings import load

pytestmark = pytest.mark.slow
BEGIN = datetime.now(UTC) + timedelta(hours=1)
WHY = ("--reason", "the board decided so")
CARE = "tel:4008001234;phone-context=+86"
AS_A_RIVAL = shows(CARE, Belongs.OTHER, owner="平川基金")
DOUBT = shows(CARE, Belongs.UNSURE)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An editor, an approver, an agent, and a fund with a hotline; three days of looks at two pages."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.open("acme")
    for login, role in {"ed": "hotline-editor", "pru": "approver", "an": "agent"}.items():
        desk.add(login, role)
    uid = str(done(desk, "organisation", "add", "安心基金", *WHY)["uid"])
    done(desk, "add", "400-800-1234", "--organisation", "安心基金", "--purpose", "客服", *WHY)
    for day in range(2):
        look(desk, uid, "map", day, AS_A_RIVAL)
        look(desk, uid, "forum", day, DOUBT)
    return desk


def done(desk: Desk, *args: str) -> dict[str, object]:
    asked = json.loads(desk.ok("hotline", *args, by="ed").splitlines()[-1])
    desk.approve(asked, pru="approver")
    desk.ok("access", "approve", "run", str(asked["approval"]), by="ed")
    return asked


def look(
    desk: Desk, organisation: str, source: str, day: int, *mentions: Mention, channels: Path | None = None
) -> None:
    at = BEGIN + timedelta(days=day)
    digest = hashlib.sha256(f"{source} {day}".encode()).hexdigest()
    seen = Seen(f"{source}-{day}", source, SourceKind.PAGE, organisation, f"https://{source}.example/", at, digest)
    with Services(
        load({"store_dir": desk.folder / "haoma", "guard_channels": channels}, env={}), create=False
    ) as services:
        check(services.guard_desk, seen, mentions)


def incident(desk: Desk, source: str = "map") -> dict[str, object]:
    every = desk.rows("guard", "incidents", "list", "--state", "open", by="ed")
    (found,) = [one for one in every if one["source"] == source]
    return found


def test_an_incident_is_seen_with_its_evidence_by_who_may(desk: Desk) -> None:
    found = incident(desk)
    assert (found["severity"], found["verdict"], found["number"]) == ("critical", "wrong-organisation", "4008001234")
    (told,) = desk.rows("guard", "incidents", "show", str(found["incident"]), by="pru")
    assert [one["role"] for one in told["evidence"]] == ["first", "opening", "newest"]
    said = {one["source"]: one["verdict"] for one in told["votes"]["third-party"]}
    assert (said["map"], said["forum"]) == ("wrong-organisation", "cannot-tell")
    for command in (("incidents", "list"), ("incidents", "show", str(found["incident"])), ("tickets", "list")):
        assert desk.haoma("guard", *command, by="an").returncode == 3
    assert desk.haoma("guard", "incidents", "show", "nothing", by="ed").returncode == 1


def test_its_evidence_is_a_zip_whose_proofs_verify_offline_and_that_is_the_same_each_time(desk: Desk) -> None:
    found = str(incident(desk)["incident"])
    for name in ("one.zip", "two.zip"):
        desk.ok("guard", "incidents", "export", found, name, by="ed")
    one, two = ((desk.folder / name).read_bytes() for name in ("one.zip", "two.zip"))
    assert one == two
    assert (desk.folder / "one.zip").stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(io.BytesIO(one)) as packed:
        packed.extractall(desk.folder / "pack")
    key = (desk.folder / "pack" / "log.vkey").read_text(encoding="utf-8").strip()
    proofs = sorted((desk.folder / "pack" / "proofs").iterdir())
    kinds = {str(desk.rows("ledger", "verify", str(proof), "--key", key)[0]["type"]) for proof in proofs}
    assert kinds == {"guard.checked", "guard.incident"}
    told = json.loads((desk.folder / "pack" / "incident.json").read_text(encoding="utf-8"))
    assert {proof.name for proof in proofs} == {
        f"{entry}.tlog-proof" for entry in {one["entry"] for one in (*told["evidence"], *told["steps"])}
    }
    desk.ok("guard", "incidents", "export", found, "complaint.html", "--html", by="pru")
    assert "平川基金" in (desk.folder / "complaint.html").read_text(encoding="utf-8")
    assert desk.haoma("guard", "incidents", "export", found, "three.zip", by="an").returncode == 3


def test_a_correction_is_filed_sent_and_due(desk: Desk) -> None:
    found = str(incident(desk)["incident"])
    (made,) = desk.rows("guard", "tickets", "file", found, by="ed")
    assert made["platform"] == "site-owner"
    assert "安心基金" in str(made["letter"])
    assert desk.haoma("guard", "tickets", "file", found, by="pru").returncode == 3
    (sent,) = desk.rows("guard", "tickets", "sent", str(made["ticket"]), "--reference", "M-7", by="ed")
    assert (sent["state"], sent["reference"]) == ("sent", "M-7")
    assert [one["ticket"] for one in desk.rows("guard", "tickets", "list", by="ed")] == [made["ticket"]]


def test_a_doubt_is_taken_in_hand_and_decided(desk: Desk) -> None:
    assert len(desk.rows("review", "list", by="ed")) == 1
    (asked,) = desk.rows("review", "next", by="ed")
    assert (asked["source"], asked["number"]) == ("forum", "4008001234")
    assert desk.haoma("review", "next", by="pru").returncode == 1
    assert desk.haoma("review", "next", by="an").returncode == 3
    decided = ("review", "decide", str(asked["review"]), "match", "--reason")
    assert desk.haoma(*decided, "two words", by="ed").returncode == 2
    desk.ok(*decided, "called-and-asked", by="ed")
    assert desk.haoma(*decided, "called-and-asked", by="ed").returncode == 1
    (told,) = desk.rows("guard", "incidents", "show", str(incident(desk)["incident"]), by="ed")
    assert told["votes"]["human"] == [{"source": "forum", "verdict": "match"}]


def test_news_waits_where_nobody_hears(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    path.write_text('[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "http://127.0.0.1:1/x"\n', encoding="utf-8")
    path.chmod(0o600)
    uid, flag = str(incident(desk)["organisation"]), f"--guard-channels={path}"
    for day in (40, 41):
        look(desk, uid, "telling", day, AS_A_RIVAL, channels=path)
    with Services(load({"store_dir": desk.folder / "haoma"}, env={}), create=False) as services:
        services.store.write(
            lambda tx: tx.execute(sa.update(tables.messages).values(due_at=BEGIN - timedelta(days=1))) and None
        )
    assert desk.rows(flag, "guard", "tell") == [{"heard": 0, "again": 1, "given_up": 0}]
    assert desk.rows(flag, "guard", "tell") == [{"heard": 0, "again": 0, "given_up": 0}]


def test_a_channel_is_tried_and_told_what_to_verify_with(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    with postbox() as box:
        path.write_text(f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{box.url}/x"\n', encoding="utf-8")
        path.chmod(0o600)
        flag = f"--guard-channels={path}"
        (told,) = desk.rows(flag, "guard", "channels", "--try", "hook")
    ((_, headers, body),) = box.came
    verify_webhook(headers, body, str(told["webhook_key"]), datetime.now(UTC))
    assert json.loads(body)["type"] == "guard.channel.tried"
    assert desk.haoma(flag, "guard", "channels", "--try", "nobody").returncode == 1


def test_how_long_it_took_is_told(desk: Desk) -> None:
    said = ("--since", BEGIN.isoformat(), "--until", (BEGIN + timedelta(days=9)).isoformat())
    (told,) = desk.rows("guard", "figures", *said, by="ed")
    assert (told["opened"], told["mttd_s"]) == (1, 86400.0)


def test_an_approver_closes_what_looks_still_find(desk: Desk) -> None:
    uid = str(incident(desk)["organisation"])
    for day in (20, 21):
        look(desk, uid, "directory", day, AS_A_RIVAL)
    found = str(incident(desk, "directory")["incident"])
    closing = ("guard", "incidents", "close", found, "--reason", "agreed-with-them")
    assert desk.haoma(*closing, by="ed").returncode == 3
    (closed,) = desk.rows(*closing, by="pru")
    assert closed["state"] == "closed"
    assert found in {one["incident"] for one in desk.rows("guard", "incidents", "list", "--state", "closed", by="ed")}
    assert desk.rows("guard", "incidents", "audit")[0]["incidents"] >= 2
    assert desk.ok("ledger", "audit")


def test_a_page_out_of_a_file_is_judged_each_time_that_it_was_looked_at(desk: Desk) -> None:
    pytest.importorskip("lxml")
    done(desk, "organisation", "add", "平川证券", *WHY)
    page = desk.folder / "page.html"
    text = "<h1>平川证券</h1><p>平川证券客服热线：400-800-1234</p><p>平川证券股份有限公司</p>"
    page.write_text(f"<html><title>平川证券</title><body>{text}</body></html>", encoding="utf-8")
    said = ("--file", "page.html", "--url", "https://pages.example/1", "--organisation", "安心基金", "--at")
    times = [(datetime.now(UTC) - timedelta(milliseconds=ago)).isoformat() for ago in (2, 1)]
    times.insert(0, times[0])
    assert desk.haoma("guard", "check", *said, BEGIN.isoformat()).returncode == 2
    ended = [desk.haoma("guard", "check", *said, at) for at in times]
    assert [one.returncode for one in ended] == [1, 0, 1]
    (row,) = [json.loads(line) for line in ended[0].stdout.splitlines()]
    assert (row["verdict"], row["number"]) == ("wrong-organisation", "4008001234")
    assert "judged before" in ended[1].stderr
    assert "opened incident" in ended[2].stderr


def test_what_the_crawl_keeps_is_judged_held_and_in_the_evidence_as_it_came(desk: Desk) -> None:
    for needed in ("lxml", "warcio"):
        pytest.importorskip(needed)
    uid = str(incident(desk)["organisation"])
    kind = ("--kind", "submission", "--owner", "客服中心", "--organisation", uid)
    (source,) = desk.rows("crawl", "source", "add", *kind)
    page = "<title>安心基金</title><p>安心基金客服热线：400-777-0000</p>".encode()
    (desk.folder / "seen.html").write_bytes(page)
    where = ("--source", str(source["source"]), "--organisation", "安心基金", "--url", "https://seen.example/1")
    made = [desk.rows("crawl", "submit", *where, "--file", "seen.html")[0] for _ in range(2)]
    found = incident(desk, str(source["source"]))
    assert (found["verdict"], found["number"]) == ("wrong-number", "4007770000")
    assert {one["held"] for one in desk.rows("crawl", "show", "--source", str(source["source"]))} == {True}
    desk.ok("guard", "incidents", "export", str(found["incident"]), "seen.zip", by="ed")
    with zipfile.ZipFile(desk.folder / "seen.zip") as packed:
        assert packed.read("pages/first.html.txt") == packed.read("pages/newest.html.txt") == page
        assert json.loads(packed.read("incident.json"))["left_out"] == {}
    again = desk.haoma("guard", "check", str(made[0]["snapshot"]))
    assert "judged before" in again.stderr


def test_a_page_is_named_with_its_place_and_its_organisation(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>", encoding="utf-8")
    assert run(["guard", "check"]) == run(["guard", "check", "--file", str(page)]) == 2
