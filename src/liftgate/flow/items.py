"""A study's items, as its file asks for them."""

from __future__ import annotations

from pathlib import Path

from liftgate.evals.data import load_dataset
from liftgate.perturbations.dataset import perturbed
from liftgate.records import Dataset
from liftgate.study.items import DatasetPlan


def load_items(plan: DatasetPlan, *, root: Path, name: str | None = None) -> Dataset:
    """Read a study's data set, and perturb it where the study says so.

    Raises:
        DataError: the source has faults, or cannot be perturbed as planned.
        UnknownName: a Python module has no such attribute.
        NotEnoughData: a family of perturbations fits none of the items.
    """
    found = load_dataset(
        plan.source, root=root, name=name, cluster=plan.cluster, slices=plan.slices
    )
    return found if plan.perturb is None else perturbed(found, plan.perturb.perturbing()).dataset
