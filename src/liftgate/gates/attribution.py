"""Which stage of a retrieval system is to blame for its wrong answers: counts with intervals.

Each wrong answer is put to a counterfactual: the same generator, given the gold passages in place
of those that were retrieved. Right with them, and they had not been found: retrieval. Wrong even
with them: generation. Right with them though they had been found: between the stages, which this
experiment cannot tell apart. A generator that varies would be right more often the second time
whatever it is given, so that each is also asked again with the very passages that were retrieved,
and what the gold passages mend is compared, pair by pair, with what mere asking again mends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.gates.evidence import DESCRIPTIVE_LEVEL
from liftgate.records import Estimate, ScoreKind

Body = dict[str, Any]


class Cause(StrEnum):
    """What a wrong answer is put down to."""

    RETRIEVAL = "retrieval"
    """Right with the gold passages, of which one or more had not been retrieved."""
    GENERATION = "generation"
    """Wrong even with the gold passages."""
    BETWEEN = "between"
    """Right with the gold passages alone, though all had been retrieved."""


@dataclass(frozen=True)
class Wrong:
    """One wrong answer, and what became of its counterfactuals."""

    item: str
    repeat: int
    cluster: str
    """The item's, or the item itself."""
    found: bool | None
    """Whether every gold document was among the passages given; None: not known."""
    gold: bool | None
    """Whether the generator is right with the gold passages; None: not asked, or not scored."""
    again: bool | None
    """Whether it is right when asked again with what was retrieved; None: not asked or scored."""

    @property
    def cause(self) -> Cause | None:
        """What it is put down to; None: there is no counterfactual."""
        if self.gold is None:
            return None
        if not self.gold:
            return Cause.GENERATION
        return Cause.BETWEEN if self.found else Cause.RETRIEVAL


def attribution(wrong: Sequence[Wrong]) -> Body:
    """Return how many wrong answers each stage is to blame for, with 95 % intervals.

    Returns:
        ``assessed``; ``causes``: by cause ``count``, ``share`` (a number of the assessed) and
        ``found_unknown``; ``mended``: what the gold passages and what asking again put right, and
        the ``difference``, over the answers that have both; ``not_identifiable``: sentences; and
        ``items``. A number is ``value``, ``estimate`` (plain, or None with a ``reason``).
    """
    assessed = [one for one in wrong if one.cause is not None]
    counts = Counter(one.cause for one in assessed)
    both = [one for one in assessed if one.again is not None]
    return {
        "wrong": len(wrong),
        "assessed": len(assessed),
        "causes": {
            cause.value: {
                "count": counts[cause],
                "share": _share([one.cause is cause for one in assessed], assessed),
            }
            for cause in Cause
        },
        "generation_missed_too": sum(
            one.cause is Cause.GENERATION and one.found is False for one in assessed
        ),
        "mended": _mended(both) if both else None,
        "not_identifiable": _not_identifiable(wrong, assessed, both),
        "items": [
            {**plain(one), "cause": None if one.cause is None else one.cause.value} for one in wrong
        ],
    }


def _mended(both: Sequence[Wrong]) -> Body:
    gold, again = [bool(one.gold) for one in both], [bool(one.again) for one in both]

    def difference() -> Estimate:
        return stats.paired_difference(
            np.array(gold, dtype=np.float64),
            np.array(again, dtype=np.float64),
            kind=ScoreKind.BINARY,
            cluster=_clusters(both),
            level=DESCRIPTIVE_LEVEL,
        )

    return {
        "n": len(both),
        "gold": sum(gold),
        "again": sum(again),
        "difference": _number(difference, (sum(gold) - sum(again)) / len(both)),
    }


def _not_identifiable(
    wrong: Sequence[Wrong], assessed: Sequence[Wrong], both: Sequence[Wrong]
) -> list[str]:
    said = []
    lacking = len(wrong) - len(assessed)
    if lacking:
        said.append(
            f"{lacking:,} wrong answers have no counterfactual (no gold passages, or it could not "
            "be scored): their stage is not known."
        )
    between = sum(one.cause is Cause.BETWEEN for one in assessed)
    if between:
        said.append(
            f"{between:,} are right with the gold passages alone, though these had been retrieved: "
            "whether the other passages or the generator's use of them is at fault is not known."
        )
    blind = sum(one.cause is Cause.RETRIEVAL and one.found is None for one in assessed)
    if blind:
        said.append(
            f"Of {blind:,} put down to retrieval it is not known whether the gold passages had "
            "been found: the items name no documents."
        )
    if assessed and not both:
        said.append(
            "Nobody asked again with the same passages: how many would come out right by chance "
            "alone is not known."
        )
    if any(one.cause is Cause.GENERATION for one in assessed):
        said.append(
            "Generation stands for what is wrong with the gold passages: a wrong label, or gold "
            "passages that do not hold the answer, look the same."
        )
    return said


def _share(hits: Sequence[bool], rows: Sequence[Wrong]) -> Body:
    def share() -> Estimate:
        if not rows:
            raise NotEnoughData("no wrong answer has a counterfactual")
        return stats.proportion(
            np.array(hits, dtype=np.float64), cluster=_clusters(rows), level=DESCRIPTIVE_LEVEL
        )

    return _number(share, sum(hits) / len(rows) if rows else None)


def _clusters(rows: Sequence[Wrong]) -> Any:
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(one.cluster, len(numbers)) for one in rows]
    return None if len(numbers) == len(rows) else np.array(codes, dtype=np.int64)


def _number(estimate: Callable[[], Estimate], value: float | None) -> Body:
    try:
        found = estimate()
    except NotEnoughData as error:
        return {"value": value, "estimate": None, "reason": str(error)}
    return {"value": value, "estimate": plain(replace(found, p_value=None)), "reason": ""}
