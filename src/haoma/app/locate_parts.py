"""Where customers are: the sources of evidence that settings name, and the questions that may be asked.

Rules held here:
- The segment of a number is always a source; a carrier is one where the settings camara_* name it.
- What a customer shares on their page is a source where there is such a page (self_url).
- With a carrier, consent asks it whether a number has another holder, and has it forget who withdraws.
- Settings that name half a carrier are an error for whoever asks it, and hinder no withdrawal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.consent import Places, RecyclingCheck
    from haoma.locate import Locate
    from haoma.locate.camara import Camara
    from haoma.locate.evidence import EvidenceSource
    from haoma.locate.shared import Positions

__all__ = ["camara", "locate", "places", "positions", "recycling"]


def camara(services: Services) -> Camara:
    """The carrier that is asked over CAMARA; raises BadInput where the settings name none."""
    from haoma.locate.camara import open_camara

    settings = services.settings
    named = (settings.camara_url, settings.camara_issuer, settings.camara_client_id, settings.camara_key_file)
    return open_camara(*named, services.vault.known_as)


def locate(services: Services) -> Locate:
    """The questions about where customers are, each behind the gate."""
    from haoma.locate import Gathering, Locate
    from haoma.locate.fusion import known_cities, shipped_priors
    from haoma.locate.shared import SharedPosition
    from haoma.locate.sources.carrier import Carrier
    from haoma.locate.sources.segment import IssuedIn

    sources: list[EvidenceSource] = [IssuedIn(services.vault)]
    if services.settings.self_url:
        sources.append(SharedPosition(services.vault))
    if _is_named(services):
        sources.append(Carrier(services.camara, services.vault))
    return Locate(services.consent, Gathering(services.consent, sources, known_cities(), shipped_priors()))


def recycling(services: Services) -> RecyclingCheck | None:
    """Who knows whether a number has another holder; None where no setting speaks of a carrier."""
    if not _is_named(services):
        return None
    from haoma.locate.camara import CarrierRecycling

    return CarrierRecycling(lambda: services.camara)


def positions(services: Services) -> Positions:
    """The positions that customers shared on their page."""
    from haoma.locate.shared import Positions

    return Positions(services.vault)


def places(services: Services) -> Places:
    """Who forgets what was kept of a subject: shared positions, and a carrier where a setting speaks of one."""
    from haoma.locate.camara import CarrierTokens
    from haoma.locate.shared import Everywhere

    # A client that was not built holds no tokens, and is not built for their sake.
    carrier = [CarrierTokens(lambda: vars(services).get("camara"))] if _is_named(services) else []
    return Everywhere([services.positions, *carrier])


def _is_named(services: Services) -> bool:
    settings = services.settings
    return any((settings.camara_url, settings.camara_issuer, settings.camara_client_id, settings.camara_key_file))
