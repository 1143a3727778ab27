"""The parts of a study file, one model for each section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from liftgate import plugins
from liftgate.errors import LiftgateError, UnknownName, did_you_mean
from liftgate.records import Population, Role, Tries
from liftgate.study import params
from liftgate.study.problems import Node, Problem, describe, known_keys, unknown_key
from liftgate.study.tries import TriesPlan
from liftgate.study.values import Listed, MetricName, Text, matching

_LATENCY = re.compile(r"(?:latency|ttft)_p([0-9]{1,2}(?:\.[0-9]{1,3})?)_ms")


def _score(value: Any) -> float | str:
    if value == "worst":
        return "worst"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
        if number - number == 0:  # neither infinite nor NaN
            return number
    near = did_you_mean(value, ["worst"]) if isinstance(value, str) else ""
    raise PydanticCustomError(
        "liftgate",
        "{message}",
        {
            "message": f"got {describe(value)}, expected worst or a finite number",
            "suggestion": near,
            "on_key": False,
        },
    )


DeclaredScore = Annotated[
    Literal["worst"] | float,
    PlainValidator(_score),
    WithJsonSchema({"anyOf": [{"const": "worst"}, {"type": "number"}]}),
]
"""The score of an outcome: the worst value of each scorer's scale, or a number in its units."""


class ArmPlan(Node):
    """One system of the comparison."""

    role: Annotated[Role, Field(strict=False)] = Field(
        description="baseline or candidate; floor: something useless that the baseline must beat"
    )
    system: Annotated[
        Text, matching(r"(?s)[^:]+:.+", "plugin:rest, e.g. python:package.module:factory")
    ] = Field(description="plugin:rest, e.g. python:package.module:factory")
    params: Annotated[dict[str, Any], Field(strict=True)] = Field(
        default_factory=dict, description="what the factory is called with"
    )
    files: Listed = Field(
        default=(), description="files that can change an answer; they are digested"
    )
    packages: Listed = Field(default=(), description="packages whose version can change an answer")
    reads: Text | None = Field(
        default=None,
        description="which version of every item it is asked, where items have several: clean or "
        "perturbed",
    )

    @property
    def plugin(self) -> str:
        """The name of the system plug-in."""
        return self.system.partition(":")[0]

    @property
    def rest(self) -> str:
        """What stands behind ``plugin:``."""
        return self.system.partition(":")[2]

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check that the system's plug-in exists."""
        system = given.get("system")
        if not isinstance(system, str) or ":" not in system:
            return given, []
        name, known = system.partition(":")[0], plugins.names("systems")
        if name in known:
            return given, []
        message = f"no system plug-in named {name!r}; known: {', '.join(known) or 'none'}"
        return given, [Problem(("system",), message, did_you_mean(name, known))]


SCORER_KEYS = ("target", "stage")
"""What any scorer may be told beside its own parameters."""


class ScorerPlan(Node):
    """One metric: a scorer plug-in with its parameters beside its name."""

    model_config = ConfigDict(extra="allow")

    scorer: Text = Field(description="the name of a scorer plug-in")
    target: Text | None = Field(
        default=None,
        description="the part of each item's target that it compares with; all of it unless given",
    )
    stage: Literal["retrieval"] | None = Field(
        default=None,
        description="retrieval: it scores the ids that were retrieved on the way to the answer; "
        "the answer itself unless given",
    )
    over_repeats: TriesPlan | None = Field(
        default=None,
        description="what is asked of an item's repeats, {pass_at: k} or {pass_all: k}; their mean "
        "unless given",
    )

    @property
    def tries(self) -> Tries | None:
        """What is asked of an item's repeats; None: their mean."""
        return None if self.over_repeats is None else self.over_repeats.tries

    @property
    def params(self) -> dict[str, Any]:
        """The scorer's parameters, defaults filled in."""
        return dict(self.model_extra or {})

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check the parameters by the scorer's own signature."""
        name = given.get("scorer")
        own = {key: given[key] for key in given if key in cls.model_fields}
        if not isinstance(name, str) or not name:
            return own, []
        rest = {key: value for key, value in given.items() if key not in own}
        filled, found = _checked("scorers", name, rest, ("scorer",), ())
        return {**own, **filled}, found


class FailureRule(Node):
    """What a system's failure counts, and how often it is tried again, alike for every arm."""

    score: DeclaredScore = Field(description="worst, or a number in the units of the score")
    retries: Annotated[int, Field(ge=0, le=100)] = Field(default=0, description="further attempts")


class TimeoutRule(FailureRule):
    """When a call has taken too long, and what that counts."""

    after_s: Annotated[float, Field(gt=0, le=86400)] = Field(default=60.0, description="seconds")


class AbstainRule(Node):
    """A scorer's refusal to judge, counted as a score."""

    score: DeclaredScore = Field(description="worst, or a number in the units of the score")


def _abstained(value: Any) -> Any:
    if value == "missing":
        return value
    if isinstance(value, (Mapping, AbstainRule)):
        return AbstainRule.model_validate(value)
    raise ValueError(f"got {describe(value)}, expected missing or {{score: …}}")


def _abstained_json(value: Any) -> Any:
    return {"score": value.score} if isinstance(value, AbstainRule) else value


class OutcomesPlan(Node):
    """A rule for everything that can become of an item."""

    timeout: TimeoutRule = Field(description="a rule for no answer in time, e.g. {score: worst}")
    crash: FailureRule = Field(description="a rule for a system that raises, e.g. {score: worst}")
    refusal: FailureRule = Field(description="a rule for a refusal, e.g. {score: worst}")
    unparsable: FailureRule = Field(
        description="a rule for an answer of the wrong shape, e.g. {score: worst}"
    )
    scorer_failed: Literal["missing"] = Field(
        description="missing: it counts worst for the claim and arm concerned"
    )
    missing_label: Literal["missing"] = Field(
        description="missing: an item without a target counts worst for the claim concerned"
    )
    abstained: Annotated[
        Literal["missing"] | AbstainRule,
        PlainValidator(_abstained),
        PlainSerializer(_abstained_json),
        WithJsonSchema(
            {
                "anyOf": [
                    {"const": "missing"},
                    {
                        "type": "object",
                        "properties": {
                            "score": {"anyOf": [{"const": "worst"}, {"type": "number"}]}
                        },
                        "required": ["score"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
    ] = Field(default="missing", description="missing, or {score: …}")


class ClaimPlan(Node):
    """One claim: a metric or measure, one rule with its parameters, perhaps over slices."""

    model_config = ConfigDict(extra="allow")

    metric: MetricName | None = Field(
        default=None,
        description="a scorer's name in this study, latency_p95_ms, or ttft_p95_ms (to the first "
        "token)",
    )
    measure: MetricName | None = Field(
        default=None, description="an exact quantity of the system as a whole"
    )
    by_slice: Text | None = Field(default=None, description="one of the dataset's slices")
    population: Annotated[Population, Field(strict=False)] | None = Field(
        default=None, description="new-items or this-set; as the decision says unless given"
    )

    @property
    def rule(self) -> str:
        """The rule's name."""
        return next(iter(self.model_extra or {}))

    @property
    def params(self) -> dict[str, Any]:
        """The rule's parameters, defaults filled in."""
        return dict((self.model_extra or {})[self.rule])

    @property
    def quantity(self) -> str:
        """The metric's or the measure's name."""
        return self.metric or self.measure or ""

    @classmethod
    def prepare(cls, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
        """Check that there is one quantity and one rule, and the rule's parameters."""
        fields = {key: value for key, value in given.items() if key in cls.model_fields}
        rules, found = _rule_keys(cls, given)
        named = [key for key in ("metric", "measure") if given.get(key) is not None]
        if len(named) != 1:
            got = "both metric and measure" if named else "neither metric nor measure"
            found.append(Problem((), f"got {got}, expected exactly one"))
        if len(rules) != 1 and not (found and not rules):
            got = f"the rules {' and '.join(rules)}" if rules else "no rule"
            known = ", ".join(plugins.names("rules"))
            found.append(Problem((), f"got {got}, expected exactly one of: {known}"))
        for name in rules:
            filled, more = _checked("rules", name, given[name], (), (name,))
            fields[name] = filled
            found += more
        return fields, found


def _rule_keys(cls: type[Node], given: Mapping[str, Any]) -> tuple[list[str], list[Problem]]:
    known = plugins.names("rules")
    extra = [key for key in given if key not in cls.model_fields]
    unknown = [unknown_key((key,), [*known_keys(cls), *known]) for key in extra if key not in known]
    return [key for key in extra if key in known], unknown


def _checked(
    kind: str, name: str, given: Any, at_name: tuple[str, ...], under: tuple[str, ...]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a plug-in's filled parameters, with the problems placed in the node."""
    if not isinstance(given, Mapping):
        return {}, [Problem(under, f"got {describe(given)}, expected a mapping of parameters")]
    try:
        return params.checked(kind, name, given), []
    except UnknownName as error:
        return {}, [Problem(at_name, str(error).replace(_guess(error), ""), error.suggestion)]
    except params.BadParams as error:
        return {}, [problem.under(*under) for problem in error.problems]
    except LiftgateError as error:
        return {}, [Problem(at_name or under, str(error))]


def _guess(error: UnknownName) -> str:
    return f" (did you mean {error.suggestion!r}?)"


class ClaimsPlan(Node):
    """What is claimed."""

    primary: ClaimPlan = Field(description="the one claim that the study is about")
    guardrails: Annotated[tuple[ClaimPlan, ...], Field(strict=False)] = Field(
        default=(), description="claims that a ship must keep"
    )
    floor: ClaimPlan | None = Field(
        default=None,
        description="that the baseline is superior to the floor arm; unless that is shown, the "
        "primary claim is inadmissible",
    )
    watch: Annotated[tuple[ClaimPlan, ...], Field(strict=False)] = Field(
        default=(), description="claims whose detectable harm is shown, outside the error statement"
    )
    secondary: Annotated[tuple[ClaimPlan, ...], Field(strict=False)] = Field(
        default=(),
        description="claims tested in this order once the primary is won; they never decide",
    )


class DecisionPlan(Node):
    """How much error is allowed, for the whole study."""

    risk: Literal["normal", "high"] = Field(
        default="normal", description="high: alpha is 0.025 by default"
    )
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default_factory=lambda data: 0.025 if data.get("risk") == "high" else 0.05,
        description="largest chance of a false ship, whole study (0.05; high risk 0.025)",
    )
    alpha_hold: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.05, description="largest chance of a false hold"
    )
    population: Annotated[Population, Field(strict=False)] = Field(
        default=Population.NEW_ITEMS,
        description="what the claims speak about: new-items or this-set",
    )
    guarantee: Literal[True] | None = Field(
        default=None,
        description="true: only tests whose level is proven for every distribution, at a price in "
        "width",
    )


class PilotPlan(Node):
    """What was known before: two tables, each FILE, FOLDER or FILE@SYSTEM; they never decide."""

    baseline: Text = Field(description="the table of the baseline's scores")
    candidate: Text = Field(description="the table of the candidate's scores")


class ReproductionPlan(Node):
    """What counts as the same result when the study's runs are made again."""

    tolerance: Annotated[
        dict[MetricName, Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1)
    ] = Field(description="metric: by how much a mean may differ, in the units of the score")


def latency_quantile(metric: str) -> float | None:
    """Return q of the engine's ``latency_p<q>_ms`` or ``ttft_p<q>_ms``, or None for another name.

    >>> latency_quantile("latency_p95_ms")
    0.95
    """
    match = _LATENCY.fullmatch(metric)
    if match is None or not 0 < float(match[1]) < 100:
        return None
    return float(match[1]) / 100
