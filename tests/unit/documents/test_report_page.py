"""The decision report: everything in the body is on the page, with its reference."""

import base64
import dataclasses
import hashlib
import itertools
import json
import re

import pytest

from liftgate.documents.money import cost_lines
from liftgate.documents.numbers import unit_of
from liftgate.documents.sections import readable
from liftgate.lineage.reference import targets
from liftgate.records import Claim, Decision, Estimate, Pairing, Verdict


def numbers(text):
    return [
        float(n.replace("−", "-").replace(",", ""))
        for n in re.findall(r"[−+]?[\d,]*\d(?:\.\d+)?", text)
    ]


def verdicts(body):
    for decision in body["decisions"]:
        for verdict in decision["verdicts"]:
            yield verdict
            yield from verdict["parts"]


def reference(verdict, entry=4):
    tail = "" if verdict["slice"] is None else f".{verdict['slice']}"
    return f"{entry}:{verdict['candidate']}.{verdict['claim']}{tail}"


def test_the_fixture_has_the_shape_of_the_records(decision):
    def keys(record):
        return {f.name for f in dataclasses.fields(record)}

    assert {frozenset(d) for d in decision["decisions"]} == {frozenset(keys(Decision))}
    assert {frozenset(c) for c in decision["claims"]} == {frozenset(keys(Claim))}
    assert {frozenset(v) for v in verdicts(decision)} == {frozenset(keys(Verdict))}
    estimates = [v["estimate"] for v in verdicts(decision) if v["estimate"]]
    assert {frozenset(e) for e in estimates} == {frozenset(keys(Estimate))}
    pairings = [p for report in decision["health"].values() for p in report.values()]
    assert {frozenset(p) for p in pairings} == {frozenset(keys(Pairing))}


def test_every_verdict_stands_in_a_row_named_by_its_reference(decision, report):
    page = report(decision)
    for verdict in verdicts(decision):
        ref = reference(verdict)
        text = page.rows[ref]
        assert ref in text.replace(" ", "")
        assert verdict["reason"] in text


def test_every_number_of_every_verdict_is_in_its_row_to_its_meaningful_digits(decision, report):
    page = report(decision)
    claims = {claim["id"]: claim for claim in decision["claims"]}
    checked = 0
    for verdict in verdicts(decision):
        metric = claims[verdict["claim"]]["metric"]
        factor = unit_of(metric, decision["scales"].get(metric)).factor
        shown = numbers(page.rows[reference(verdict)])
        for estimate in (verdict["estimate"], verdict["descriptive"]):
            if estimate is None:
                continue
            ends = [e for e in (estimate["low"], estimate["high"]) if e is not None]
            close = max(abs(e - estimate["value"]) for e in ends) * factor / 20
            for value in [estimate["value"], *ends]:
                assert any(abs(value * factor - n) <= close for n in shown), (verdict, value)
                checked += 1
            for size in (estimate["n"], round(100 * estimate["level"])):
                assert size in shown
        if verdict["measured"] is not None:
            assert verdict["measured"] in shown
            checked += 1
    assert checked == 77


def test_the_primary_of_the_shipped_candidate_reads_as_written_by_hand(decision, report):
    row = " ".join(report(decision).rows["4:dense.primary"].split())
    for text in (
        "recall_at_5 primary",
        "better by more than 0 points; +5 points would be worth having",
        "62.9 points",
        "73.9 points",
        "+11.0 points 90 %: +8.9 to +13.1 95 %: +8.5 to +13.5 (descriptive)",
        "p < 0.001, n 1,560 in 227 clusters",
        "mean difference, CR2, asymptotic",
        "superior gate passed",
        "4:dense .primary",
    ):
        assert text in row


def test_arm_means_carry_interval_n_method_and_reference(decision, report):
    row = " ".join(report(decision).rows["4:bm25.mrr"].split())
    assert (
        row == "mrr bm25 51.3 points 95 %: 48.7 to 54.0 n 1,560 in 227 clusters "
        "mean, CR2, asymptotic 4:bm25 .mrr"
    )


def test_the_recommended_candidate_comes_first_and_each_has_its_word(decision, report):
    page = report(decision)
    order = [page.source.index(f">{name}</h2>") for name in ("dense", "fusion", "dense-int4")]
    assert order == sorted(order)
    for word in ("SHIP", "INCONCLUSIVE", "HOLD", "recommended"):
        assert word in page.text
    for found in decision["decisions"]:
        assert page.text.count(found["sentence"]) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "docsearch-dense",
        "chain verified: 4 entries",
        "2026-11-23 09:12 UTC, entry 1",
        "ledger entry 4, leaf abababababab",
        "1,560 items in 227 clusters",
        "too few: 4 clusters, at least 6 are needed for an interval",
        "harm of 6.2 points would have been seen",
        "exploratory",
        "not measured",
        "effect in production",
        "the latency limit was copied from the old service",
        "claims.guardrails.1.within.limit",
        "The same rows under the first lock",
        "the probability that the candidate is shipped is at most 5 %",
        "this build, not this method",
        "liftgate run examples/docsearch/study.yaml",
        "minilm-int8",
        "run-1.parquet",
        "gained, 15.1 %",
        "Units in all for 80 % power on that claim: 1,368.",
        "Harm shown on: guardrails.0.",
        "no answer: the system failed",
        "6.30, 5.90, 6.10, 6.00, 6.60, 5.80, 6.02",
        "0 of 1,560",
        "retries.timeout 1 2 differs",
        "Only in the baseline: q0311 , q0977 .",
    ],
)
def test_the_page_says(text, decision, report):
    assert text in report(decision).text


def test_the_largest_gains_and_losses_stand_side_by_side_with_their_texts(decision, report, texts):
    page = report(decision)
    rows = decision["items"]["dense"]["gains"] + decision["items"]["dense"]["losses"]
    assert len(rows) == 40
    plain = " ".join(page.texts)
    for row in rows:
        assert row["item"] in plain
        for key in ("input", "target", "baseline_output", "candidate_output"):
            if row[key] is not None:
                assert texts(row[key]) in plain


def test_an_erased_text_is_named_and_the_page_still_stands(decision, report):
    page = report(decision, texts=lambda digest: None)
    assert "not kept in the store, or erased" in page.text


def test_the_page_asks_nothing_of_any_other_place(decision, report):
    page = report(decision)
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "iframe", "object", "embed", "form", "img", "base", "video"})
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            if name in ("href", "src", "xlink:href"):
                assert value.startswith(("#", "data:image/svg+xml;base64,")), (tag, value)
    assert "url(" not in page.source
    assert "@import" not in page.source


def test_the_content_policy_allows_this_style_sheet_and_nothing_else(decision, report):
    page = report(decision)
    policy = next(
        a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    css = re.search(r"<style>(.*?)</style>", page.source, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_headings_go_down_one_step_at_a_time_and_ids_are_unique(decision, report):
    page = report(decision)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for t, a in page.tags if t == "a"}
    assert targets <= set(ids)


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(decision, report):
    page = report(decision)
    tables = [i for i, (tag, _) in enumerate(page.tags) if tag == "table"]
    assert tables
    for i in tables:
        assert page.tags[i + 1][0] == "caption"
    assert all("scope" in a for t, a in page.tags if t == "th")
    pictures = [a for t, a in page.tags if t == "svg"]
    assert all(a.get("role") == "img" or a.get("aria-hidden") == "true" for a in pictures)


def test_a_relative_margin_shows_the_contrast_and_the_difference(decision, report):
    decision["claims"][1]["params"] = {"margin": "4%"}
    page = report(decision)
    row = " ".join(page.rows["4:dense.guardrails.0"].split())
    assert "candidate − 96 % of baseline, 90 %: +5.7 to +9.1" in row
    assert "difference, 95 %: +5.4 to +9.5" in row


def test_bare_bodies_say_what_is_missing(decision, report):
    for key in ("changes", "health", "failures", "latency", "cost", "means", "slices", "items"):
        decision[key] = {}
    decision["deviation"] = None
    decision["recommended"] = None
    decision["planned"] = decision["done"] = {}
    for arm in decision["arms"]:
        arm["measures"] = {}
    page = report(decision)
    assert page.text.count("not measured") > 20
    assert "No arm failed on any item." in page.text
    assert "Amendments None." in page.text


def test_a_voided_and_unassessed_decision_says_so(decision, report):
    found = decision["decisions"][0]
    found["voids"] = ["deviated"]
    found["not_assessed"] = ["guardrails.1"]
    text = report(decision).text
    assert "The error statement is void: deviated." in text
    assert "claim not assessed for fusion" in text


def test_every_reference_on_the_page_can_be_traced_and_every_traceable_number_is_on_it(
    decision, report
):
    codes = re.findall(r'<code class="ref">(.*?)</code>', report(decision).source)
    assert {code.replace("<wbr>", "") for code in codes} == set(targets(decision, 4))


def test_planned_and_done_are_compared_where_they_can_be(decision, report):
    decision["planned"] = {"retries": {"crash": 1, "timeout": 2}, "items": 5}
    decision["done"] = {"retries": 7, "items": 4}
    text = report(decision).text
    assert "retries crash 1, timeout 2 7 –" in text
    assert "items 5 4 differs" in text


def test_an_original_analysis_that_cannot_be_made_gives_its_reason(decision, report):
    decision["deviation"]["original"] = {
        "study_digest": "sha256:" + "0" * 64,
        "decisions": [],
        "reason": "the first lock's dataset is not the present one",
    }
    assert "the first lock's dataset is not the present one" in report(decision).text


def test_an_original_analysis_may_have_claims_of_its_own(decision, report):
    original = decision["deviation"]["original"]
    original["claims"] = [
        {**claim, "id": claim["id"].replace("guardrails.0", "guardrails.9")}
        for claim in decision["claims"]
    ]
    original["decisions"] = json.loads(
        json.dumps(original["decisions"]).replace("guardrails.0", "guardrails.9")
    )
    assert "4:dense .guardrails .9" in report(decision).text


def test_a_mean_without_an_interval_says_so(decision, report):
    decision["means"]["bm25"]["mrr"] = None
    row = " ".join(report(decision).rows["4:bm25.mrr"].split())
    assert row == "mrr bm25 not measured no interval is admissible 4:bm25 .mrr"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ({"question": "one part"}, "one part"),
        ({"target": ["a", "b"]}, '[\n "a",\n "b"\n]'),
        ({"q": "x", "context": "y"}, "q:\nx\n\ncontext:\ny"),
        ({"q": "x", "n": 3}, '{\n "q": "x",\n "n": 3\n}'),
        (None, "null"),
    ],
)
def test_inputs_targets_and_answers_are_readable(value, text):
    assert readable(value) == text


def test_first_tokens_stand_beside_the_latency_where_answers_were_streamed(decision, report):
    assert "First token" not in report(decision).text
    arm = decision["arms"][0]["name"]
    decision["latency"][arm] |= {"ttft_p50_ms": 41.0, "ttft_p95_ms": 87.5, "ttft_n": 12}
    text = report(decision).text
    assert "p50 41 ms, p95 87.5 ms (n 12)" in text
    assert text.count("not streamed") == len(decision["arms"]) - 1


def _priced(decision):
    """Return the decision with costs; the numbers are made up, their shape is the ledger's."""
    estimate = {
        **next(iter(decision["means"][decision["arms"][0]["name"]].values())),
        "value": 0.0000421,
        "low": 0.0000399,
        "high": 0.0000443,
        "null": 0.0,
        "level": 0.95,
        "warnings": ["2 of 60 items left out: a cost or a score is not known"],
    }
    known = {"value": estimate["value"], "estimate": estimate, "reason": ""}
    none = {"value": None, "estimate": None, "reason": "there is no success"}
    bare = {"value": 2.0, "estimate": None, "reason": "no spread"}
    one = {"per_item": known, "per_1000": bare, "per_success": none}
    decision["prices"] = {"currency": "EUR", "digest": "sha256:" + "0" * 64}
    decision["money"] = {
        "success": "right",
        "arms": {arm["name"]: one for arm in decision["arms"]},
        "differences": {d["candidate"]: one for d in decision["decisions"]},
        "saved": {"about": 3.14159, "calls": 1234, "currency": "EUR"},
    }
    return decision


def test_what_answers_cost_stands_with_its_interval_and_what_is_not_known_says_why(
    decision, report
):
    assert "What an answer costs" not in report(decision).text
    text = report(_priced(decision)).text
    assert "What an answer costs in EUR" in text
    assert "0.0000421 (95 %: 0.0000399 to 0.0000443)" in text
    assert "2 of 60 items left out" in text
    assert "+0.0000421 (95 %: +0.0000399 to +0.0000443)" in text
    assert "no interval: no spread" in text
    assert "not measured there is no success" in text
    assert "Stopping early saved about 3.14 EUR: 1,234 calls" in text


def test_an_arm_of_unknown_cost_says_so_in_words(decision):
    known = list(cost_lines(_priced(decision)))
    assert known[0].endswith(
        "0.0000421 (95 %: 0.0000399 to 0.0000443) EUR an item; 2 EUR per 1,000; "
        "a success (right): there is no success"
    )
    arm = decision["arms"][0]["name"]
    nothing = {"value": None, "estimate": None, "reason": "the cost of no item is known"}
    decision["money"]["arms"][arm] = dict.fromkeys(("per_item", "per_1000", "per_success"), nothing)
    said = next(iter(cost_lines(decision)))
    assert said == (f"Cost of {arm}: not known, which is not zero (the cost of no item is known)")
