"""How fast permission is asked for: `Consent.require` with policy, permission, audit row and entry, durable on SQLite.

Rules held here:
- Each use is on the disk before its Grant is there; threads share commits as the desks of one process do.
- A hundred agents and a thousand subjects, so that no answer is that of the question before; each permission has its
  receipt, which is verified at its first use: those are timed apart.
- The peer is the same transaction without consent: the audit row and the entry alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from bench.figure import Figure, require
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Asker, Gate, Role
from haoma.access import tables as access
from haoma.consent import jws, tables
from haoma.consent.alarms import AlarmFile
from haoma.consent.entries import ENTRY_TYPES
from haoma.consent.notice import make_notice
from haoma.consent.notices import Published, StoredAssessments
from haoma.consent.office import Office, SteadyClock, actor_of
from haoma.consent.purposes import Holder
from haoma.consent.receipt import RECEIPT, Agreement, receipt_body
from haoma.consent.service import Consent
from haoma.consent.sms import OutboxFile
from haoma.ledger.service import Ledger
from haoma.storage import Store, open_store
from haoma.vault import ENTRY_TYPES as VAULT_TYPES
from haoma.vault import KeyStore, LocalFiles, SubjectToken, Vault, open_keys, suite_named
from haoma.vault.audit import Event

THREADS = 64
AGENTS, SUBJECTS = 100, 1_000
TENANT, TENANT_ID = "acme", "00000000-0000-4000-8000-000000000001"
STRONG = frozenset({"password", "totp"})


class _Nobody:
    def post(self, url: str, headers: object, body: bytes) -> int:
        return 204


def permissions(seconds: float) -> Iterator[Figure]:
    """Uses a second, and how long one of a hundred takes."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder)
        with open_store(f"sqlite:///{path}/bench.db") as store, open_keys(f"sqlite:///{path}/vault.db") as keys:
            consent = _desk(store, keys, path)
            subjects, agents = _people(consent.office)
            asked = _uses(consent, subjects, agents)
            alone = _recorded(consent, subjects, agents)
            recorded, _, _ = _rate(alone, seconds)
            began = time.perf_counter()
            for number in range(SUBJECTS):
                asked(number)
            yield Figure(
                "first uses, the receipt verified, one at a time", "uses/s", SUBJECTS / (time.perf_counter() - began)
            )
            spent = time.process_time()
            rate, waits, uses = _rate(asked, seconds)
            spent = (time.process_time() - spent) / uses
            with store.read() as tx:
                logged = tx.scalar(sa.text("SELECT count(*) FROM audit WHERE action = 'consent.use'"))
            require(logged == SUBJECTS + uses, f"{logged} rows of {SUBJECTS + uses} uses")
            what = f"uses of a consent, decided, recorded and on the disk ({THREADS} threads)"
            yield Figure(what, "uses/s", rate, "the audit row and entry alone", recorded)
            yield Figure("the same, by CPU time alone", "uses/s", 1 / spent)
            p99 = waits[len(waits) * 99 // 100] * 1e3
            yield Figure(f"the slowest of a hundred of them ({THREADS} threads)", "ms", p99)
            _, few, _ = _rate(asked, seconds / 5, threads=1)
            yield Figure("the slowest of a hundred, one at a time", "ms", few[len(few) * 99 // 100] * 1e3)


def _desk(store: Store, key_store: Store, path: Path) -> Consent:
    now = SteadyClock(lambda: datetime.now(UTC))
    suite = suite_named("aes-sha2")
    custody = LocalFiles(path / "custody", suite)
    log = Ledger(store, [*VAULT_TYPES, *ACCESS_TYPES, *ENTRY_TYPES], now)
    vault = Vault(store, KeyStore(key_store, custody, suite, now), log, now)
    return Consent(
        Office(
            store=store,
            vault=vault,
            gate=Gate(store, log, vault.commitments),
            custody=custody,
            now=now,
            sms=OutboxFile(path / "outbox"),
            assessments=StoredAssessments(),
            transport=_Nobody(),
            alarms=AlarmFile(path / "alarms"),
        )
    )


def _people(office: Office) -> tuple[list[SubjectToken], list[Asker]]:
    """Agents with an open case each about every tenth subject, and a live consent of every subject."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    end = at + timedelta(days=1)
    subjects = [SubjectToken(TENANT, "a", 1, number.to_bytes(16, "big")) for number in range(SUBJECTS)]
    ids = [f"00000000-0000-4000-8000-1000000{number:05d}" for number in range(AGENTS)]
    who = [Asker(one, one, TENANT_ID, frozenset({Role.AGENT}), STRONG) for one in ids]

    def work(tx: sa.Connection) -> None:
        tx.execute(sa.insert(access.tenants).values(tenant_id=TENANT_ID, name=TENANT, created_at=at))
        person = {"tenant_id": TENANT_ID, "state": "active", "created_at": at, "version": 1}
        role = {"role": "agent", "granted_at": at}
        case = {"tenant_id": TENANT_ID, "opened_at": at, "closes_at": end}
        tx.execute(sa.insert(access.people), [person | {"person_id": one, "login": one, "name": one} for one in ids])
        tx.execute(sa.insert(access.roles), [role | {"person_id": one, "granted_by": one} for one in ids])
        cases = [
            case | {"case_id": f"{n:08d}-0000-4000-8000-000000000000", "agent_id": ids[n % AGENTS], "subject": str(one)}
            for n, one in enumerate(subjects)
        ]
        tx.execute(sa.insert(access.cases), cases)
        assessed = {"tenant": TENANT, "purpose": "customer-care", "digest": "0" * 64, "stored_at": at, "until": end}
        tx.execute(sa.insert(tables.assessments).values(**assessed, entry_id=0, kept_until=end))
        tx.execute(sa.insert(tables.grants), [_given(office, n, one, at, end) for n, one in enumerate(subjects)])

    office.store.write(work)
    return subjects, who


def _given(office: Office, number: int, subject: SubjectToken, at: datetime, end: datetime) -> dict[str, object]:
    grant_id = f"{number:08d}-0000-4000-8000-000000000000"
    notice = make_notice("customer-care", "acme-desk", "Acme", "privacy@acme.example", ["carrier"], "city", 1)
    agreed = Agreement(
        grant_id=grant_id,
        receipt_id=grant_id,
        subject=subject,
        published=Published(notice, 1, notice.digest, at),
        sources=("carrier",),
        granularity=notice.granularity,
        channel="web",
        language="zh",
        holder=Holder.ADULT,
        guardian=None,
        since=at,
        until=end,
    )
    return {
        "grant_id": grant_id,
        "subject": str(subject),
        "purpose": "customer-care",
        "recipient": "acme-desk",
        "sources": "carrier",
        "granularity": "city",
        "basis": "consent",
        "channel": "web",
        "holder": "adult",
        "version": 1,
        "since": at,
        "until": end,
        "checked_at": at,
        "state": "given",
        "receipt": jws.sign(office.custody, RECEIPT, receipt_body(agreed)),
        "commitment": "",
        "entry_id": 0,
    }


def _uses(consent: Consent, subjects: list[SubjectToken], agents: list[Asker]) -> Callable[[int], object]:
    def use(number: int) -> object:
        subject, agent = subjects[number % SUBJECTS], agents[number % AGENTS]
        return consent.require(agent, subject, purpose="customer-care", recipient="acme-desk", source="carrier")

    return use


def _recorded(consent: Consent, subjects: list[SubjectToken], agents: list[Asker]) -> Callable[[int], object]:
    office = consent.office

    def record(number: int) -> object:
        subject, actor = subjects[number % SUBJECTS], actor_of(agents[number % AGENTS])
        event = Event(TENANT, actor, "bench", "allowed", "bench", office.now(), subject, "customer-care")
        return office.store.write(lambda tx: office.record(tx, event, "audit.recorded", action="x", decision="y"))

    return record


def _rate(work: Callable[[int], object], seconds: float, threads: int = THREADS) -> tuple[float, list[float], int]:
    """How often a second, how long each took in ascending order, and how often at all."""
    until = time.perf_counter() + seconds

    def go(thread: int) -> list[float]:
        waits, number = list[float](), thread
        while (began := time.perf_counter()) < until:
            work(number)
            waits.append(time.perf_counter() - began)
            number += threads
        return waits

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        waits = sorted(wait for found in pool.map(go, range(threads)) for wait in found)
    took = time.perf_counter() - began
    return len(waits) / took, waits, len(waits)
