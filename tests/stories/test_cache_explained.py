"""Why a trial must be made again, told by the nearest one that is known."""

from __future__ import annotations

import json


def missing(world, *words):
    done = world.liftgate("cache", "explain", *(words or ("study.yaml",)), "--json")
    body = json.loads(done.stdout)
    assert done.returncode == (1 if body["missing"] else 0), done.stderr
    return body["known"], body["missing"]


def test_nothing_is_missing_after_a_run_and_everything_before(world) -> None:
    world.write(items=200)
    known, before = missing(world)
    assert (known, len(before), {one["part"] for one in before}) == (0, 400, {"nothing"})
    world.decision()
    assert missing(world) == (400, [])


def test_a_changed_parameter_is_named_with_both_values(world) -> None:
    world.write(items=200)
    world.decision()
    world.study["study"] = "second"
    world.arm("new", right=0.8)
    world.write(items=200, file="second.yaml")
    known, found = missing(world, "second.yaml")
    assert (known, len(found)) == (200, 200)
    assert {(one["arm"], one["part"]) for one in found} == {("new", "arm")}
    assert found[0]["changes"] == [{"path": "params.right", "old": 0.7, "new": 0.8}]


def test_changed_source_is_named_by_the_part_that_changed(world) -> None:
    world.write(items=200)
    world.decision()
    source = world.folder / "story_systems.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    _, found = missing(world)
    assert [change["path"] for change in found[0]["changes"]] == ["source"]


def test_a_changed_input_is_named_with_what_changed_in_it(world) -> None:
    world.write(items=200)
    world.decision()
    items = world.folder / "items.jsonl"
    text = items.read_text(encoding="utf-8")
    items.write_text(text.replace('"question 7"', '"question seven"'), encoding="utf-8")
    known, found = missing(world, "study.yaml", "q7")
    assert known == 0
    assert {(one["arm"], one["item"], one["part"]) for one in found} == {
        ("old", "q7", "input"),
        ("new", "q7", "input"),
    }
    change = {"path": "text", "old": "question 7", "new": "question seven"}
    assert found[0]["changes"] == [change]


def test_another_repeat_a_candidate_from_before_the_lock_and_a_failure_are_told_apart(
    world,
) -> None:
    world.write(items=200)
    world.decision()
    world.study["study"] = "second"
    world.study["repeats"] = 2
    world.write(items=200, file="second.yaml")
    _, found = missing(world, "second.yaml")
    parts = {(one["arm"], one["repeat"], one["part"]) for one in found}
    assert parts == {("old", 1, "repeat"), ("new", 0, "lock"), ("new", 1, "repeat")}
    shown = world.liftgate("cache", "explain", "second.yaml")
    assert "made before any lock" in shown.stdout
    assert "and 199 more" in shown.stdout


def test_an_unknown_item_is_refused_with_the_nearest(world) -> None:
    world.write(items=200)
    done = world.liftgate("cache", "explain", "study.yaml", "q777")
    assert done.returncode == 2
    assert "no item 'q777' among its 200 (did you mean 'q77" in done.stderr
