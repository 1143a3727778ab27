"""A comparison as JUnit XML, which every CI system shows: one test for each candidate and metric.

With something required, a metric that shows harm is a failure and one that does not show what is
required an error: both stop CI, and they are not the same. With nothing required, only one that is
worse fails and one that cannot tell is skipped. Estimates with their intervals are properties.
"""

from __future__ import annotations

from collections.abc import Iterator

from liftgate.documents.comparison_words import unit as unit_for
from liftgate.documents.comparison_words import word
from liftgate.documents.ratio_words import ratio_lines
from liftgate.figures.text import escape
from liftgate.records import Comparison, Comparisons, MetricComparison, Reading


def junit_xml(found: Comparisons) -> str:
    """Return the document. Every name in it is foreign text, and escaped."""
    suites = [_suite(at, comparison, found) for at, comparison in enumerate(found.comparisons)]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="liftgate compare">\n' + (
        "".join(suites) + "</testsuites>\n"
    )


def _suite(place: int, comparison: Comparison, found: Comparisons) -> str:
    name = f"{comparison.baseline.name} → {comparison.candidate.name}"
    results = [_result(metric, comparison) for metric in comparison.metrics]
    cases = [
        f'    <testcase classname="{escape(name)}" name="{escape(metric.metric)}">'
        f"{_told(result, metric)}</testcase>\n"
        for metric, result in zip(comparison.metrics, results, strict=True)
    ]
    kinds = [kind for kind, _ in results]
    if len(found.answers) > 1:
        answer = found.answers[place]
        lost = "" if answer.met else "error"
        text = f"p = {answer.adjusted:.3g}, corrected over {len(found.answers)} candidates (Holm)"
        told = f'<error type="not-met" message="{escape(text)}"/>' if lost else ""
        cases.append(
            f'    <testcase classname="{escape(name)}" name="all metrics, over the candidates">'
            f"{told}</testcase>\n"
        )
        kinds.append(lost)
    return (
        f'  <testsuite name="{escape(name)}" tests="{len(cases)}" '
        f'failures="{kinds.count("failure")}" errors="{kinds.count("error")}" '
        f'skipped="{kinds.count("skipped")}">\n'
        f"{_properties(comparison)}{''.join(cases)}{_ratios(comparison)}  </testsuite>\n"
    )


def _properties(comparison: Comparison) -> str:
    """Each metric's difference with its interval, for machines: stored units, all digits."""
    told = []
    for metric in comparison.metrics:
        estimate = metric.verdict.descriptive
        if estimate is None:
            continue
        parts = {"difference": estimate.value, "low": estimate.low, "high": estimate.high}
        parts |= {"level": estimate.level, "n": estimate.n}
        told += [
            f'      <property name="{escape(f"{metric.metric}: {name}")}" value="{value!r}"/>\n'
            for name, value in parts.items()
            if value is not None
        ]
    return f"    <properties>\n{''.join(told)}    </properties>\n" if told else ""


def _ratios(comparison: Comparison) -> str:
    """What is only described and never decided is no test: it is said beside the tests."""
    lines = [line for ratio in comparison.ratios for line in ratio_lines(ratio)]
    told = "".join(f"{escape(line)}\n" for line in lines)
    return f"    <system-out>{told}</system-out>\n" if told else ""


def _result(metric: MetricComparison, comparison: Comparison) -> tuple[str, str]:
    """Return (failure, error, skipped or nothing; its type)."""
    if comparison.requirement is not None:
        if metric.requirement is not None and metric.requirement.rejected:
            return "", ""
        harmed = metric.metric in comparison.requirement.harmed
        return ("failure", "harm") if harmed else ("error", "not-shown")
    if metric.verdict.reading is Reading.INFERIOR:
        return "failure", "worse"
    open_question = metric.verdict.reading in {Reading.INCONCLUSIVE, Reading.INADMISSIBLE}
    return ("skipped", "") if open_question else ("", "")


def _told(result: tuple[str, str], metric: MetricComparison) -> str:
    kind, sort = result
    said = escape(word(metric.verdict, metric.margin, unit_for(metric)))
    lines = "".join(f"{escape(line)}\n" for line in _lines(metric))
    if not kind:
        return f"<system-out>{lines}</system-out>"
    named = f' type="{sort}"' if sort else ""
    return f'<{kind}{named} message="{said}">{lines}</{kind}>'


def _lines(metric: MetricComparison) -> Iterator[str]:
    yield metric.sentence
    if metric.requirement is not None:
        yield metric.requirement.reason
    yield from metric.notes
