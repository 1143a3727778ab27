"""Judging who judges: an answer is a verdict about an input part, which the judge rates itself.

Where two classifiers, guards or judge prompts are compared, an answer is a label. Whether it is the
right one follows from what the part is: people and the judge rate the part, by one rubric, and are
never asked whether a label is right.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from liftgate.protocols import Ask
from liftgate.records import Answer, Item, Json, Judged, Missing, Outcome, Rubric, Scale, ScoreKind
from liftgate.scorers.judge import prompt
from liftgate.scorers.judge.rating import Rating, Settings, judged_by
from liftgate.scorers.judge.reading import Read, read


class VerdictJudge(Rating):
    """Rates the part that verdicts are about; see ``protocols.Judge``.

    A part is rated once, however many verdicts there are about it: the score of the first verdict
    keeps the votes, those of the others say that they share them.
    """

    def __init__(self, rubric: Rubric, made: Settings, fingerprints: tuple[str, ...]) -> None:
        super().__init__(rubric, made, fingerprints)
        self._known: dict[str, _Rated] = {}
        self._turn: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def scale(self, items: Sequence[Item]) -> Scale:
        """From 0, wrong, to 1, right; graded where the judge gives probabilities or means."""
        made = self.settings
        whole = made.answer != "logprob" and made.aggregate == "majority"
        return Scale(ScoreKind.BINARY if whole else ScoreKind.GRADED, 0.0, 1.0)

    async def judge(self, answer: Answer, item: Item, ask: Ask) -> Judged:
        """Judge one verdict; see ``protocols.Judge``."""
        verdict = self.verdict(answer.output)
        head: dict[str, Json] = {"verdict": verdict}
        if verdict is None:
            # Wrong whatever the part is, so that nobody needs to be asked.
            return Judged(0.0, {"liftgate": 1, **head, "votes": []})
        part = self.part(item)
        if part is None:
            why = f"the item has no input part {self.settings.source!r} to judge"
            return Judged(Missing(why), {"liftgate": 1, **head, "votes": []})
        material = {**self.inputs(item), "answer": prompt.text_of(part)}
        about = self.head(material)
        digest = str(about["material"])
        async with self._turn[digest]:
            known = self._known.get(digest)
            if known is None:
                found, votes = await self.voted(material, ask)
                if found.outcome is not Outcome.FAILED:
                    self._known[digest] = _Rated(found, item.id)
                about["votes"] = votes
            else:
                found = known.found
                about |= {"votes": [], "shared_with": known.item}
        if found.value is None:
            return judged_by(found, {**about, **head})
        return Judged(right(verdict, found.value), {**about, **head})

    def foresee(
        self, item: Item, answers: Sequence[Answer | None]
    ) -> list[tuple[int, Mapping[str, Json]]] | None:
        """Return what it will ask about a part, at the first verdict about it."""
        part = self.part(item)
        if part is None:
            return []
        return self.votes_on({**self.inputs(item), "answer": prompt.text_of(part)})

    def verdict(self, output: Json) -> float | None:
        """Return the value whose label or key an answer is; None: it is no verdict."""
        return read(output, self.rubric.scale, "text").value

    def part(self, item: Item) -> Json:
        """Return what verdicts on an item are about; None: there is no such part."""
        return item.input.get(str(self.settings.source))

    def counts(self, output: Json, label: float) -> float:
        """Return how right a verdict is, from 0 to 1, where people rate the part ``label``."""
        verdict = self.verdict(output)
        return 0.0 if verdict is None else right(verdict, label)


class _Rated(NamedTuple):
    """What a judge said of a part, and of which item it was asked."""

    found: Read
    item: str


def right(verdict: float, value: float) -> float:
    """Return the probability that a verdict is right where 1 has the probability ``value``."""
    return value if verdict == 1 else 1.0 - value
