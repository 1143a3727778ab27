"""Item texts are hostile data: nothing breaks out, nothing hides, nothing floods the page."""

import json

import pytest

from liftgate.documents.page import MAX_BYTES, clip, cut, file_name, fit
from liftgate.errors import LiftgateError

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "closing": "</pre></div></details></section></main></body></html><h1>gone</h1>",
    "attribute": "\" onmouseover=\"alert(1)\" x=\"",
    "single": "' autofocus onfocus='alert(1)",
    "css": "</style><style>*{display:none}</style>",
    "comment": "<!-- --><!--><![CDATA[ ]]>",
    "template": "{{ 7 * 7 }}{% for x in y %}{{ ''.__class__.__mro__ }}{# gone #}",
    "svg": "</title></svg><svg onload=alert(1)><foreignObject><body onload=alert(1)>",
    "entity": "&lt;script&gt;&#x3C;&#0;&nbsp;",
    "null": "a\x00b\x1b[31mred\x85",
    "bidi": "admin\u202e\u2066txt.exe\u2069\u200f",
    "invisible": "in\u200bvis\u2060ible\ufeff\U000e0041",
    "surrogate": "lone \ud800 half",
    "newlines": "a\r\nb\rc\u2028d",
    "link": "javascript:alert(1) https://evil.example/x.js //evil.example",
    "percent": "%s %(x)s {0} $x ${y}",
}  # fmt: skip
NEVER = {"\x00", "\x1b", "\x85", "\u202e", "\u2066", "\u2069", "\u200f", "\u200b", "\u2060"}


def planted(body, attack):
    """The same decision with an attack wherever text from outside can stand."""
    body["hypothesis"] = body["owner"] = body["dataset"]["name"] = attack
    body["error_statement"] = body["reproduce"] = attack
    body["not_shown"] = [attack]
    body["planned"] = {attack: {attack: attack}}
    body["deviation"]["amendments"][0].update(reason=attack, seen=attack)
    body["deviation"]["amendments"][0]["changes"] = [{"path": attack, "old": attack, "new": attack}]
    body["failures"]["dense"] = {attack: 1}
    body["rows"]["files"] = {attack: attack}
    for arm in body["arms"]:
        arm["params"] = {attack: attack}
        arm["measures"][attack] = 1.0
    for decision in body["decisions"]:
        decision["sentence"] = attack
        for verdict in decision["verdicts"]:
            verdict["reason"] = attack
            for part in verdict["parts"]:
                part.update(slice=attack + part["slice"], reason=attack)
            if verdict["estimate"]:
                verdict["estimate"].update(method=attack, warnings=[attack])
    for candidate, found in body["slices"].items():
        body["slices"][candidate] = {attack: [{**r, "slice": attack} for r in found["folder"]]}
    for found in body["items"].values():
        for row in [*found["gains"], *found["losses"]]:
            row.update(item=attack, slices={attack: attack})
    for health in body["health"].values():
        for pairing in health.values():
            pairing["only_baseline"] = [attack]
    body["changes"] = {"dense": [{"path": attack, "baseline": attack, "candidate": {attack: 1}}]}
    return body


def skeleton(page):
    """The elements and the names of their attributes, without any text.

    A reference may break before each of its dots, so that a dot in a slice's name adds a ``wbr``.
    """
    return [(tag, sorted(attributes)) for tag, attributes in page.tags if tag != "wbr"]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_adds_no_element_and_no_attribute(name, decision, report):
    safe = report(planted(json.loads(json.dumps(decision)), "harmless"), texts=lambda d: "harmless")
    page = report(planted(decision, ATTACKS[name]), texts=lambda d: ATTACKS[name])
    assert skeleton(page) == skeleton(safe)
    for character in NEVER:
        assert character not in page.source
    page.source.encode("utf-8")


@pytest.mark.parametrize(
    "name", ["script", "closing", "attribute", "template", "comment", "link", "percent", "entity"]
)
def test_an_attack_is_shown_as_the_text_that_it_is(name, decision, report):
    page = report(planted(decision, ATTACKS[name]), texts=lambda d: ATTACKS[name])
    assert "".join(page.texts).count(ATTACKS[name]) > 200


def test_hidden_characters_are_named(decision, report):
    page = report(decision, texts=lambda d: ATTACKS["bidi"] + ATTACKS["null"])
    assert "admin⟨U+202E⟩⟨U+2066⟩txt.exe⟨U+2069⟩⟨U+200F⟩a⟨U+0000⟩b⟨U+001B⟩[31m" in page.text


@pytest.mark.parametrize("flood", ["<" * 100_000, "\x00" * 100_000, "é" * 100_000, "x " * 500_000])
def test_forty_rows_of_huge_texts_keep_to_300_kB_and_say_what_was_cut(flood, decision, report):
    page = report(decision, texts=lambda d: flood)
    assert len(page.source.encode()) <= MAX_BYTES == 300_000
    assert f"of {len(flood):,} characters shown" in page.text
    assert "To keep this page within 300 kB" in page.text
    assert "4:dense.primary" in page.rows


def test_floods_outside_the_items_keep_to_300_kB_too(decision, report):
    many = [f"item-{i}-{'y' * 50}" for i in range(5000)]
    for health in decision["health"].values():
        for pairing in health.values():
            pairing["only_baseline"] = many
    row = decision["slices"]["dense"]["folder"][0]
    decision["slices"]["dense"]["folder"] = [{**row, "slice": name} for name in many]
    watch = decision["decisions"][1]["verdicts"][4]
    watch["parts"] = [{**watch["parts"][0], "slice": name} for name in many[:500]]
    decision["changes"]["dense"] = [
        {"path": f"params.{i}", "baseline": "a" * 100_000, "candidate": None} for i in range(500)
    ]
    decision["decisions"][1]["sentence"] = "z" * 200_000
    page = report(decision)
    assert len(page.source.encode()) <= MAX_BYTES
    assert "of 5,000 slices shown" in page.text
    assert "of 200,000 characters shown" in page.text
    assert "more." in page.text


def test_when_rows_are_left_out_the_page_counts_them(decision, report):
    candidates = decision["decisions"]
    for i in range(6):
        name = f"more-{i}"
        extra = json.loads(json.dumps(candidates[0]).replace('"fusion"', f'"{name}"'))
        candidates.append(extra)
        for part in ("items", "slices", "health", "changes"):
            decision[part][name] = decision[part]["dense"]
    page = report(decision, texts=lambda d: "<&>" * 500)
    assert len(page.source.encode()) <= MAX_BYTES
    assert "of 20 rows shown" in page.text


def test_a_page_that_cannot_be_made_small_enough_is_an_error():
    with pytest.raises(LiftgateError, match="expected at most 300,000"):
        fit(lambda budget: "x" * (MAX_BYTES + 1))


def test_a_text_is_cut_with_its_length_said_and_never_in_silence():
    assert clip("abc", 3) == "abc"
    assert clip("abcd" * 1000, 3) == "abc… [3 of 4,000 characters shown]"
    found = cut(range(10), 4)
    assert found.shown == (0, 1, 2, 3)
    assert found.left_out == 6


@pytest.mark.parametrize(
    ("stem", "name"),
    [("docsearch-dense-4", "docsearch-dense-4.html"), ("../../etc/passwd", "etc-passwd.html")],
)
def test_the_name_of_a_file_stays_inside_its_folder(stem, name):
    assert file_name(stem) == name
