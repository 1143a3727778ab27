"""Texts of a log that would steer a terminal, a page or a report, in every format."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from liftgate.cli.main import main
from liftgate.figures.text import quoted
from tests.fixtures.logs.by_format import ALL, Row

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE = f"{ESCAPES}{MARKUP}\u202e```\n# Heading | a | b"
FORBIDDEN = ("\x1b", "\x07", "\u202e", "\x9b")


def side(folder: Path, write, score: float) -> Path:
    folder.mkdir()
    rows = [
        Row(
            f"{HOSTILE}{n}" if write is not ALL["eval.inspect_ai"] else f"{ESCAPES}q{n}",
            score if n % 3 else 1.0 - score,
            HOSTILE,
            failed=n == 4,
        )
        for n in range(12)
    ]
    return write(folder, rows, HOSTILE)


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_text_of_a_log_steers_what_is_printed_or_written(tmp_path, name: str, capsys) -> None:
    sides = [side(tmp_path / x, ALL[name], score) for x, score in (("a", 0.0), ("b", 1.0))]
    page, junit, summary = (tmp_path / file for file in ("p.html", "j.xml", "s.md"))
    words = ["compare", *map(str, sides), "--metric", "acc", "--html", str(page)]
    words += ["--junit", str(junit), "--summary", str(summary)]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--export", f"every_eval_ever={tmp_path / 'out'}"])
    shown = capsys.readouterr()
    assert not ended.value.code, shown.err
    assert "acc" in shown.out
    for text in (shown.out, shown.err, page.read_text(), summary.read_text(), junit.read_text()):
        assert not any(mark in text for mark in FORBIDDEN)
    for text in (page.read_text(), summary.read_text()):
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert "\n# Heading" not in summary.read_text()
    ET.fromstring(junit.read_text())
    made = list((tmp_path / "out").rglob("*"))
    assert not any(mark in str(path) for path in made for mark in FORBIDDEN)
    files = [path for path in made if path.is_file()]
    assert len(files) == 4
    for path in files:
        assert not any(mark in path.read_text() for mark in FORBIDDEN)


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_text_of_a_log_steers_an_error(tmp_path, name: str, capsys) -> None:
    path = side(tmp_path / "a", ALL[name], 0.0)
    for more in (["--metric", HOSTILE], ["--cluster", HOSTILE], []):
        with pytest.raises(SystemExit) as ended:
            main(["compare", str(path), f"{path}@{HOSTILE}?", *more])
        assert ended.value.code == 2
        shown = capsys.readouterr()
        assert not any(mark in shown.out + shown.err for mark in FORBIDDEN)


def test_a_name_of_two_megabytes_is_shortened_in_what_is_printed(tmp_path, capsys) -> None:
    long = "x" * 2_000_000
    for side, right in (("a", 1), ("b", 0)):
        rows = [
            f"q{n}{long if n < 2 else ''},{right},{long[:-1] if n % 2 else 'k'}" for n in range(9)
        ]
        rows.append(f"{side}{long},1,k")
        (tmp_path / f"{side}.csv").write_text("\n".join(["item,score,kind", *rows]))
    summary = tmp_path / "s.md"
    words = ["compare", *(str(tmp_path / f"{side}.csv") for side in "ab"), "--slice", "kind"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--summary", str(summary)])
    out = capsys.readouterr().out
    assert not ended.value.code
    assert "lost, e.g. 'q0xxx" in out
    assert "only in the baseline: 'axxx" in out
    assert max(map(len, out.splitlines())) < 400
    assert len(summary.read_text()) < 2_000
    with pytest.raises(SystemExit):
        main([*words, "--cluster", "score"])
    assert len(capsys.readouterr().err) < 600


def test_a_name_of_usual_length_is_printed_whole() -> None:
    assert quoted("a  b") == "'a  b'"
    assert quoted("x" * 80) == repr("x" * 80)
    assert quoted("x" * 81) == repr("x" * 79 + "…")
