"""From several votes to one score, by a rule that the study declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median

from liftgate.records import Outcome
from liftgate.scorers.judge.reading import Read

RULES = ("majority", "mean", "median")


def combined(votes: Sequence[Read], rule: str) -> Read:
    """Return what several votes say together.

    Args:
        votes: at least one, failed and abstained ones included.
        rule: ``majority``: the value of strictly more than half of *all* votes, else abstained.
            ``mean`` and ``median``: of the votes with a value.

    A score needs a value from strictly more than half of the votes; else it is failed where any
    vote failed, and abstained where none did.
    """
    values = [vote.value for vote in votes if vote.value is not None]
    lacking = [vote for vote in votes if vote.value is None]
    if 2 * len(values) <= len(votes):
        failed = [vote for vote in lacking if vote.outcome is Outcome.FAILED]
        shown = (failed or lacking)[0].why
        told = shown if len(votes) == 1 else f"{len(values)} of {len(votes)} votes have a value: "
        why = told if len(votes) == 1 else told + shown
        return Read(Outcome.FAILED if failed else Outcome.ABSTAINED, why=why)
    if rule == "mean":
        return Read(Outcome.VALUE, fmean(values))
    if rule == "median":
        return Read(Outcome.VALUE, median(values))
    value, count = Counter(values).most_common(1)[0]
    if 2 * count > len(votes):
        return Read(Outcome.VALUE, value, why=votes[0].why if len(votes) == 1 else "")
    told = ", ".join(f"{number:g}" for number in values)
    return Read(Outcome.ABSTAINED, why=f"no majority of {len(votes)} votes: {told}")
