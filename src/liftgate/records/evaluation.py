"""What is evaluated: items, arms, trials, scores, measures, runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from liftgate.canon import canonical, digest, sha256
from liftgate.errors import DataError
from liftgate.records.json_value import Json
from liftgate.records.notebook import Card
from liftgate.records.trace import Trace
from liftgate.stats.kinds import ScoreKind

_quoted = json.encoder.encode_basestring


NOTHING: Mapping[str, Any] = {}
"""No slices, no metadata: one object for all items that have none, which are most of them."""


@dataclass(frozen=True, slots=True)
class Item(Card):
    """One element of a dataset. The id is a label; identity is the digest of the input parts.

    Digests are computed when asked for, and not kept: a set may have hundreds of thousands.
    """

    id: str
    input: Mapping[str, Json]
    """Named parts: text, or a list of messages. The only thing that a system sees."""
    target: Json = None
    """What a right answer is; None when there is no label."""
    cluster: str | None = None
    """Items that share a cluster are not independent; None: the item is its own."""
    slices: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    weight: float = 1.0
    metadata: Mapping[str, Json] = field(default_factory=lambda: NOTHING)

    @property
    def input_digest(self) -> str:
        """Digest of the input parts: what a call depends on."""
        return digest(self.input)

    @property
    def target_digest(self) -> str:
        """Digest of the target: what a score depends on beside the trial."""
        return digest({"target": self.target})

    @property
    def facts_digest(self) -> str:
        """Digest of target, cluster, slices and weight: what an analysis depends on."""
        facts = {
            "target": self.target,
            "cluster": self.cluster,
            "slices": self.slices,
            "weight": self.weight,
        }
        if type(self.weight) is float and self.weight == 1.0:
            # In canonical bytes the last name's value is 1, which takes the long way to be written.
            del facts["weight"]
            return sha256(canonical(facts)[:-1] + b',"weight":1}')
        return digest(facts)

    def as_read(self, version: str | None) -> Item:
        """Return the item as an arm sees it that reads one version of it.

        Such an item holds, instead of its input parts, named versions of them, and of its target.

        Args:
            version: None: the item as it is.

        Raises:
            DataError: it has no such version, or its target has none.
        """
        if version is None:
            return self
        return replace(
            self, input=_input_version(self, version), target=_target_version(self, version)
        )


def _input_version(item: Item, version: str) -> Mapping[str, Json]:
    found = item.input.get(version)
    if isinstance(found, str) and found:
        return {"text": found}
    if not isinstance(found, Mapping) or not found:
        have = ", ".join(sorted(item.input))
        raise DataError(
            f"{item.id}: its input has no version {version!r}, text or a mapping of parts; it has: "
            f"{have}"
        )
    return found


def _target_version(item: Item, version: str) -> Json:
    if item.target is None:
        return None
    if not isinstance(item.target, Mapping) or version not in item.target:
        raise DataError(
            f"{item.id}: its target has no version {version!r}; expected a mapping with one target "
            "for each version, or none at all"
        )
    return item.target[version]


@dataclass(frozen=True)
class Dataset(Card):
    """A set of items, in file order. Its digest covers ids, inputs and facts, not metadata."""

    name: str
    items: Sequence[Item]
    """A tuple, or ``records.packed`` where there may be many."""

    @cached_property
    def digest(self) -> str:
        """Digest of the set; the order of the items does not matter."""
        rows = sorted([i.id, i.input_digest, i.facts_digest] for i in self.items)
        return digest(rows)

    def __repr__(self) -> str:
        return self._in_short(self.name, f"{len(self.items):,} items")


class Role(StrEnum):
    """The part of an arm in a study."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"
    FLOOR = "floor"
    """Something useless on purpose, which the baseline must beat."""


@dataclass(frozen=True)
class Arm(Card):
    """A named system with its parameters. The name is a label; the fingerprint is the identity."""

    name: str
    role: Role
    system: str
    """``plugin:rest``, e.g. ``python:package.module:factory``."""
    params: Mapping[str, Json]
    fingerprint: str
    """Digest of everything that can change an answer."""


def arm_fingerprint(system: str, reads: str | None) -> str:
    """Return an arm's fingerprint: its system's, and which version of the items it is asked."""
    return system if reads is None else digest({"system": system, "reads": reads})


class Failure(StrEnum):
    """The ways in which a system can fail; an outcome with a declared score, not missing data."""

    TIMEOUT = "timeout"
    CRASH = "crash"
    REFUSAL = "refusal"
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Answer(Card):
    """What a system returns for one item. A bare JSON value means ``Answer(output=value)``."""

    output: Json
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    """In the currency of the workspace; None: not known, which is not zero."""
    reported: Mapping[str, Json] | None = None
    """What the provider said of the call, raw: usage, finish reason, time to the first token."""
    trace: Trace | None = None
    """What was done on the way to the answer; a scorer sees it when it asks for it."""


@dataclass(frozen=True, slots=True)
class Trial(Card):
    """One arm on one item, once. A row is (key, attempt, run); rows are only ever added."""

    key: str
    """digest(arm fingerprint, input digest, repeat): never the study, never the label."""
    attempt: int
    """Counts up from 1 over all attempts at this key in this run."""
    run: str
    arm: str
    """The arm's fingerprint."""
    input_digest: str
    repeat: int
    started_at: datetime
    """Aware, UTC."""
    seconds: float
    output_digest: str | None
    """Where the output lies in the blob store; None when the system failed."""
    failure: Failure | None = None
    message: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    in_flight: int = 1
    """Requests under way when this one began, itself included: a source of noise."""
    reported: Mapping[str, Json] | None = None
    """What the provider said of the call, raw; of a failed call too. Costs are computed from it."""
    trace_digest: str | None = None
    """Where the trace lies in the blob store, of a failed call too; None: there is none."""


def first_token_s(reported: Mapping[str, Json] | None) -> float | None:
    """Return the seconds to the first part of a streamed answer, as a call reported them, or None.

    Args:
        reported: of an answer or a trial; ``first_token_s`` counts from sending the request.
    """
    said = (reported or {}).get("first_token_s")
    known = isinstance(said, (int, float)) and not isinstance(said, bool) and said >= 0
    return float(said) if known else None  # type: ignore[arg-type]


def trial_key(arm_fingerprint: str, input_digest: str, repeat: int) -> str:
    """Return the identity of a call; the same key is never paid for twice."""
    # What ``canonical`` writes of {"arm": …, "input": …, "repeat": …}, written at once.
    text = f'{{"arm":{_quoted(arm_fingerprint)},"input":{_quoted(input_digest)},"repeat":{repeat}}}'
    return sha256(text.encode())


class Outcome(StrEnum):
    """What became of scoring one subject. "Could not score" is never 0."""

    VALUE = "value"
    ABSTAINED = "abstained"
    """The scorer declined, with a reason: missing unless the study declares otherwise."""
    UNPARSABLE = "unparsable"
    """The answer has the wrong shape for this scorer: an outcome of the system, never missing."""
    FAILED = "failed"
    """The scorer itself failed: missing, and tried again by the next run."""


@dataclass(frozen=True)
class Missing(Card):
    """A scorer's answer when it declines: the reason is required."""

    reason: str


@dataclass(frozen=True)
class Judged(Card):
    """What a judge found, with everything that it was told on the way."""

    found: float | Missing | None
    """None: the judge itself failed, and ``failed`` says how."""
    detail: Mapping[str, Json]
    """Votes, raw answers, tokens and cost: kept in the blob store, never in a row."""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Score(Card):
    """One scorer's row about one trial row, or about an ordered pair of them."""

    trial_key: str
    trial_attempt: int
    trial_run: str
    scorer: str
    """The scorer's fingerprint; a human rater's is a pseudonym."""
    target_digest: str
    run: str
    """The run that made this score."""
    outcome: Outcome
    value: float | None
    reason: str = ""
    detail_digest: str | None = None
    """Where a judge's votes and raw answers lie in the blob store; None: there is nothing more."""
    other_key: str | None = None
    """The pair's second trial; the row's own is the first. None: the row is about one trial."""
    other_attempt: int | None = None
    other_run: str | None = None


@dataclass(frozen=True, slots=True)
class Observation(Card):
    """One counted trial of an arm on an item, with its scores: what an analysis selects."""

    item: str
    """The item's id."""
    arm: str
    """The arm's fingerprint."""
    repeat: int
    trial: Trial
    scores: Mapping[str, Score]
    """Metric -> score; empty when the system failed."""

    def failure(self, metric: str) -> Failure | None:
        """Return how the system failed as far as a metric is concerned, or None.

        An answer that came and that the metric's scorer could not read is ``unparsable`` for that
        metric alone; another scorer may have read it.
        """
        if self.trial.failure is not None:
            return self.trial.failure
        score = self.scores.get(metric)
        unparsable = score is not None and score.outcome is Outcome.UNPARSABLE
        return Failure.UNPARSABLE if unparsable else None


@dataclass(frozen=True)
class Measure(Card):
    """One quantity of an arm as a whole, or of one separate pass over the items."""

    arm: str
    name: str
    value: float
    study: str
    """Digest of the study for which it was taken; never used for another."""
    run: str
    pass_number: int | None = None
    """None: exact, without an interval."""


@dataclass(frozen=True)
class Run(Card):
    """One execution of arms over items: the unit of files and of reproduction."""

    id: str
    study: str
    started_at: datetime
    finished_at: datetime | None
    complete: bool
    manifest: Mapping[str, Json]
    """Captured code, environment, seeds, concurrency."""
    files: Mapping[str, str] = field(default_factory=dict)
    """File name -> digest, once finished."""


@dataclass(frozen=True)
class Scale(Card):
    """What values a scorer gives, declared before the data."""

    kind: ScoreKind
    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True

    @property
    def worst(self) -> float | None:
        """The worst value there is, or None when the scale has no such end."""
        return self.low if self.higher_is_better else self.high

    @property
    def best(self) -> float | None:
        """The best value there is, or None when the scale has no such end."""
        return self.high if self.higher_is_better else self.low
