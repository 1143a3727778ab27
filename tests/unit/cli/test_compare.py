"""``liftgate compare`` as somebody types it who has two tables and nothing else."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.tables import Cells, Folder, binary, half, more_than_half, two


def test_two_tables_written_by_hand_get_their_answer_in_the_first_line(folder: Folder) -> None:
    code, out, _ = folder.run(*two(folder))
    assert code == 0
    assert out.splitlines()[0].startswith("acc: better; difference +10")
    assert "100 right in both, 20 gained, 0 lost, 80 wrong in both" in out
    assert "item = item (guessed); metric = acc (guessed)" in out


def test_swapping_the_sides_turns_better_into_worse_and_still_exits_0(folder: Folder) -> None:
    base, cand = two(folder)
    code, out, _ = folder.run(cand, base)
    assert code == 0
    assert out.splitlines()[0].startswith("acc: worse; difference −10")


def test_when_it_cannot_tell_it_says_how_many_items_would_and_the_next_command(
    folder: Folder,
) -> None:
    base = folder.table("base.csv", binary(100, half))
    cand = folder.table("cand.csv", binary(100, lambda i: half(i) != (i in (2, 4, 5, 7, 9, 11))))
    code, out, _ = folder.run(base, cand)
    assert code == 0
    assert out.startswith("acc: can't tell; ")
    assert "items in all would show that it is better" in out
    assert "more items with both systems, then: liftgate compare base.csv cand.csv\n" in out
    body = folder.json(base, cand)
    assert body["metrics"][0]["needed"][0]["items"] > 100


def test_nothing_at_all_moved_is_told_as_such(folder: Folder) -> None:
    base = folder.table("base.csv", binary(100, half))
    cand = folder.table("cand.csv", binary(100, half, note=lambda i: "x"))
    (metric,) = folder.json(base, cand)["metrics"]
    assert metric["verdict"]["reading"] == "inconclusive"
    assert metric["verdict"]["descriptive"]["value"] == 0
    assert metric["verdict"]["descriptive"]["low"] < 0 < metric["verdict"]["descriptive"]["high"]
    assert metric["moves"]["same"] == 100
    assert metric["needed"] == []


MARGINS = {
    "a margin in points": ("--margin", "0.1"),
    "a margin for one metric": ("--margin", "acc=0.1"),
    "a relative margin": ("--margin", "20%"),
}


@pytest.mark.parametrize("case", MARGINS)
def test_not_worse_is_met_where_few_items_were_lost(folder: Folder, case: str) -> None:
    base = folder.table("base.csv", binary(400, half))
    cand = folder.table("cand.csv", binary(400, lambda i: half(i) != (i in (1, 2, 3, 4, 5, 6))))
    code, out, _ = folder.run(base, cand, "--require", "not-worse", *MARGINS[case])
    assert code == 0
    assert out.startswith("Required not worse: met. ")


def test_better_is_met_when_it_is_shown(folder: Folder) -> None:
    assert folder.run(*two(folder), "--require", "better")[0] == 0


def test_harm_that_is_shown_exits_1(folder: Folder) -> None:
    base, cand = two(folder)
    code, out, _ = folder.run(cand, base, "--require", "better")
    assert code == 1
    assert out.startswith("Required better: harm shown on acc.")
    assert folder.run(cand, base, "--require", "not-worse", "--margin", "0.02")[0] == 1


def test_what_is_neither_shown_nor_harm_exits_4(folder: Folder) -> None:
    base = folder.table("base.csv", binary(60, half))
    cand = folder.table("cand.csv", binary(60, lambda i: half(i) != (i in (2, 5))))
    code, out, _ = folder.run(base, cand, "--require", "better")
    assert code == 4
    assert out.startswith("Required better: not shown.")


def test_a_smaller_alpha_asks_for_more(folder: Folder) -> None:
    base = folder.table("base.csv", binary(200, half))
    cand = folder.table("cand.csv", binary(200, lambda i: half(i) or i in (1, 3, 5, 7, 9)))
    assert folder.run(base, cand, "--require", "better")[0] == 0
    assert folder.run(base, cand, "--require", "better", "--alpha", "0.0001")[0] == 4


def test_several_metrics_must_all_be_met_and_one_harm_is_enough(folder: Folder) -> None:
    rows = [{"item": i, "acc": i % 2, "f1": 0.5 + 0.1 * (i % 3)} for i in range(100)]
    better = [{**row, "acc": 1} for row in rows]
    mixed = [{**row, "acc": 1, "f1": 0.1 + 0.01 * (i % 5)} for i, row in enumerate(rows)]
    base = folder.table("base.csv", rows)
    code, out, _ = folder.run(base, folder.table("a.csv", better), "--require", "better")
    assert (code, out.split(" on ")[0]) == (4, "Required better: not shown. candidate: better")
    code, out, _ = folder.run(base, folder.table("b.csv", mixed), "--require", "better")
    assert code == 1
    assert out.startswith(
        "Required better: harm shown on f1. candidate: worse on f1; better on acc"
    )
    assert "uncorrected" in out


def test_lower_is_better_turns_the_verdict_round(folder: Folder) -> None:
    rows = [{"item": i, "latency_ms": 200 + i % 7} for i in range(60)]
    fast = [{"item": i, "latency_ms": 150 + i % 5} for i in range(60)]
    names = folder.table("base.csv", rows), folder.table("cand.csv", fast)
    options = ("--metric", "latency_ms", "--lower-is-better", "latency_ms")
    body = folder.json(*names, *options)
    assert body["metrics"][0]["verdict"]["reading"] == "superior"
    assert body["metrics"][0]["verdict"]["estimate"]["value"] > 0
    assert body["metrics"][0]["baseline"]["value"] > body["metrics"][0]["candidate"]["value"]
    said = folder.run(*names, *options)[1]
    assert "lower is better (a + says that the candidate is lower)" in said
    assert folder.run(*names, *options, "--require", "not-worse", "--margin", "5%")[0] == 0
    slower = folder.run(names[1], names[0], *options, "--require", "not-worse", "--margin", "5%")
    assert slower[0] == 1


def test_a_name_that_suggests_lower_is_better_is_asked_about(folder: Folder) -> None:
    rows = [{"item": i, "latency_ms": 200 + i % 7} for i in range(60)]
    more = [{"item": i, "latency_ms": 201 + i % 5} for i in range(60)]
    names = folder.table("base.csv", rows), folder.table("cand.csv", more)
    assert "--lower-is-better latency_ms" in folder.run(*names, "--metric", "latency_ms")[1]


def test_unmatched_changed_failed_and_missing_items_are_all_told(folder: Folder) -> None:
    prompts = {"prompt": lambda i: f"text {i}"}
    base = binary(120, half, **prompts)
    cand = [
        {**row, "prompt": "another" if i == 7 else row["prompt"]}
        for i, row in enumerate(binary(120, more_than_half, **prompts))
    ]
    base[3] = {**base[3], "acc": ""}
    cand[5] = {**cand[5], "acc": "", "error": "timeout"}
    names = (
        folder.table("base.csv", [*base, {"item": "only-here", "acc": 1}]),
        folder.table("cand.csv", cand[:-1]),
    )
    _, out, _ = folder.run(*names)
    assert "2 only in the baseline: 'only-here', 'q0119'" in out
    assert "1 changed input under one id, not paired: 'q0007'" in out
    assert "117 items paired; failed: 0 baseline, 1 candidate" in out
    assert "without a score: 1 baseline, 0 candidate; a failure scores 0" in out
    assert "missing scores at their worst for the candidate: better" in out
    pairing = folder.json(*names)["metrics"][0]["pairing"]
    assert pairing["only_baseline"] == ["only-here", "q0119"]
    assert pairing["changed"] == ["q0007"]


def test_a_missing_score_counts_worst_for_the_claim_when_something_is_required(
    folder: Folder,
) -> None:
    base = folder.table("base.csv", binary(60, half))
    rows = binary(60, lambda i: half(i) or i < 14)
    holes = [{**row, "acc": ""} if i % 10 == 0 else row for i, row in enumerate(rows)]
    cand = folder.table("cand.csv", holes)
    body = folder.json(base, cand, "--require", "better")
    (metric,) = body["metrics"]
    assert metric["verdict"]["reading"] == "superior"
    assert metric["worst_case"]["reading"] == "inconclusive"
    assert metric["requirement"]["rejected"] is False
    assert body["exit_code"] == 4


def test_a_failure_without_a_range_makes_a_requirement_inadmissible(folder: Folder) -> None:
    base = [{"item": i, "score": 3 + i % 4} for i in range(50)]
    cand = [{"item": i, "score": 5 + i % 3, "error": ""} for i in range(50)]
    cand[4] |= {"score": "", "error": "crash"}
    names = folder.table("base.csv", base), folder.table("cand.csv", cand)
    body = folder.json(*names, "--require", "better")
    assert body["metrics"][0]["verdict"]["reading"] == "superior"
    assert body["metrics"][0]["requirement"]["reading"] == "inadmissible"
    assert "declared bound" in body["metrics"][0]["requirement"]["reason"]
    assert body["exit_code"] == 4
    assert folder.run(*names, "--require", "better", "--range", "score=0:10")[0] == 0
    assert folder.run(*names, "--require", "better", "--failure-score", "0")[0] == 0


def test_repeats_are_averaged_and_counted(folder: Folder) -> None:
    base = [
        {"item": i, "epoch": k, "acc": int((i + k) % 3 == 0)} for i in range(40) for k in range(3)
    ]
    cand = [
        {"item": i, "epoch": k, "acc": int((i + k) % 3 != 0)} for i in range(40) for k in range(3)
    ]
    names = folder.table("base.csv", base), folder.table("cand.csv", cand)
    _, out, _ = folder.run(*names)
    assert "repeats averaged in the item: 3 baseline, 3 candidate" in out
    assert folder.json(*names)["metrics"][0]["verdict"]["descriptive"]["n"] == 40


def test_clusters_enter_the_interval_and_are_printed(folder: Folder) -> None:
    clusters = {"page": lambda i: f"page {i // 5}"}
    chance = random.Random(5)
    base = folder.table("base.csv", binary(200, lambda i: chance.random() < 0.6, **clusters))
    cand = folder.table("cand.csv", binary(200, lambda i: chance.random() < 0.7, **clusters))
    alone = folder.json(base, cand)["metrics"][0]["verdict"]["descriptive"]
    together = folder.json(base, cand, "--cluster", "page")["metrics"][0]["verdict"]["descriptive"]
    assert (alone["n"], alone["clusters"]) == (200, 200)
    assert (together["n"], together["clusters"]) == (200, 40)
    assert together["value"] == pytest.approx(alone["value"])
    assert together["low"] != alone["low"]
    assert "200 in 40" in folder.run(base, cand, "--cluster", "page")[1]


def test_slices_are_exploratory_and_small_ones_say_that_they_are_too_few(folder: Folder) -> None:
    names = two(folder, 120, lang=lambda i: "rare" if i < 3 else "de" if i % 2 else "en")
    _, out, _ = folder.run(*names, "--slice", "lang")
    assert "exploratory" in out
    assert "lang = 'rare': too few: " in out
    assert "lang = 'de': " in out
    parts = folder.json(*names, "--slice", "lang")["metrics"][0]["slices"]
    assert [(part["value"], part["items"]) for part in parts] == [
        ("de", 59),
        ("en", 58),
        ("rare", 3),
    ]


def test_one_file_with_a_system_column_holds_both_sides(folder: Folder) -> None:
    rows = [
        {**row, "model": model}
        for model, right in (("old", half), ("new", more_than_half))
        for row in binary(200, right)
    ]
    name = folder.table("both.csv", rows)
    assert folder.run(f"{name}@old", f"{name}@new")[1].startswith("acc: better; ")
    code, _, err = folder.run(name, name)
    assert code == 2
    assert "liftgate compare both.csv@new both.csv@old" in err


def test_a_folder_stands_for_the_one_table_in_it(folder: Folder) -> None:
    base, cand = two(folder)
    for name, table in (("a", base), ("b", cand)):
        (folder.path / name).mkdir()
        (folder.path / table).rename(folder.path / name / "scores.csv")
    (folder.path / "a" / "notes.txt").write_text("no table")
    assert folder.run("a", "b")[0] == 0
    (folder.path / "b" / "more.jsonl").write_text("{}")
    code, _, err = folder.run("a", "b")
    assert code == 2
    assert "a folder with 2 tables ('more.jsonl', 'scores.csv')" in err


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e<script>[red]"


def test_hostile_text_reaches_neither_the_terminal_nor_the_page(folder: Folder) -> None:
    def rows(right: Callable[[int], bool]) -> list[Cells]:
        return [
            {"item": f"{HOSTILE}{i}", f"acc{HOSTILE}": int(right(i)), "lang": HOSTILE}
            for i in range(40)
        ]

    names = folder.table("base.csv", rows(half)), folder.table("cand.csv", rows(more_than_half))
    args = (*names, "--slice", "lang", "--metric", f"acc{HOSTILE}", "--item", "item")
    code, out, _ = folder.run(*args, "--html", "page.html")
    assert code == 0
    assert not set(out) & {"\x1b", "\x07", "\u202e"}
    assert "<script>" not in (folder.path / "page.html").read_text(encoding="utf-8")
    code, out, _ = folder.run(*args, "--json")
    assert not set(out) & {"\x1b", "\x07", "\u202e"}
    assert json.loads(out)["metrics"][0]["metric"] == f"acc{HOSTILE}"
    code, _, err = folder.run(*names, "--item", f"x{HOSTILE}")
    assert code == 2
    assert not set(err) & {"\x1b", "\x07", "\u202e"}


def test_the_json_is_the_same_each_time_and_names_what_it_read(folder: Folder) -> None:
    names = two(folder)
    first, second = (folder.run(*names, "--json")[1] for _ in range(2))
    assert first == second
    body = json.loads(first)
    assert body["liftgate"] == 1
    assert body["baseline"]["digest"].startswith("sha256:")
    assert body["baseline"]["columns"]["item"] == "item"
    assert body["baseline"]["guessed"] == ["item", "metrics"]


def test_the_commands_to_type_next_can_be_typed(folder: Folder) -> None:
    base = folder.table("base one.csv", binary(60, half, lang=lambda i: "de"))
    cand = folder.table(
        "cand.csv", binary(60, lambda i: half(i) != (i in (2, 5)), lang=lambda i: "de")
    )
    options = ["--item", "item", "--metric", "acc", "--slice", "lang", "--range", "acc=0:1"]
    options += [
        "--failure-score",
        "0",
        "--margin",
        "acc=0.01",
        "--require",
        "better",
        "--alpha",
        "0.01",
    ]
    body = folder.json(base, cand, *options)
    again, plan = body["next"]
    assert folder.json(*shlex.split(again)[2:])["question"] == body["question"]
    assert folder.run(*shlex.split(plan)[2:])[0] == body["exit_code"]
    assert (folder.path / "cand-study.yaml").exists()


def test_the_page_is_written_and_holds_the_sentence(folder: Folder) -> None:
    code, out, _ = folder.run(*two(folder), "--html", "page.html")
    assert code == 0
    assert "Written: page.html" in out
    assert out.splitlines()[0].split(";")[0] in (folder.path / "page.html").read_text("utf-8")


def test_a_page_may_not_replace_a_table(folder: Folder) -> None:
    base, cand = two(folder)
    before = (folder.path / base).read_bytes()
    code, _, err = folder.run(base, cand, "--html", base)
    assert code == 2
    assert "exists already, is no page of a comparison" in err
    assert (folder.path / base).read_bytes() == before


def test_a_hundred_thousand_items_are_compared(folder: Folder) -> None:
    names = two(folder, 100_000)
    assert folder.json(*names)["metrics"][0]["verdict"]["estimate"]["n"] == 100_000


def test_what_it_prints_is_what_was_agreed(folder: Folder) -> None:
    chance = random.Random(11)
    prompts = {"prompt": lambda i: f"question {i}"}
    base = binary(150, lambda i: chance.random() < 0.6, **prompts)
    cand = binary(150, lambda i: chance.random() < 0.66, **prompts)
    cand[3] = {**cand[3], "acc": "", "error": "timeout"}
    cand[4] = {**cand[4], "acc": ""}
    names = (
        folder.table("baseline.csv", [*base, {"item": "extra", "acc": 1}]),
        folder.table("candidate.csv", cand),
    )
    _, out, _ = folder.run(*names, "--margin", "0.05")
    expected = Path(__file__).parents[2] / "snapshots" / "compare.txt"
    assert out == expected.read_text(encoding="utf-8")
