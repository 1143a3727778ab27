"""One system, its items clean and perturbed: the brittle one is found, the robust one is not."""

from __future__ import annotations

import json
import re

import pytest

from liftgate.cli.main import root
from liftgate.flow.run import run_study

SYSTEMS = '''
"""A quiz of 90 questions, and a system whose true rates are set beforehand."""
import hashlib, itertools

CITIES = ["alpha", "beta", "gamma"]


def lot(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def question(n):
    return f"Which capital city belongs to country number {n} in the printed atlas"


def items():
    for n in range(90):
        options = [f"city {n} {name}" for name in CITIES]
        yield {"id": f"q{n}", "input": {"question": question(n), "options": options},
               "target": "ABC"[n % 3]}


def system(brittle="", noise=0.0, first=0.0):
    calls = itertools.count()

    def answer(parts):
        n = int(parts["options"][0].split()[1])
        asked = parts["question"]
        right = parts["options"].index(f"city {n} {CITIES[n % 3]}")
        knows = lot("knows", n) < 0.8 and lot("noise", next(calls)) >= noise
        if brittle == "spelling" and asked != question(n) and "." not in asked:
            knows = knows and lot("brittle", n) >= 0.4
        if first and lot("first", n) < first:
            return "A"
        return "ABC"[right] if knows else "ABC"[(right + 1) % 3]

    answer.concurrency = 1
    return answer
'''

FAMILIES = ["typos", "casing", "confusables", "context", "order"]


@pytest.fixture
def quiz(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quiz.py").write_text(SYSTEMS, encoding="utf-8")

    def write(name="robust", margin=0.1, **params):
        arm = {"system": "python:quiz:system", "params": params}
        study = {
            "liftgate": 1,
            "study": name,
            "hypothesis": "Slips of the pen do not make the answers worse.",
            "dataset": {
                "source": "python:quiz:items",
                "perturb": {"families": FAMILIES, "seed": 5},
            },
            "arms": {
                "clean": {"role": "baseline", "reads": "clean", **arm},
                "perturbed": {"role": "candidate", "reads": "perturbed", **arm},
            },
            "scorers": {"right": {"scorer": "exact"}},
            "outcomes": {
                "timeout": {"score": "worst"},
                "crash": {"score": "worst"},
                "refusal": {"score": "worst"},
                "unparsable": {"score": "worst"},
                "scorer_failed": "missing",
                "missing_label": "missing",
            },
            "claims": {
                "primary": {
                    "metric": "right",
                    "by_slice": "family",
                    "each_non_inferior": {"margin": margin},
                }
            },
            "exploratory": True,
        }
        file = tmp_path / f"{name}.yaml"
        file.write_text(json.dumps(study), encoding="utf-8")
        return file

    return write


def parts_of(body):
    verdict = body["decisions"][0]["verdicts"][0]
    return {part["slice"]: part for part in verdict["parts"]}


def test_a_robust_system_is_not_accused_and_clean_items_are_asked_once(quiz):
    done = run_study(quiz(), report=False)

    verdict = done.body["decisions"][0]["verdicts"][0]
    assert verdict["rejected"]
    assert set(parts_of(done.body)) == {"identity", *FAMILIES}
    assert done.executed.called == 90 * (1 + 6)
    assert done.body["robustness"]["perturbed"]["all_kept"] == 90


def test_a_brittle_system_is_found_in_the_families_that_break_it(quiz):
    body = run_study(quiz(brittle="spelling"), report=False).body

    parts = parts_of(body)
    assert body["decisions"][0]["word"] == "hold"
    assert {name for name, part in parts.items() if not part["rejected"]} == {
        "typos",
        "casing",
        "confusables",
    }


def test_a_system_that_likes_the_first_option_loses_nothing_on_average_and_is_seen_to_change(quiz):
    """Half of the variants gain what the others lose: the mean is silent, the changes are not."""
    body = run_study(quiz(first=0.5), report=False).body

    rows = {row["family"]: row for row in body["robustness"]["perturbed"]["families"]}
    assert rows["identity"]["worse"] == rows["typos"]["worse"] == 0
    assert rows["order"]["worse"] >= 8
    assert rows["order"]["better"] >= 8


def test_noise_is_shown_as_the_floor_and_is_no_lack_of_robustness(quiz):
    body = run_study(quiz(noise=0.15, margin=0.2), report=True).body

    rows = {row["family"]: row for row in body["robustness"]["perturbed"]["families"]}
    floor = rows["identity"]["worse"] + rows["identity"]["better"]
    assert floor > 10
    assert abs(rows["typos"]["worse"] + rows["typos"]["better"] - floor) < 25
    assert body["decisions"][0]["verdicts"][0]["rejected"]


def test_the_command_prints_the_noise_floor_and_the_report_holds_it(quiz, capsys):
    file = quiz(noise=0.15)

    root.main(["run", str(file), "--quiet"], standalone_mode=False)

    out = capsys.readouterr().out
    assert "Noise floor (identity): right" in out
    assert "scores changed although nothing was changed" in out
    report = next(file.parent.glob(".liftgate/reports/*.html")).read_text(encoding="utf-8")
    assert "Noise floor (identity)" in report


def test_a_second_run_calls_nothing_and_a_number_is_traced_to_both_versions(quiz, capsys):
    file = quiz()
    first = run_study(file, report=False)

    again = run_study(file, report=False)
    root.main(["trace", f"{first.sequence}:perturbed.primary"], standalone_mode=False)

    assert again.executed.called == 0
    assert again.sequence == first.sequence
    out = capsys.readouterr().out
    assert re.search(r"^  item +clean +perturbed$", out, re.MULTILINE)
    assert re.search(r"^  q0~order +[01] +[01]$", out, re.MULTILINE)
    assert re.search(r"^    clean: [ABC]\n    perturbed: [ABC]$", out, re.MULTILINE), out
    assert "cannot be listed" not in out


def test_a_file_of_perturbed_items_gives_the_same_set_as_a_study_that_perturbs(quiz, capsys):
    file = quiz()
    words = ["python:quiz:items", "--family", ",".join(FAMILIES), "--seed", "5"]

    root.main(["perturb", *words, "--out", "p.jsonl"], standalone_mode=False)

    study = json.loads(file.read_text(encoding="utf-8"))
    study["dataset"] = {"source": "p.jsonl", "cluster": "cluster", "slices": ["family"]}
    other = file.with_name("other.yaml")
    other.write_text(json.dumps({**study, "study": "other"}), encoding="utf-8")
    bodies = [run_study(one, report=False).body for one in (file, other)]
    assert bodies[0]["dataset"]["digest"] == bodies[1]["dataset"]["digest"]
    assert bodies[0]["rows"]["digest"] == bodies[1]["rows"]["digest"]
    assert "order: 90" in capsys.readouterr().out
