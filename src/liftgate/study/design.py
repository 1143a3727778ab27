"""A study: one model, whether it is read from a file or made in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError

from liftgate.canon import digest
from liftgate.errors import Fault, StudyError, UnknownName
from liftgate.figures.card import Table, card, words
from liftgate.figures.text import one_line
from liftgate.records import Claim, Item, Part, Ratio, Role
from liftgate.study import cross
from liftgate.study.focus import made
from liftgate.study.items import DatasetPlan
from liftgate.study.plan import (
    SCORER_KEYS,
    ArmPlan,
    ClaimPlan,
    ClaimsPlan,
    DecisionPlan,
    OutcomesPlan,
    PilotPlan,
    ReproductionPlan,
    ScorerPlan,
)
from liftgate.study.problems import Node, Problem, describe, problems_of
from liftgate.study.ratios import RatioPlan
from liftgate.study.source import Path, Source, dotted
from liftgate.study.stopping import StoppingPlan
from liftgate.study.values import MetricName, Name, Seed, Text

FORMAT = 1


class Study(Node):
    """The planned comparison. ``Study(**fields)`` and a study file have the same grammar.

    Raises:
        StudyError: with all faults at once.
    """

    def __repr__(self) -> str:
        return one_line(f"<Study: {self.study}; {', '.join(self.arms)}>", 300)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the plan in short words."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        rows = tuple((name, words(value)) for name, value in said.items() if value)
        return card(f"Study {self.study}", self.hypothesis, Table(("", ""), rows))

    liftgate: Literal[1] = Field(description="1, the version of this format")
    study: Name = Field(description="the study's name")
    hypothesis: Text = Field(description="one sentence: what is believed")
    owner: str = Field("", description="who decides")
    tier: Literal["startup", "scaleup", "regulated"] = Field(
        default="startup", description="the policy: which approvals it needs"
    )
    dataset: DatasetPlan = Field(description="a mapping with source")
    arms: Annotated[dict[Name, ArmPlan], Field(min_length=2)] = Field(
        description="a mapping of one baseline and the candidates"
    )
    scorers: Annotated[dict[MetricName, ScorerPlan], Field(min_length=1)] = Field(
        description="a mapping of metrics to scorers"
    )
    ratio_plans: Annotated[dict[MetricName, RatioPlan], Field(min_length=1)] | None = Field(
        default=None,
        alias="ratios",
        description="a mapping of metrics to the two that they divide, {of: …, per: …}",
    )
    outcomes: OutcomesPlan = Field(description="a rule for every outcome")
    claim_plans: ClaimsPlan = Field(alias="claims", description="a mapping with primary")
    decision: DecisionPlan = Field(default=DecisionPlan(), description="the error allowed")
    stopping: StoppingPlan = Field(default=StoppingPlan(), description="{plan: fixed}")
    repeats: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1, description="trials of each arm on each item"
    )
    seed: Seed = Field(default=0, description="decides every random choice")
    pilot: PilotPlan | None = Field(
        default=None, description="tables of baseline and candidate from before the study"
    )

    reproduction: ReproductionPlan | None = Field(
        default=None, description="the tolerance within which a rerun is equivalent"
    )

    exploratory: Literal[True] | None = Field(
        default=None,
        description="true: for learning only; it may be too small, and it never ships",
    )

    _source: Source | None = PrivateAttr(None)

    def __init__(self, /, **fields: Any) -> None:
        found = _version(fields)
        if not found:
            found = cross.problems(fields)
            try:
                super().__init__(**fields)
            except ValidationError as error:
                found = [*problems_of(error, fields, type(self)), *found]
        if found:
            raise _study_error(found) from Refused(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Study) and self._whole() == other._whole()

    def __hash__(self) -> int:
        return hash(self.digest())

    @property
    def baseline(self) -> str:
        """The name of the baseline arm."""
        return next(name for name, arm in self.arms.items() if arm.role is Role.BASELINE)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the candidates, in the order of the file."""
        return tuple(name for name, arm in self.arms.items() if arm.role is Role.CANDIDATE)

    @property
    def floor(self) -> str | None:
        """The name of the floor arm; None: there is none."""
        return next((name for name, arm in self.arms.items() if arm.role is Role.FLOOR), None)

    @property
    def ratios(self) -> dict[str, Ratio]:
        """Metric -> the ratio of sums that it is, in the order of the file."""
        plans = self.ratio_plans or {}
        return {name: plan.ratio(name) for name, plan in plans.items()}

    def arm(self, name: str) -> ArmPlan:
        """Return one arm. Raises UnknownName."""
        if name not in self.arms:
            raise UnknownName("arm", name, self.arms)
        return self.arms[name]

    def scorer(self, metric: str) -> Any:
        """Return the scorer object of a metric, made anew. Raises UnknownName."""
        if metric not in self.scorers:
            raise UnknownName("metric", metric, self.scorers)
        return self.scorer_made(metric)()

    def scorer_made(self, metric: str) -> Callable[[], Any]:
        """Return what makes the scorer object of a metric, in other processes too."""
        plan = self.scorers[metric]
        retrieval = plan.stage is not None
        given = dict(plan.params)
        return partial(made, metric, plan.scorer, given, plan.target, retrieval=retrieval)

    def as_read(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items in every version that some arm is asked.

        Raises:
            DataError: an item has no such version.
        """
        versions = dict.fromkeys(arm.reads for arm in self.arms.values())
        if all(version is None for version in versions):
            return items
        return tuple(item.as_read(version) for version in versions for item in items)

    def every_claim(self) -> tuple[Claim, ...]:
        """Return the claims about candidates, and after them the one about the floor."""
        floor = self.claim_plans.floor
        return self.claims() + (() if floor is None else (self._claim("floor", Part.FLOOR, floor),))

    def claims(self) -> tuple[Claim, ...]:
        """Return every claim about candidates: primary, guardrails, watch, secondary."""
        found = [self._claim("primary", Part.PRIMARY, self.claim_plans.primary)]
        for part, section in cross.SECTIONS:
            for number, plan in enumerate(getattr(self.claim_plans, section)):
                found.append(self._claim(f"{section}.{number}", part, plan))
        return tuple(found)

    def _claim(self, name: str, part: Part, plan: ClaimPlan) -> Claim:
        return Claim(
            id=name,
            part=part,
            metric=plan.quantity,
            rule=plan.rule,
            params=plan.params,
            population=plan.population or self.decision.population,
            is_measure=plan.measure is not None,
            by_slice=plan.by_slice,
        )

    def model(self, dataset_digest: str | None = None) -> dict[str, Any]:
        """Return the study as JSON values with every default filled in.

        Two files with the same model mean the same; ``Study(**study.model())`` is the study again.

        Args:
            dataset_digest: of the items, which the lock fills in; None: the model names none,
                whatever the file says.
        """
        body = self._whole()
        body["dataset"].pop("digest", None)
        if dataset_digest is not None:
            body["dataset"]["digest"] = dataset_digest
        return body

    def _whole(self) -> dict[str, Any]:
        """Keys that are not given and have no default stay out: a later one changes no digest."""
        body = _given(self.model_dump(mode="json", by_alias=True))
        for node in body["scorers"].values():
            if node["over_repeats"] is None:
                del node["over_repeats"]
            else:
                node["over_repeats"] = _given(node["over_repeats"])
        ratios = body.pop("ratios", None)
        if ratios is not None:
            body["ratios"] = {name: _given(node) for name, node in ratios.items()}
        for section in ("dataset", "decision", "stopping"):
            body[section] = _given(body[section])
        for scorer in body["scorers"].values():
            for key in SCORER_KEYS:
                if scorer[key] is None:
                    del scorer[key]
        body["arms"] = {name: _given(arm) for name, arm in body["arms"].items()}
        claims = body["claims"]
        claims["primary"] = self._node(claims["primary"])
        floor = claims.pop("floor")
        if floor is not None:
            claims["floor"] = self._node(floor)
        for _, section in cross.SECTIONS:
            claims[section] = [self._node(node) for node in claims[section]]
        return body

    def _node(self, node: dict[str, Any]) -> dict[str, Any]:
        return _given({**node, "population": node["population"] or self.decision.population.value})

    def digest(self, dataset_digest: str | None = None) -> str:
        """Return the digest of the canonical JSON of the model.

        Comments, the order of keys and defaults written out do not change it; meaning does.
        """
        return digest(self.model(dataset_digest))

    def fault(
        self, path: Path, message: str, *, suggestion: str = "", on_key: bool = False
    ) -> Fault:
        """Return a fault at a place, with its position where the study was read from a file."""
        if self._source is None:
            return Fault(path=dotted(path), message=message, suggestion=suggestion)
        return self._source.fault(path, message, suggestion=suggestion, on_key=on_key)

    @property
    def file(self) -> str:
        """The file that it was read from, or an empty string."""
        return self._source.file if self._source else ""

    def placed(self, source: Source) -> Study:
        """Return the study that knows where its values stand in a file."""
        self._source = source
        return self


def _given(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value is not None}


class Refused(Exception):
    """The problems of a refused study by path; the cause of its StudyError."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(f"{len(self.problems)} problems")


def _study_error(found: list[Problem]) -> StudyError:
    faults = [
        Fault(dotted(p.path), p.message, suggestion=p.suggestion) for p in dict.fromkeys(found)
    ]
    listed = "; ".join(fault.text("").removeprefix(": ") for fault in faults)
    return StudyError(f"not a study: {listed}", faults=faults)


def _version(fields: Mapping[str, Any]) -> list[Problem]:
    """Other complaints about a file of another format would mislead."""
    version = fields.get("liftgate")
    if not isinstance(version, int) or (version == FORMAT and version is not True):
        return []
    if isinstance(version, bool):
        return [Problem(("liftgate",), f"got {describe(version)}, expected {FORMAT}")]
    message = f"got format {version}, expected {FORMAT}, the only one that this liftgate reads"
    if version > FORMAT:
        message += "; a newer liftgate wrote it"
    return [Problem(("liftgate",), message)]
