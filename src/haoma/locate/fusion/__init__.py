"""Evidence of where somebody is, fused into probabilities of cities, a circle, causes and reasons."""

from __future__ import annotations

from haoma.locate.fusion.causes import Cause
from haoma.locate.fusion.cities import Cities, cities_of, known_cities
from haoma.locate.fusion.fused import Fused
from haoma.locate.fusion.learn import Fitted, fit
from haoma.locate.fusion.model import fuse
from haoma.locate.fusion.observation import (
    Address,
    CarrierCircle,
    CarrierVerdict,
    Circle,
    Device,
    IpCity,
    Issued,
    Network,
    Observation,
    Radio,
    Stated,
    Verdict,
)
from haoma.locate.fusion.priors import Prior, Priors, priors_from, priors_json, shipped_priors
from haoma.locate.fusion.reasons import REASONS, Reason
from haoma.locate.fusion.records import Record, record_json, records_from

__all__ = [
    "REASONS",
    "Address",
    "CarrierCircle",
    "CarrierVerdict",
    "Cause",
    "Circle",
    "Cities",
    "Device",
    "Fitted",
    "Fused",
    "IpCity",
    "Issued",
    "Network",
    "Observation",
    "Prior",
    "Priors",
    "Radio",
    "Reason",
    "Record",
    "Stated",
    "Verdict",
    "cities_of",
    "fit",
    "fuse",
    "known_cities",
    "priors_from",
    "priors_json",
    "record_json",
    "records_from",
    "shipped_priors",
]
