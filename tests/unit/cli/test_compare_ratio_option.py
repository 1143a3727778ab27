"""``--ratio``: what is typed, and what is printed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from liftgate.cli.main import root


def compare(folder, *options):
    for name, rights in (("old", [0, 1] * 30), ("new", [1, 1, 0] * 20)):
        rows = (f"i{n},{right},{n + 3}" for n, right in enumerate(rights))
        text = "\n".join(["id,right,cost", *rows, ""])
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    sides = [str(folder / "old.csv"), str(folder / "new.csv")]
    named = ["--metric", "right", "--metric", "cost"]
    return CliRunner().invoke(root, ["compare", *sides, *named, *options])


def test_a_ratio_is_shown_for_both_sides_and_asked_again_in_the_next_command(tmp_path) -> None:
    done = compare(tmp_path, "--ratio", "cost_per_success=cost/right")
    assert done.exit_code == 0
    assert "cost_per_success: Σ cost / Σ right, 60 items" in done.output
    assert f"baseline {sum(range(3, 63)) / 30:.4g}, 95 % interval" in done.output
    assert "candidate − baseline" in done.output
    assert "--ratio cost_per_success=cost/right" in done.output


def test_a_ratio_stands_on_the_page_in_junit_and_in_the_summary_too(tmp_path) -> None:
    files = {name: tmp_path / name for name in ("page.html", "junit.xml", "summary.md")}
    options = zip(("--html", "--junit", "--summary"), map(str, files.values()), strict=True)
    named = ["--ratio", "<b>per</b>=cost/right"]
    done = compare(tmp_path, *named, *(word for pair in options for word in pair))
    assert done.exit_code == 0, done.output
    value = f"baseline {sum(range(3, 63)) / 30:.4g}, 95 % interval"
    page, junit, summary = (file.read_text(encoding="utf-8") for file in files.values())
    assert value in page
    assert value in junit
    assert value.replace("-", "\\-").replace(".", "\\.") in summary
    told = ET.fromstring(junit).find("testsuite/system-out")
    assert told is not None
    assert "<b>per</b>: Σ cost / Σ right" in (told.text or "")
    assert "<b>per" not in page
    assert "<b>per" not in summary


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ratio", "cost/right"], "expected NAME=ABOVE/BELOW"),
        (["--ratio", "x=cost"], "expected NAME=ABOVE/BELOW"),
        (["--ratio", "x=cost/right", "--ratio", "x=right/cost"], "got two ratios named 'x'"),
    ],
)
def test_a_ratio_that_cannot_be_read_is_refused(tmp_path, options, words) -> None:
    done = compare(tmp_path, *options)
    assert isinstance(done.exception, Exception)
    assert words in str(done.exception) + done.output
