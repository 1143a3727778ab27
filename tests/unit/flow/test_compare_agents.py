"""Two agents compared by what they did, over several tries, and per success."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftgate.errors import DataError, NotEnoughData, StudyError, UnknownName
from liftgate.flow.compare import compare_tables
from liftgate.records import Columns, Margin, Question, Want

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
OLD, NEW = (LOGS / "inspect" / f"agent-{name}.eval" for name in ("hasty", "careful"))
RULES = LOGS / "inspect-rules.yaml"


def compared(**options):
    return compare_tables(OLD, NEW, Question(trace_rules=str(RULES), **options))


@pytest.fixture(scope="module")
def whole():
    ratios = {"steps_per_success": ("steps", "repaid"), "harm": ("unconfirmed", "refunds")}
    return compared(pass_at=3, ratios=ratios)


def by_name(comparison):
    return {metric.metric: metric for metric in comparison.metrics}


def test_scores_of_traces_stand_beside_the_logs_own(whole) -> None:
    found = by_name(whole)
    assert list(found)[:4] == ["repaid", "repaid:pass@3", "repaid:pass^3", "confirmed"]
    kept, broken = found["confirmed"], found["unconfirmed"]
    # At most one large refund a try: each violation is a rule that was not kept.
    assert kept.baseline.value == pytest.approx(1 - broken.baseline.value)
    assert not found["steps"].scale.higher_is_better
    assert kept.verdict.estimate.n == 24
    assert "steps" in whole.baseline.columns.metrics


def test_tries_are_joined_in_the_tasks_and_the_repeats_are_not_more_items(whole) -> None:
    found = by_name(whole)
    mean, any_of, all_of = (found[f"repaid{x}"] for x in ("", ":pass@3", ":pass^3"))
    assert all_of.candidate.value < mean.candidate.value < any_of.candidate.value
    assert all_of.verdict.estimate.n == 24
    assert "steps:pass@3" not in found


def test_ratios_are_of_the_sums_with_an_interval_on_each_side(whole) -> None:
    steps, harm = whole.ratios
    found = by_name(whole)
    expected = found["steps"].candidate.value / found["repaid"].candidate.value
    assert steps.candidate.value == pytest.approx(expected)
    assert steps.difference.value == pytest.approx(steps.candidate.value - steps.baseline.value)
    assert steps.candidate.low < expected < steps.candidate.high
    assert (harm.items, harm.left_out, harm.reasons) == (24, 0, ())


def test_a_ratio_without_a_success_is_refused_with_its_reason(tmp_path) -> None:
    for name, rights in (("a", [0] * 12), ("b", [0, 1] * 6)):
        rows = (f"i{n},{right},{n + 3}" for n, right in enumerate(rights))
        text = "\n".join(["id,right,cost", *rows, ""])
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    columns = Columns(metrics=("right", "cost"))
    question = Question(columns=columns, ratios={"cost_per_success": ("cost", "right")})
    (ratio,) = compare_tables(tmp_path / "a.csv", tmp_path / "b.csv", question).ratios
    assert ratio.baseline is ratio.difference is None
    assert ratio.candidate.value == pytest.approx(sum(range(3, 15)) / 6)
    assert ratio.reasons == ("baseline: right is 0 on every item: nothing to divide by",)


def test_what_is_required_holds_for_the_tries_too_and_their_margin_is_the_metrics() -> None:
    columns = Columns(metrics=("repaid",))
    margins = {"repaid": Margin(value=0.1), "repaid:pass^3": Margin(value=0.2)}
    found = compared(columns=columns, pass_at=3, margins=margins, require=Want.NOT_WORSE)
    assert [m.margin.value for m in found.metrics] == [0.1, 0.1, 0.2]
    assert found.exit_code == 0


def test_named_metrics_are_those_of_the_log_and_of_the_rules() -> None:
    found = compared(columns=Columns(metrics=("repaid", "steps")))
    assert list(by_name(found)) == ["repaid", "steps"]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"pass_at": 5}, NotEnoughData, "expected at least k = 5"),
        ({"pass_at": 2, "columns": Columns(metrics=("steps",))}, DataError, "none of 'steps'"),
        ({"ratios": {"x": ("step", "repaid")}}, UnknownName, "did you mean 'steps'"),
        ({"margins": {"repaid:pass^3": Margin(value=0.1)}}, UnknownName, "repaid:pass"),
        ({"columns": Columns(item="passage")}, Exception, "passage"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, kind, words) -> None:
    with pytest.raises(kind, match=words):
        compared(**options)


def test_a_log_without_traces_and_a_score_of_the_same_name_are_refused(tmp_path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("id,right\ni1,1\ni2,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no traces that could be scored"):
        compare_tables(table, NEW, Question(trace_rules=str(RULES)))
    rules = tmp_path / "rules.yaml"
    rules.write_text("repaid: {scorer: trace_count}\n", encoding="utf-8")
    with pytest.raises(DataError, match="has scores named 'repaid' of its own"):
        compare_tables(OLD, NEW, Question(trace_rules=str(rules)))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[]", "rules.yaml:1:1: got a list, expected a mapping of metrics to scorers"),
        ("a b: {scorer: trace_count}", "rules.yaml:1:1: a b: got 'a b', expected a metric's name"),
        ("a: {scorer: exact}", "rules.yaml:1:13: a.scorer: the scorer 'exact' needs the answer"),
        ("a: {scorer: trace_cunt}", "rules.yaml:1:13: a.scorer"),
        ("a:\n  scorer: trace_rules\n  rules:\n  - nevr: x", "rules.yaml:4:11: a.rules.0.nevr"),
        (
            "a: {scorer: trace_count, over_repeats: {pass_at: 2}}",
            "a.over_repeats: is for a study; compare takes --pass-at K",
        ),
        ("a: {scorer: trace_count}\na: {scorer: trace_count}", "rules.yaml:2:1"),
    ],
)
def test_a_file_of_rules_says_where_it_is_wrong(tmp_path, text, place) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        compare_tables(OLD, NEW, Question(trace_rules=str(rules)))
    told = "\n".join(getattr(caught.value, "__notes__", ()))
    assert place in told
