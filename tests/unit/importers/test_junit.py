"""Test results as JUnit XML: what passes, fails, breaks and is skipped, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from liftgate.errors import DataError
from liftgate.flow.compare import compare_tables
from liftgate.importers.junit import read_junit
from liftgate.protocols import Head
from liftgate.records import Columns, Question, Reading
from tests.fixtures.logs.by_hand import LOGS, opened

OLD, NEW = LOGS / "junit" / "old.xml", LOGS / "junit" / "new.xml"
GOLDEN = Path(__file__).parents[2] / "golden" / "files" / "junit"


def written(folder, cases, **suite):
    counts = "".join(f' {name}="{value}"' for name, value in suite.items())
    path = folder / "log.xml"
    path.write_text(f'<testsuite name="s"{counts}>{cases}</testsuite>', encoding="utf-8")
    return path


def rows(path, **columns):
    return {(row.item, row.repeat): row for row in opened(path, **columns).rows()}


def test_a_run_of_pytest_is_read_with_its_outcomes_and_its_own_counts() -> None:
    table = opened(NEW)
    found = {row.item.partition("::")[2]: row for row in table.rows()}
    assert found["test_sum[18]"].scores == {"passed": 1.0, "time_ms": 20.0}
    assert found["test_sum[19]"].scores["passed"] == 0.0
    broken = found["test_needs_a_connection"]
    assert broken.scores == {"passed": None, "time_ms": None}
    assert "no connection" in broken.error
    assert found["test_later"].scores["passed"] is None
    assert found["test_later"].error is None
    assert [(c.quantity, c.stated, c.equal) for c in table.checks] == [
        ("tests", 27.0, True),
        ("failures", 5.0, True),
        ("errors", 1.0, True),
        ("skipped", 1.0, True),
    ]


def test_two_runs_are_compared_test_by_test() -> None:
    found = compare_tables(OLD, NEW, Question(columns=Columns(metrics=("passed",))))
    (metric,) = found.metrics
    assert metric.verdict.reading is Reading.SUPERIOR
    assert (metric.moves.gained, metric.moves.lost) == (5, 0)


def test_what_a_failed_test_says_is_its_text() -> None:
    told = {}
    table = opened(NEW)
    table.texts(lambda item, _, texts: told.update({item: texts.output}))
    assert "<19> & more" in told["test_answers::test_sum[19]"]
    assert told["test_answers::test_sum[1]"] == ""
    assert len(told) == 27


@pytest.mark.parametrize("told", [' message="{}">', ">{}", ' message="{0}">{0}'])
def test_what_a_test_says_without_end_is_cut(tmp_path, told) -> None:
    path = tmp_path / "log.xml"
    failure = f"<failure{told}</failure>".format("a " * 200_000)
    path.write_text(f'<testsuite name="s"><testcase name="t">{failure}</testcase></testsuite>')
    said = []
    read_junit(path, Columns()).texts(lambda *given: said.append(given[-1].output))
    assert 90_000 < len(said[0]) <= 100_000


@pytest.mark.parametrize(("name", "outcomes"), [("compare.xml", 6), ("gate-status.xml", 4)])
def test_what_liftgate_writes_it_reads(name, outcomes) -> None:
    table = opened(GOLDEN / name)
    assert len(list(table.rows())) == outcomes
    assert len(table.checks) == 4
    assert all(one.equal for one in table.checks)


def test_several_results_of_one_test_are_its_tries(tmp_path) -> None:
    one = '<testcase classname="a" name="t"/>'
    lost = '<testcase classname="a" name="t"><failure/></testcase>'
    found = rows(written(tmp_path, one + lost))
    assert {key: row.scores["passed"] for key, row in found.items()} == {
        ("a::t", "1"): 1.0,
        ("a::t", "2"): 0.0,
    }


def test_the_gravest_outcome_counts_and_a_rerun_that_passed_is_none(tmp_path) -> None:
    cases = (
        '<testcase name="a"><failure/><error message="gone"/></testcase>'
        '<testcase name="b"><error/><skipped/></testcase>'
        '<testcase name="c"><flakyFailure type="x"/></testcase>'
    )
    found = {item: row for (item, _), row in rows(written(tmp_path, cases)).items()}
    assert found["a"].error == "gone"
    assert found["b"].error == "error"
    assert found["c"].scores == {"passed": 1.0}


def test_classes_and_suites_are_clusters_or_slices(tmp_path) -> None:
    cases = '<testcase classname="k" name="a" time="1,234.5"/><testcase classname="l" name="b"/>'
    found = rows(written(tmp_path, cases), cluster="classname", slices=("suite",))
    assert [row.cluster for row in found.values()] == ["k", "l"]
    assert {row.slices["suite"] for row in found.values()} == {"s"}
    assert [row.scores["time_ms"] for row in found.values()] == [1_234_500.0, None]


def test_counts_that_are_not_those_of_the_tests_are_told(tmp_path) -> None:
    path = written(tmp_path, '<testcase name="a"/><testcase name="b"/>', tests=3, failures=0)
    table = opened(path)
    assert [(c.quantity, c.equal) for c in table.checks] == [("tests", False), ("failures", True)]
    assert table.checks[0].why


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<testsuite name="s"><testcase name="a"/>', "no whole XML"),
        ('<testsuite name="s"><testcase/></testsuite>', "without a name"),
        ('<testsuites><testcase name="a"/></testsuites>', "out of its place"),
        ('<testsuite><testcase name="a"><testcase name="b"/></testcase></testsuite>', "place"),
        ('<testsuite><testcase name="a" time="soon"/></testsuite>', "time: got 'soon'"),
        ('<testsuite><testcase name="a" time="1,5"/></testsuite>', "time: got '1,5'"),
        ('<testsuite><testcase name="a" time="inf"/></testsuite>', "finite"),
        ('<testsuite name="s"></testsuite>', "without a sample"),
        ('<html><testsuite><testcase name="a"/></testsuite></html>', "begins with <html>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuite><testcase name="&a;"/></testsuite>', "type"),
        ("<testsuite>\0</testsuite>", "no whole XML"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, told) -> None:
    path = tmp_path / "log.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_junit(path, Columns())


def test_entities_that_grow_without_end_fill_no_memory(tmp_path) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    path = tmp_path / "log.xml"
    path.write_text(
        f'<!DOCTYPE s [<!ENTITY a0 "x">{levels}]><testsuite><testcase name="&a29;"/></testsuite>'
    )
    with pytest.raises(DataError, match="document type"):
        read_junit(path, Columns())


def test_only_a_file_of_tests_is_recognised(tmp_path) -> None:
    for text, mine in (
        ('<?xml version="1.0"?><testsuites>', True),
        ("<testsuite name='s'>", True),
        ("<html><p>", False),
        ("", False),
    ):
        assert read_junit.recognises(Head(tmp_path / "x.xml", text.encode(), frozenset())) is mine
