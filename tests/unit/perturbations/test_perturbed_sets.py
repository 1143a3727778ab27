from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from liftgate.errors import DataError, NotEnoughData, UnknownName
from liftgate.perturbations.dataset import Perturbing, perturbed, rows_of
from liftgate.perturbations.families import FAMILIES
from liftgate.records import Dataset, Item

ITEMS = tuple(
    Item(
        f"q{n}",
        {"question": f"Which of the harbours did ship number {n} visit?", "options": ["x", "y"]},
        target="AB"[n % 2],
        slices={"kind": "ship"},
    )
    for n in range(6)
)
ALL = Perturbing(tuple(FAMILIES), seed=3)
DIGEST = "sha256:3f56a1aa6e368ba16d7c7b6e16cf99afe4ed3e5b16f0d2562f5aca4c984ffff2"


def pairs(items: tuple[Item, ...] = ITEMS, **changes: Any) -> Dataset:
    plan = {"families": ("typos", "order"), "seed": 3, **changes}
    return perturbed(Dataset("d", items), Perturbing(**plan)).dataset


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A changed digest means that every study of perturbed items must be run again."""
    items = (
        Item(
            "a",
            {
                "text": "Which of these European capitals lies on the river Seine? Visit "
                "https://x.org/Paris and run `ls -l` with 3 files.\nA) London\nB) Paris\n"
                "C) Rome\nAnswer:"
            },
            target="B",
        ),
        Item(
            "b",
            {
                "question": "The customer wants to return a broken kettle after thirty days; "
                "explain the policy briefly.",
                "options": ["yes, refund", "no refund", "store credit"],
            },
            target="C",
        ),
        Item(
            "c",
            {
                "messages": [
                    {"role": "system", "content": "Be brief and helpful always"},
                    {
                        "role": "user",
                        "content": "Please summarise the following paragraph about whales and "
                        "their migration.",
                    },
                ]
            },
        ),
        Item("d", {"text": "x"}, target="x"),
    )

    assert perturbed(Dataset("d", items), Perturbing(tuple(FAMILIES), seed=1)).dataset.digest == (
        DIGEST
    )


def test_a_process_with_another_hash_seed_makes_the_same_set() -> None:
    code = (
        "from tests.unit.perturbations.test_perturbed_sets import *\n"
        "print(perturbed(Dataset('d', ITEMS), ALL).dataset.digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=_env("77"), check=True
    )

    assert done.stdout.strip() == perturbed(Dataset("d", ITEMS), ALL).dataset.digest


def _env(seed: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONHASHSEED": seed}


def test_order_ids_and_neighbours_change_no_variant() -> None:
    alone = pairs((ITEMS[2],))
    renamed = pairs((Item("other", ITEMS[2].input, target=ITEMS[2].target),))
    among = pairs(tuple(reversed(ITEMS)))

    inputs = [item.input for item in alone.items]
    assert [item.input for item in renamed.items] == inputs
    assert [i.input for i in among.items if i.metadata["origin"] == "q2"] == inputs


def test_all_variants_of_an_item_are_one_cluster_and_carry_its_slices() -> None:
    made = pairs()

    assert {item.cluster for item in made.items} == {item.id for item in ITEMS}
    assert {item.slices["family"] for item in made.items} == {"identity", "typos", "order"}
    assert {item.slices["kind"] for item in made.items} == {"ship"}


def test_items_of_one_cluster_stay_in_it() -> None:
    items = tuple(
        Item(i.id, i.input, i.target, cluster=f"page {n // 2}") for n, i in enumerate(ITEMS)
    )

    assert {item.cluster for item in pairs(items).items} == {"page 0", "page 1", "page 2"}


def test_the_identity_is_always_there_and_changes_nothing() -> None:
    same = [item for item in pairs(variants=3).items if item.slices["family"] == "identity"]

    assert len(same) == len(ITEMS)
    assert all(item.input["clean"] == item.input["perturbed"] for item in same)


def test_variants_that_come_out_alike_count_once() -> None:
    orders = [i for i in pairs(variants=5).items if i.slices["family"] == "order"]
    typos = [i for i in pairs(variants=5).items if i.slices["family"] == "typos"]

    assert len(orders) == len(ITEMS)  # two options have one other order
    assert len(typos) > 2 * len(ITEMS)
    assert len({item.id for item in typos}) == len(typos)


def test_an_item_that_a_family_does_not_fit_is_counted_with_the_reason() -> None:
    items = (*ITEMS, Item("short", {"question": "Why?"}, target="x"))

    made = perturbed(Dataset("d", items), Perturbing(("order", "typos")))

    assert made.left_out == {
        "order": {"it has neither options nor examples": 1},
        "typos": {"no words in it may be changed": 1},
    }
    assert made.counts == {"identity": 7, "order": 6, "typos": 6}


def test_a_set_comes_back_from_its_file(tmp_path) -> None:
    import json

    from liftgate.evals.data import load_dataset

    made = pairs()
    text = "".join(json.dumps(row) + "\n" for row in rows_of(made))
    (tmp_path / "p.jsonl").write_text(text, encoding="utf-8")

    read = load_dataset("p.jsonl", root=tmp_path, cluster="cluster", slices=("family", "kind"))

    assert read.digest == made.digest


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"families": ("typo",)}, UnknownName, "did you mean 'typos'"),
        ({"families": ()}, DataError, "families: got none"),
        ({"variants": 0}, DataError, "variants: got 0"),
        ({"rates": {"typos": 0.0}}, DataError, "rates: typos: got 0"),
        ({"rates": {"order": 0.5}}, DataError, "rates: got 'order'"),
        ({"rates": {"typso": 0.5}}, DataError, "did you mean 'typos'"),
        ({"parts": ("questoin",)}, DataError, "parts: got 'questoin'"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(changes, error, message) -> None:
    with pytest.raises(error, match=message):
        pairs(**changes)


def test_a_family_that_fits_no_item_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="'order' fits none of the 1 items"):
        pairs((Item("a", {"text": "A plain question"}),))


def test_a_slice_of_that_name_is_refused() -> None:
    with pytest.raises(DataError, match="has the slice 'family' already"):
        pairs((Item("a", {"text": "A plain question"}, slices={"family": "x"}),))


def test_an_id_that_is_anothers_cluster_is_refused() -> None:
    with pytest.raises(DataError, match="its id is the cluster of other items"):
        pairs((ITEMS[0], Item("b", {"text": "Another question"}, cluster="q0")))
