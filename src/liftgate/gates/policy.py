"""Policies as code: for each tier of risk, what a decision needs beside its statistics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from liftgate.canon import digest
from liftgate.errors import StudyError, UnknownName
from liftgate.gates.rights import Counts, Escalation, Right
from liftgate.records.notebook import ModelCard
from liftgate.study.load import refused, text_of_file
from liftgate.study.problems import Node, Problem, describe, problems_of
from liftgate.study.source import Source, parse
from liftgate.study.values import Listed, Name, Text

FORMAT = 1
SHIPPED = ("startup", "scaleup", "regulated")
"""From the lightest to the strictest; also the levels of a team's own policies."""
TIERS = ("low", "medium", "high")
KINDS = ("prompt", "settings", "code", "retriever", "model", "tool", "other")
"""What a change can be of, as far as the arms of a study tell."""
Days = Annotated[int, Field(ge=1, le=36_500)]
Tier = Literal["low", "medium", "high"]


class EntryNeed(Node):
    """An entry that the ledger must hold: a reproduction, a drill, a document."""

    kind: Text = Field(description="the kind of the entry")
    days: Days = Field(description="how old it may be")
    accept: Listed = Field(
        default=(), description="the values of its `verdict` that count; none named: any"
    )
    signed: Counts = Field(
        default_factory=dict, description="role: how many must have signed the entry"
    )


class TierPlan(Node):
    """What a decision of one tier needs. What is not named is not asked for."""

    guardrails: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="least number of guardrail claims"
    )
    largest_alpha: Annotated[float, Field(gt=0, lt=0.5)] | None = Field(
        default=None, description="largest chance of a false ship"
    )
    least_items: Annotated[int, Field(ge=0)] = Field(default=0, description="least number of items")
    fresh_days: Days | None = Field(default=None, description="how old the decision may be")
    gate_activated: bool = Field(
        default=False, description="every check of the gate was broken on purpose and seen to bite"
    )
    complete_capture: bool = Field(
        default=False,
        description="nothing is unknown of the code, data and machine of the runs that count",
    )
    studies: dict[Name, Days] = Field(
        default_factory=dict, description="name of another study that must ship it: how old"
    )
    entries: dict[Name, EntryNeed] = Field(
        default_factory=dict, description="what else the ledger must hold"
    )
    author_signs: bool = Field(default=False, description="the author signs the locked study")
    forecast: bool = Field(default=False, description="a signed forecast from before the result")
    record: bool = Field(default=False, description="a signed decision record")
    approvals: Counts = Field(default_factory=dict, description="role: how many approve")
    weakening: Counts = Field(
        default_factory=dict, description="who approves as well if the study was weakened"
    )
    escalation: Escalation | None = Field(
        default=None, description="who approves instead when the approvals do not come in time"
    )

    @property
    def signs(self) -> bool:
        """Whether people sign its decisions: then what nobody signed counts for nothing, too."""
        return self.author_signs or bool(self.approvals)


class ChangingPlan(Node):
    """Who must sign a change of the policy itself."""

    ordinary: Counts = Field(default_factory=dict, description="role: how many")
    weakening: Counts = Field(default_factory=dict, description="role: how many, if it weakens")


class WaiverPlan(Node):
    """Who may set a condition aside, and for how long."""

    approvals: Counts = Field(description="role: how many sign a waiver")
    longest_days: Days = Field(description="how long a waiver may hold")
    never: Listed = Field(default=(), description="conditions that are never waived")


class GlassPlan(Node):
    """Who may break the glass in an emergency, for how long, and when that is reviewed."""

    approvals: Counts = Field(
        default_factory=lambda: {"incident-commander": 1}, description="role: how many sign"
    )
    longest_hours: Annotated[int, Field(ge=1, le=8_760)] = Field(
        default=72, description="how long it may hold"
    )
    review_hours: Annotated[int, Field(ge=1, le=8_760)] = Field(
        default=48, description="within which somebody else reviews it"
    )
    never: Listed = Field(default=("evidence",), description="conditions that stay even then")


class DelegationPlan(Node):
    """Which roles may be lent to somebody, and for how long."""

    longest_days: Days = Field(default=30, description="how long a delegation may hold")
    never: Listed = Field(default=(), description="roles that are never delegated")


class Policy(ModelCard, Node):
    """A policy. Every kind of change has a tier, and every tier is said."""

    liftgate: Literal[1] = Field(description="1, the version of this format")
    policy: Name = Field(description="the policy's name")
    level: Literal["startup", "scaleup", "regulated"] = Field(
        description="which shipped policy it is the like of; a study's `tier` asks for that level"
    )
    risks: Mapping[Literal[KINDS], Tier] = Field(description="kind of change: its tier")  # type: ignore[valid-type]
    tiers: Mapping[Tier, TierPlan] = Field(description="low, medium and high: what each needs")
    changing: ChangingPlan = Field(description="who signs a change of the policy")
    waivers: WaiverPlan = Field(description="who may waive what")
    rights: Annotated[tuple[Right, ...], Field(strict=False)] = Field(
        default=(), description="rows that stand for those of the shipped table"
    )
    break_glass: GlassPlan = Field(
        default_factory=GlassPlan, description="what may be done in an emergency, and by whom"
    )
    delegation: DelegationPlan = Field(
        default_factory=DelegationPlan, description="which roles may be lent, and for how long"
    )
    conflicts_by: Listed = Field(
        default=("compliance",),
        description="roles that may declare a conflict of interest of somebody else",
    )
    regions: dict[Text, Text] = Field(
        default_factory=dict,
        description="`here` and endpoints: the region in which each is, for items with a residency",
    )

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check that every kind and tier is named; rights may stand under their acts' names."""
        found = []
        rights = given.get("rights")
        if isinstance(rights, Mapping):
            given = {**given, "rights": list(rights.values())}
        for section, names in (("risks", KINDS), ("tiers", TIERS)):
            node = given.get(section)
            missing = [n for n in names if n not in node] if isinstance(node, Mapping) else []
            if missing:
                found.append(Problem((section,), f"not given: {', '.join(missing)}"))
        return given, found

    @property
    def rank(self) -> int:
        """How strict its level is."""
        return SHIPPED.index(self.level)

    def tier(self, name: str) -> TierPlan:
        """Return what a tier needs."""
        found: TierPlan = self.tiers[name]  # type: ignore[index]
        return found

    def table(self) -> tuple[Right, ...]:
        """Return the decision rights: the policy's own rows, and the shipped ones of other acts."""
        own = {one.act for one in self.rights}
        return (*self.rights, *(one for one in _rights() if one.act not in own))

    def model(self) -> dict[str, Any]:
        """Return the policy as JSON values, every default and every right written out.

        Keys that came later stay out where they say nothing: an adopted policy keeps its digest.
        """
        body = self.model_dump(mode="json")
        for name in ("break_glass", "delegation", "conflicts_by", "regions"):
            if getattr(self, name) == _default(type(self), name):
                del body[name]
        for plan in body["tiers"].values():
            for later in ("escalation", "complete_capture"):
                if not plan[later]:
                    del plan[later]
            for need in plan["entries"].values():
                if not need["signed"]:
                    del need["signed"]
        body["rights"] = {one.act: _written(one) for one in self.table()}
        return body

    def digest(self) -> str:
        """Return the digest of its meaning."""
        return digest(self.model())


@cache
def shipped(name: str) -> Policy:
    """Return a policy that comes with liftgate.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in SHIPPED:
        raise UnknownName("policy", name, SHIPPED)
    return loads(_text(f"{name}.yaml"), name)


_MAKE = "liftgate policy show NAME --json writes a shipped one, to start your own from"


def load(path: Path) -> Policy:
    """Read a policy file. Raises StudyError with all its faults."""
    return loads(text_of_file(path, hint=_MAKE), str(path))


def loads(text: str, file: str) -> Policy:
    """Read a policy from YAML text. Raises StudyError with all its faults."""
    source = parse(text, file)
    if source.faults or not isinstance(source.value, dict):
        got = describe(source.value)
        faults = list(source.faults) or [source.fault((), f"got {got}, expected a mapping")]
        raise refused(file, faults)
    return _made(source.value, file, source)


def of_model(model: Mapping[str, Any], place: str) -> Policy:
    """Return the policy of ``Policy.model()``. Raises StudyError: it is none."""
    return _made(model, place, None)


def _made(fields: Mapping[str, Any], file: str, source: Source | None) -> Policy:
    try:
        return Policy(**fields)
    except ValidationError as error:
        problems = problems_of(error, fields, Policy)
        where = source or Source(file, "")
        faults = [
            where.fault(p.path, p.message, suggestion=p.suggestion, on_key=p.on_key)
            for p in problems
        ]
        raise refused(file, faults) from None
    except TypeError as error:
        raise StudyError(f"{file}: not a policy ({error})", file=file) from error


_LATER = ("about", "notes_of", "catalogue", "alone_up_to", "escalation")
"""Keys of a right that came after the first format."""


def _written(right: Right) -> dict[str, Any]:
    body = right.model_dump(mode="json")
    return {
        key: value
        for key, value in body.items()
        if key not in _LATER or getattr(right, key) != _default(Right, key)
    }


def _default(model: type[Node], name: str) -> Any:
    return model.model_fields[name].get_default(call_default_factory=True)


@cache
def _rights() -> tuple[Right, ...]:
    rows = parse(_text("rights.yaml"), "rights.yaml").value
    return tuple(Right(**row) for row in rows)


def _text(name: str) -> str:
    return files("liftgate.gates").joinpath("policies", name).read_text(encoding="utf-8")
