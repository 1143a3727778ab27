"""A study's pilot is read as ``compare`` reads tables, and what had to be assumed is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.flow.pilot import Pilot, read_pilot
from liftgate.records import Item, Scale, ScoreKind
from liftgate.study.design import Study

SCALES = {"right": Scale(ScoreKind.BINARY, 0.0, 1.0)}


def study(**changed: Any) -> Study:
    outcome = {"score": "worst"}
    fields: dict[str, Any] = {
        "liftgate": 1,
        "study": "s",
        "hypothesis": "better",
        "dataset": {"source": "items.jsonl", "cluster": "page", "slices": ["kind"]},
        "arms": {
            "old": {"role": "baseline", "system": "python:m:f"},
            "new": {"role": "candidate", "system": "python:m:g"},
        },
        "scorers": {"right": {"scorer": "exact"}},
        "outcomes": {
            **dict.fromkeys(("timeout", "crash", "refusal", "unparsable"), outcome),
            "scorer_failed": "missing",
            "missing_label": "missing",
        },
        "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}}},
        "pilot": {"baseline": "runs.csv@old", "candidate": "runs.csv@new"},
    }
    return Study(**(fields | changed))


def items(count: int = 40, *, clustered: bool = True) -> list[Item]:
    return [
        Item(
            id=f"q{n}",
            input={"text": f"question {n}"},
            cluster=f"page {n // 4}" if clustered else None,
            slices={"kind": "even" if n % 2 == 0 else "odd"},
        )
        for n in range(count)
    ]


def write(folder: Path, *, columns: str = "", value: str = "1", first: str = "q") -> None:
    lines = ["item,system,right" + (f",{columns}" if columns else "")]
    for n in range(40):
        more = "".join(f",{name} {n // 5}" for name in columns.split(",") if name)
        for system in ("old", "new"):
            score = value if (n + (system == "new")) % 3 else "0"
            lines.append(f"{first}{n},{system},{score}{more}")
    (folder / "runs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(folder: Path, planned: list[Item] | None = None, **changed: Any) -> Pilot:
    return read_pilot(study(**changed), folder, planned or items(), SCALES)


def test_clusters_and_slices_come_from_the_tables_columns(tmp_path: Path) -> None:
    write(tmp_path, columns="page,kind")
    pairs = read(tmp_path).pairs["right"]
    assert pairs.cluster is not None
    assert len(np.unique(pairs.cluster)) == 8
    assert set(pairs.slices["kind"]) == {f"kind {n}" for n in range(8)}


def test_without_such_columns_they_come_from_the_planned_items_of_the_same_ids(
    tmp_path: Path,
) -> None:
    write(tmp_path)
    found = read(tmp_path)
    pairs = found.pairs["right"]
    assert pairs.cluster is not None
    assert len(np.unique(pairs.cluster)) == 10
    assert set(pairs.slices["kind"]) == {"even", "odd"}
    assert found.assumptions == ()


def test_strangers_are_put_into_clusters_of_the_planned_sizes_and_that_is_said(
    tmp_path: Path,
) -> None:
    write(tmp_path, first="other")
    found = read(tmp_path)
    cluster = found.pairs["right"].cluster
    assert cluster is not None
    assert set(np.bincount(cluster)) == {4}
    assert "as if they were independent" in found.assumptions[0]


def test_items_without_planned_clusters_need_none(tmp_path: Path) -> None:
    write(tmp_path)
    found = read(tmp_path, items(clustered=False))
    assert found.pairs["right"].cluster is None
    assert found.assumptions == ()


def test_a_spread_over_other_repeats_is_said(tmp_path: Path) -> None:
    write(tmp_path)
    assert "1 repeats of an item and 3 are planned" in read(tmp_path, repeats=3).assumptions[0]


def test_a_table_without_the_metric_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / "runs.csv").read_text("utf-8").replace("right", "correct", 1)
    (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UnknownName, match="column of the pilot's table"):
        read(tmp_path)


@pytest.mark.parametrize("value", ["0.5", "7"])
def test_scores_that_the_studys_scorer_cannot_give_are_refused(tmp_path: Path, value: str) -> None:
    write(tmp_path, value=value)
    with pytest.raises(DataError, match="right: "):
        read(tmp_path)


def test_a_study_is_the_same_with_its_pilot_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    write(tmp_path / "before")
    pilot = {"baseline": "before/runs.csv@old", "candidate": "before/runs.csv@new"}
    assert json.dumps(pilot)
    assert read(tmp_path, pilot=pilot).pairs["right"].pairing.paired == 40
