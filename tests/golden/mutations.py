"""What may become of a golden file on its way, and who must refuse it.

``house`` are the readers and checks of liftgate itself (``judges.py``), ``official`` the tools and
schemas of those whose format it is (``tests/interop``).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOUSE, OFFICIAL = "house", "official"
BOTH = frozenset({HOUSE, OFFICIAL})
CARD, DATASET = "model-card/README.md", "dataset-card/README.md"
EVAL, BOM = "model-card/.eval_results/liftgate.yaml", "model-card/model.cdx.json"
CROISSANT, ITEMS = "dataset-card/croissant.json", "dataset-card/items.jsonl"
OSF, SARIF, MADR = "osf/osf.json", "sarif/lint.sarif", "madr/decision.md"
COMPARE, GATE = "junit/compare.xml", "junit/gate-status.xml"
NEW = "every_eval_ever/data/t/lab/new/4ba02787-e0ac-471d-9daa-2b6167f4c9c0"
AGGREGATE, SAMPLES = f"{NEW}.json", f"{NEW}_samples.jsonl"

Change = Callable[[str], str]


@dataclass(frozen=True)
class Mutation:
    """One change of one file."""

    file: str
    name: str
    change: Change
    by: frozenset[str]

    @property
    def id(self) -> str:
        return f"{self.file.rpartition('/')[2]}: {self.name}"


def text(old: str, new: str) -> Change:
    """Put a text in the place of the first one like it."""

    def change(content: str) -> str:
        assert old in content, f"{old!r} is not in the file"
        return content.replace(old, new, 1)

    return change


def _reach(body: Any, path: str) -> tuple[Any, Any]:
    *inside, last = [int(p) if p.lstrip("-").isdigit() else p for p in path.split("/")]
    for part in inside:
        body = body[part]
    return body, last


def put(path: str, value: Any) -> Change:
    """Put a value into a JSON document."""

    def change(content: str) -> str:
        body = json.loads(content)
        place, last = _reach(body, path)
        assert place[last] != value
        place[last] = value
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"

    return change


def drop(path: str) -> Change:
    """Take a member out of a JSON document."""

    def change(content: str) -> str:
        body = json.loads(content)
        place, last = _reach(body, path)
        del place[last]
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"

    return change


def said(inner: Change) -> Change:
    """Change what an envelope holds; its signature stays that of the original."""

    def change(content: str) -> str:
        envelope = json.loads(content)
        payload = base64.b64decode(envelope["payload"]).decode()
        envelope["payload"] = base64.b64encode(inner(payload).encode()).decode()
        return json.dumps(envelope)

    return change


def first_line(inner: Change) -> Change:
    """Change the first line of a file of JSON lines."""

    def change(content: str) -> str:
        head, _, rest = content.partition("\n")
        return json.dumps(json.loads(inner(head))) + "\n" + rest

    return change


def _of(file: str, by: frozenset[str] | str, **changes: Change) -> list[Mutation]:
    who = by if isinstance(by, frozenset) else frozenset({by})
    return [Mutation(file, name.replace("_", " "), one, who) for name, one in changes.items()]


_FIRST = "model-index:\n- name: dense\n  results:\n"
_METRIC = "components/0/modelCard/quantitativeAnalysis/performanceMetrics/0"
_RESULT = "runs/0/results/0"
_VSA, _TEST = "in-toto/vsa.json", "in-toto/test-result.json"
_DETAIL = "evaluation_results/0/score_details"
STATEMENTS = ("protocol", "result", "decision", "test-result", "vsa")

MUTATIONS: list[Mutation] = [
    *_of(CARD, BOTH, a_result_without_its_value=text("      value: 0.5876\n", "")),
    *_of(CARD, BOTH, a_result_without_its_type=text("    - type: mrr\n      value", "    - value")),
    *_of(CARD, BOTH, no_name_of_the_model=text(_FIRST, "model-index:\n- results:\n")),
    *_of(CARD, HOUSE, another_value_in_the_head=text("value: 0.5876", "value: 0.6876")),
    *_of(CARD, HOUSE, another_value_in_a_sentence=text("58.8 points", "59.8 points")),
    *_of(EVAL, BOTH, no_dataset_id=text("    id: python:examples.docsearch.dataset:items\n", "")),
    *_of(EVAL, BOTH, no_task_id=text("    task_id: mrr\n", "")),
    *_of(EVAL, BOTH, no_value=text("  value: 0.5876\n", "")),
    *_of(EVAL, HOUSE, another_value=text("value: 0.5876", "value: 0.5976")),
    *_of(EVAL, HOUSE, another_interval=text("56.3", "57.3")),
    *_of(BOM, BOTH, a_number_that_must_be_a_text=put(f"{_METRIC}/value", 0.5876)),
    *_of(BOM, BOTH, no_name_of_the_component=drop("components/0/name")),
    *_of(BOM, BOTH, a_type_that_there_is_not=put("components/0/type", "model")),
    *_of(BOM, BOTH, a_digest_that_is_cut=put("components/1/hashes/0/content", "abcd")),
    *_of(BOM, HOUSE, another_version_of_the_format=put("specVersion", "1.7")),
    *_of(BOM, HOUSE, another_lower_limit=put(f"{_METRIC}/confidenceInterval/lowerBound", "0.1")),
    *_of(CROISSANT, HOUSE, no_name=drop("name")),
    *_of(CROISSANT, BOTH, a_type_that_there_is_not=put("recordSet/0/field/0/dataType", "sc:Txt")),
    *_of(CROISSANT, BOTH, a_file_that_there_is_not=put(
        "recordSet/0/field/0/source/fileObject/@id", "other.jsonl")),
    *_of(CROISSANT, BOTH, a_wrong_sha256=put("distribution/0/sha256", "0" * 64)),
    *_of(CROISSANT, BOTH, no_url_of_the_file=drop("distribution/0/contentUrl")),
    *_of(CROISSANT, HOUSE, another_count_of_items=put("variableMeasured/0/value", 7)),
    *_of(ITEMS, BOTH, another_item=text("land 1?", "land 9?")),
    *_of(ITEMS, BOTH, an_item_less=lambda content: content.partition("\n")[2]),
    *_of(DATASET, HOUSE, another_count_of_items=text(">6<", ">7<")),
    *_of(DATASET, HOUSE, another_span_of_lengths=text("32 to 32", "32 to 33")),
    *_of(OSF, HOUSE, a_section_less=drop("0")),
    *_of(OSF, HOUSE, another_heading=put("1/questions/0/heading", "Kind of study")),
    *_of(OSF, HOUSE, another_sample_size=text("6 items", "60 items")),
    *_of(OSF, HOUSE, an_answer_that_is_a_number=put("0/questions/0/answer", 1)),
    *[m for name in STATEMENTS for m in (
        *_of(f"in-toto/{name}.json", BOTH, no_signature=put("signatures", [])),
        *_of(f"in-toto/{name}.json", BOTH, the_payload_of_another=said(put("subject/0/name", "x"))),
        *_of(f"in-toto/{name}.json", BOTH, another_digest=said(
            put("subject/0/digest/sha256", "0" * 64))),
        *_of(f"in-toto/{name}.json", HOUSE, another_type_of_payload=put(
            "payloadType", "application/json")),
        *_of(f"in-toto/{name}.json", HOUSE, no_payload=drop("payload")),
    )],
    *_of(COMPARE, OFFICIAL, a_test_without_a_name=text(' name="acc"><error', "><error")),
    *_of(COMPARE, OFFICIAL, an_element_that_there_is_not=text("<error type", "<unsure type")),
    *_of(COMPARE, BOTH, a_file_that_is_cut=text("</testsuites>", "")),
    *_of(COMPARE, BOTH, another_number_of_failures=text('failures="1"', 'failures="0"')),
    *_of(COMPARE, BOTH, a_test_less=text(
        '    <testcase classname="old.jsonl → new.jsonl" name="all metrics, over the candidates">'
        "</testcase>\n", "")),
    *_of(COMPARE, OFFICIAL, a_property_without_a_value=text(' value="0.3"', "")),
    *_of(GATE, BOTH, a_suite_without_its_counts=text(' errors="1"', "")),
    *_of(GATE, BOTH, an_error_that_is_told_as_nothing=text("<error", "<system-out><!-- ")),
    *_of(GATE, BOTH, a_waiver_that_is_gone=text('skipped="1"', 'skipped="0"')),
    *_of(SARIF, HOUSE, no_message=drop(f"{_RESULT}/message")),
    *_of(SARIF, HOUSE, no_name_of_the_tool=drop("runs/0/tool/driver/name")),
    *_of(SARIF, HOUSE, a_level_that_there_is_not=put(f"{_RESULT}/level", "fatal")),
    *_of(SARIF, HOUSE, a_line_before_the_first=put(
        f"{_RESULT}/locations/0/physicalLocation/region/startLine", 0)),
    *_of(SARIF, HOUSE, another_version_of_the_format=put("version", "2.0.0")),
    *_of(SARIF, HOUSE, a_rule_that_there_is_not=put(f"{_RESULT}/ruleId", "study-falt")),
    *_of(AGGREGATE, HOUSE, a_checksum_of_other_samples=put(
        "detailed_evaluation_results/checksum", "0" * 64)),
    *_of(AGGREGATE, HOUSE, another_score=put(f"{_DETAIL}/score", 0.9)),
    *_of(AGGREGATE, HOUSE, another_version_of_the_format=put("schema_version", "0.2.0")),
    *_of(AGGREGATE, OFFICIAL, no_results=drop("evaluation_results")),
    *_of(AGGREGATE, OFFICIAL, a_score_that_is_a_text=put(f"{_DETAIL}/score", "high")),
    *_of(AGGREGATE, OFFICIAL, a_number_of_rows_that_is_not=put(
        "detailed_evaluation_results/total_rows", 41)),
    *_of(SAMPLES, BOTH, a_line_less=lambda content: content.partition("\n")[2]),
    *_of(SAMPLES, BOTH, a_score_that_is_a_text=first_line(put("evaluation/score", "high"))),
    *_of(SAMPLES, BOTH, no_name_of_the_sample=first_line(drop("sample_id"))),
    *_of(SAMPLES, HOUSE, another_answer=text("Question 1", "Question 9")),
    *_of(MADR, HOUSE, a_section_less=text("## Considered options", "## Options")),
    *_of(MADR, HOUSE, a_chance_above_one=text("rollback: 0.1", "rollback: 1.1")),
    *_of(MADR, HOUSE, a_chance_that_is_a_word=text("rollback: 0.1", "rollback: low")),
    *_of(MADR, HOUSE, an_outcome_that_is_no_option=text("ship new\n\n## R", "ship it\n\n## R")),
    *_of(MADR, HOUSE, quantiles_out_of_order=text("0.0, 0.02", "0.05, 0.02")),
]  # fmt: skip
