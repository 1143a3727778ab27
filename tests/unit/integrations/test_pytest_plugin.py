"""A claim inside a test suite passes when it is shown, and says why when it is not."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.integrations.pytest_plugin import Claim

Failed = pytest.fail.Exception
Skipped = pytest.skip.Exception


def scored(folder: Path, right: int, of: int, *, repeats: int = 1, clusters: int = 0) -> Claim:
    found = Claim(folder)
    for number in range(of):
        for _ in range(repeats):
            cluster = number % clusters if clusters else None
            found.score(f"q{number}", number < right, cluster=cluster)
    return found


def test_what_is_shown_passes_and_what_is_below_fails(tmp_path) -> None:
    scored(tmp_path, 95, 100).at_least(0.85)
    with pytest.raises(Failed, match=r"below 0.85: mean 0.5 .*n 100\)"):
        scored(tmp_path, 50, 100).at_least(0.85)


def test_what_cannot_be_told_fails_with_the_items_that_would_tell(tmp_path) -> None:
    with pytest.raises(Failed, match=r"can't tell .* above 0.85: .* items in all would tell"):
        scored(tmp_path, 18, 20).at_least(0.85)
    with pytest.raises(Skipped, match="can't tell"):
        scored(tmp_path, 18, 20).at_least(0.85, when_open="skip")


def test_a_stricter_alpha_asks_for_more(tmp_path) -> None:
    scored(tmp_path, 93, 100).at_least(0.87, alpha=0.05)
    with pytest.raises(Failed, match="can't tell"):
        scored(tmp_path, 93, 100).at_least(0.87, alpha=0.01)


def test_repeats_are_averaged_in_their_item_and_add_no_items(tmp_path) -> None:
    with pytest.raises(Failed, match=r"n 20\)"):
        scored(tmp_path, 18, 20, repeats=10).at_least(0.85)


def test_items_of_one_cluster_are_not_independent(tmp_path) -> None:
    with pytest.raises(Failed, match=r"n 100 in 10 clusters"):
        scored(tmp_path, 50, 100, clusters=10).at_least(0.85)
    with pytest.raises(Failed, match="can't tell: got 2 clusters"):
        scored(tmp_path, 95, 100, clusters=2).at_least(0.85)


def test_an_item_without_a_cluster_is_one_of_its_own(tmp_path) -> None:
    found = scored(tmp_path, 50, 100)
    found.score("x", True, cluster="a")
    found.score("y", True, cluster="a")
    with pytest.raises(Failed, match="n 102 in 101 clusters"):
        found.at_least(0.85)


def test_failures_and_missing_scores_count_at_their_worst(tmp_path) -> None:
    found = scored(tmp_path, 50, 50)
    for number in range(50):
        found.score(f"e{number}", 1 if number % 2 else None, error="crash" if number % 2 else None)
    with pytest.raises(Failed, match=r"below 0.9: mean 0.5 "):
        found.at_least(0.9)


def test_scores_of_another_range_are_declared(tmp_path) -> None:
    draw = random.Random(1)
    found = Claim(tmp_path)
    for number in range(80):
        found.score(number, 4 + draw.random())
    found.at_least(4, score_range=(1, 5))
    with pytest.raises(DataError, match=r"got a score of 4.*expected 0 to 1"):
        found.at_least(0.5)


@pytest.mark.parametrize("value", ["high", float("nan"), float("inf"), [1]])
def test_a_score_is_a_finite_number(tmp_path, value) -> None:
    with pytest.raises(DataError, match="expected a finite number"):
        Claim(tmp_path).score("q1", value)


def test_a_claim_about_nothing_is_an_error(tmp_path) -> None:
    with pytest.raises(DataError, match="no score was added"):
        Claim(tmp_path).at_least(0.5)


def test_scores_that_were_saved_are_the_baseline_of_later_runs(tmp_path) -> None:
    baseline = tmp_path / "baseline.csv"
    scored(tmp_path, 60, 100, repeats=2).save(baseline)
    scored(tmp_path, 80, 100, repeats=2).better_than(baseline)
    scored(tmp_path, 59, 100, repeats=2).not_worse_than(baseline, margin=0.06)
    with pytest.raises(Failed, match="harm shown on score"):
        scored(tmp_path, 30, 100, repeats=2).not_worse_than(baseline, margin=0.05)
    with pytest.raises(Failed, match="not shown"):
        scored(tmp_path, 61, 100, repeats=2).better_than(baseline)
    with pytest.raises(Skipped, match="not shown"):
        scored(tmp_path, 61, 100, repeats=2).better_than(baseline, when_open="skip")


def test_clusters_and_failures_go_into_the_comparison(tmp_path) -> None:
    baseline = tmp_path / "baseline.csv"
    scored(tmp_path, 60, 100, clusters=20).save(baseline)
    found = scored(tmp_path, 80, 100, clusters=20)
    found.score("extra", None, error="crash")
    with pytest.raises(Failed, match="in 20 clusters"):
        found.not_worse_than(baseline, margin=0.0001, alpha=1e-12)


def test_another_set_of_items_is_no_baseline(tmp_path) -> None:
    baseline = tmp_path / "baseline.csv"
    other = Claim(tmp_path)
    for number in range(50):
        other.score(f"x{number}", True)
    other.save(baseline)
    with pytest.raises(DataError, match="not the same items"):
        scored(tmp_path, 60, 100).better_than(baseline)
    with pytest.raises(DataError, match="margin: got 0"):
        scored(tmp_path, 60, 100).not_worse_than(baseline, margin=0)


SUITE = """
def test_shown(claim):
    for n in range(100):
        claim.score(n, n < 95)
    claim.at_least(0.85)

def test_below(claim):
    for n in range(100):
        claim.score(n, n < 5)
    claim.at_least(0.85)

def test_open(claim):
    for n in range(10):
        claim.score(n, n < 9)
    claim.at_least(0.85, when_open="skip")

def test_forgotten(claim):
    claim.score("q1", True)
"""


def test_pytest_finds_the_fixture_by_itself(tmp_path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "test_suite.py"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    out = done.stdout
    assert "PASSED test_suite.py::test_shown" in out, out + done.stderr
    assert "FAILED test_suite.py::test_below - Failed: below 0.85" in out
    assert "can't tell" in out
    assert "ERROR test_suite.py::test_forgotten" in out
    assert "nothing was claimed" in out
    assert "1 failed, 2 passed, 1 skipped, 1 error" in out


def test_loading_the_plug_in_imports_nothing_heavy() -> None:
    code = (
        "import sys, liftgate.integrations.pytest_plugin;"
        "print(sorted({'numpy', 'scipy', 'duckdb', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_cell_of_a_saved_table_is_a_formula(tmp_path) -> None:
    claim = Claim(tmp_path)
    claim.score('=HYPERLINK("http://x")', -1.5, cluster="@sum", error=None)
    claim.score("+1", None, error="-2+3")
    claim.save(tmp_path / "kept.csv", metric="=score")
    text = (tmp_path / "kept.csv").read_text()
    with (tmp_path / "kept.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "-1.5" in cells
    assert "'-2+3" in cells
    assert not [c for c in cells if c[:1] in tuple("=+-@") and c != "-1.5"], text


def test_a_saved_table_is_a_baseline_for_items_that_read_like_formulas(tmp_path) -> None:
    names = [f"=q{number}" for number in range(60)]
    old, new = Claim(tmp_path), Claim(tmp_path)
    for name in names:
        old.score(name, False)
        new.score(name, True)
    old.save(tmp_path / "old.csv")
    new.better_than(tmp_path / "old.csv")
    foreign = [f"{name},0" for name in names]
    (tmp_path / "foreign.csv").write_text("\n".join(["item,score", *foreign]))
    new.better_than(tmp_path / "foreign.csv")


def test_scores_are_saved_over_saved_scores_and_nothing_else(tmp_path) -> None:
    path = tmp_path / "kept.csv"
    for right in (1, 2):
        scored(tmp_path, right, 2).save(path, metric="a,b")
    assert "q1,1,1.0,," in path.read_text()
    path.write_text("item,label\nq0,mine\n")
    with pytest.raises(DataError, match="is no table of a claim's scores that liftgate made"):
        scored(tmp_path, 1, 2).save(path)
    assert path.read_text() == "item,label\nq0,mine\n"
