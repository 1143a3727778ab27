"""A data set of pairs: each item clean, and the same item perturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from liftgate.errors import DataError, NotEnoughData, did_you_mean
from liftgate.perturbations.families import IDENTITY, Family, family
from liftgate.perturbations.lots import Lots
from liftgate.perturbations.subject import Changed, NotApplicable, Subject
from liftgate.records import Dataset, Item, Json
from liftgate.records.notebook import Card

CLEAN, PERTURBED = "clean", "perturbed"
"""The two versions of an item's input and target, of which an arm reads one."""
SLICE = "family"
MOST_VARIANTS = 20


@dataclass(frozen=True)
class Perturbing:
    """What is done to every item."""

    families: tuple[str, ...]
    """Beside ``identity``, which is always there."""
    seed: int = 0
    variants: int = 1
    """Of each item in each family; those that come out alike count once."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Family -> the share of what may be changed that is; others as the family says."""
    parts: tuple[str, ...] = ()
    """Only these parts of the input are changed; empty: all texts and users' messages."""


@dataclass(frozen=True)
class Perturbed(Card):
    """The pairs, and what could not be perturbed."""

    dataset: Dataset
    counts: Mapping[str, int]
    """Family -> items made."""
    left_out: Mapping[str, Mapping[str, int]]
    """Family -> reason -> items of which there is no variant."""


def perturbed(dataset: Dataset, plan: Perturbing) -> Perturbed:
    """Return a data set of pairs.

    An item has the input parts ``clean`` and ``perturbed``, a target for each, the slice
    ``family``, and the cluster of the item that it was made from, or that item's id: all variants
    of one item are one cluster. The same items and the same plan give the same bytes; neither the
    order of the items, nor their ids, nor what else is in the set, changes a variant.

    Raises:
        DataError: the plan names what is not there, or the items carry the slice already.
        UnknownName: there is no such family.
        NotEnoughData: a family fits none of the items.
    """
    families = [family(name) for name in _families(plan)]
    _check(dataset, plan, families)
    counts: Counter[str] = Counter()
    left_out: dict[str, Counter[str]] = {one.name: Counter() for one in families}
    items: list[Item] = []
    for item in dataset.items:
        for one in families:
            try:
                made = list(_variants(item, one, plan))
            except NotApplicable as error:
                left_out[one.name][str(error)] += 1
                continue
            counts[one.name] += len(made)
            items += made
    _refuse_empty(left_out, counts, len(dataset.items))
    kept = {name: dict(reasons) for name, reasons in left_out.items() if reasons}
    return Perturbed(Dataset(dataset.name, tuple(items)), dict(counts), kept)


def rows_of(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Yield a perturbed set as rows of a file.

    The study that reads it says ``cluster: cluster`` and ``slices: [family]``.
    """
    for item in dataset.items:
        yield {
            "id": item.id,
            "input": dict(item.input),
            "target": item.target,
            "cluster": item.cluster,
            **item.slices,
            "weight": item.weight,
            "metadata": dict(item.metadata),
        }


def _families(plan: Perturbing) -> tuple[str, ...]:
    if not plan.families:
        raise DataError("families: got none, expected at least one")
    return tuple(dict.fromkeys((IDENTITY, *plan.families)))


def _variants(item: Item, one: Family, plan: Perturbing) -> Iterator[Item]:
    seen: list[Changed] = []
    count = 1 if one.name == IDENTITY else plan.variants
    for number in range(1, count + 1):
        lots = Lots(plan.seed, f"{item.input_digest}\n{one.name}\n{number}")
        rate = plan.rates.get(one.name, one.rate or 0.0)
        changed = one.change(Subject(item.input, item.target, lots, rate, plan.parts))
        if changed in seen:
            continue
        seen.append(changed)
        yield _pair(item, one, number if plan.variants > 1 else None, changed)


def _pair(item: Item, one: Family, number: int | None, changed: Changed) -> Item:
    name = one.name if number is None or one.name == IDENTITY else f"{one.name}.{number}"
    about: dict[str, Json] = {
        **item.metadata,
        "origin": item.id,
        "contract": one.contract.value,
        "changed": changed.note,
    }
    return Item(
        id=f"{item.id}~{name}",
        input={CLEAN: item.input, PERTURBED: changed.input},
        target=None if item.target is None else {CLEAN: item.target, PERTURBED: changed.target},
        cluster=item.id if item.cluster is None else item.cluster,
        slices={**item.slices, SLICE: one.name},
        weight=item.weight,
        metadata=about,
    )


def _check(dataset: Dataset, plan: Perturbing, families: Sequence[Family]) -> None:
    if not 1 <= plan.variants <= MOST_VARIANTS:
        raise DataError(f"variants: got {plan.variants}, expected from 1 to {MOST_VARIANTS}")
    known = {one.name: one for one in families}
    for name, rate in plan.rates.items():
        if name not in known or known[name].rate is None:
            takes = ", ".join(one.name for one in families if one.rate is not None) or "none"
            near = did_you_mean(name, known)
            guess = f" (did you mean {near!r}?)" if near and near != name else ""
            raise DataError(
                f"rates: got {name!r}{guess}, expected a chosen family with one: {takes}"
            )
        if not 0 < rate <= 1:
            raise DataError(f"rates: {name}: got {rate:g}, expected above 0 and at most 1")
    parts = {name for item in dataset.items for name in item.input}
    for name in plan.parts:
        if name not in parts:
            listed = ", ".join(sorted(parts))
            raise DataError(f"parts: got {name!r}, expected parts that the items have: {listed}")
    _check_labels(dataset)


def _check_labels(dataset: Dataset) -> None:
    clusters = {item.cluster for item in dataset.items if item.cluster is not None}
    for item in dataset.items:
        if SLICE in item.slices:
            raise DataError(
                f"{item.id}: has the slice {SLICE!r} already, which perturbing sets",
                hint="leave it out of the study's slices, or give the column another name",
            )
        if item.cluster is None and item.id in clusters:
            raise DataError(
                f"{item.id}: has no cluster, and its id is the cluster of other items; its "
                "variants would be taken for theirs",
                hint="give every item a cluster",
            )


def _refuse_empty(
    left_out: Mapping[str, Counter[str]], counts: Mapping[str, int], total: int
) -> None:
    for name, reasons in left_out.items():
        if not counts.get(name):
            said = "; ".join(f"{why} ({count})" for why, count in reasons.most_common(3))
            raise NotEnoughData(
                f"the family {name!r} fits none of the {total} items: {said}",
                hint=f"leave {name} out",
            )
