"""A study's items, as its file asks for them."""

from __future__ import annotations

from pathlib import Path

from liftgate.canon import canonical
from liftgate.evals.data import load_dataset
from liftgate.flow.suite import SOURCE, suite_items
from liftgate.outputs import write_new
from liftgate.perturbations.dataset import perturbed, rows_of
from liftgate.records import Dataset
from liftgate.store import Workspace
from liftgate.study.items import DatasetPlan


def load_items(plan: DatasetPlan, *, root: Path, name: str | None = None) -> Dataset:
    """Read a study's data set, and perturb it where the study says so.

    Raises:
        DataError: the source has faults, or cannot be perturbed as planned.
        UnknownName: a Python module has no such attribute.
        NotEnoughData: a family of perturbations fits none of the items, or the source is
            ``regress:`` and there are no tests.
    """
    found = suite_items(Workspace.locate()) if plan.source == SOURCE else _read(plan, root, name)
    return found if plan.perturb is None else perturbed(found, plan.perturb.perturbing()).dataset


def _read(plan: DatasetPlan, root: Path, name: str | None) -> Dataset:
    return load_dataset(plan.source, root=root, name=name, cluster=plan.cluster, slices=plan.slices)


def write_items(dataset: Dataset, out: Path) -> None:
    """Write items as JSON Lines, in canonical bytes.

    Raises:
        DataError: the file exists.
    """
    write_new(out, [canonical(row) + b"\n" for row in rows_of(dataset)])
