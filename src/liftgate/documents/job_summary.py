"""A comparison as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from liftgate.documents.comparison_words import COLUMNS, answer_lines, cells, requirement_words
from liftgate.documents.ratio_words import ratio_lines
from liftgate.errors import Fault
from liftgate.figures.text import quoted, visible
from liftgate.records import Comparison, Comparisons, Pairing

_MARKS = re.compile(r"([\\`*_{}\[\]()#+.!|~$@:-])")
_LISTED = 5


def summary_markdown(found: Comparisons) -> str:
    """Return the summary. Every name in it is foreign text, and escaped."""
    lines = [f"## {_text(found.sentence)}", ""] if len(found.comparisons) > 1 else []
    if len(found.comparisons) > 1:
        lines += [*(f"- {_text(line)}" for line in answer_lines(found)), ""]
    for comparison in found.comparisons:
        lines += [*_comparison(comparison), ""]
    return "\n".join(lines)


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield f"### {_text(comparison.sentence)}"
    yield ""
    yield f"{_text(comparison.baseline.name)} → {_text(comparison.candidate.name)}"
    yield ""
    yield _row(COLUMNS)
    yield "|---|--:|--:|--:|--:|--:|---|"
    yield from (_row(cells(metric)) for metric in comparison.metrics)
    yield ""
    if comparison.requirement is not None:
        want = comparison.requirement.want
        for metric in comparison.metrics:
            yield f"- {_text(metric.metric)}: {_text(requirement_words(metric, want))}"
    for ratio in comparison.ratios:
        first, *rest = ratio_lines(ratio)
        yield f"- {_text(first)}"
        yield from (f"  - {_text(line)}" for line in rest)
    yield from (f"- {_text(line)}" for line in _pairing(comparison.metrics[0].pairing))
    yield from (f"- {_text(note)}" for note in comparison.notes)


def _pairing(pairing: Pairing) -> Iterator[str]:
    yield f"{pairing.paired} items paired"
    for what, names in (
        ("only in the baseline", pairing.only_baseline),
        ("only in the candidate", pairing.only_candidate),
        ("changed under one id, not paired", pairing.changed),
    ):
        if names:
            more = ", …" if len(names) > _LISTED else ""
            yield f"{len(names)} {what}: {', '.join(map(quoted, names[:_LISTED]))}{more}"


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(_text(text) for text in texts)} |"


def _text(text: str) -> str:
    """Return a text that is only text in Markdown and in the HTML that it may hold."""
    flat = " ".join(visible(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", flat)


def lint_markdown(file: str, faults: Sequence[Fault], warnings: Sequence[Fault]) -> str:
    """Return the findings of ``study lint`` as Markdown; every text in it is escaped."""
    counts = f"{len(faults)} faults, {len(warnings)} warnings"
    lines = [f"### {_text(file)}: {counts}", ""]
    if faults or warnings:
        lines += [_row(("line", "", "where", "what")), "|--:|---|---|---|"]
        for word, found in (("fault", faults), ("warning", warnings)):
            lines += [_row((str(one.line or ""), word, one.path, one.message)) for one in found]
    return "\n".join([*lines, ""])
