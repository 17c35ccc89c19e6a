"""The official schemas of PROV-JSON and OpenLineage, with formats checked."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import rfc3339_validator  # noqa: F401 - without it jsonschema lets any date-time pass
from jsonschema import Draft4Validator, Draft202012Validator, FormatChecker
from referencing import Registry, Resource

CHECKER = FormatChecker()


@CHECKER.checks("uri")
def is_uri(value: object) -> bool:
    """RFC 3986 §3, as far as the schemas need it: a scheme, and nothing that a URI cannot hold."""
    return not isinstance(value, str) or re.fullmatch(r"[A-Za-z_][A-Za-z0-9+.-]*:[!-~]+", value) is not None


def prov_errors(shared: Path, document: object) -> list[str]:
    """What W3C's schema says of a PROV-JSON document."""
    return [error.message for error in _prov(shared).iter_errors(document)]


@cache
def _prov(shared: Path) -> Draft4Validator:
    return Draft4Validator(_json(shared / "ledger" / "prov" / "prov-json.schema.json"), format_checker=CHECKER)


def openlineage_errors(shared: Path, event: Any) -> list[str]:
    """What the core schema says of an event, and each facet's own schema of that facet."""
    core, registry = _openlineage(shared)
    found = [error.message for error in _validator(core["$id"] + "#/$defs/RunEvent", registry).iter_errors(event)]
    for facet in _facets(event):
        found += [error.message for error in _validator(facet["_schemaURL"], registry).iter_errors(facet)]
    return found


def _facets(event: Any) -> list[Any]:
    homes = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    kinds = ("facets", "inputFacets", "outputFacets")
    return [facet for home in homes for kind in kinds for facet in home.get(kind, {}).values()]


def _validator(ref: str, registry: Registry[Any]) -> Draft202012Validator:
    return Draft202012Validator({"$ref": ref}, registry=registry, format_checker=CHECKER)


@cache
def _openlineage(shared: Path) -> tuple[Any, Registry[Any]]:
    spec = shared / "ledger" / "openlineage" / "spec"
    core = _json(spec / "OpenLineage.json")
    own = json.loads(files("haoma.lineage").joinpath("facets.json").read_text(encoding="utf-8"))
    schemas = [core, own, *map(_json, sorted((spec / "facets").glob("*.json")))]
    return core, Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
