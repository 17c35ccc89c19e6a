"""Judging what pages say of hotlines: over the registry and the crawl of this store, with the channels of its settings.

Rules held here:
- Channels and platforms are read when something is judged, told or filed: who only extracts needs none. What extracts
  is started with the first page that is judged for somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoma.errors import BadInput

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from haoma.app.services import Services
    from haoma.guard.judge import Desk
    from haoma.guard.judge.channels import Spec
    from haoma.guard.judge.looking import Looker
    from haoma.guard.judge.office import IncidentOffice
    from haoma.guard.judge.outbox import Channel, Sent
    from haoma.guard.judge.platforms import Platform
    from haoma.guard.reading import Bounds, Readers

__all__ = [
    "guard_channels",
    "guard_desk",
    "incident_office",
    "looker",
    "page_readers",
    "reading_bounds",
    "tell_news",
]

MOST_LOOKS = 100


def guard_desk(services: Services) -> Desk:
    """What judging stands on."""
    from haoma.guard.judge import Desk, Limits
    from haoma.guard.judge.kept import Again, Crawled, KeptRegistry

    settings = services.settings
    for name, looks in (("guard_bad_looks", settings.guard_bad_looks), ("guard_good_looks", settings.guard_good_looks)):
        if looks > MOST_LOOKS:
            raise BadInput(f"{name} is {looks:,}; {MOST_LOOKS} are allowed", hint="2 is usual")
    return Desk(
        services.store,
        services.ledger,
        services.commitments,
        KeptRegistry(),
        services.now,
        Limits(settings.guard_bad_looks, settings.guard_good_looks),
        {one.name: one.severity for one in _specs(services)},
        Crawled(services.ledger, services.now),
        Again(services.now),
    )


def reading_bounds(services: Services) -> Bounds:
    """How long a page may be read, and how much memory that may take."""
    from haoma.guard.reading import Bounds

    return Bounds(services.settings.guard_read_s, services.settings.guard_read_mb)


def page_readers(services: Services) -> Readers:
    """Who reads pages, each in a process of its own."""
    from haoma.guard.reading import Readers

    return services.opened(Readers(services.reading_bounds))


def looker(services: Services) -> Looker:
    """Who judges pages."""
    from haoma.guard.judge.looking import Looker

    return Looker(services.guard_desk, services.page_readers)


def incident_office(services: Services) -> IncidentOffice:
    """What people do with incidents."""
    from haoma.guard.crawl.drawing import Drawer
    from haoma.guard.judge.kept import Crawled
    from haoma.guard.judge.office import IncidentOffice
    from haoma.guard.judge.proofs import LogProofs

    proofs = LogProofs(services.ledger, services.view, services.publisher, services.keys)
    pages = Crawled(services.ledger, services.now)
    drawer = Drawer(services.store, services.ledger, services.now, services.settings.crawl_chromium)
    return IncidentOffice(services.gate, services.guard_desk, _platforms(services), pages, proofs, drawer)


def guard_channels(services: Services) -> Mapping[str, Channel]:
    """Who hears news, by name."""
    import ssl

    tls = ssl.create_default_context()
    return {one.name: _channel(services, one, tls) for one in _specs(services)}


def tell_news(services: Services) -> Sent:
    """Remind of tickets that are due, and tell what nobody has heard yet."""
    from haoma.guard.judge.outbox import send_due
    from haoma.guard.judge.tickets import any_due, remind

    desk, platforms = services.guard_desk, _platforms(services)
    with services.store.read() as tx:
        due = any_due(tx, services.now())
    if due:
        services.store.write(lambda tx: remind(tx, desk, platforms, services.now()))
    return send_due(desk, services.guard_channels)


def _channel(services: Services, spec: Spec, tls: ssl.SSLContext) -> Channel:
    import time

    from haoma.consent.http import HttpTransport
    from haoma.guard.judge.channels import Mail, Robot, Webhook

    if spec.kind == "mail":
        return Mail(spec, tls)
    if spec.kind == "webhook":
        return Webhook(spec, services.custody, HttpTransport(lambda: services.http))
    return Robot(spec, tls, time.monotonic, services.now)


def _specs(services: Services) -> tuple[Spec, ...]:
    from haoma.guard.judge.channels import read_channels

    path = services.settings.guard_channels
    return () if path is None else read_channels(path)


def _platforms(services: Services) -> Mapping[str, Platform]:
    from haoma.guard.judge.platforms import read_platforms

    return read_platforms(services.settings.guard_platforms)
