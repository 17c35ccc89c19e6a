"""The demo's chapter on counts: half of a hotline's callers go elsewhere, and how soon that is noticed.

Rules held here:
- Everything is simulated, with a seed. The clock is the replay's own, so that a week takes seconds and every run is
  the same.
- The store is this chapter's own, as that of published numbers is.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import click

from haoma.access import Asker, Role
from haoma.app import Services
from haoma.cli.demo_counts import CALLS_PER_HOUR, DIVERTED, END, SINCE, P, Q, put
from haoma.cli.demo_desk import staffed
from haoma.cli.stage import Stage, Step
from haoma.errors import Tampered
from haoma.guard.crawl import sources
from haoma.guard.crawl.model import Kind, Source
from haoma.guard.judge.incidents import Incident, incidents
from haoma.guard.model import Names, Purpose
from haoma.guard.registry import Hotline, Organisation, added, uri_of
from haoma.ledger.entry import Entry, decode
from haoma.ledger.offline import proof_file, verify_file
from haoma.watch.detectability import detectability
from haoma.watch.model import SHANGHAI_MIN, moment_of
from haoma.watch.running.alerts import Alert, alerts
from haoma.watch.running.drawn import svg
from haoma.watch.running.explain import explain
from haoma.watch.running.moments import local_text
from haoma.watch.running.plot import lines
from haoma.watch.running.runner import Ran, Runner
from haoma.watch.running.shown import text_of

__all__ = ["chapter"]

OURS, CARE = Names("澄湖基金管理有限公司", ("澄湖基金",)), "400-555-0618"
FOUNDED = datetime(2009, 1, 1, tzinfo=UTC)
SOON_MIN, SHOWN_MIN, WIDTH = 30, 70, 96


@dataclass
class _Replay:
    """The watch of a store, at a time of its own; `minute` is the last one that is due."""

    services: Services
    minute: int = SINCE

    def runner(self) -> Runner:
        """A runner on this clock."""
        return Runner(replace(self.services.guard_desk, now=self.now), self.services.watch_manner)

    def now(self) -> datetime:
        """When the counts of the replayed minute have been waited for."""
        return moment_of(self.minute + 1 + self.services.watch_manner.tuning.grace_min)

    def until(self, runner: Runner, minute: int) -> Ran:
        """Judge all up to a minute."""
        self.minute = minute
        return runner.once() or Ran()

    def alerts(self) -> list[Alert]:
        """What was found."""
        with self.services.store.read() as tx:
            return alerts(tx)

    def incidents(self) -> list[Incident]:
        """What became of it."""
        with self.services.store.read() as tx:
            return incidents(tx)

    def due_now(self) -> int:
        """How many sources are to be read now."""
        with self.services.store.read() as tx:
            return sum(one.next_at is not None and one.next_at <= self.now() for one in sources.read(tx))


def chapter(stage: Stage) -> Iterator[Step]:
    """Learn a week, divert half of the callers, see the alert, its incident and its crawl, and see it end."""
    folder = stage.directory / f"watch-{secrets.token_hex(4)}"
    given = stage.services.settings
    own = replace(
        given,
        store_dir=folder / "store",
        guard_channels=None,
        guard_platforms=None,
        watch_hours=None,
        watch_corrector=None,
    )
    with Services(own) as services:
        editor, approver = staffed(services, {"lin": Role.HOTLINE_EDITOR, "pru": Role.APPROVER})
        put(services, editor.tenant, _registered(services, editor, approver))
        yield from _played(stage, _Replay(services))


def _registered(services: Services, editor: Asker, approver: Asker) -> Hotline:
    """A made-up hotline in the registry, and a page that is to be read a month later."""
    ours, now = Organisation(str(uuid.uuid4()), OURS), datetime.now(UTC)
    hotline = Hotline(str(uuid.uuid4()), ours.uid, uri_of(CARE), frozenset({Purpose.CARE}), ("官网",), FOUNDED, None)
    asked = services.registry.propose(editor, [added(ours), added(hotline)], "号码登记表", now)
    services.approvals.approve(approver, asked.id, Role.APPROVER, asked.digest, now)
    services.approvals.run(editor, asked.id, now)
    page = Source(str(uuid.uuid4()), Kind.PAGE, "https://map.example/chenghu", "客服中心", "", ours.uid)
    later = moment_of(END) + timedelta(days=30)
    services.store.write(lambda tx: sources.add(tx, services.ledger, page, later))
    return hotline


def _played(stage: Stage, replay: _Replay) -> Iterator[Step]:
    runner = replay.runner()
    replay.until(runner, DIVERTED - 1)
    yield Step("a simulated week of calls is learned from; alerts on the morning after it", 0, len(replay.alerts()))
    due = replay.due_now()
    while not replay.alerts() and replay.minute < DIVERTED + SOON_MIN:
        replay.until(runner, replay.minute + 1)
    found = replay.alerts()
    delay = found[0].opened + 1 - DIVERTED if found else None
    yield Step(
        f"half of the callers are gone, 5% of them report it: alerted within {SOON_MIN} min",
        True,
        delay is not None and delay <= SOON_MIN,
    )
    opened = [f"{one.verdict}, {one.severity}" for one in replay.incidents()]
    yield Step("the alert is an incident of the hotline", "unusual-counts, high", "; ".join(opened) or "none")
    yield Step(
        "its organisation's page, due a month later, is due at once", "0, then 1", f"{due}, then {replay.due_now()}"
    )
    again = replay.until(replay.runner(), replay.minute)
    yield Step(
        "a runner that starts anew finds nothing that was not told", 0, again.raised + again.over + again.minutes
    )
    replay.until(runner, DIVERTED + SHOWN_MIN)
    if found and delay is not None:
        _show(stage, replay, found[0], delay)
    replay.until(runner, END - 1)
    ended = [*(str(one.state) for one in replay.alerts()), *(str(one.state) for one in replay.incidents())]
    yield Step("the callers are back: alert and incident end by themselves", "recovered, closed", ", ".join(ended))
    yield Step("the log proves what showed the alert", 1, sum(_proved(replay.services, one) for one in replay.alerts()))


def _show(stage: Stage, replay: _Replay, alert: Alert, delay: int) -> None:
    """The alert with its delay, and what `haoma watch explain` draws of it."""
    manner = replay.services.watch_manner
    with replay.services.store.read() as tx:
        said = explain(tx, manner, alert.id, None, 3)
    (stage.directory / "watch.svg").write_text(svg(said.picture), encoding="utf-8")
    best = detectability(CALLS_PER_HOUR, 0.005 * CALLS_PER_HOUR, P, Q, manner.tuning.budget.per_hotline_and_month())
    fits = said.said["fits"]
    row = {
        "hotline": CARE,
        "gone since": local_text(DIVERTED, SHANGHAI_MIN),
        "alert": local_text(alert.opened + 1, SHANGHAI_MIN),
        "delay_min": delay,
        "at best, on average": round(best, 1),
        "channel": alert.channel,
        "score": alert.score / 1_000_000,
        "fits": fits,
    }
    stage.show("Half of the callers of a made-up hotline go elsewhere; all counts are simulated", [row])
    if stage.shown:
        click.echo("\n".join(lines(said.picture, WIDTH)) + "\n")


def _proved(services: Services, alert: Alert) -> bool:
    """Whether an entry of the log has the digest of what showed an alert, and its proof verifies."""
    digest = hashlib.sha256(text_of(alert.document).encode()).hexdigest()
    signed, key = services.publisher.checkpoint(), services.log_key.verifier.text
    told = (_entry(proof_file(services.view, services.publisher, index), key) for index in range(signed.size))
    return any(one is not None and one.body.get("evidence") == digest for one in told)


def _entry(proof: bytes, key: str) -> Entry | None:
    with suppress(Tampered):
        return decode(verify_file(proof, [key]).entry)
    return None
