"""Systems of two stages, ``rag:NAME``: one system retrieves, another answers from what was found.

Any two systems may be stages; they are opened by name, through the door by which every system comes
in. Each stage is a step of the answer's trace, with what it gave, its time and its tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

from annotated_types import Ge

from liftgate.canon import digest
from liftgate.errors import DataError, SystemFailed, Unavailable
from liftgate.plugins.content import content_of
from liftgate.protocols import Startable, System
from liftgate.records import Answer, Json, Step, StepKind, Trace, first_token_s
from liftgate.study.params import bound
from liftgate.systems.stages import check_stage, identity_of, open_stage, paid_calls

RETRIEVER, GENERATOR = "retriever", "generator"
_FORM = 'a list of texts, or of {"id", "text", "score"}'


@dataclass(frozen=True)
class Settings:
    """The parameters of an arm."""

    retriever: Mapping[str, Any]
    generator: Mapping[str, Any]
    query: str | None
    context: str
    top: int | None
    join: str


def settings(
    *,
    retriever: dict[str, Any],
    generator: dict[str, Any],
    query: str | None = None,
    context: str = "context",
    top: Annotated[int, Ge(1)] | None = None,
    join: str = "\n\n",
) -> Settings:
    """Check an arm's parameters; their annotations are their grammar in a study.

    Args:
        retriever: the system that finds passages: ``system``, and perhaps ``params``, ``files`` and
            ``packages``, as of an arm.
        generator: the system that answers, in the same form.
        query: the one input part that the retriever sees; None: it sees them all.
        context: the name of the part in which the generator finds the passages' texts.
        top: how many passages the generator sees; None: all that were found.
        join: what stands between two passages.

    Raises:
        ValueError: names the parameter.
    """
    check_stage(RETRIEVER, retriever)
    check_stage(GENERATOR, generator)
    return Settings(retriever, generator, query, context, top, join)


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> RagSystem:
    """Open ``rag:NAME`` with both of its stages; the name is for people.

    Args:
        rest: the name.
        params: see ``settings``.
        files: files or folders under ``root`` whose content can change an answer.
        packages: installed packages whose version can change an answer.
        root: the folder from which files and modules are looked up.

    Raises:
        BadParams: the parameters are wrong, or those of a stage.
        DataError: a file or package is missing.
    """
    made: Settings = bound("systems", "rag", settings, params)
    stages = {
        name: open_stage("rag", name, stage, root)
        for name, stage in ((RETRIEVER, made.retriever), (GENERATOR, made.generator))
    }
    own = {name: value for name, value in params.items() if name not in (RETRIEVER, GENERATOR)}
    identity: dict[str, Json] = {
        "plugin": "rag",
        "params": own,
        **{name: identity_of(system) for name, system in stages.items()},
        **content_of(f"rag:{rest}", root, files, packages),
    }
    return RagSystem(made, stages, identity)


@dataclass(frozen=True)
class Passage:
    """One thing that was retrieved."""

    id: str
    text: str
    score: float | None = None

    def as_json(self) -> dict[str, Json]:
        """Return it as a step's output holds it."""
        shown: dict[str, Json] = {"id": self.id, "text": self.text}
        return shown if self.score is None else {**shown, "score": self.score}


class RagSystem:
    """Retrieves, then answers from what was retrieved."""

    def __init__(
        self, made: Settings, stages: Mapping[str, System], identity: Mapping[str, Json]
    ) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.stages = stages
        self.context_part = made.context
        self._made = made
        self.names = {RETRIEVER: made.retriever["system"], GENERATOR: made.generator["system"]}

    @property
    def concurrency(self) -> int:
        """That of the stage that takes fewer calls at once."""
        return min(system.concurrency for system in self.stages.values())

    async def start(self) -> None:
        """Start both stages."""
        for system in self.stages.values():
            if isinstance(system, Startable):
                await system.start()

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Answer one item's input parts.

        Raises:
            SystemFailed: that of the stage that failed, whose name begins the message; its trace
                holds what was done before.
            Unavailable: a stage cannot be asked at all.
        """
        if self.context_part in parts:
            raise DataError(
                f"the item has a part {self.context_part!r}, which is to hold what is retrieved",
                hint="name another part with context",
            )
        work = _Work()
        found = await self._stage(RETRIEVER, self._query(parts), work)
        passages = self._passages(found, work)
        given = self.with_context(parts, [passage.text for passage in passages[: self._made.top]])
        said = await self._stage(GENERATOR, given, work)
        return Answer(
            said.output,
            tokens_in=_sum(found.tokens_in, said.tokens_in),
            tokens_out=_sum(found.tokens_out, said.tokens_out),
            cost=work.cost(),
            reported=work.reported(first=first_token_s(said.reported)),
            trace=Trace(tuple(work.steps)),
        )

    def with_context(self, parts: Mapping[str, Json], texts: Sequence[str]) -> dict[str, Json]:
        """Return what the generator is asked about an item, given the texts of some passages."""
        return {**parts, self.context_part: self._made.join.join(texts)}

    def measure(self) -> Mapping[str, float]:
        """Return both stages' measures, each under its stage's name."""
        return {
            f"{stage}_{name}": value
            for stage, system in self.stages.items()
            for name, value in system.measure().items()
        }

    async def close(self) -> None:
        """Close both stages, the second also where closing the first raises."""
        closed = await asyncio.gather(
            *(system.close() for system in self.stages.values()), return_exceptions=True
        )
        for error in closed:
            if isinstance(error, BaseException):
                raise error

    def _query(self, parts: Mapping[str, Json]) -> Mapping[str, Json]:
        part = self._made.query
        if part is None:
            return parts
        if part not in parts:
            raise DataError(
                f"query: the item has no part {part!r}, only: {', '.join(sorted(parts))}"
            )
        return {part: parts[part]}

    async def _stage(self, stage: str, parts: Mapping[str, Json], work: _Work) -> Answer:
        """Ask one stage, and take note of it.

        The context that the generator is given is not written twice: it is what was retrieved.
        """
        shown = {name: part for name, part in parts.items() if name != self.context_part}
        kind = StepKind.RETRIEVAL if stage == RETRIEVER else StepKind.GENERATION
        system, name = self.stages[stage], self.names[stage]
        began = perf_counter()
        try:
            answer = await system.answer(parts)
        except Unavailable:
            raise
        except Exception as error:
            known = error if isinstance(error, SystemFailed) else None
            told = str(error) if known else f"{type(error).__name__}: {error}"
            seconds = perf_counter() - began
            work.steps.append(Step(kind, name, shown, seconds=seconds, error=told))
            if known and known.reported:
                failed = Answer(None, reported=known.reported)
                work.calls += paid_calls(stage, name, system, failed)
            raise SystemFailed(
                f"{stage}: {told}",
                kind=known.kind if known else "crash",
                reported=work.reported(),
                trace=Trace(tuple(work.steps)),
            ) from error
        work.steps.append(
            Step(
                kind,
                name,
                shown,
                answer.output,
                perf_counter() - began,
                answer.tokens_in,
                answer.tokens_out,
                metadata={"reported": answer.reported} if answer.reported else {},
            )
        )
        work.calls += paid_calls(stage, name, system, answer)
        return answer

    def _passages(self, found: Answer, work: _Work) -> list[Passage]:
        try:
            passages = passages_of(found.output)
        except SystemFailed as error:
            raise SystemFailed(
                f"{RETRIEVER}: {error}",
                kind="unparsable",
                reported=work.reported(),
                trace=Trace(tuple(work.steps)),
            ) from error
        work.steps[-1] = replace(work.steps[-1], output=[passage.as_json() for passage in passages])
        return passages


class _Work:
    """What the stages did for one answer."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.calls: list[dict[str, Json]] = []

    def cost(self) -> float | None:
        """Return what the calls cost, where each of them said it itself."""
        known = [call["cost"] for call in self.calls if isinstance(call["cost"], (int, float))]
        return fsum(known) if known and len(known) == len(self.calls) else None

    def reported(self, *, first: float | None = None) -> Mapping[str, Json] | None:
        """Return what the providers said, for whoever prices it; ``first`` is the generator's."""
        told: dict[str, Json] = {"calls": list(self.calls)} if self.calls else {}
        if first is not None:
            told["first_token_s"] = (self.steps[0].seconds or 0.0) + first
        return told or None


def passages_of(output: Json) -> list[Passage]:
    """Return what a retriever gave, best first: with scores in their order, else as listed.

    A passage without an id is known by its text's digest, so that the same text has the same id
    wherever it is found.

    Raises:
        SystemFailed: ``unparsable``; it is no list of passages.
    """
    if not isinstance(output, (list, tuple)):
        raise SystemFailed(f"got {type(output).__name__}, expected {_FORM}", kind="unparsable")
    passages = [_passage(one) for one in output]
    if all(passage.score is not None for passage in passages):
        passages.sort(key=lambda passage: -(passage.score or 0.0))
    return passages


def _passage(row: Json) -> Passage:
    if isinstance(row, str):
        return Passage(digest(row), row)
    if not isinstance(row, Mapping) or not isinstance(row.get("text"), str):
        raise SystemFailed(f"got a passage {row!r:.80}, expected {_FORM}", kind="unparsable")
    text, score = str(row["text"]), row.get("score")
    if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float))):
        raise SystemFailed(f"got the score {score!r:.80}, expected a number", kind="unparsable")
    named = row.get("id")
    return Passage(
        digest(text) if named is None else str(named), text, None if score is None else float(score)
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)
