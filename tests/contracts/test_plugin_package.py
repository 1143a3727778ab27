"""A stranger's package: one file and one entry-point line a plug-in, installed and used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "plugin_package"
STUDY = """
liftgate: 1
study: brevity
hypothesis: Plain answers are brief more often than chatty ones.
dataset: {source: items.jsonl}
arms:
  chatty: {role: baseline, system: "template:chatty", params: {greeting: hm}}
  plain: {role: candidate, system: "template:plain"}
scorers:
  is_brief: {scorer: brief, words: 6}
outcomes:
  timeout: {score: worst}
  crash: {score: worst}
  refusal: {score: worst}
  unparsable: {score: worst}
  scorer_failed: missing
  missing_label: missing
claims:
  primary: {metric: is_brief, worthwhile: {gain: 0.1}}
  guardrails:
    - {measure: greeting_length, within: {limit: 10}}
decision: {alpha: 0.05, alpha_hold: 0.05, population: new-items}
stopping: {plan: fixed}
repeats: 1
seed: 1
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the package into a folder of its own; no index is asked."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, *offline, "--target", str(target), str(PACKAGE)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def liftgate(installed, tmp_path):
    def call(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        environment.pop("LIFTGATE_HOME", None)
        return subprocess.run(
            [sys.executable, "-c", "from liftgate.cli.main import main; main()", *arguments],
            check=False,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    return call


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    rows = [
        {"id": f"i{n}", "input": " ".join([f"word-{n}"] * (1 + n % 8)), "target": None}
        for n in range(80)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "study.yaml"


def test_its_names_are_listed_with_their_package(liftgate) -> None:
    found = json.loads(liftgate("plugins", "--json").stdout)["plugins"]
    ours = {(p["kind"], p["name"]) for p in found if p["package"] == "liftgate-sample"}
    assert ours == {
        ("systems", "template"), ("scorers", "brief"), ("rules", "worthwhile"),
        ("rules", "approve"), ("importers", "json.quiz"),
    }  # fmt: skip
    assert {p["version"] for p in found if p["package"] == "liftgate-sample"} == {"0.3.0"}


def test_a_study_of_its_scorer_its_system_and_its_rule_is_decided(liftgate, study) -> None:
    done = liftgate("run", "study.yaml", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["recommended"] == "plain"
    verdict = body["decisions"][0]["verdicts"][0]
    assert verdict["reason"].endswith("more than +0.100 was needed")
    assert verdict["estimate"]["n"] == 80
    again = liftgate("run", "study.yaml", "--json", "--quiet")
    assert again.stdout == done.stdout


def test_the_checks_of_a_gate_with_its_rule_bite_and_the_gate_is_activated(liftgate, study) -> None:
    done = liftgate("gate", "activate", "study.yaml", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Activated: the gate of brevity" in done.stdout


def test_a_rule_of_it_that_always_passes_leaves_a_mutant_unkilled(liftgate, study) -> None:
    more = "  guardrails:\n    - {metric: kept, approve: {margin: 0.05}}\n"
    text = STUDY.replace("  guardrails:\n", more)
    study.write_text(text.replace("scorers:\n", "scorers:\n  kept: {scorer: brief, words: 9}\n"))
    done = liftgate("gate", "activate", "study.yaml", "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "brevity: not activated" in done.stdout
    assert (
        "Unkilled: guardrails.0: left out (kept approve passes whatever it is shown)" in done.stdout
    )
    assert not (study.parent / ".liftgate").exists()


def test_its_parameters_are_checked_where_they_stand_in_the_study(liftgate, study) -> None:
    study.write_text(STUDY.replace("words: 6", "words: many").replace("gain: 0.1", "gian: 0.1"))
    done = liftgate("study", "lint", "study.yaml")
    assert done.returncode == 2
    assert "study.yaml:10:" in done.stderr
    assert "study.yaml:19:" in done.stderr
    assert "did you mean 'gain'" in done.stderr


def test_its_logs_are_recognised_among_the_built_in_formats(liftgate, tmp_path) -> None:
    for name, hard in (("old", 30), ("new", 50)):
        answers = [{"question": f"q{n}", "right": n < hard} for n in range(60)]
        quiz = {"quiz": 1, "model": name, "answers": answers}
        (tmp_path / f"{name}.json").write_text(json.dumps(quiz))
    done = liftgate("compare", "old.json", "new.json")
    assert done.returncode == 0, done.stderr
    assert "recognised as: quiz 1" in done.stdout
    assert "The logs differ in: model (old → new)." in done.stdout
    assert "better" in done.stdout
    (tmp_path / "other.json").write_text('{"x": 1}')
    done = liftgate("compare", "old.json", "other.json")
    assert "expected one of: every_eval_ever, inspect_ai, lm_eval, promptfoo, quiz" in done.stderr


def test_without_the_package_its_names_are_not_known(study, tmp_path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from liftgate.cli.main import main; main()",
            "study",
            "lint",
            "study.yaml",
        ],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "brief" in done.stderr
    assert "known: contains, exact" in done.stderr
