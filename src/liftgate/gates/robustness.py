"""What a perturbed set shows beside its claims: how often scores changed, and how much is noise.

Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from liftgate.gates.pairs import complete, in_slice, slice_values
from liftgate.gates.summary import slice_table
from liftgate.perturbations.dataset import SLICE
from liftgate.perturbations.families import IDENTITY
from liftgate.records import Pairs


def robustness(pairs: Pairs) -> dict[str, Any] | None:
    """Return how each family of perturbations changed the scores.

    The family ``identity`` changes nothing, so that what differs there is the noise of asking
    twice: its difference and its share of changed scores are the floor under all the others.

    Args:
        pairs: of one candidate and metric.

    Returns:
        ``metric``; ``families``, the identity first, each with ``family``, ``n`` (items with a
        score on both sides), ``clusters``, ``worse`` and ``better`` (items whose score changed for
        the worse and the better), ``estimate`` (the mean difference, plain, 95 %) or None with a
        ``reason``; ``origins`` and ``all_kept``: items with every variant scored, and those of them
        of which no variant scored worse. None: the items are not perturbed.
    """
    labels = pairs.slices.get(SLICE)
    if labels is None or IDENTITY not in set(labels):
        return None
    kept = complete(pairs)
    if IDENTITY not in slice_values(kept, SLICE):
        return None
    estimates = {row["slice"]: row for row in slice_table(pairs, [SLICE])[SLICE]}
    names = sorted(estimates, key=lambda name: (name != IDENTITY, name))
    return {
        "metric": pairs.metric,
        "families": [_family(name, in_slice(kept, SLICE, name), estimates[name]) for name in names],
        **_kept_by_all(pairs),
    }


def _family(name: str, pairs: Pairs, row: Mapping[str, Any]) -> dict[str, Any]:
    deltas = _oriented(pairs)
    return {
        "family": name,
        "n": row["n"],
        "clusters": row["clusters"],
        "worse": int((deltas < 0).sum()),
        "better": int((deltas > 0).sum()),
        "estimate": row["estimate"],
        "reason": row["reason"],
    }


def _kept_by_all(pairs: Pairs) -> dict[str, int]:
    """Count the clusters that no family made worse, among those with all their scores."""
    clusters = np.arange(len(pairs.items)) if pairs.cluster is None else pairs.cluster
    deltas = _oriented(pairs)
    lost = set(clusters[np.isnan(deltas)])
    whole = set(clusters) - lost
    worse = set(clusters[deltas < 0])
    return {"origins": len(whole), "all_kept": len(whole - worse)}


def _oriented(pairs: Pairs) -> Any:
    difference = pairs.candidate - pairs.baseline
    return difference if pairs.scale.higher_is_better else -difference
