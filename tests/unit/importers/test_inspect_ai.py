"""Logs of inspect_ai: what the tool wrote is read as the tool reads it, and never trusted."""

from __future__ import annotations

import math
import shutil
import zipfile
from collections import Counter

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.importers.inspect_ai import archive as archives
from liftgate.importers.inspect_ai.samples import to_number
from tests.fixtures.logs.by_hand import HEADER, LOGS, opened, packed, sample

INSPECT = LOGS / "inspect"


@pytest.mark.parametrize(
    "name",
    ["old.eval", "new.eval", "small.eval", "small.json", "retried.eval", "other-prompt.eval"],
)
def test_every_figure_that_a_log_states_is_recomputed_from_its_rows(name: str) -> None:
    table = opened(INSPECT / name)
    assert {check.quantity for check in table.checks} == {"mean", "accuracy", "stderr"}
    assert len(table.checks) == (4 if name == "retried.eval" else 8)
    for check in table.checks:
        assert check.equal
        assert check.recomputed == pytest.approx(check.stated, rel=1e-9, abs=1e-9)


def test_a_figure_that_is_not_that_of_the_rows_is_said_to_differ(tmp_path) -> None:
    stated = {"name": "mean", "value": 0.5}
    scores = [{"name": "acc", "scorer": "acc", "metrics": {"mean": stated}}]
    header = HEADER | {"results": {"scores": scores}}
    table = opened(packed(tmp_path / "a.eval", [sample(), sample("q2")], header))
    (check,) = table.checks
    assert (check.equal, check.stated, check.recomputed) == (False, 0.5, 1.0)
    assert "another value" in check.why


@pytest.mark.parametrize(
    ("metric", "reducer", "why"),
    [
        ({"name": "ci", "value": 0.1}, None, "no recipe"),
        ({"name": "mean", "value": 0.1}, "pass_at_2", "reduces epochs by pass_at_2"),
    ],
)
def test_a_figure_that_cannot_be_recomputed_says_why(tmp_path, metric, reducer, why) -> None:
    scores = [{"name": "acc", "scorer": "acc", "reducer": reducer, "metrics": {"x": metric}}]
    table = opened(
        packed(tmp_path / "a.eval", [sample()], HEADER | {"results": {"scores": scores}})
    )
    (check,) = table.checks
    assert check.recomputed is None
    assert why in check.why


@pytest.mark.parametrize(
    ("reducer", "expected"), [("mean", 2 / 3), ("median", 1.0), ("mode", 1.0), ("max", 1.0)]
)
def test_epochs_are_reduced_as_the_log_says(tmp_path, reducer: str, expected: float) -> None:
    stated = {"name": "mean", "value": expected}
    scores = [{"name": "acc", "scorer": "acc", "reducer": reducer, "metrics": {"mean": stated}}]
    samples = [
        sample(epoch=epoch, scores={"acc": {"value": value}})
        for epoch, value in ((1, "C"), (2, "I"), (3, "C"))
    ]
    table = opened(packed(tmp_path / "a.eval", samples, HEADER | {"results": {"scores": scores}}))
    assert table.checks[0].equal


def test_epochs_are_repeats_and_the_clusters_are_those_that_the_log_states() -> None:
    table = opened(INSPECT / "old.eval")
    assert table.columns.repeat == "epoch"
    assert table.columns.cluster == "passage"
    assert set(table.guessed) == {"metrics", "cluster"}
    rows = list(table.rows())
    assert Counter(row.repeat for row in rows) == {"1": 40, "2": 40}
    assert len({row.cluster for row in rows}) == 10
    assert table.system == "sums/old"


def test_letters_and_nested_values_are_scores_and_nan_is_missing() -> None:
    rows = list(opened(INSPECT / "old.eval").rows())
    assert {row.scores["review.grade"] for row in rows} == {0.0, 0.5, 1.0}
    assert {row.scores["close"] for row in rows} == {1.0}
    style = [row.scores["review.style"] for row in rows]
    assert style.count(None) == 8
    assert all(value is None or 1 <= value <= 5 for value in style)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("C", 1.0), ("P", 0.5), ("I", 0.0), ("N", 0.0), (True, 1.0), (False, 0.0), (3, 3.0),
        ("yes", 1.0), ("True", 1.0), ("NO", 0.0), ("2.5", 2.5),
        ("A", None), ("", None), ("c", None), ("inf", None), ([1], None), (None, None),
        (math.nan, None),
    ],
)  # fmt: skip
def test_a_value_becomes_a_number_as_in_the_tool_but_never_by_a_guess(value, number) -> None:
    assert to_number(value, "here", "acc") == number


def test_a_failed_sample_is_a_failure_of_the_system() -> None:
    table = opened(INSPECT / "new.eval")
    failed = [row for row in table.rows() if row.error]
    assert {row.item for row in failed} == {"sum-00"}
    assert "gave up" in (failed[0].error or "")
    assert any("2 of 80 samples failed" in note for note in table.notes)


def test_a_sample_that_was_cancelled_with_a_neighbour_is_missing_and_no_failure() -> None:
    table = opened(INSPECT / "failed.eval")
    rows = {row.item: row for row in table.rows()}
    assert [item for item, row in rows.items() if row.error] == ["sum-05"]
    assert rows["sum-06"].scores["exact"] is None
    assert rows["sum-07"].scores["exact"] is None
    assert any("1 samples were cancelled" in note for note in table.notes)


def test_of_a_crashed_run_what_was_planned_and_not_written_is_missing() -> None:
    table = opened(INSPECT / "crashed.eval")
    assert "crashed" in table.format
    rows = {row.item: row.scores["exact"] for row in table.rows()}
    assert len(rows) == 12
    written = sum(value is not None for value in rows.values())
    assert 0 < written < 12
    assert any(f"{12 - written} of the planned samples" in note for note in table.notes)


def test_a_finished_log_that_lacks_samples_says_so(tmp_path) -> None:
    about = {**HEADER["eval"], "dataset": {"sample_ids": ["q1", "q2"]}}
    header = HEADER | {"results": {"total_samples": 2}}
    table = opened(packed(tmp_path / "a.eval", [sample()], header | {"eval": about}))
    assert [(row.item, row.scores["acc"]) for row in table.rows()] == [("q1", 1.0), ("q2", None)]
    assert any("1 of the planned samples are not in the log" in note for note in table.notes)
    table = opened(packed(tmp_path / "a.eval", [sample()], header))
    assert any("has 2 samples, and holds 1" in note for note in table.notes)


def test_a_plan_of_a_billion_epochs_is_refused_at_once(tmp_path) -> None:
    about = {**HEADER["eval"], "dataset": {"sample_ids": ["q1"]}, "config": {"epochs": 10**9}}
    path = packed(tmp_path / "a.eval", [sample()], HEADER | {"eval": about, "status": "error"})
    with pytest.raises(DataError, match="in 1000000000 epochs"):
        opened(path)


def test_packed_and_plain_logs_give_the_same_rows() -> None:
    one, other = opened(INSPECT / "small.eval"), opened(INSPECT / "small.json")
    assert list(one.rows()) == list(other.rows())
    assert one.checks == other.checks


def test_a_folder_with_a_run_and_its_retry_stands_for_the_retry(tmp_path) -> None:
    for name in ("failed.eval", "retried.eval"):
        shutil.copy(INSPECT / name, tmp_path / name)
    table = opened(tmp_path)
    assert table.path.name == "retried.eval"
    assert all(row.error is None for row in table.rows())


def test_a_folder_with_runs_of_several_tasks_must_be_named_by_file() -> None:
    with pytest.raises(DataError, match=r"a folder with \d+ logs"):
        opened(INSPECT)


def test_of_two_entries_with_one_name_the_last_counts(tmp_path) -> None:
    bad = sample(error={"message": "broke"}, scores={})
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = packed(tmp_path / "a.eval", [bad, sample()])
    (row,) = opened(path).rows()
    assert (row.error, row.scores) == (None, {"acc": 1.0})


def test_an_input_is_known_by_its_content_and_not_by_ids_of_messages_or_attachments(
    tmp_path,
) -> None:
    def row(**more):
        return next(iter(opened(packed(tmp_path / "a.eval", [sample(**more)])).rows()))

    text = row(input=[{"id": "x1", "role": "user", "content": "long text"}])
    held = {"attachments": {"h": "long text"}}
    moved = row(input=[{"id": "x2", "role": "user", "content": "attachment://h"}], **held)
    assert text.content == moved.content
    assert text.content != row(input=[{"id": "x1", "role": "user", "content": "other"}]).content
    assert text.content != row(input="long text").content
    assert row().content != row(target="no").content
    assert row().content != row(choices=["a"]).content


def test_a_prompt_is_what_was_said_before_the_first_answer(tmp_path) -> None:
    def prompt(*messages):
        told = [{"id": str(i), "role": r, "content": c} for i, (r, c) in enumerate(messages)]
        path = packed(tmp_path / "a.eval", [sample(messages=told)])
        return next(iter(opened(path).rows())).prompt

    short = prompt(("system", "be brief"), ("user", "q"), ("assistant", "1"))
    assert short == prompt(("system", "be brief"), ("user", "q"), ("assistant", "2"))
    assert short != prompt(("system", "be kind"), ("user", "q"), ("assistant", "1"))
    assert prompt(("assistant", "1")) is None


def test_values_that_are_no_numbers_are_left_out_or_missing_and_always_told(tmp_path) -> None:
    samples = [
        sample("q1", scores={"tag": {"value": "red"}, "acc": {"value": "C"}}),
        sample("q2", scores={"tag": {"value": ["x"]}, "acc": {"value": "maybe"}}),
    ]
    table = opened(packed(tmp_path / "a.eval", samples))
    assert table.columns.metrics == ("acc",)
    assert "red" in table.left_out["tag"]
    assert [row.scores["acc"] for row in table.rows()] == [1.0, None]
    assert any("'maybe' (1)" in note for note in table.notes)
    with pytest.raises(DataError, match="tag is no metric"):
        opened(tmp_path / "a.eval", metrics=("tag",))


def test_an_infinite_score_is_refused(tmp_path) -> None:
    path = packed(tmp_path / "a.eval", [sample(scores={"acc": {"value": math.inf}})])
    with pytest.raises(DataError, match=r"samples/q1_epoch_1.json.*acc: got inf"):
        opened(path)


def test_a_log_without_samples_or_scores_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="without a sample"):
        opened(packed(tmp_path / "a.eval", []))
    with pytest.raises(DataError, match="no scores at all"):
        opened(packed(tmp_path / "a.eval", [sample(scores=None)]))


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_another_schema_version_is_refused(tmp_path, version) -> None:
    path = packed(tmp_path / "a.eval", [sample()], HEADER | {"version": version})
    with pytest.raises(DataError, match=r"schema version .* expected 2"):
        opened(path)


def test_two_schema_versions_in_one_log_are_refused(tmp_path) -> None:
    path = packed(tmp_path / "a.eval", [sample()], start=HEADER | {"version": 1})
    with pytest.raises(DataError, match=r"start.json: states schema version '1'"):
        opened(path)


def test_what_is_asked_for_must_be_there() -> None:
    path = INSPECT / "old.eval"
    with pytest.raises(UnknownName, match=r"'pasage'.*did you mean 'passage'"):
        opened(path, cluster="pasage")
    with pytest.raises(UnknownName, match=r"no system of .* named 'gpt'"):
        opened(f"{path}@gpt")
    assert opened(f"{path}@sums/old").system == "sums/old"
    sliced = opened(path, slices=("carry",), cluster="carry")
    assert {row.slices["carry"] for row in sliced.rows()} == {"true", "false"}
    assert {row.cluster for row in sliced.rows()} == {"true", "false"}


# Archives that nobody should trust --------------------------------------------------------------


def test_an_archive_that_was_cut_off_is_refused(tmp_path) -> None:
    whole = (INSPECT / "small.eval").read_bytes()
    path = tmp_path / "a.eval"
    for kept in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(DataError, match=r"not a whole ZIP archive|is empty"):
            opened(path)


def test_a_damaged_entry_is_refused(tmp_path) -> None:
    whole = bytearray((INSPECT / "small.eval").read_bytes())
    for place in (60, 3_000, 9_000):
        bent = bytearray(whole)
        bent[place] ^= 0xFF
        path = tmp_path / "a.eval"
        path.write_bytes(bent)
        with pytest.raises(DataError, match=r"is damaged|not a whole ZIP"):
            opened(path)


@pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "a\\..\\..\\x", "C:/x", "a/../../x"])
def test_an_entry_that_names_a_place_outside_is_refused(tmp_path, name: str) -> None:
    path = packed(tmp_path / "a.eval", [sample()])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(DataError, match="outside the archive"):
        opened(path)


def test_an_entry_that_says_it_is_huge_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ENTRY", 1_000)
    path = packed(tmp_path / "a.eval", [sample(metadata={"x": "0" * 5_000})])
    with pytest.raises(DataError, match="unpacks to 0 MiB"):
        opened(path)


def test_an_archive_that_would_unpack_to_too_much_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(archives, "FREE", 1_000)
    monkeypatch.setattr(archives, "RATIO", 2)
    path = packed(tmp_path / "a.eval", [sample(metadata={"x": "0" * 50_000})])
    with pytest.raises(DataError, match="would unpack to"):
        opened(path)


@pytest.mark.parametrize("method", ["deflate", "zstandard"])
def test_an_entry_that_unpacks_to_more_than_it_says_stops_there(method: str) -> None:
    import zlib

    bomb = b"0" * 50_000_000
    if method == "deflate":
        packer = zlib.compressobj(9, wbits=-15)
        data = archives._unpacked(packer.compress(bomb) + packer.flush(), 8, 100)
    else:
        data = archives._unpacked(zstandard().compress(bomb), 93, 100)
    assert data is not None
    assert len(data) == 101


def test_several_frames_of_one_entry_are_read_on() -> None:
    frames = b"".join(zstandard().compress(part) for part in (b"a" * 300_000, b"", b"b" * 300_000))
    assert archives._unpacked(frames, 93, 600_000) == b"a" * 300_000 + b"b" * 300_000


def zstandard():
    """The module that the archive itself takes: Python's own from 3.14 on."""
    import sys

    return sys.modules[archives._zstandard_decompressor().__module__]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_entry_of_another_method_is_refused(tmp_path, method: int) -> None:
    path = packed(tmp_path / "a.eval", [sample()], method=method)
    with pytest.raises(DataError, match="packed by method"):
        opened(path)


def test_a_zip_of_something_else_is_refused(tmp_path) -> None:
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(DataError, match=r"without header.json"):
        opened(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": 1} x', "[" * 100_000])
def test_a_sample_that_is_no_json_object_is_refused(tmp_path, text: str) -> None:
    path = packed(tmp_path / "a.eval", [sample()])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("samples/q2_epoch_1.json", text)
    with pytest.raises(DataError, match="q2_epoch_1"):
        opened(path)
