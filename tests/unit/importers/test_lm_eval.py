"""Samples of lm-eval: filters side by side, directions and figures from the results beside them."""

from __future__ import annotations

import json
import shutil

import pytest

from liftgate.errors import DataError, UnknownName
from tests.fixtures.logs.by_hand import LOGS, one, opened

LM = LOGS / "lm_eval"


def line(doc_id: int | str, **more) -> str:
    row = {"doc_id": doc_id, "doc": {"q": str(doc_id)}, "target": "1", "filter": "none"}
    return json.dumps(row | {"metrics": ["acc"], "acc": 1.0} | more)


def written(folder, *lines: str, name: str = "samples.jsonl"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("run", ["old", "new"])
@pytest.mark.parametrize("task", ["sums", "choose"])
def test_every_mean_and_error_that_a_log_states_is_recomputed(run: str, task: str) -> None:
    table = opened(one(LM / run, f"samples_{task}_*.jsonl"))
    assert len(table.checks) == 4
    assert all(check.equal for check in table.checks)
    assert {check.quantity for check in table.checks} == {"mean", "stderr"}
    assert table.system == run


def test_filters_stand_side_by_side_under_one_document() -> None:
    table = opened(one(LM / "old", "samples_sums_*.jsonl"))
    assert table.columns.metrics == ("exact_match,first", "exact_match,majority")
    assert len(list(table.rows())) == 24
    assert any("answered 3 times" in note for note in table.notes)


def test_what_is_aggregated_over_all_documents_is_no_score_of_one() -> None:
    table = opened(one(LM / "old", "samples_choose_*.jsonl"))
    assert table.columns.metrics == ("acc", "acc_norm")
    assert "aggregated by brier_score" in table.left_out["brier_score"]
    with pytest.raises(DataError, match=r"without a number .*word_perplexity"):
        opened(one(LM / "old", "samples_rolling_*.jsonl"))


def test_the_results_lead_to_their_samples_when_there_is_one_task() -> None:
    folder = LM / "other-prompt"
    named = opened(one(folder, "results_*.json"))
    assert named.path == one(folder, "samples_*.jsonl")
    assert opened(folder).path == named.path
    with pytest.raises(DataError, match=r"3 tasks \('choose', 'rolling', 'sums'\)"):
        opened(LM / "old")
    with pytest.raises(DataError, match="3 tasks"):
        opened(one(LM / "old", "results_*.json"))


def test_results_alone_hold_only_means(tmp_path) -> None:
    shutil.copy(one(LM / "old", "results_*.json"), tmp_path)
    with pytest.raises(DataError, match=r"only means.*samples_"):
        opened(tmp_path)


def test_samples_alone_say_what_is_not_known(tmp_path) -> None:
    table = opened(written(tmp_path, line(0), line(1, acc=0.0)))
    assert table.checks == ()
    assert table.system is None
    assert any("not known" in note for note in table.notes)
    assert [row.scores["acc"] for row in table.rows()] == [1.0, 0.0]
    with pytest.raises(UnknownName, match="no system of"):
        opened(f"{tmp_path / 'samples.jsonl'}@gpt")


def test_which_way_is_better_is_read_from_the_results(tmp_path) -> None:
    stamp = "2026-01-01T00-00-00.1"
    name = f"samples_t_{stamp}.jsonl"
    path = written(tmp_path, line(0, metrics=["ter"], ter=3.0), name=name)
    results = {
        "results": {"t": {"ter,none": 2.0}},
        "higher_is_better": {"t": {"ter": False}},
        "configs": {"t": {"metric_list": [{"metric": "ter", "aggregation": "median"}]}},
    }
    (tmp_path / f"results_{stamp}.json").write_text(json.dumps(results))
    table = opened(path)
    assert table.lower_is_better == ("ter",)
    assert [(check.equal, check.why) for check in table.checks] == [
        (False, "the log aggregates by median")
    ]


def test_items_are_known_by_document_and_target_and_prompts_by_their_own_digest() -> None:
    def rows(run: str):
        return {row.item: row for row in opened(one(LM / run, "samples_choose_*.jsonl")).rows()}

    old, prompt, questions = rows("old"), rows("other-prompt"), rows("other-questions")
    assert all(old[item].content == prompt[item].content for item in old)
    assert all(old[item].prompt != prompt[item].prompt for item in old)
    assert all(old[item].content != questions[item].content for item in old)


def test_without_digests_the_document_itself_is_taken(tmp_path) -> None:
    first, other = (
        next(iter(opened(written(tmp_path, line(0, doc={"q": q}))).rows())) for q in ("a", "b")
    )
    assert first.content != other.content


def test_fields_of_a_document_may_name_clusters_and_items() -> None:
    table = opened(one(LM / "old", "samples_choose_*.jsonl"), cluster="page", item="id")
    rows = list(table.rows())
    assert {row.item for row in rows} == {f"sum-{number:02}" for number in range(24)}
    assert len({row.cluster for row in rows}) == 8


def test_nan_is_missing_and_told_and_infinity_is_refused(tmp_path) -> None:
    table = opened(written(tmp_path, line(0, acc=float("nan")), line(1)))
    assert [row.scores["acc"] for row in table.rows()] == [None, 1.0]
    assert any("acc is NaN in 1" in note for note in table.notes)
    with pytest.raises(DataError, match=r"jsonl:2: acc: got -inf"):
        opened(written(tmp_path, line(0), line(1, acc=float("-inf"))))


def test_a_document_that_comes_twice_under_a_filter_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"jsonl:2: document 0 comes twice"):
        opened(written(tmp_path, line(0), line(0)))


def test_a_line_without_a_document_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"jsonl:2: got no doc_id"):
        opened(written(tmp_path, line(0), '{"acc": 1}'))


def test_samples_that_were_cut_off_between_two_lines_are_told(tmp_path) -> None:
    for path in (LM / "other-prompt").iterdir():
        shutil.copy(path, tmp_path / path.name)
    samples = one(tmp_path, "samples_*.jsonl")
    samples.write_text("".join(samples.read_text().splitlines(keepends=True)[:20]))
    table = opened(tmp_path)
    assert any("holds 20 documents, its results say 24" in note for note in table.notes)
    assert not all(check.equal for check in table.checks)


def test_older_logs_do_not_list_their_metrics(tmp_path) -> None:
    row = json.loads(line(0))
    del row["metrics"]
    assert opened(written(tmp_path, json.dumps(row))).columns.metrics == ("acc",)
