"""What judges of answers, of pairs and of verdicts share: settings, identity, voting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liftgate.canon import digest
from liftgate.protocols import Ask, Reply
from liftgate.records import (
    Answer,
    Item,
    Json,
    Judged,
    Missing,
    Outcome,
    Rubric,
    RubricKind,
    RubricUnit,
    Shown,
)
from liftgate.scorers.judge import prompt
from liftgate.scorers.judge.prompt import retrieved
from liftgate.scorers.judge.reading import Read, read
from liftgate.scorers.judge.votes import combined

VERSION = "1"
RETRIEVAL = "@retrieval"
"""As ``source``: what the answer's own retrieval steps returned."""


@dataclass(frozen=True)
class Settings:
    """What a study says of a judge."""

    rubric: str
    votes: int
    answer: str
    mode: str
    aggregate: str
    source: str | None
    positive: str | None
    split: str


class Rating:
    """A rubric, settings and the systems to ask; see the module."""

    version = VERSION

    def __init__(self, rubric: Rubric, made: Settings, fingerprints: tuple[str, ...]) -> None:
        self.rubric = rubric
        self.settings = made
        self._systems = fingerprints
        positive = None if made.positive is None else rubric.scale.named(made.positive)
        self._values = {anchor.value: anchor.value for anchor in rubric.scale.anchors}
        if positive is not None:
            self._values = {value: float(value == positive.value) for value in self._values}
        self.is_binary = positive is not None or rubric.scale.kind is RubricKind.BINARY

    @property
    def identity(self) -> Mapping[str, Json]:
        """Model with decoding, prompt, rubric, votes, aggregation."""
        made = self.settings
        return {
            "systems": list(self._systems),
            "prompt": prompt.PROMPT,
            "rubric": self.rubric.digest,
            "votes": made.votes,
            "aggregate": made.aggregate,
            "answer": made.answer,
            "mode": made.mode,
            "source": made.source,
            "positive": made.positive,
            "split": made.split if self.rubric.unit is RubricUnit.STATEMENT else None,
            "version": self.version,
        }

    @property
    def needs_trace(self) -> bool:
        """Whether answers are judged against what their own retrieval steps returned."""
        return self.settings.source == RETRIEVAL

    def about(self, item: Item, answer: Answer | None = None) -> dict[str, str] | Missing:
        """Return what is shown beside an answer, or why the item cannot be judged."""
        rubric, made = self.rubric, self.settings
        material = self.inputs(item)
        if made.source == RETRIEVAL:
            passages = retrieved(answer)
            if not passages:
                return Missing("the answer's trace has no retrieval step to judge against")
            material["source"] = passages
        elif made.source is not None:
            if made.source not in item.input:
                return Missing(f"the item has no input part {made.source!r} to judge against")
            material["source"] = prompt.text_of(item.input[made.source])
        if made.mode == "reference" or Shown.REFERENCE in rubric.shows:
            if item.target is None:
                return Missing("no label")
            material["reference"] = prompt.text_of(item.target)
        return material

    def inputs(self, item: Item) -> dict[str, str]:
        """Return the input parts that the rubric shows, but for the source."""
        if Shown.INPUT not in self.rubric.shows:
            return {}
        parts = {name: part for name, part in item.input.items() if name != self.settings.source}
        return {f"input {name}": prompt.text_of(part) for name, part in parts.items()}

    def head(self, material: Mapping[str, str]) -> dict[str, Json]:
        """Return what a score's detail says of what was judged, and how."""
        return {
            "liftgate": 1,
            "rubric": self.rubric.name,
            "aggregate": self.settings.aggregate,
            "material": digest(dict(material)),
            "notes": prompt.notes(material),
        }

    def votes_on(self, material: Mapping[str, str]) -> list[tuple[int, Mapping[str, Json]]]:
        """Return what is asked about material, call by call."""
        parts: dict[str, Json] = {"text": prompt.asked(self.rubric, material, self.settings.answer)}
        votes = range(self.settings.votes)
        return [(number, parts) for number in range(len(self._systems)) for _ in votes]

    async def voted(self, material: Mapping[str, str], ask: Ask) -> tuple[Read, list[Json]]:
        """Ask every judge for its votes; return what they say together, and each vote."""
        reads: list[Read] = []
        told: list[Json] = []
        for at, (number, parts) in enumerate(self.votes_on(material)):
            reply = await ask(number, parts)
            found = self._read(reply)
            reads.append(found)
            vote = at % self.settings.votes
            told.append({"judge": number, "vote": vote, **vote_row(found, reply)})
        return combined(reads, self.settings.aggregate), told

    def _read(self, reply: Reply) -> Read:
        if reply.answer is None:
            kind = "" if reply.failure is None else f"{reply.failure.value}: "
            return Read(Outcome.FAILED, why=f"the judge's system: {kind}{reply.message}")
        return read(reply.answer.output, self.rubric.scale, self.settings.answer, self._values)


def judged_by(found: Read, detail: dict[str, Json]) -> Judged:
    """Return a judge's finding in the words of the door."""
    if found.outcome is Outcome.FAILED:
        return Judged(None, detail, found.why)
    if found.value is None:
        return Judged(Missing(found.why), detail)
    return Judged(found.value, detail)


def found_in(found: Read) -> dict[str, Json]:
    """Return a reading as part of a score's detail."""
    return {"outcome": found.outcome.value, "value": found.value, "why": found.why}


def vote_row(found: Read, reply: Reply) -> dict[str, Json]:
    """Return one vote with the call behind it, as part of a score's detail."""
    answer = reply.answer
    return {
        **found_in(found),
        "mass": found.mass,
        "raw": None if answer is None else answer.output,
        "failure": None if reply.failure is None else reply.failure.value,
        "seconds": reply.seconds,
        "tokens_in": None if answer is None else answer.tokens_in,
        "tokens_out": None if answer is None else answer.tokens_out,
        "cost": reply.cost,
        "reported": reply.reported,
    }
