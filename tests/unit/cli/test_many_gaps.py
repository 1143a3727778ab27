"""What was not captured of a run: a few things are listed, hundreds are counted."""

from __future__ import annotations

import pytest

from liftgate.cli.trace_text import runs
from liftgate.flow.run import few
from liftgate.lineage.behind import RunBehind


def test_a_few_gaps_are_told_and_of_many_the_first():
    told = [f"not captured: file {n} (too large)" for n in range(4)]
    assert few(told) == "; ".join(told)
    assert few(told * 100) == "; ".join([*told[:3], "and 397 more, which its manifest lists"])


@pytest.mark.parametrize(("count", "lines", "last"), [(11, 11, "f10"), (400, 11, "390 more")])
def test_a_trace_lists_ten_gaps_of_a_run_and_counts_the_others(count, lines, last):
    missing = {f"f{n:02}": "too large" for n in range(count)}
    run = RunBehind("r", 2, "today", complete=True, author="a", not_captured=missing)
    told = [line for line in runs([run]) if "not captured: " in line and "code" not in line]
    assert len(told) == lines
    assert last in told[-1]
