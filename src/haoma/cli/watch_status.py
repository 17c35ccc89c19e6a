"""`haoma watch status`: how each hotline stands now, and what could be seen of it at all.

Rules held here:
- It is run by whoever runs the store, and changes nothing. Exit 1 where an alert stands.
- False alarms are told beside what the budget allows, for each hotline and for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from haoma.cli.acting import now
from haoma.cli.options import current_settings
from haoma.cli.output import Format, Row, format_option, inert, note, write

if TYPE_CHECKING:
    from haoma.watch.running.realised import Realised
    from haoma.watch.running.status import Standing, Whole

__all__ = ["status"]


@click.command()
@click.option("--tenant", metavar="NAME", help="The hotlines of one tenant alone.")
@format_option
@click.pass_context
def status(ctx: click.Context, /, tenant: str | None, fmt: Format) -> None:
    """Show every hotline that is counted: score, alert, last hour, what would show how soon, false alarms."""
    from haoma.app import Services
    from haoma.watch.calendar import Calendar
    from haoma.watch.counts.series import tenant_named
    from haoma.watch.running.status import status as found

    with Services(current_settings(), create=False) as services, services.store.read() as tx:
        whose = None if tenant is None else tenant_named(tx, tenant)
        whole = found(tx, services.watch_manner, now(), Calendar(), whose)
    shown = whole.hotlines
    write((_row(one, whole, fmt) for one in shown), fmt)
    _tell(whole)
    ctx.exit(1 if any(one.alert for one in shown) else 0)


def _row(one: Standing, whole: Whole, fmt: Format) -> Row:
    from haoma.watch.counts.arrivals import arriving
    from haoma.watch.model import SHANGHAI_MIN
    from haoma.watch.running.moments import local_text
    from haoma.watch.running.status import sight

    alert = one.alert
    return {
        "hotline": inert(one.hotline, fmt),
        "score": round(one.score, 6),
        "channel": one.channel.label if one.channel is not None else None,
        "ready": one.ready,
        "alert": alert.id if alert else None,
        "since": local_text(alert.opened, SHANGHAI_MIN) if alert else None,
        "incident": alert.incident if alert else None,
        "inquiries": _pair(one, 0),
        "errors": _pair(one, 1),
        "sees": sight(one),
        "lag_min": one.lag_min,
        "arrives": arriving(one.arrives),
        "budget_per_month": round(whole.budget_hotline, 4),
        **_month(one.realised),
    }


def _pair(one: Standing, signal: int) -> Row:
    """What was seen and expected in the last hour; nothing where that is not known."""
    seen, expected = one.seen[signal], one.expected[signal]
    return {
        "seen": None if seen is None else round(seen),
        "expected": None if expected is None else round(expected, 1),
    }


def _month(told: Realised) -> Row:
    return {
        "alerts_30d": told.alerts,
        "false_30d": told.false,
        "without_cause_30d": told.causeless,
        "withdrawn_30d": told.withdrawn,
    }


def _tell(whole: Whole) -> None:
    from haoma.watch.model import SHANGHAI_MIN
    from haoma.watch.running.moments import local_text

    until = local_text(whole.minute + 1, SHANGHAI_MIN)
    note(f"judged up to {until}, {whole.behind_min - 1:,} min ago; diversions of whose callers 5% report")
    told = whole.realised
    note(
        f"all hotlines: a budget of {whole.budget_fleet:g} false alarms a month; in 30 days {told.alerts} alerts,"
        f" {told.false} called false, {told.causeless} without a known cause, {told.withdrawn} withdrawn"
    )
    for year in whole.unknown_years:
        note(f"the holidays of {year} are not known: its days are taken for workdays and weekends")
