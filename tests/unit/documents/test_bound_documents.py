"""Documents whose numbers are bound: built, changed by a hand, checked."""

from __future__ import annotations

import re

import pytest

from liftgate.documents.audit import Status, audit, record_of
from liftgate.documents.beside import Source
from liftgate.documents.binding import bind, plain_markdown, scan, unmarked
from liftgate.documents.compiled import SHIPPED, compile_document
from liftgate.documents.facts import Facts
from liftgate.errors import DataError, StudyError, UnknownName
from liftgate.lineage.reference import targets

SOURCE = Source("sha256:ab", "2026-11-23T11:20:31+00:00")
TEMPLATES = ("decision-memo", "model-card")
"""Those that a decision alone is enough for; the others are built in tests/stories."""


def facts_of(body, entry=4):
    return Facts(entry, body, targets(body, entry))


def built(path, body):
    return compile_document(path, facts_of(body), SOURCE)


def checked(text, body, **more):
    record, _ = record_of(text, "card.md")
    facts = facts_of(body)
    return audit(text, record, facts, **{"newest": facts, **more})


@pytest.fixture
def own(tmp_path, decision):
    def make(template):
        path = tmp_path / "own.md.j2"
        path.write_text(template, encoding="utf-8")
        return built(path, decision)

    return make


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_shipped_document_is_supported_as_it_is_built(name, decision):
    document = built(SHIPPED / f"{name}.md.j2", decision)
    for text in (document.markdown, document.html()):
        found = checked(text, decision)
        assert len(found) > 5
        assert {f.status for f in found} == {Status.SUPPORTED}


def test_the_memo_has_no_bare_point_estimate_and_fits_one_page_for_one_candidate(decision):
    decision["decisions"] = [d for d in decision["decisions"] if d["candidate"] == "dense"]
    facts = facts_of(decision)
    text = built(SHIPPED / "decision-memo.md.j2", decision).markdown
    with_words, with_texts = 0, 0
    for found in scan(text):
        reference, _, field = found.name.partition("#")
        if ":" in reference and facts.words(facts.numbers[reference]) is not None:
            with_words += 1
            assert field in ("text", "demand", "reading", "reason")
        if field == "text" and ":" in reference:
            number = facts.numbers[reference]
            with_texts += number.estimate is not None
            assert number.estimate is None or " to " in found.text
    assert with_words
    assert with_texts
    assert len(re.sub("<!--.*?-->", "", text).split()) < 450


@pytest.mark.parametrize("page", [False, True])
def test_one_changed_digit_is_named_with_its_line(decision, page):
    document = built(SHIPPED / "decision-memo.md.j2", decision)
    lines = (document.html() if page else document.markdown).split("\n")
    at = next(n for n, line in enumerate(lines) if "+11.0 points" in line)
    lines[at] = lines[at].replace("+11.0 points", "+12.0 points")
    bad = [f for f in checked("\n".join(lines), decision) if f.status is not Status.SUPPORTED]
    assert [(f.line, f.status) for f in bad] == [(at + 1, Status.CONTRADICTED)]
    assert "+11.0 points" in bad[0].message


def test_a_number_of_an_older_entry_is_stale_even_where_the_newer_says_the_same(decision):
    text = built(SHIPPED / "decision-memo.md.j2", decision).markdown
    found = checked(text, decision, newest=facts_of(decision, 9))
    assert {f.status for f in found} == {Status.STALE}
    assert "entry 9 is newer and says the same" in found[0].message


def test_rows_that_are_not_those_of_the_decision_make_it_stale(decision):
    text = built(SHIPPED / "decision-memo.md.j2", decision).markdown
    found = checked(text, decision, rows_hold="the rows differ")
    assert {f.status for f in found} == {Status.STALE}


def test_a_number_without_evidence_is_unsupported_and_one_of_several_is_ambiguous(own, decision):
    text = own('{{ d.number("dense.primary") }}').markdown
    twice = str(decision["latency"]["bm25"]["p95_ms"])
    decision["latency"]["dense"]["p95_ms"] = decision["latency"]["bm25"]["p95_ms"]
    found = checked(f"It saves 37 hours, at {twice} ms.\n{text}", decision)
    assert [f.status for f in found[:2]] == [Status.UNSUPPORTED, Status.AMBIGUOUS]
    assert "4:bm25.latency_p95_ms#value, 4:dense.latency_p95_ms#value" in found[1].message


def test_a_typed_quantity_does_not_build_and_its_line_is_named(own):
    with pytest.raises(StudyError) as error:
        own("Fine.\n\nIt is +11.0 points better.\n")
    (fault,) = error.value.faults
    assert fault.line == 3
    assert fault.suggestion == "4:dense.primary#value"


def test_a_constant_is_declared_and_cannot_be_changed_in_the_text(own, decision):
    text = own('Within {{ d.constant("review", "30 days") }}, {{ d.constant("review") }}.').markdown
    assert {f.status for f in checked(text, decision)} == {Status.SUPPORTED}
    bad = checked(text.replace("30 days<!--/-->,", "31 days<!--/-->,"), decision)
    assert [f.status for f in bad] == [Status.CONTRADICTED, Status.SUPPORTED]


def test_a_value_of_the_body_cannot_slip_in_unbound(own):
    with pytest.raises(StudyError, match="not bound"):
        own("{{ body.alpha }}")


@pytest.mark.parametrize(
    "template",
    ['{{ d.number("dense.primry") }}', '{{ d.number("dense.primary", "mood") }}',
     '{{ d.value("dataset.itms") }}', '{{ d.constant("never") }}'],
)  # fmt: skip
def test_what_is_not_there_does_not_build(own, template):
    with pytest.raises(UnknownName):
        own(template)


def test_a_template_reaches_nothing_of_the_machine(own):
    with pytest.raises(StudyError):
        own("{{ d.__class__.__mro__ }}{{ ''.__class__.__subclasses__() }}")


@pytest.mark.parametrize(
    "text",
    [
        "On 2026-11-23 11:20 UTC, and 2026-11-23T11:20:31+00:00",
        "With v2 and 1.2.3",
        "## 1.2 Scope",
        "3. third",
        "See Section 2, Table 1, Figure 3, entry 4, ADR 27",
        "recall\\_at\\_5, dense-int4, p95 and sha256",
        "the code `4:dense.primary` and ``a ` 7``",
        "> as 5 people said",
        "[here](https://example.org/7)",
        "```\n12 %\n```",
        "<!-- 5\n6 -->",
    ],
)
def test_what_is_exempt(text):
    assert list(scan(text)) == []


@pytest.mark.parametrize(
    ("text", "numerals"),
    [
        ("12 % of 1,560 at −4.9", ["12 %", "1,560", "−4.9"]),
        ("1.2 points", ["1.2"]),
        ("a 5-point gain", ["5"]),
        ("**7**", ["7"]),
        ("```\nx\n```\n5", ["5"]),
        ("5x faster", ["5"]),
        ("1<!--=4#alpha-->0.05<!--/-->", ["0.05", "1"]),
    ],
)
def test_what_is_not_exempt(text, numerals):
    assert [f.text for f in scan(text)] == numerals


def test_half_a_binding_is_noticed():
    assert [f.name for f in scan("<!--=4#alpha-->0.05")] == ["", None]


HOSTILE = (
    "<script>alert(1)</script> <!--=4#alpha-->0.05<!--/--> -->![x](javascript:1) `` ``` **b** | "
    "{{ 7 * 7 }} \u202e [a](b) &lt;img src=x onerror=1&gt;\n# h\n```\n"
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_hostile_texts_stay_text_in_every_shipped_document(name, decision):
    decision["hypothesis"] = HOSTILE
    decision["not_shown"] = [HOSTILE]
    decision["study"] = "<b>s</b>--><i>"
    decision["decisions"][0]["sentence"] = HOSTILE
    for row in decision["slices"]["dense"]["folder"]:
        row["slice"] = f"{HOSTILE}{row['slice']}"
    document = built(SHIPPED / f"{name}.md.j2", decision)
    page = document.html()
    for bad in ("<script", "<img", "<b>s", "<i>", 'javascript:1)"', "\u202e"):
        assert bad not in page
    assert {f.status for f in checked(document.markdown, decision)} == {Status.SUPPORTED}
    assert {f.status for f in checked(page, decision)} == {Status.SUPPORTED}


@pytest.mark.parametrize("text", ["a_b*c", "<x> & y", "1. one", "- one", "+ one", "a|b`c", "\\*"])
def test_plain_markdown_can_be_read_back(text):
    assert unmarked(plain_markdown(text)) == text


def test_a_name_cannot_end_its_own_mark():
    (found,) = scan(bind("4:a-->b.x#text", "1"))
    assert found.name == "4:a-->b.x#text"


@pytest.mark.parametrize("text", ["", "<!-- liftgate-document {} -->", "<!-- liftgate-document x"])
def test_a_file_that_was_not_built_is_refused(text):
    with pytest.raises(DataError, match=r"card\.md"):
        record_of(text, "card.md")
