"""A file that is there already is left as it is, and nothing is done before that is noticed."""

from __future__ import annotations

import json

import pytest

from tests.stories.offices import Office


@pytest.mark.parametrize(
    "line",
    [
        "ledger prove 1 --out kept",
        "ledger attest 1 --predicate result --sign-with bob --out kept",
        "ledger pack story --out kept",
        "keys new eve --out kept",
        "gate record study.yaml --out kept",
        "approve study.yaml --role product --request kept",
        "study new mine --worthwhile 0.05 --out kept",
        "perturb items.jsonl --family typos --out kept",
        "failures draw study.yaml --out kept",
    ],
)
def test_a_file_that_exists_is_refused_and_nothing_is_done(office: Office, line: str) -> None:
    kept = office.folder / "kept"
    kept.write_text("mine")
    before = len(office.entries())
    assert office(*line.split()) == 2
    assert "kept: exists already, and is left as it is" in office.said
    assert kept.read_text() == "mine"
    assert len(office.entries()) == before
    assert not (office.folder / "private" / "eve.json").exists()


def test_labels_are_exported_over_nothing(office: Office) -> None:
    draw = "rate draw study.yaml --rubric task_success --raters ann --n 5 --seed 1 --json"
    assert office(*draw.split()) == 0, office.said
    export = ("rate", "export", json.loads(office.said)["batch"], "--out", "labels.jsonl")
    assert office(*export) == 0, office.said
    (office.folder / "labels.jsonl").write_text("mine")
    assert office(*export) == 2
    assert "labels may be in it" in office.said
    assert (office.folder / "labels.jsonl").read_text() == "mine"
