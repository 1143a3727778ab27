"""The page of a comparison: the answer, its numbers, and how the rows were paired."""

import copy
import dataclasses

import pytest

from liftgate.documents.page import MAX_BYTES
from liftgate.records import Comparison, MetricComparison


def test_the_fixture_has_the_shape_of_the_records(comparison):
    # Written before a comparison could hold ratios.
    assert set(comparison) | {"ratios"} == {f.name for f in dataclasses.fields(Comparison)}
    for metric in comparison["metrics"]:
        assert set(metric) == {f.name for f in dataclasses.fields(MetricComparison)}


@pytest.mark.parametrize(
    "text",
    [
        "new.csv against old.csv",
        "not worse: harm shown",
        "Required not worse: harm shown on rating.",
        "322 rows, 322 items",
        "item = id (guessed)",
        "Not used: comment (text).",
        "5 % one-sided, for each verdict by itself",
        "binary, 0 to 1 (guessed); larger is better; a failure scores 0",
        "unbounded (guessed); lower is better",
        "90 %: +1.8 to +10.7",
        "110 % of baseline − candidate, 90 %: −31 to +47",
        "difference, 95 %: −60 to +36 (descriptive)",
        "margin −2 points",
        "10 % of the baseline",
        "no margin was named",
        "n 320 in 80 clusters",
        "173 both, 54.1 %",
        "42 better, 22 worse, 256 the same.",
        "About 412 items in all would show: better, if the true difference is the one seen here.",
        "No number of items would show: not worse.",
        "These items would show a true difference of 7.1 points with 80 % power.",
        "too few: 6 items, 1 cluster",
        "lang: en",
        "Only in the baseline: q7 , q9 .",
        "With every missing score at its worst for the candidate: better: the lower limit is",
        "three failures were scored 0",
        "items were matched by id",
        "liftgate compare old.csv new.csv --save-study new-study.yaml",
        "Nothing was planned before these scores were seen",
    ],
)
def test_the_page_says(text, comparison, compared):
    assert text in compared(comparison).text


def test_a_gain_on_a_metric_where_lower_is_better_is_a_gain(comparison, compared):
    assert "q1 +700 900 → 200" in compared(comparison).text


@pytest.mark.parametrize(
    ("requirement", "reading", "word"),
    [
        ({"want": "better", "met": True, "harmed": []}, "superior", "better: met"),
        ({"want": "better", "met": False, "harmed": []}, "superior", "better: not shown"),
        (None, "superior", "better"),
        (None, "inferior", "worse"),
        (None, "equivalent", "no difference that matters"),
        (None, "inconclusive", "can't tell"),
        (None, "inadmissible", "inadmissible"),
    ],
)
def test_the_badge_answers_what_was_asked(requirement, reading, word, comparison, compared):
    comparison["requirement"] = requirement
    comparison["metrics"] = comparison["metrics"][:1]
    comparison["metrics"][0]["verdict"]["reading"] = reading
    page = compared(comparison)
    head = page.text[: page.text.index("Verdicts")]
    assert f" {word} Required" in head


def test_several_metrics_each_answer_for_themselves(comparison, compared):
    comparison["requirement"] = None
    text = compared(comparison).text
    assert "acc: better latency_ms: can't tell rating: worse Required" in text
    comparison["metrics"] *= 5
    assert "7 more below" in compared(comparison).text


def test_a_metric_without_an_estimate_gives_its_reason(comparison, compared):
    verdict = comparison["metrics"][0]["verdict"]
    verdict.update(estimate=None, descriptive=None, p_value=None, reading="inadmissible")
    verdict["reason"] = "too few: 3 items"
    text = compared(comparison).text
    assert "no estimate" in text
    assert "not assessed: too few: 3 items" in text


def test_hostile_names_add_no_element(comparison, compared):
    attack = "</td><script>alert(1)</script>\x00\u202e\"'{{ x }}"
    safe = copy.deepcopy(comparison)

    def plant(target, text):
        for side in ("baseline", "candidate"):
            target[side].update(name=text, system=text, left_out={text: text})
        for metric in target["metrics"]:
            metric.update(metric=metric["metric"] + text, sentence=text, notes=[text])
            metric["pairing"]["only_baseline"] = [text]
            for row in metric["slices"]:
                row.update(slice=text, value=text)
            for change in metric["moves"]["gains"]:
                change["item"] = text
        target["next"] = [text]
        return target

    hostile, harmless = compared(plant(comparison, attack)), compared(plant(safe, "harmless"))
    assert [t for t, _ in hostile.tags] == [t for t, _ in harmless.tags]
    assert "\u202e" not in hostile.source
    assert "{{ x }}" in hostile.text


def test_many_metrics_and_slices_keep_to_the_size(comparison, compared):
    metric = comparison["metrics"][0]
    row = metric["slices"][0]
    metric["slices"] = [{**row, "value": f"value {i} {'w' * 40}"} for i in range(800)]
    comparison["metrics"] = [
        {**metric, "metric": f"metric_{i}"} if i else metric for i in range(40)
    ]
    page = compared(comparison)
    assert len(page.source.encode()) <= MAX_BYTES
    assert "of 800 slices shown" in page.text
    assert "of 40 metrics have no section of their own" in page.text
    assert "metric_39" in page.text
