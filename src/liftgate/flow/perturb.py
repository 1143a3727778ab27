"""``perturb``: from a data set to a file of its items clean and perturbed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from liftgate.evals.data import load_dataset
from liftgate.flow.items import write_items
from liftgate.perturbations.dataset import Perturbed, Perturbing, perturbed
from liftgate.plugins.local import search_also


def perturb_file(
    source: str,
    plan: Perturbing,
    out: Path,
    *,
    root: Path,
    cluster: str | None = None,
    slices: Sequence[str] = (),
) -> Perturbed:
    """Perturb a data set and write it as JSON Lines, in canonical bytes.

    Args:
        source: as in a study.
        plan: what is done to every item.
        out: the file, which must not exist.
        root: the folder from which the source is looked up.
        cluster: the source's column of clusters.
        slices: the source's columns that are kept as slices.

    Raises:
        DataError: the source has faults, the plan does not fit it, or the file exists.
        UnknownName: there is no such family.
        NotEnoughData: a family fits none of the items.
    """
    search_also(Path.cwd())
    made = perturbed(load_dataset(source, root=root, cluster=cluster, slices=slices), plan)
    write_items(made.dataset, out)
    return made
