"""Each side of a comparison as samples and aggregate of Every Eval Ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liftgate.cli.main import main
from liftgate.errors import DataError, UnknownName
from liftgate.flow.compare import compare_tables, read_tables
from liftgate.flow.export import exported
from liftgate.records import Columns, Question
from tests.fixtures.logs.by_hand import LOGS, one, opened

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


SAMPLE = {
    "schema_version": str,
    "evaluation_id": str,
    "model_id": str,
    "evaluation_name": str,
    "sample_id": str,
    "interaction_type": str,
    "input": {"raw": str},
    "evaluation": {"score": float, "is_correct": bool},
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


def written(folder: Path, baseline, candidate, **columns) -> dict[str, tuple[Path, Path]]:
    """Write both sides; return the paths of samples and aggregate."""
    tables = read_tables(baseline, candidate, Question(columns=Columns(**columns)))
    paths = []
    for name, pieces in exported(
        tables, tables.answered(), "every_eval_ever", seconds=1_795_000_000
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(pieces)
        paths.append(path)
    assert len(paths) == 4
    return {"baseline": (paths[0], paths[1]), "candidate": (paths[2], paths[3])}


def sides(folder: Path, baseline, candidate, **columns) -> dict[str, dict]:
    found = written(folder, baseline, candidate, **columns)
    return {name: json.loads(paths[1].read_text()) for name, paths in found.items()}


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        (OLD, NEW),
        tuple(one(LOGS, f"lm_eval/{run}/samples_choose_*.jsonl") for run in ("old", "new")),
        (LOGS / "every_eval_ever/old-sums", LOGS / "every_eval_ever/new-sums"),
    ],
)
def test_both_sides_have_what_the_format_requires(tmp_path, baseline: Path, candidate: Path):
    for samples, aggregate in written(tmp_path, baseline, candidate).values():
        body = json.loads(aggregate.read_text())
        check(body, REQUIRED)
        pointer = body["detailed_evaluation_results"]
        assert tmp_path / pointer["file_path"] == samples
        assert pointer["total_rows"] == len(lines_of(samples)) > 0
        ids = {result["evaluation_result_id"] for result in body["evaluation_results"]}
        for line in lines_of(samples):
            check(line, SAMPLE)
            assert line["evaluation_id"] == body["evaluation_id"]
            assert line["model_id"] == body["model_info"]["id"]
            assert line.get("evaluation_result_id") in {*ids, None}
            assert ("messages" in line) != ("output" in line)
            assert all(isinstance(value, str) for value in line["metadata"].values())


def test_numbers_are_those_of_the_comparison(tmp_path) -> None:
    compared = compare_tables(OLD, NEW, Question(columns=Columns(metrics=("exact",))))
    (result,) = sides(tmp_path, OLD, NEW, metrics=("exact",))["candidate"]["evaluation_results"]
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
    body = sides(tmp_path, OLD, NEW)["candidate"]
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
    plain = sides(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv")["candidate"]
    assert plain["eval_library"]["name"] == "unknown"
    assert plain["model_info"]["id"] == "b"
    (result,) = plain["evaluation_results"]
    config = result["metric_config"]
    assert (config["min_score"], config["max_score"]) == ("-Infinity", "Infinity")


def test_a_comparison_without_a_mean_is_refused(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"item,rating\nq1,5\nq2,5\n{chr(10) * (name == 'b')}")
    tables = read_tables(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(DataError, match="no metric has a mean"):
        list(exported(tables, tables.answered(), "every_eval_ever", seconds=1))
    with pytest.raises(UnknownName, match="no exporter named 'eee'"):
        exported(tables, tables.answered(), "eee", seconds=1)


def test_the_command_writes_both_sides_and_over_nothing(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_795_000_000.0)
    folder = tmp_path / "made" / "here"
    words = ["compare", str(OLD), str(NEW), "--export", f"every_eval_ever={folder}"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    said = capsys.readouterr().out
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) == 4
    assert all(f"Written: {path}" in said for path in files)
    for wrong, told in ((words, "exists"), ([*words[:-1], "x"], "expected FORMAT=FOLDER")):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2
        assert told in capsys.readouterr().err


# What was written, read again -------------------------------------------------------------------

AGAIN = [
    (OLD, NEW),
    (LOGS / "inspect/agent-careful.eval", LOGS / "inspect/agent-hasty.eval"),
    tuple(one(LOGS, f"lm_eval/{run}/samples_sums_*.jsonl") for run in ("old", "new")),
    (
        f"{LOGS / 'promptfoo/grid.json'}@old/prompt-1",
        f"{LOGS / 'promptfoo/grid.json'}@new/prompt-2",
    ),
    (LOGS / "every_eval_ever/old-sums", LOGS / "every_eval_ever/new-sums"),
]


@pytest.mark.parametrize(("baseline", "candidate"), AGAIN)
def test_a_comparison_of_what_was_written_says_the_same(tmp_path, baseline, candidate) -> None:
    found = written(tmp_path, baseline, candidate)
    first = compare_tables(baseline, candidate)
    # The same cluster: the format has no word for it, so it is named.
    column = first.baseline.columns.cluster
    again = compare_tables(
        found["baseline"][1], found["candidate"][1], Question(columns=Columns(cluster=column))
    )
    for one_metric, other in zip(first.metrics, again.metrics, strict=True):
        assert one_metric.metric == other.metric
        for part in ("scale", "baseline", "candidate", "verdict", "worst_case", "moves"):
            assert getattr(one_metric, part) == getattr(other, part)
        for part in ("paired", "failed_baseline", "failed_candidate", "missing_candidate"):
            assert getattr(one_metric.pairing, part) == getattr(other.pairing, part)


@pytest.mark.parametrize(("baseline", "candidate"), AGAIN)
def test_what_was_written_reads_as_the_same_rows_and_texts(tmp_path, baseline, candidate) -> None:
    found = written(tmp_path, baseline, candidate)
    for place, (_, aggregate) in zip((baseline, candidate), found.values(), strict=True):
        before, after = opened(place), opened(aggregate)
        assert told(before, before.columns.repeat) == told(after, before.columns.repeat)
        assert texts(before, before.columns.repeat) == texts(after, before.columns.repeat)


def told(table, repeat) -> dict:
    return {
        (row.item, row.repeat if repeat else None): (
            {} if row.error else {m: s for m, s in row.scores.items() if s is not None},
            row.error,
        )
        for row in table.rows()
    }


def texts(table, repeat) -> dict:
    found = {}

    def take(item, stated, of_row) -> None:
        found[item, stated if repeat else None] = (of_row.input, of_row.target, of_row.output)

    table.texts(take)
    return found


def test_repeats_missing_scores_and_failures_keep_their_places(tmp_path) -> None:
    rows = ["item,run,acc,style,error,page", "q1,a,1,,,x", "q1,b,,0.5,,x", "q1,c,,,,x"]
    rows += ["q2,a,,,timed out,y", "q2,b,0,0.25,,y", "q2,c,1,1,,y", "q3,a,1,0,,z", "q3,b,0,0,,z"]
    for name in "ab":
        more = [f"r{n},a,{(n + (name == 'b')) % 2},{n % 4 / 4},,w{n}" for n in range(20)]
        (tmp_path / f"{name}.csv").write_text("\n".join([*rows, *more]))
    columns = {"item": "item", "repeat": "run", "cluster": "page", "error": "error"}
    found = written(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv", **columns)
    table = opened(found["baseline"][1], cluster="page")
    rows = [row for row in table.rows() if row.item.startswith("q")]
    assert {(r.item, r.repeat): (r.scores["acc"], r.scores["style"]) for r in rows} == {
        ("q1", "a"): (1.0, None),
        ("q1", "b"): (None, 0.5),
        ("q1", "c"): (None, None),
        ("q2", "a"): (None, None),
        ("q2", "b"): (0.0, 0.25),
        ("q2", "c"): (1.0, 1.0),
        ("q3", "a"): (1.0, 0.0),
        ("q3", "b"): (0.0, 0.0),
    }
    assert {r.error for r in rows} == {None, "timed out"}
    assert {r.cluster for r in rows} == {"x", "y", "z"}
    fillers = [
        line for line in lines_of(found["baseline"][0]) if "evaluation_result_id" not in line
    ]
    assert [(one["sample_id"], one["error"]) for one in fillers] == [
        ("q1", None),
        ("q2", "timed out"),
    ]


def test_what_an_agent_did_is_told_as_a_conversation(tmp_path) -> None:
    careful, hasty = (LOGS / f"inspect/agent-{name}.eval" for name in ("careful", "hasty"))
    line = lines_of(written(tmp_path, careful, hasty)["baseline"][0])[0]
    assert line["interaction_type"] == "agentic"
    messages = line["messages"]
    assert [one["turn_idx"] for one in messages] == list(range(len(messages)))
    calls = [call for one in messages for call in one.get("tool_calls", ())]
    assert len(calls) == line["evaluation"]["tool_calls_count"] > 0
    assert {call["id"] for call in calls} == {
        name for one in messages for name in one.get("tool_call_id", ())
    }
    assert all(isinstance(v, str) for call in calls for v in call["arguments"].values())


@pytest.mark.parametrize(
    "name", ["../../up", "con", "data", "a:b?/../..", "x" * 300, "..", "unknown"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name: str) -> None:
    rows = [
        "item,model,acc",
        *(f"q{n},{name}{end},{n % 2}" for n in range(30) for end in ("", "2")),
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    place = tmp_path / "a.csv"
    found = written(tmp_path / "out", f"{place}@{name}", f"{place}@{name}2")
    for paths in found.values():
        for path in paths:
            inside = path.resolve().relative_to((tmp_path / "out").resolve())
            assert len(inside.parts) == 5
            assert inside.parts[0] == "data"
            assert not {"..", "data", "con", "unknown"} & set(inside.parts[1:])
            assert max(map(len, inside.parts)) < 120
