"""Several candidates, and the answers as files for CI."""

from __future__ import annotations

import json
import random
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from liftgate.cli.main import main


def compare(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *map(str, words)])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def table(folder: Path, name: str, right: float, *, seed: int = 0, metric: str = "acc") -> Path:
    """Write 200 items; the same items are hard in every table."""
    draw = random.Random(seed)
    path = folder / f"{name}.csv"
    rows = [f"q{n},{int(0.7 * (n % 20) / 20 + 0.3 * draw.random() < right)}" for n in range(200)]
    path.write_text("\n".join([f"item,{metric}", *rows]))
    return path


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    shares = {"old": 0.4, "same": 0.4, "good": 0.6, "better": 0.7, "bad": 0.2}
    return {
        name: table(tmp_path, name, share, seed=seed)
        for seed, (name, share) in enumerate(shares.items())
    }


def test_each_candidate_is_compared_with_the_baseline(tables, capsys) -> None:
    code, out, _ = compare(
        *(tables["old"], tables["good"], "--against-each", tables["bad"]), capsys=capsys
    )
    assert code == 0
    assert out.startswith("2 candidates compared with")
    assert "good.csv: acc: better" in out
    assert "bad.csv: acc: worse" in out
    assert "uncorrected for the number of candidates" in out
    assert out.count("Pairing") == 2


def test_what_is_required_is_corrected_over_the_candidates(tables, capsys) -> None:
    words = [tables["old"], tables["good"], "--require", "better", "--json"]
    words += ["--against-each", tables["same"], "--against-each", tables["bad"]]
    code, out, _ = compare(*words, capsys=capsys)
    assert code == 0
    found = json.loads(out)
    answers = {Path(one["candidate"]).stem: one for one in found["answers"]}
    assert [answers[name]["met"] for name in ("good", "same", "bad")] == [True, False, False]
    assert answers["good"]["adjusted"] == pytest.approx(3 * answers["good"]["p_value"])
    assert answers["bad"]["harmed"] == ["acc"]
    assert len(found["comparisons"]) == 3


def test_a_candidate_that_passes_alone_may_not_pass_among_many(tmp_path, capsys) -> None:
    old = tmp_path / "old.csv"
    old.write_text("item,acc\n" + "\n".join(f"q{n},{int(n < 20)}" for n in range(60)))
    good = tmp_path / "good.csv"  # seven gained, one lost: p just below 5 %
    good.write_text("item,acc\n" + "\n".join(f"q{n},{int(0 < n < 27)}" for n in range(60)))
    others = []
    for name in "abc":
        others.append(tmp_path / f"{name}.csv")
        others[-1].write_text(old.read_text().replace("q19,1", "q19,0"))
    alone = compare(old, good, "--require", "better", capsys=capsys)[0]
    more = [word for other in others for word in ("--against-each", other)]
    code, out, _ = compare(old, good, "--require", "better", *more, capsys=capsys)
    assert (alone, code) == (0, 4)
    assert "met by none of 4 candidates" in out


def test_harm_for_every_candidate_exits_1(tables, tmp_path, capsys) -> None:
    worse = table(tmp_path, "worse", 0.1, seed=9)
    words = [tables["old"], tables["bad"], "--against-each", worse, "--require", "better"]
    code, out, _ = compare(*words, capsys=capsys)
    assert code == 1
    assert "harm shown for 2" in out
    assert "harm shown on acc" in out


def test_a_candidate_is_named_once_and_pages_are_for_one(tables, tmp_path, capsys) -> None:
    words = [tables["old"], tables["good"], "--against-each", tables["good"]]
    code, _, err = compare(*words, capsys=capsys)
    assert code == 2
    assert "each once" in err
    words[-1] = tables["bad"]
    code, _, err = compare(*words, "--html", tmp_path / "p.html", capsys=capsys)
    assert code == 2
    assert "for one candidate" in err


def junit(path: Path) -> list[tuple[str, str | None, str | None]]:
    """Return (name, what became of it, its type) of every test."""
    found = []
    for case in ET.parse(path).getroot().iter("testcase"):
        (told,) = list(case) or [None]
        tag = None if told is None else told.tag
        found.append((case.get("name"), tag, None if told is None else told.get("type")))
    return found


def test_junit_says_what_is_worse_and_skips_what_cannot_be_told(tables, tmp_path, capsys) -> None:
    path = tmp_path / "junit.xml"
    words = [tables["old"], tables["good"], "--against-each", tables["bad"]]
    compare(*words, "--against-each", tables["same"], "--junit", path, capsys=capsys)
    assert junit(path) == [
        ("acc", "system-out", None),
        ("acc", "failure", "worse"),
        ("acc", "skipped", None),
    ]
    suites = list(ET.parse(path).getroot())
    assert [suite.get("failures") for suite in suites] == ["0", "1", "0"]
    assert [suite.get("skipped") for suite in suites] == ["0", "0", "1"]


def test_junit_tells_harm_from_what_is_only_not_shown(tables, tmp_path, capsys) -> None:
    path = tmp_path / "junit.xml"
    for candidate, expected in (
        ("good", [("acc", "system-out", None)]),
        ("same", [("acc", "error", "not-shown")]),
        ("bad", [("acc", "failure", "harm")]),
    ):
        words = [tables["old"], tables[candidate], "--require", "better", "--junit", path]
        compare(*words, capsys=capsys)
        assert junit(path) == expected


def test_the_summary_is_appended_as_a_table(tables, tmp_path, capsys) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    _, out, _ = compare(tables["old"], tables["good"], "--summary", path, capsys=capsys)
    assert f"Written: {path}" in out
    text = path.read_text()
    assert text.startswith("before\n### acc")
    assert (
        "| metric | baseline | candidate | difference | 95 % interval | items | verdict |" in text
    )
    assert "| better |" in text


HOSTILE = "<img src=x onerror=alert(1)>|[x](javascript:1)`]]>&\x1b[2J\u202e"


def test_hostile_names_are_only_text_in_both_files(tmp_path, capsys) -> None:
    sides = []
    for name, right in (("a", 0.2), ("b", 0.7)):
        path = table(tmp_path, name, right)
        rows = path.read_text().splitlines()[1:]
        lines = [{"item": r.split(",")[0] + HOSTILE, HOSTILE: int(r.split(",")[1])} for r in rows]
        sides.append(tmp_path / f"{name}.jsonl")
        sides[-1].write_text("\n".join(map(json.dumps, lines)))
    xml, md = tmp_path / "j.xml", tmp_path / "s.md"
    code, _, err = compare(*sides, "--junit", xml, "--summary", md, capsys=capsys)
    assert (code, err) == (0, "")
    ((name, _, _),) = junit(xml)
    assert name is not None
    assert name.startswith("<img src=x")
    for text in (xml.read_text(), md.read_text()):
        assert "<img" not in text
        assert not any(mark in text for mark in "\x1b\u202e")
    assert "](javascript" not in md.read_text()
    for line in md.read_text().splitlines():
        if line.startswith("| ") and "better" in line:
            assert line.replace("\\|", "").count("|") == 8


@pytest.mark.parametrize("option", ["--junit", "--summary"])
def test_a_table_is_never_written_over(tables, option: str, capsys) -> None:
    before = tables["good"].read_bytes()
    words = [tables["old"], tables["good"], option, tables["good"]]
    code, _, err = compare(*words, capsys=capsys)
    assert code == 2
    said = {"--summary": "is one of the tables", "--junit": "is no JUnit XML that liftgate made"}
    assert said[option] in err
    assert tables["good"].read_bytes() == before
