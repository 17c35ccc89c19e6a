"""What the policies say to one request: readable Cedar files, compiled once, deny by default.

Rules held here:
- limits.cedar stands beside whatever policy is in force, and a forbid wins: no change of policy lifts a limit.
- A policy that Cedar cannot evaluate decides nothing: Cedar itself skips it, and a skipped forbid would let through, so
  that any error in an evaluation refuses the request.
- Cedar sees roles, action, object, class of the field and five circumstances, and no id or value. Two requests that
  agree in those get one answer, so that answers are kept; what is kept belongs to one policy text and dies with it.
- Every policy has an `@id`, and a decision names those that made it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from haoma.access.fields import ACTIONS, FIELDS, OBJECTS
from haoma.access.model import Role
from haoma.errors import BadInput, Refused, Tampered, Unavailable
from haoma.ledger.forms import is_word

if TYPE_CHECKING:
    import cedarpy

__all__ = ["EXCLUDED", "Circumstances", "Decision", "Policy", "Question", "compile_policy", "shipped_text"]

KEPT = 4_096
UNKNOWN, FAULTY, NO_POLICY, EXCLUDED = "nothing-known", "policy-fault", "no-policy", "roles-exclude"


class Circumstances(NamedTuple):
    """What a decision depends on beside roles and what is asked for; each is true or false.

    `strong`: two factors. `in_case`: inside an open case of the asker about the subject. `same_tenant`: theirs.
    `scoped`: the key was made for this action. `own`: it is about the asker.
    """

    strong: bool
    in_case: bool
    same_tenant: bool
    scoped: bool
    own: bool


class Question(NamedTuple):
    """All that an answer depends on. `field` is empty where the whole object is meant."""

    machine: bool
    roles: frozenset[Role]
    action: str
    object: str
    field: str
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, which policies made it so, and the version of the policy text (0 is the one shipped).

    >>> Decision(allowed=False, policies=("no-policy",), version=0).require()
    Traceback (most recent call last):
    haoma.errors.Refused: not allowed (no-policy)
    """

    allowed: bool
    policies: tuple[str, ...]
    version: int

    def require(self) -> None:
        """Raise Refused, naming the policies, where this is no permission; Tampered where roles exclude one another."""
        if EXCLUDED in self.policies:
            message = "this person holds roles that exclude one another, which no command of haoma gives: none counts"
            raise Tampered(message, hint="haoma access people list shows them; a security administrator revokes one")
        if not self.allowed:
            message = f"not allowed ({', '.join(self.policies)})"
            hint = "docs/guide/access.md tells what each policy asks for"
            raise Refused(message, hint=hint, reason=self.policies[0])


class Policy:
    """One policy text with the limits beside it, ready to answer."""

    def __init__(self, text: str, version: int) -> None:
        self.text = text
        self.version = version
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self._set = compile_policy(text)
        self._kept: dict[Question, Decision] = {}

    def decide(self, question: Question) -> Decision:
        """The answer to a question; the same question is answered from memory."""
        kept = self._kept.get(question)
        if kept is None:
            kept = self.decide_anew(question)
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[question] = kept
        return kept

    def decide_anew(self, question: Question) -> Decision:
        """The answer as Cedar gives it now."""
        if question.object not in ACTIONS.get(question.action, ()) or not _is_field(question.object, question.field):
            return Decision(allowed=False, policies=(UNKNOWN,), version=self.version)
        import cedarpy

        result = cedarpy.is_authorized(_request(question), self._set, _entities(question.roles))
        found = result.diagnostics
        if found.errors:
            return Decision(allowed=False, policies=(FAULTY,), version=self.version)
        ids = found.id_annotations_by_reason
        policies = tuple(sorted(ids.get(reason, FAULTY) for reason in found.reasons)) or (NO_POLICY,)
        return Decision(allowed=bool(result.allowed), policies=policies, version=self.version)


def shipped_text() -> str:
    """The policy that haoma comes with."""
    return _file("roles.cedar")


def compile_policy(text: str) -> cedarpy.PolicySet:
    """A policy text compiled with the limits, and held against the schema; one that was compiled before is the same.

    Raises BadInput where it is no Cedar, asks for what is not there, or has policies without an id of their own;
    Unavailable where Cedar's engine is not installed.
    """
    try:
        import cedarpy  # noqa: F401 - it is asked for anew each time, also where the text is known
    except ImportError:
        raise Unavailable("the policy engine is not there", hint="pip install cedarpy") from None
    return _compiled(text)


@lru_cache(maxsize=8)
def _compiled(text: str) -> cedarpy.PolicySet:
    import cedarpy

    whole = f"{_file('limits.cedar')}\n{text}"
    try:
        found = cedarpy.PolicySet.from_str(whole)
        errors = cedarpy.validate_policies(whole, _schema()).errors
        ids = _ids(whole)
    except ValueError as error:
        raise BadInput(
            f"this is no policy text ({str(error)[:200]})", hint="Cedar 4: https://docs.cedarpolicy.com"
        ) from None
    if errors:
        raise BadInput(
            f"the policy asks for what is not there ({str(errors[0])[:200]})", hint="see docs/guide/access.md"
        )
    if len(set(ids)) < len(ids) or not all(map(is_word, ids)):
        raise BadInput("a policy has no @id, or that of another one", hint='@id("agent-sees-subject"), a word each')
    return found


def _ids(text: str) -> list[str]:
    import cedarpy

    found = json.loads(cedarpy.policies_to_json_str(text))
    if found.get("templates"):
        raise BadInput("a policy text has no templates", hint="name the role where ?principal stands")
    return [str(one.get("annotations", {}).get("id")) for one in found["staticPolicies"].values()]


@cache
def _file(name: str) -> str:
    return (files("haoma.access") / "policies" / name).read_text(encoding="utf-8")


@cache
def _schema() -> str:
    asked = "principal: [Person, Machine]"
    lines = [
        "entity Role; entity Person in [Role]; entity Machine in [Role];",
        "entity Class; entity Object; entity Field in [Class, Object];",
        f"type Circumstances = {{ {', '.join(f'{name}: Bool' for name in Circumstances._fields)} }};",
    ]
    for action in ACTIONS:
        resource = "[Field, Object]" if action in {"see", "write"} else "[Object]"
        lines.append(f'action "{action}" appliesTo {{ {asked}, resource: {resource}, context: Circumstances }};')
    return "\n".join(lines)


def _is_field(object_: str, field: str) -> bool:
    return field in FIELDS.get(object_, ()) if field else object_ in OBJECTS


def _request(question: Question) -> dict[str, object]:
    kind = "Field" if question.field else "Object"
    name = f"{question.object}.{question.field}" if question.field else question.object
    return {
        "principal": {"type": "Machine" if question.machine else "Person", "id": "asker"},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": kind, "id": name},
        "context": question.circumstances._asdict(),
    }


@cache
def _entities(roles: frozenset[Role]) -> cedarpy.Entities:
    import cedarpy

    held = [{"type": "Role", "id": str(role)} for role in sorted(roles)]
    known: list[dict[str, object]] = [
        {"uid": {"type": kind, "id": "asker"}, "attrs": {}, "parents": held} for kind in ("Person", "Machine")
    ]
    for object_, fields in FIELDS.items():
        for field, class_ in fields.items():
            parents = [{"type": "Class", "id": class_}, {"type": "Object", "id": object_}]
            known.append({"uid": {"type": "Field", "id": f"{object_}.{field}"}, "attrs": {}, "parents": parents})
    return cedarpy.Entities.from_json_str(json.dumps(known))
