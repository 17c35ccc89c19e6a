"""Where a hotline goes wrong inside the company: read at every hop of its own pipeline, and the first wrong hop named.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.guard.probe.model import Asked, HopSeen, Place, Probed, Sight, Station
from haoma.guard.probe.pipeline_file import Pipeline, read_pipeline
from haoma.guard.probe.service import probe, record_probe
from haoma.guard.probe.told import rows, sentence

__all__ = [
    "Asked",
    "HopSeen",
    "Pipeline",
    "Place",
    "Probed",
    "Sight",
    "Station",
    "probe",
    "read_pipeline",
    "record_probe",
    "rows",
    "sentence",
]
