"""Each side of a comparison as an aggregate of Every Eval Ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liftgate.cli.main import main
from liftgate.errors import DataError, UnknownName
from liftgate.exporters.every_eval_ever import export_every_eval_ever
from liftgate.flow.compare import compare_tables, exported
from liftgate.records import Columns, Question
from tests.fixtures.logs.by_hand import LOGS, one

OLD, NEW = LOGS / "inspect" / "old.eval", LOGS / "inspect" / "new.eval"
# What the schema of the format requires (0.3.0), written down here by hand.
REQUIRED = {
    "schema_version": str,
    "evaluation_id": str,
    "retrieved_timestamp": str,
    "source_metadata": {
        "source_type": str,
        "source_organization_name": str,
        "evaluator_relationship": str,
    },
    "eval_library": {"name": str, "version": str},
    "model_info": {
        "name": str,
        "id": str,
        "additional_details": {"deployment_type": str, "model_availability": str},
    },
    "evaluation_results": [
        {
            "evaluation_name": str,
            "source_data": {"dataset_name": str, "source_type": str},
            "metric_config": {
                "lower_is_better": bool,
                "score_type": str,
                "min_score": (float, str),
                "max_score": (float, str),
            },
            "score_details": {"score": float, "uncertainty": {"num_samples": int}},
        }
    ],
}


def check(found: object, required: object, path: str = "") -> None:
    if isinstance(required, dict):
        assert isinstance(found, dict), path
        for name, inner in required.items():
            assert name in found, f"{path}.{name}"
            check(found[name], inner, f"{path}.{name}")
    elif isinstance(required, list):
        assert isinstance(found, list), path
        assert found, path
        for each in found:
            check(each, required[0], f"{path}[]")
    else:
        assert isinstance(found, required), path  # type: ignore[arg-type]


def sides(baseline: Path, candidate: Path, **columns) -> dict[str, dict]:
    found = compare_tables(baseline, candidate, Question(columns=Columns(**columns)))
    files = exported(found, "every_eval_ever", seconds=1_795_000_000)
    return {name: json.loads(data) for name, data in files.items()}


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        (OLD, NEW),
        tuple(one(LOGS, f"lm_eval/{run}/samples_choose_*.jsonl") for run in ("old", "new")),
        (LOGS / "every_eval_ever/old-sums", LOGS / "every_eval_ever/new-sums"),
    ],
)
def test_both_sides_have_what_the_format_requires(baseline: Path, candidate: Path) -> None:
    found = sides(baseline, candidate)
    assert set(found) == {"baseline.json", "candidate.json"}
    for body in found.values():
        check(body, REQUIRED)


def test_numbers_are_those_of_the_comparison() -> None:
    compared = compare_tables(OLD, NEW, Question(columns=Columns(metrics=("exact",))))
    (result,) = sides(OLD, NEW, metrics=("exact",))["candidate.json"]["evaluation_results"]
    estimate = compared.metrics[0].candidate
    assert estimate is not None
    assert result["score_details"]["score"] == estimate.value
    uncertainty = result["score_details"]["uncertainty"]
    assert uncertainty["num_samples"] == estimate.n == 40
    interval = uncertainty["confidence_interval"]
    assert (interval["lower"], interval["upper"]) == (estimate.low, estimate.high)
    assert interval["confidence_level"] == 0.95
    assert result["score_details"]["details"]["failed"] == "2"


def test_what_is_known_of_the_run_is_told_and_the_rest_is_unknown(tmp_path) -> None:
    body = sides(OLD, NEW)["candidate.json"]
    assert body["eval_library"] == {
        "name": "inspect_ai",
        "version": "0.3.285",
        "additional_details": {"liftgate": "0.1.0"},
    }
    assert body["model_info"]["id"] == "sums/new"
    assert body["evaluation_id"] == "sums/sums/new/1795000000"
    for name in ("a", "b"):
        rows = [f"q{n},{5 * (n % 3) + (name == 'b')}" for n in range(40)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,rating", *rows]))
    plain = sides(tmp_path / "a.csv", tmp_path / "b.csv")["candidate.json"]
    assert plain["eval_library"]["name"] == "unknown"
    assert plain["model_info"]["id"] == "b"
    (result,) = plain["evaluation_results"]
    config = result["metric_config"]
    assert (config["min_score"], config["max_score"]) == ("-Infinity", "Infinity")


def test_a_comparison_without_a_mean_is_refused(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"item,rating\nq1,5\nq2,5\n{chr(10) * (name == 'b')}")
    compared = compare_tables(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(DataError, match="no metric has a mean"):
        export_every_eval_ever(compared, seconds=1, version="1")
    with pytest.raises(UnknownName, match="no exporter named 'eee'"):
        exported(compared, "eee", seconds=1)


def test_the_command_writes_both_files_and_over_nothing(tmp_path, capsys) -> None:
    folder = tmp_path / "made" / "here"
    words = ["compare", str(OLD), str(NEW), "--export", f"every_eval_ever={folder}"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    assert f"Written: {folder / 'candidate.json'}" in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {"baseline.json", "candidate.json"}
    for wrong, told in ((words, "exists"), ([*words[:-1], "x"], "expected FORMAT=FOLDER")):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2
        assert told in capsys.readouterr().err
