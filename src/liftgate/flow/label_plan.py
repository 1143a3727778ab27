"""``label plan``: how many labels an interval takes, and how ratings are best split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from liftgate.errors import DataError, NotEnoughData
from liftgate.flow.judge_of import JudgeOf, judge_of
from liftgate.flow.judge_worth import WITHOUT_WORDS
from liftgate.flow.judges import CALIBRATED
from liftgate.gates.judge_errors import needed
from liftgate.ledger import Ledger
from liftgate.stats.label_plan import LabelWorth, half_width, with_raters
from liftgate.stats.labelled import FEWEST_LABELS
from liftgate.store import Workspace

MOST_RATERS = 5
"""People for each item among whom a plan splits ratings."""


def plan_labels(
    name: str,
    workspace: Workspace,
    *,
    labels: int | None = None,
    width: float | None = None,
    ratings: int | None = None,
    items: int | None = None,
    level: float = 0.95,
) -> dict[str, Any]:
    """Return what labels give, or how many of them an interval needs, from the last calibration.

    Args:
        name: ``STUDY.yaml@METRIC``.
        workspace: with the judge's calibration.
        labels: how wide an interval do so many give?
        width: how many labels give this half-width?
        ratings: how are so many ratings best split, in items and people for each?
        items: locked items of the next study; None: as many as were calibrated on.
        level: two-sided confidence.

    Raises:
        NotEnoughData: the judge was not calibrated on drawn labels; for ``ratings`` on labels that
            are the mean of several people's ratings.
        DataError: not one of labels, width and ratings; fewer ratings than labels are needed.
    """
    if (labels is None) + (width is None) + (ratings is None) != 2:
        raise DataError(
            "labels: expected either a number of labels, a half-width or a number of ratings",
            hint="--n N asks how wide an interval they give; --half-width W how many it takes; "
            "--ratings R how to split them",
        )
    made = judge_of(name)
    last = _last_worth(made, workspace)
    worths = _worths(made, last)
    body: dict[str, Any] = {"judge": made.bound.fingerprint, "metric": made.bound.name}
    found: dict[str, Any] = {}
    for candidate, worth in worths.items():
        if ratings is not None:
            found[candidate] = _splits(worth, ratings, items or worth.items, level)
        elif width is not None:
            found[candidate] = {**needed(worth, width, level=level, items=items)}
        else:
            assert labels is not None
            found[candidate] = {
                "labels": labels,
                "items": items or worth.items,
                "level": level,
                "half_width_with_judge": half_width(worth, labels, items=items, level=level),
                "half_width_without": half_width(
                    worth, labels, items=items, level=level, judges=False
                ),
            }
            if worth.differing < 1:
                found[candidate]["half_width_differing"] = half_width(
                    worth, labels, items=items, level=level, differing=True
                )
        found[candidate]["share_differing"] = worth.differing
        found[candidate]["multiplier"] = worth.multiplier
        if WITHOUT_WORDS in last[candidate]:
            found[candidate][WITHOUT_WORDS] = last[candidate][WITHOUT_WORDS]
    return {**body, "candidates": found}


def _splits(worth: LabelWorth, ratings: int, items: int, level: float) -> dict[str, Any]:
    """Return what a number of ratings gives by how many people rate each item."""
    if ratings < FEWEST_LABELS:
        raise DataError(f"ratings: got {ratings}, expected at least {FEWEST_LABELS}")
    splits = []
    for raters in range(1, MOST_RATERS + 1):
        labels = ratings // raters
        if FEWEST_LABELS <= labels <= items:
            one = with_raters(worth, raters)
            half = half_width(one, labels, items=items, level=level)
            splits.append({"raters": raters, "labels": labels, "half_width": half})
    if not splits:
        raise DataError(
            f"ratings: got {ratings}, more than {MOST_RATERS} for each of {items} items",
            hint="lock more items",
        )
    best = min(splits, key=lambda one: one["half_width"])
    return {"ratings": ratings, "items": items, "level": level, "splits": splits, "best": best}


def _last_worth(made: JudgeOf, workspace: Workspace) -> Mapping[str, Any]:
    """Return what the judge's last calibration says of each candidate's labels."""
    last: Mapping[str, Any] = {}
    if Ledger.exists(workspace.home):
        with Ledger.open(workspace.home, read_only=True) as ledger:
            for entry in ledger.entries(kind=CALIBRATED):
                if entry.body["judge"] == made.bound.fingerprint:
                    last = entry.body["worth"]
    return last


def _worths(made: JudgeOf, last: Mapping[str, Any]) -> dict[str, LabelWorth]:
    fields = LabelWorth.__dataclass_fields__
    known = {
        name: LabelWorth(**{key: worth[key] for key in fields if key in worth})
        for name, worth in last.items()
        if "multiplier" in worth
    }
    if not known:
        reason = next((w["reason"] for w in last.values()), "the judge was never calibrated")
        raise NotEnoughData(
            f"{made.bound.name}: what a label is worth beside this judge is not known: {reason}",
            hint="liftgate label draw, then liftgate judge calibrate",
        )
    return known
