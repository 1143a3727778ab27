"""What a file is is told by its content; and no file, however odd, gets past its bounds."""

from __future__ import annotations

import json
import os
import tracemalloc

import pytest

from liftgate import plugins
from liftgate.errors import DataError
from liftgate.importers import json_text
from liftgate.importers.place import find
from tests.fixtures.logs.by_hand import LOGS, one, opened, packed, sample


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("inspect/small.eval", "log of inspect_ai 0.3.285, schema 2, status success"),
        ("inspect/small.json", "log of inspect_ai 0.3.285, schema 2, status success"),
        ("lm_eval/old/samples_sums_*.jsonl", "samples of lm-eval 0.4.13, task sums"),
        ("lm_eval/other-prompt/results_*.json", "samples of lm-eval 0.4.13, task choose"),
        ("promptfoo/old.json", "results of promptfoo 0.121.20"),
        ("promptfoo/old.jsonl", "results of promptfoo"),
        ("every_eval_ever/old-sums/*_samples.jsonl", "Every Eval Ever 0.3.0, written by lm_eval"),
        ("every_eval_ever/old-sums/*[0-9a-f].json", "Every Eval Ever 0.3.0, written by lm_eval"),
    ],
)
def test_a_log_is_recognised_and_said_to_be(pattern: str, told: str) -> None:
    assert opened(one(LOGS, pattern)).format.startswith(told)


@pytest.mark.parametrize("pattern", ["inspect/small.json", "promptfoo/old.json"])
def test_sorted_and_indented_logs_are_recognised_too(tmp_path, pattern: str) -> None:
    before = one(LOGS, pattern)
    path = tmp_path / "sorted.json"
    path.write_text(json.dumps(json.loads(before.read_text()), sort_keys=True, indent=2))
    assert list(opened(path).rows()) == list(opened(before).rows())


def test_rows_that_are_no_log_are_a_plain_table_and_said_to_be(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"item": "q1", "acc": 1}\n')
    assert opened(path).format == "a plain table (no log format recognised)"
    path = tmp_path / "t.csv"
    path.write_text("item,acc\nq1,1\n")
    assert opened(path).format == ""


def test_a_document_of_no_known_format_is_refused_with_what_was_seen(tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"scores": [1, 2], "name": "x"}')
    with pytest.raises(DataError, match=r"every_eval_ever, inspect_ai, .*names 'name', 'scores'"):
        opened(path)
    path.write_bytes('{"evalId": 1, "results": {}}'.encode("utf-16"))
    with pytest.raises(DataError, match="looks like UTF-16"):
        opened(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="it is empty"):
        opened(path)
    path.write_text("[1, 2]")
    with pytest.raises(DataError, match=r"no .json file of a known format"):
        opened(path)


def test_a_file_that_two_formats_claim_is_refused(tmp_path, monkeypatch) -> None:
    class Greedy:
        def recognises(self, head):
            return True

        def choose(self, paths):
            return paths[0]

    load = plugins.load
    known = (*plugins.names("importers"), "json.greedy")
    monkeypatch.setattr(plugins, "names", lambda kind: known)
    monkeypatch.setattr(
        plugins, "load", lambda kind, name: Greedy() if name == "json.greedy" else load(kind, name)
    )
    with pytest.raises(DataError, match=r"several importers: json\.promptfoo, json\.greedy"):
        opened(LOGS / "promptfoo" / "old.json")


def test_a_folder_may_hold_other_json_beside_its_one_log(tmp_path) -> None:
    (tmp_path / "settings.json").write_text('{"a": 1}')
    path = packed(tmp_path / "run.eval", [sample()])
    assert find(str(tmp_path)) == (path, None)


def test_a_folder_with_logs_of_two_tools_must_be_named_by_file(tmp_path) -> None:
    packed(tmp_path / "run.eval", [sample()])
    (tmp_path / "t.csv").write_text("item,acc\nq1,1\n")
    with pytest.raises(DataError, match="a folder with 2 tables"):
        find(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('{"a": 1, "b": {"c": 2}, "d": [', {"a", "b", "d"}),
        ('\ufeff {"a": "x', {"a"}),
        ('{"a"', set()),
        ("{}", set()),
        ("[1]", set()),
        ("", set()),
        ('{"a": NaN, "b": tru', {"a", "b"}),
        ('{"a": 1}\n{"b": 2}', {"a"}),
        ('{"a": ' + "[" * 100_000, {"a"}),
    ],
)
def test_the_names_of_the_first_object_are_read_as_far_as_it_goes(text: str, keys: set) -> None:
    assert json_text.keys_of(text.encode()) == keys


def test_a_folder_of_folders_says_which_one_to_name() -> None:
    with pytest.raises(DataError, match="a folder without a table or log") as told:
        find(str(LOGS / "lm_eval"))
    assert told.value.hint == f"name the folder of one run: {LOGS / 'lm_eval' / 'new'}"


# Bounds -----------------------------------------------------------------------------------------


def test_a_line_of_a_gibibyte_is_refused_after_its_allowed_length(tmp_path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.write(b'{"doc_id": 0, "doc": "')
    os.truncate(path, 2**30)  # sparse: takes no room on the disk
    tracemalloc.start()
    with pytest.raises(DataError, match=r"big.jsonl:1: is longer than 1 MiB"):
        next(json_text.lines(path, longest=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_line_of_a_log_is_refused_when_it_is_too_long(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(json_text.lines, "__defaults__", (1_000,))
    path = tmp_path / "big.jsonl"
    path.write_text('{"doc_id": 0, "doc": "' + "x" * 2_000)
    with pytest.raises(DataError, match=r"big.jsonl:1: is longer than"):
        opened(path)


def test_a_document_that_is_too_large_is_refused_unread(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(json_text, "LARGEST", 100)
    with pytest.raises(DataError, match="expected at most"):
        opened(LOGS / "promptfoo" / "old.json")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"\xfe\xff\x00{", "UTF-16"),
        (b'{"doc_id": 0, "doc": "\xe9"}', "not UTF-8"),
        (b'{"doc_id": 0, "doc": ', "not valid JSON"),
        (b'{"doc_id": 0, "doc": ' + b"[" * 100_000, "nested too deeply"),
        (b"[1]", "expected a JSON object"),
    ],
)
def test_a_line_that_is_no_json_object_is_refused_with_its_number(tmp_path, data, message) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"doc_id": 9, "doc": {}}\n\n' + data)
    with pytest.raises(DataError, match=rf"t.jsonl:3: .*{message}"):
        list(json_text.lines(path))


@pytest.mark.parametrize(
    "text",
    ["{", '{"a"', '{"a":', '{"a": 1', '{"a": 1,', "{1: 2}", '{"a": 1} x', '{"a" 1}', '{"s": [1',
     '{"s": [1 2]}', '{"s": [1,', '{"o": {"s": [1}}', "[" * 100_000, '{"a": ' + "[" * 100_000],
)  # fmt: skip
def test_a_document_that_is_no_json_object_is_refused(tmp_path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    lists = {("s",): lambda *_: None, ("o", "s"): lambda *_: None}
    with pytest.raises(DataError, match=r"x\.json"):
        json_text.document(path, lists)


def test_a_long_list_is_handed_over_element_by_element(tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": [1], "o": {"s": [1, {"x": NaN}, []], "t": {}}, "s": [], "e": {}}')
    seen = []
    lists = {("o", "s"): lambda one, before: seen.append((one, dict(before)))}
    rest = json_text.document(path, lists)
    assert [str(one) for one, _ in seen] == ["1", "{'x': nan}", "[]"]
    assert seen[0][1]["a"] == [1]
    assert rest == {"a": [1], "o": {"s": [], "t": {}}, "s": [], "e": {}}
