"""``liftgate compare`` on logs: what is paired, refused, shown, and printed safely."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from liftgate.cli.main import main
from tests.fixtures.logs.by_hand import HEADER, LOGS, one, packed, sample


def compare(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *map(str, words)])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def test_two_logs_of_inspect_ai(capsys) -> None:
    code, out, _ = compare(LOGS / "inspect/old.eval", LOGS / "inspect/new.eval", capsys=capsys)
    assert code == 0
    assert "recognised as: log of inspect_ai" in out
    assert "8 of 8 recomputed from its rows and equal to 1e-9" in out
    assert "The logs differ in: model (sums/old → sums/new)." in out
    assert "40 in 10" in out


def test_two_systems_of_one_log_of_promptfoo(capsys) -> None:
    log = LOGS / "promptfoo/grid.json"
    code, out, _ = compare(f"{log}@old/prompt-1", f"{log}@new/prompt-2", capsys=capsys)
    assert code == 0
    assert "The prompt differs in 12 of 12 paired items" in out
    assert 'the prompt of new/prompt-2 is "Answer with a number only' in out
    code, _, err = compare(log, log, capsys=capsys)
    assert code == 2
    assert "4 systems" in err
    assert "@new/prompt-1" in err


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        ("inspect/small.eval", "inspect/other-questions.eval"),
        ("lm_eval/old/samples_choose_*.jsonl", "lm_eval/other-questions/samples_*.jsonl"),
        ("promptfoo/old.json", "promptfoo/other-asserts.json"),
    ],
)
def test_other_questions_under_the_same_ids_are_refused(baseline, candidate, capsys) -> None:
    sides = one(LOGS, baseline), one(LOGS, candidate)
    code, _, err = compare(*sides, capsys=capsys)
    assert code == 2
    assert "all have a different input on each side" in err


@pytest.mark.parametrize(
    ("baseline", "candidate", "told"),
    [
        ("inspect/small.eval", "inspect/other-prompt.eval", "12 of 12"),
        ("lm_eval/old/samples_choose_*.jsonl", "lm_eval/other-prompt", "24 of 24"),
    ],
)
def test_another_prompt_is_shown(baseline, candidate, told: str, capsys) -> None:
    code, out, _ = compare(one(LOGS, baseline), one(LOGS, candidate), capsys=capsys)
    assert code == 0
    assert f"The prompt differs in {told} paired items" in out


def test_one_changed_question_is_listed_and_not_paired(tmp_path, capsys) -> None:
    samples = [sample(f"q{n}") for n in range(5)]
    before = packed(tmp_path / "a.eval", samples)
    after = packed(tmp_path / "b.eval", [*samples[:4], sample("q4", input="reworded")])
    _, out, _ = compare(before, after, capsys=capsys)
    assert "1 changed input under one id, not paired: 'q4'" in out
    assert "acc: 4 items paired" in out


def test_what_a_crashed_log_lacks_counts_as_missing(capsys) -> None:
    logs = LOGS / "inspect"
    code, out, _ = compare(
        *(logs / "small.eval", logs / "crashed.eval", "--metric", "exact", "--require", "better"),
        capsys=capsys,
    )
    assert code in {1, 4}
    assert "are not in the log and count as missing" in out
    assert "missing scores at their worst for the candidate" in out


def test_lower_is_better_where_both_logs_say_so(tmp_path, capsys) -> None:
    sides = []
    for name, values in (("a", (3, 2, 3, 2)), ("b", (1, 0.5, 1, 0.7))):
        folder = tmp_path / name
        folder.mkdir()
        stamp = "2026-01-01T00-00-00.1"
        rows = [
            {"doc_id": n, "doc": {"q": n}, "filter": "none", "metrics": ["ter"], "ter": value}
            for n, value in enumerate(values)
        ]
        (folder / f"samples_t_{stamp}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        results = {"results": {}, "n-shot": {}, "higher_is_better": {"t": {"ter": False}}}
        (folder / f"results_{stamp}.json").write_text(json.dumps(results))
        sides.append(folder)
    _, out, _ = compare(*sides, capsys=capsys)
    assert "lower is better" in out
    assert "items: 4 better, 0 the same, 0 worse" in out


def test_logs_of_two_tools_pair_when_they_share_ids_and_metrics(capsys) -> None:
    log = one(LOGS, "lm_eval/old/samples_choose_*.jsonl")
    code, out, _ = compare(log, LOGS / "every_eval_ever/new-choose", capsys=capsys)
    assert code == 0
    assert "share no input column" in out


HOSTILE = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\u202e"


def hostile(path: Path, value: str) -> Path:
    samples = [
        sample(
            f"{HOSTILE}{n}",
            metadata={HOSTILE: HOSTILE},
            output={"completion": HOSTILE},
            scores={HOSTILE: {"value": value if n else "I"}, "acc": {"value": value}},
            error={"message": HOSTILE} if n == 3 else None,
        )
        for n in range(6)
    ]
    about = {**HEADER["eval"], "model": HOSTILE + value, "packages": {"inspect_ai": HOSTILE}}
    return packed(path, samples, HEADER | {"eval": about})


def test_texts_in_a_log_can_neither_steer_a_terminal_nor_add_to_a_page(tmp_path, capsys) -> None:
    sides = hostile(tmp_path / "a.eval", "I"), hostile(tmp_path / "b.eval", "C")
    page = tmp_path / "page.html"
    code, out, err = compare(*sides, "--html", page, capsys=capsys)
    assert (code, err) == (0, "")
    assert not any(mark in out for mark in ("\x1b", "\x07", "\u202e"))
    text = page.read_text()
    assert "<script>alert" not in text
    assert "\x1b" not in text
    code, out, err = compare(*sides, "--cluster", HOSTILE + "?", capsys=capsys)
    assert code == 2
    assert "\x1b" not in out + err


def test_the_page_and_json_say_what_was_recognised_and_recomputed(tmp_path, capsys) -> None:
    page = tmp_path / "page.html"
    sides = LOGS / "inspect/old.eval", LOGS / "inspect/new.eval"
    _, out, _ = compare(*sides, "--json", "--html", page, capsys=capsys)
    side = json.loads(out)["baseline"]
    assert side["format"].startswith("log of inspect_ai")
    assert side["facts"]["model"] == "sums/old"
    assert all(check["equal"] for check in side["checks"])
    text = page.read_text()
    assert "Recognised as: log of inspect_ai" in text
    assert "8 of 8 recomputed" in text


def test_help_names_the_logs() -> None:
    from liftgate.cli.main import root

    shown = CliRunner().invoke(root, ["compare", "--help"]).output
    for name in ("inspect_ai", "lm-eval", "promptfoo", "Every Eval Ever"):
        assert name in shown
