"""A model as a judge: a rubric's question put to a system, votes kept, failures told apart.

A judge's score is a measurement with an error. Nothing here corrects it: that takes human labels
(``liftgate judge calibrate``), and without them no claim that decides may rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from liftgate.errors import DataError
from liftgate.protocols import Ask, SystemName
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
    Scale,
    ScoreKind,
    Shown,
)
from liftgate.scorers.judge import prompt, statements
from liftgate.scorers.judge.rating import (
    RETRIEVAL,
    VERSION,
    Rating,
    Settings,
    found_in,
    judged_by,
    vote_row,
)
from liftgate.scorers.judge.reading import Read, shown, statements_of
from liftgate.scorers.judge.verdicts import VerdictJudge
from liftgate.study.rubric import find_rubric

_PANEL = {"system", "params", "files", "packages"}
SMALLEST_PANEL = 2


def judge(  # noqa: PLR0913 - each is a key of the study
    *,
    rubric: str,
    system: str | None = None,
    params: dict[str, Any] | None = None,
    files: list[str] | None = None,
    packages: list[str] | None = None,
    panel: list[dict[str, Any]] | None = None,
    votes: Annotated[int, Ge(1), Le(99)] = 1,
    answer: Literal["json", "text", "logprob"] = "json",
    mode: Literal["pointwise", "reference", "pairwise", "verdict"] = "pointwise",
    aggregate: Literal["majority", "mean", "median"] | None = None,
    source: str | None = None,
    positive: str | None = None,
    split: Literal["sentences", "judge"] = "sentences",
) -> JudgeSeat:
    """Rate answers by a rubric, with a model.

    Args:
        rubric: a built-in rubric's name, or the path of a rubric file (``.yaml``).
        system: ``plugin:rest`` of the judge, e.g. ``openai:gpt-4.1``; it gets ``{text}``.
        params: of the judge's system.
        files: files that can change the judge's answer; they are digested.
        packages: packages whose version can change the judge's answer.
        panel: several judges instead of one system, each with system, params, files, packages.
        votes: of each judge about each answer; all are kept.
        answer: what the judge is to give: a JSON object, a label alone, or one character whose
            log-probabilities are read (its system must report them).
        mode: ``reference`` shows the item's target beside the answer; ``pairwise`` compares the
            candidate's answer with the baseline's, in both orders, by a rubric over pairs;
            ``verdict``: answers are labels of the rubric about the input part ``source``, which the
            judge rates itself.
        aggregate: how votes become a score; required where there is more than one.
        source: the input part that answers are judged against, for rubrics that show a source;
            ``@retrieval``: what the answer's own retrieval steps returned.
        positive: the label that counts 1, all others 0; required for a scale of names.
        split: how an answer becomes statements, for rubrics over statements: by code, or by the
            judge.

    Raises:
        ValueError: names the parameter.
    """
    asks = _asks(system, params, files, packages, panel)
    if len(asks) * votes > 1 and aggregate is None:
        raise ValueError(
            f"aggregate: not given; {len(asks) * votes} votes need a rule: majority, mean or median"
        )
    made = Settings(rubric, votes, answer, mode, aggregate or "majority", source, positive, split)
    if answer == "logprob" and made.aggregate == "majority" and len(asks) * votes > 1:
        raise ValueError("aggregate: got majority, expected mean or median for probabilities")
    return JudgeSeat(made, asks)


def _asks(
    system: str | None,
    params: dict[str, Any] | None,
    files: list[str] | None,
    packages: list[str] | None,
    panel: list[dict[str, Any]] | None,
) -> tuple[SystemName, ...]:
    if (system is None) == (panel is None):
        got = "neither system nor panel" if system is None else "both system and panel"
        raise ValueError(f"system: got {got}, expected one of them")
    if panel is None:
        assert system is not None
        _check_system("system", system)
        return (SystemName(system, params or {}, tuple(files or ()), tuple(packages or ())),)
    if params or files or packages:
        raise ValueError("params: with a panel, each of its judges has its own")
    if len(panel) < SMALLEST_PANEL:
        raise ValueError(f"panel: got {len(panel)} judges, expected at least {SMALLEST_PANEL}")
    return tuple(_member(number, one) for number, one in enumerate(panel))


def _member(number: int, one: Mapping[str, Any]) -> SystemName:
    unknown = sorted(set(one) - _PANEL)
    if unknown:
        raise ValueError(
            f"panel: judge {number}: unknown key {unknown[0]!r}; known: {', '.join(sorted(_PANEL))}"
        )
    _check_system(f"panel: judge {number}", one.get("system"))
    params = one.get("params") or {}
    if not isinstance(params, Mapping):
        raise ValueError(f"panel: judge {number}: params: expected a mapping")  # noqa: TRY004
    listed = [tuple(one.get(name) or ()) for name in ("files", "packages")]
    return SystemName(str(one["system"]), dict(params), *listed)


def _check_system(place: str, system: Any) -> None:
    if not isinstance(system, str) or not all(system.partition(":")[::2]):
        raise ValueError(f"{place}: got {system!r}, expected plugin:rest, e.g. openai:MODEL")


class JudgeSeat:
    """A judge whose systems and rubric file are not known yet."""

    version = VERSION

    def __init__(self, made: Settings, asks: tuple[SystemName, ...]) -> None:
        self.settings = made
        self.asks = asks

    def seated(
        self, root: Path, fingerprints: Sequence[str]
    ) -> Judge | PairwiseJudge | VerdictJudge:
        """Return the judge; see ``protocols.JudgeFactory``."""
        made = self.settings
        rubric = find_rubric(made.rubric, root)
        _check_fit(rubric, made)
        if made.mode == "verdict":
            return VerdictJudge(rubric, made, tuple(fingerprints))
        kind = PairwiseJudge if made.mode == "pairwise" else Judge
        return kind(rubric, made, tuple(fingerprints))


def _check_fit(rubric: Rubric, made: Settings) -> None:
    """Refuse parameters that do not fit the rubric; the message names the parameter first."""
    if (rubric.unit is RubricUnit.PAIR) != (made.mode == "pairwise"):
        got = "two answers" if rubric.unit is RubricUnit.PAIR else f"one {rubric.unit.value}"
        raise DataError(f"rubric: {rubric.name} is about {got}, which mode: {made.mode} is not")
    if made.mode == "pairwise" and (rubric.scale.low, rubric.scale.high) != (0.0, 1.0):
        raise DataError(
            f"rubric: {rubric.name} goes from {rubric.scale.low:g} to {rubric.scale.high:g}, "
            "expected 0 (the second is better) to 1 (the first is)"
        )
    if made.mode == "verdict":
        _check_verdicts(rubric, made)
        return
    if Shown.SOURCE in rubric.shows and made.source is None:
        raise DataError(
            f"source: not given; {rubric.name} shows a source: name the input part that holds it"
        )
    if made.source == RETRIEVAL and made.mode == "pairwise":
        raise DataError(f"source: got {RETRIEVAL}, expected an input part: two answers have two")
    if made.source is not None and Shown.SOURCE not in rubric.shows:
        raise DataError(f"source: got {made.source!r}, but {rubric.name} shows no source")
    if made.mode == "pairwise" and made.positive is not None:
        raise DataError(f"positive: got {made.positive!r}, expected none for pairs")
    labels = ", ".join(anchor.label for anchor in rubric.scale.anchors)
    if made.positive is None:
        if rubric.scale.kind is RubricKind.NOMINAL:
            raise DataError(f"positive: not given; the scale is one of names: one of {labels}")
    elif rubric.scale.named(made.positive) is None:
        raise DataError(f"positive: got {made.positive!r}, expected one of {labels}")


def _check_verdicts(rubric: Rubric, made: Settings) -> None:
    if rubric.unit is not RubricUnit.ANSWER or rubric.scale.kind is not RubricKind.BINARY:
        raise DataError(
            f"rubric: {rubric.name} is {rubric.scale.kind.value}, about one {rubric.unit.value}; "
            "expected a binary scale about answers: a verdict is right or wrong"
        )
    if made.source is None or made.source == RETRIEVAL:
        got = "not given" if made.source is None else f"got {RETRIEVAL}"
        raise DataError(f"source: {got}; name the input part that the verdicts are about")
    beside = sorted(set(rubric.shows) - {Shown.INPUT})
    if beside:
        raise DataError(f"rubric: {rubric.name} shows a {beside[0].value}, which a verdict has not")
    if made.positive is not None:
        raise DataError(f"positive: got {made.positive!r}, expected none for verdicts")


class Judge(Rating):
    """Rates answers; see ``protocols.Judge``."""

    def scale(self, items: Sequence[Item]) -> Scale:
        """The rubric's; graded where votes, statements or probabilities are averaged."""
        made, better = self.settings, self.rubric.higher_is_better
        whole = made.answer != "logprob" and made.aggregate == "majority"
        if self.is_binary:
            one = whole and self.rubric.unit is RubricUnit.ANSWER
            kind = ScoreKind.BINARY if one else ScoreKind.GRADED
            return Scale(kind, 0.0, 1.0, better)
        return Scale(ScoreKind.GRADED, self.rubric.scale.low, self.rubric.scale.high, better)

    async def judge(self, answer: Answer, item: Item, ask: Ask) -> Judged:
        """Judge one answer; see ``protocols.Judge``."""
        about = self.about(item, answer)
        if isinstance(about, Missing):
            return Judged(about, {"liftgate": 1, "votes": []})
        material = {**about, "answer": prompt.text_of(answer.output)}
        if self.rubric.unit is RubricUnit.STATEMENT:
            return await self._statements(material, ask)
        found, votes = await self.voted(material, ask)
        return judged_by(found, {**self.head(material), "votes": votes})

    def foresee(
        self, item: Item, answers: Sequence[Answer | None]
    ) -> list[tuple[int, Mapping[str, Json]]] | None:
        """Return what it will ask; of statements nobody knows how many an answer makes."""
        (answer,) = answers
        if self.rubric.unit is RubricUnit.STATEMENT:
            return None
        about = {} if self.needs_trace else self.about(item, answer)
        if isinstance(about, Missing):
            return []
        return self.votes_on({**about, "answer": _text_of(answer)})

    async def _statements(self, material: Mapping[str, str], ask: Ask) -> Judged:
        """The mean over an answer's statements: every answer counts alike (the mean of ratios)."""
        head = self.head(material)
        if self.settings.split == "sentences":
            texts: list[str] | None = statements.split(material["answer"])
        else:
            reply = await ask(0, {"text": prompt.asked_to_split(material)})
            output = None if reply.answer is None else reply.answer.output
            texts = None if output is None else statements_of(output)
            head["split"] = vote_row(Read(Outcome.VALUE), reply)
            if texts is None:
                got = reply.message if output is None else f"got {shown(output)}"
                return Judged(None, head, f"statements: {got}, expected a JSON list of them")
        listed: list[Json] = []
        found: list[Read] = []
        whole = material["answer"]
        for text in texts or ():
            shown_with = {**material, "answer": text, "answer that it stands in": whole}
            one, votes = await self.voted(shown_with, ask)
            found.append(one)
            listed.append({"text": text, **found_in(one), "votes": votes})
        return judged_by(_over_statements(found), {**head, "statements": listed})


class PairwiseJudge(Rating):
    """Compares two answers; see ``protocols.PairJudge``."""

    def scale(self, items: Sequence[Item]) -> Scale:
        """From 0 to 1: how far an arm's answer is preferred to the other's."""
        return Scale(ScoreKind.GRADED, 0.0, 1.0, self.rubric.higher_is_better)

    def foresee(
        self, item: Item, answers: Sequence[Answer | None]
    ) -> list[tuple[int, Mapping[str, Json]]] | None:
        """Return what it will ask about two answers in one order."""
        about = self.about(item)
        if isinstance(about, Missing):
            return []
        named = zip(("first answer", "second answer"), map(_text_of, answers), strict=True)
        return self.votes_on({**about, **dict(named)})

    async def judge_pair(self, first: Answer, second: Answer, item: Item, ask: Ask) -> Judged:
        """Judge two answers in this order; see ``protocols.PairJudge``."""
        about = self.about(item)
        if isinstance(about, Missing):
            return Judged(about, {"liftgate": 1, "votes": []})
        texts = (prompt.text_of(one.output) for one in (first, second))
        material = {**about, **dict(zip(("first answer", "second answer"), texts, strict=True))}
        found, votes = await self.voted(material, ask)
        return judged_by(found, {**self.head(material), "votes": votes})


def _text_of(answer: Answer | None) -> str:
    return "" if answer is None else prompt.text_of(answer.output)


def _over_statements(found: Sequence[Read]) -> Read:
    failed = [one for one in found if one.outcome is Outcome.FAILED]
    if failed:
        why = f"{len(failed)} of {len(found)} statements could not be judged: {failed[0].why}"
        return Read(Outcome.FAILED, why=why)
    values = [one.value for one in found if one.value is not None]
    if not values:
        return Read(Outcome.ABSTAINED, why=f"none of {len(found)} statements makes a claim")
    return Read(Outcome.VALUE, fmean(values))
