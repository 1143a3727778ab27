"""``perturb``: from a data set to a file of its items clean and perturbed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from liftgate.canon import canonical
from liftgate.errors import DataError
from liftgate.evals.data import load_dataset
from liftgate.perturbations.dataset import Perturbed, Perturbing, perturbed, rows_of
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
    lines = [canonical(row) + b"\n" for row in rows_of(made.dataset)]
    try:
        with out.open("xb") as file:
            file.writelines(lines)
    except FileExistsError as error:
        raise DataError(f"{out}: exists already", hint="choose another name") from error
    return made
