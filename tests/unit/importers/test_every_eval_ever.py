"""Every Eval Ever: one line for each sample and metric, the aggregate beside it."""

from __future__ import annotations

import json
import shutil

import pytest

from liftgate.errors import DataError
from tests.fixtures.logs.by_hand import LOGS, one, opened

EEE = LOGS / "every_eval_ever"


def line(sample: str = "s1", **more):
    found = {
        "schema_version": "0.3.0",
        "evaluation_id": "e",
        "model_id": "lab/m",
        "evaluation_name": "task",
        "evaluation_result_id": "acc",
        "sample_id": sample,
        "input": {"raw": f"question {sample}", "reference": ["1"]},
        "evaluation": {"score": 1.0, "is_correct": True},
    }
    return found | more


def written(folder, *rows, about=None):
    path = folder / "x_samples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if about is not None:
        (folder / "x.json").write_text(
            json.dumps({"schema_version": "0.3.0", "evaluation_id": "e"} | about)
        )
    return path


@pytest.mark.parametrize("name", ["old-choose", "new-choose", "old-sums", "new-sums"])
def test_stated_scores_and_errors_are_recomputed_from_the_samples(name: str) -> None:
    table = opened(EEE / name)
    assert len(table.checks) == 4
    assert all(check.equal for check in table.checks)
    assert len(list(table.rows())) == 24


def test_the_same_run_reads_the_same_in_the_tools_own_log() -> None:
    ours = {row.item: row.scores["acc"] for row in opened(EEE / "new-choose").rows()}
    log = one(LOGS / "lm_eval" / "new", "samples_choose_*.jsonl")
    assert ours == {row.item: row.scores["acc"] for row in opened(log).rows()}


def test_aggregate_samples_and_folder_lead_to_the_same_rows() -> None:
    folder = EEE / "new-choose"
    samples = one(folder, "*_samples.jsonl")
    aggregate = samples.with_name(samples.name.replace("_samples.jsonl", ".json"))
    assert list(opened(samples).rows()) == list(opened(folder).rows())
    assert list(opened(samples).rows()) == list(opened(aggregate).rows())


def test_samples_that_were_edited_afterwards_are_refused(tmp_path) -> None:
    for path in (EEE / "new-choose").iterdir():
        shutil.copy(path, tmp_path / path.name)
    samples = one(tmp_path, "*_samples.jsonl")
    samples.write_text(samples.read_text().replace('"score": 0.0', '"score": 1.0', 1))
    for named in (samples, tmp_path):
        with pytest.raises(DataError, match="not the file that its aggregate describes"):
            opened(named)


def test_a_pointer_leads_only_to_a_file_beside_the_aggregate(tmp_path) -> None:
    (tmp_path / "inner").mkdir()
    written(tmp_path, line())
    path = tmp_path / "inner" / "a.json"
    for pointer in ("../x_samples.jsonl", "/etc/passwd", "..", "", "a.json"):
        about = {"detailed_evaluation_results": {"format": "jsonl", "file_path": pointer}}
        path.write_text(json.dumps({"schema_version": "0.3.0", "evaluation_id": "e"} | about))
        with pytest.raises(DataError, match="not beside it"):
            opened(path)
    path.write_text('{"schema_version": "0.3.0", "evaluation_id": "e"}')
    with pytest.raises(DataError, match="only aggregates"):
        opened(path)


def test_several_models_are_systems_and_tries_of_a_sample_are_repeats(tmp_path) -> None:
    rows = [line(model_id=model) for model in ("lab/a", "lab/b") for _ in range(2)]
    path = written(tmp_path, *rows)
    with pytest.raises(DataError, match="2 systems"):
        opened(path)
    found = list(opened(f"{path}@lab/a").rows())
    assert [(row.item, row.repeat, row.system) for row in found] == [
        ("s1", "1", "lab/a"),
        ("s1", "2", "lab/a"),
    ]


def test_a_zero_that_only_fills_a_field_is_no_score(tmp_path) -> None:
    bare = line("s2", evaluation_result_id=None, evaluation={"score": 0.0}, error="timed out")
    table = opened(written(tmp_path, line(), bare))
    assert table.columns.metrics == ("acc",)
    found = {row.item: (row.scores["acc"], row.error) for row in table.rows()}
    assert found == {"s1": (1.0, None), "s2": (None, "timed out")}
    assert any("only fills a field" in note for note in table.notes)


def test_minus_one_means_unknown_where_the_aggregate_says_so(tmp_path) -> None:
    config = {"lower_is_better": True, "has_unknown_level": True}
    results = [{"evaluation_result_id": "acc", "metric_config": config}]
    unknown = line("s2", evaluation={"score": -1})
    table = opened(written(tmp_path, line(), unknown, about={"evaluation_results": results}))
    assert [row.scores["acc"] for row in table.rows()] == [1.0, None]
    assert table.lower_is_better == ("acc",)


def test_without_a_stated_digest_input_and_reference_are_the_content(tmp_path) -> None:
    (one_row, other) = opened(
        written(tmp_path, line("a"), line("b", input={"raw": "question a", "reference": ["2"]}))
    ).rows()
    assert one_row.content != other.content
    (stated,) = opened(written(tmp_path, line("a", sample_hash="h"))).rows()
    assert stated.content != one_row.content


@pytest.mark.parametrize("version", ["0.2.0", "1.0.0", 3, None])
def test_another_schema_version_is_refused(tmp_path, version) -> None:
    with pytest.raises(DataError, match="states schema version"):
        opened(written(tmp_path, line(schema_version=version)))


def test_two_schema_versions_in_one_file_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"jsonl:2: states schema version 0.3.1, the lines before"):
        opened(written(tmp_path, line(), line("s2", schema_version="0.3.1")))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sample_id": 3}, "sample_id: got '3', expected a text"),
        ({"evaluation": {"score": "high"}}, "score: got 'high', expected a number"),
        ({"evaluation": {"score": float("inf")}}, "score: got inf"),
    ],
)
def test_a_line_that_is_not_of_the_format_is_refused(tmp_path, more, message: str) -> None:
    with pytest.raises(DataError, match=f"jsonl:1: {message}"):
        opened(written(tmp_path, line(**more)))
