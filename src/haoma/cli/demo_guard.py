"""The demo's chapter on published numbers: four sites are crawled, what is wrong there is found, and one is put right.

Rules held here:
- The sites are the demo's own, on loopback; what is wrong on them was planted, and so was what only looks wrong.
- A look a day: the last one is of now, those before it are dated back.
- The store is this chapter's own: hotlines are registered once in a store, and the demo may be run again.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from haoma.access import Role
from haoma.app import Services
from haoma.cli.demo_crawl import Look, crawler
from haoma.cli.demo_desk import reason_of, staffed
from haoma.cli.demo_sites import CARE, FAX, Scene, asked_for, put_sources, registered
from haoma.cli.output import Row
from haoma.cli.stage import Stage, Step
from haoma.errors import Tampered
from haoma.guard.judge.model import State
from haoma.guard.little_web import FORBIDDEN, Company, LittleWeb, served, sites_of
from haoma.guard.probe import Probed, probe, read_pipeline, record_probe, rows, sentence
from haoma.guard.registry import known, uri_of
from haoma.ledger.offline import proof_file, verify_file
from haoma.settings import Settings
from haoma.storage import metadata

__all__ = ["chapter"]

PLANTED = "listing lookalike, map wrong-organisation, official wrong-number"
MOBILE = "13800138000"
DOUBTFUL = {"4005550100", "138****8000"}
NEEDED = {"scrapy": "crawl", "warcio": "crawl", "protego": "crawl", "lxml": "guard", "cssselect": "guard"}
FIRST, SECOND, THIRD, NOW = 3, 2, 1, 0  # days ago
PAGES = "crawl_records"


def chapter(stage: Stage) -> Iterator[Step]:
    """Register, crawl, find three wrong numbers and nothing else, name where one began, put it right, see it close."""
    missing = sorted({extra for name, extra in NEEDED.items() if find_spec(name) is None})
    if missing:
        stage.say(f"published numbers are left out: they need pip install 'haoma[{','.join(missing)}]'")
        return
    folder = stage.directory / f"guard-{secrets.token_hex(4)}"
    company = Company.open(folder / "company", {"care": (CARE, FAX)})
    company.swap("care")
    with served(sites_of(company)) as web:
        settings = _settings(stage.services.settings, folder, web)
        with crawler(settings, company.folder) as look, Services(settings) as services:
            yield from _played(replace(stage, services=services), web, company, look)


def _settings(given: Settings, folder: Path, web: LittleWeb) -> Settings:
    """Nobody is told of what is made up, and nothing but the little web is reached."""
    own = replace(given, store_dir=folder / "store", guard_channels=None, guard_platforms=None)
    how = replace(own, guard_bad_looks=2, guard_good_looks=2, crawl_egress="")
    return replace(how, crawl_contact="https://haoma.example/crawler", crawl_allow=", ".join(web.hosts))


def _played(stage: Stage, web: LittleWeb, company: Company, look: Look) -> Iterator[Step]:
    services = stage.services
    editor, approver = staffed(services, {"lin": Role.HOTLINE_EDITOR, "pru": Role.APPROVER})
    asked, now = asked_for(services, editor), datetime.now(UTC)
    alone = reason_of(lambda: services.approvals.approve(editor, asked.id, Role.APPROVER, asked.digest, now))
    yield Step("who asks for hotlines to be registered does not approve it", "no-policy", alone)
    hotlines = registered(services, asked, editor, approver)
    yield Step("a second person does: hotlines in the registry", 5, len(hotlines))
    care = next(one for one in hotlines if one.uri == uri_of(CARE))
    sites = put_sources(services, web, care, FIRST)
    scene = Scene(stage, services, editor, approver, web, company, care, sites, look)
    yield from _found(scene)
    yield from _traced(scene)
    yield from _fixed(scene)
    yield from _proved(scene)


def _found(scene: Scene) -> Iterator[Step]:
    came = scene.look(FIRST)
    yield Step("four sites are read, each of its pages once", 4, came.get("seen", 0))
    forbidden = sum(path.startswith(FORBIDDEN) for _, path in scene.web.asked)
    yield Step("a page that robots.txt forbids is linked to, and asked for by nobody", 0, forbidden)
    yield Step("one look opens no incident", "none", scene.told())
    scene.look(SECOND)
    scene.stage.show("What the sites say wrong of 澄湖基金, whose numbers are made up", _shown(scene))
    yield Step("the second finds the three numbers that were planted wrong, and nothing else", PLANTED, scene.told())
    asked = {one.shown for one in scene.services.incidents.waiting(scene.editor)} - DOUBTFUL
    yield Step(
        "a person is asked about a hidden old number at most, and a mobile, masked",
        "none",
        ", ".join(sorted(asked)) or "none",
    )
    named = {scene.sites[one.source]: str(one.severity) for one in scene.found()}
    yield Step("our hotline under another firm's name is critical", "critical", named.get("map", "none"))


def _traced(scene: Scene) -> Iterator[Step]:
    """The wrong number on the company's own site, back through its own pipeline."""
    seen = _probed(scene)
    said = sentence(seen, lambda uri: "its fax" if uri == uri_of(FAX) else None)
    scene.stage.show(f"Where the official site's number began: {said}", rows(seen))
    first = [f"{row['stage']}, {row['system']}" for row in rows(seen) if row["first_wrong"]]
    yield Step("the number on the company's own site went wrong in its CMS", "storage, cms", "; ".join(first) or "none")


def _fixed(scene: Scene) -> Iterator[Step]:
    scene.company.swap("care")
    seen = _probed(scene)
    yield Step("the CMS is put right: so is every hop behind it", True, seen.told and not seen.wrong)
    scene.look(THIRD)
    yield Step("one look that finds it right closes nothing", "none", scene.told(State.CLOSED))
    scene.look(NOW)
    yield Step("the second closes that incident", "official wrong-number", scene.told(State.CLOSED))
    still = PLANTED.removesuffix(", official wrong-number")
    yield Step("and leaves open what others have to put right", still, scene.told(State.OPEN))


def _proved(scene: Scene) -> Iterator[Step]:
    services = scene.services
    packs = [services.incidents.export(scene.editor, one.id) for one in scene.found()]
    yield Step("what is wrong goes out as evidence that proves itself, offline", len(packs), sum(map(_holds, packs)))
    signed, key = services.publisher.checkpoint(), services.log_key.verifier.text
    proofs = (proof_file(services.view, services.publisher, index) for index in range(signed.size))
    yield Step("the log proves each of its entries", signed.size, sum(_verifies(one, key) for one in proofs))
    with services.store.read() as tx:
        kept = (table for table in metadata.sorted_tables if table.name != PAGES)
        found = [table.name for table in kept if any(MOBILE in str(row) for row in tx.execute(table.select()))]
    yield Step("but for the page as it came, a member's mobile is kept nowhere", "none", ", ".join(found) or "none")


def _probed(scene: Scene) -> Probed:
    services, hotline = scene.services, scene.hotline
    pipeline = read_pipeline(scene.company.pipeline(hotline.uid, scene.web.origins["official"]))
    with services.store.read() as tx:
        asked = pipeline.asked(hotline.uid, hotline.organisation, hotline.uri)
        seen = probe(pipeline, asked, now=services.now, known=lambda uri: bool(known(tx, uri)))
    log, keys = services.ledger, services.commitments
    services.store.write(lambda tx: record_probe(tx, log, keys, pipeline, seen, at=services.now()))
    return seen


def _holds(pack: bytes) -> bool:
    """Whether a pack's digests are those of its files, and each of its proofs verifies with the key in it."""
    with zipfile.ZipFile(io.BytesIO(pack)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    sums = {
        name: digest for digest, _, name in (row.partition("  ") for row in files["SHA256SUMS"].decode().splitlines())
    }
    whole = all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in sums.items())
    proofs = [data for name, data in files.items() if name.endswith(".tlog-proof")]
    return whole and bool(proofs) and all(_verifies(one, files["log.vkey"].decode().strip()) for one in proofs)


def _verifies(proof: bytes, key: str) -> bool:
    with suppress(Tampered):
        return bool(verify_file(proof, [key]).entry)
    return False


def _shown(scene: Scene) -> list[Row]:
    return [
        {
            "site": scene.sites[one.source],
            "verdict": str(one.verdict),
            "severity": str(one.severity),
            "number": one.shown,
            "rule": one.rule,
        }
        for one in scene.found()
    ]
