"""Whatever the text: a family keeps its contract, or leaves the item out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftgate.canon import canonical
from liftgate.perturbations.families import FAMILIES, family
from liftgate.perturbations.lots import Lots
from liftgate.perturbations.protect import protected
from liftgate.perturbations.spelling import skeleton
from liftgate.perturbations.subject import NotApplicable, Subject

PLAIN = ["What", "answer", "GPU", "ok", "don't", "however", "between", "Moscow"]
HARD = ["42", "3rd", "`code", "x`", "https://a.b/c", "a_b", "{slot}", "<b>", "$x$", "A)", "B."]
FOREIGN = ["Größe", "naïve", "été", "日本", "🙂", "e\u0301clair", "\u202eright", "мир"]
WORDS = st.sampled_from([*PLAIN, *HARD, *FOREIGN])
HOSTILE = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60)
TEXTS = st.lists(
    WORDS | HOSTILE | st.sampled_from(["\n", "\t", "\r\n", "\x00", "\u2028"]), max_size=25
).map(" ".join)
TARGETS = st.none() | st.sampled_from(["answer", "B", "between"]) | HOSTILE
SEEDS = st.integers(0, 2**53)


def changed(name: str, parts: dict[str, Any], target: Any, seed: int, rate: float) -> Any:
    try:
        return family(name).change(Subject(parts, target, Lots(seed, "x"), rate))
    except NotApplicable:
        return None


@pytest.mark.parametrize("name", sorted(FAMILIES))
@settings(max_examples=60, deadline=None)
@given(TEXTS, TARGETS, SEEDS, st.floats(0.01, 1.0))
def test_a_family_keeps_its_contract_or_leaves_the_item_out(name, text, target, seed, rate):
    parts = {"text": text}

    found = changed(name, parts, target, seed, rate)

    assert parts == {"text": text}
    if found is None:
        return
    new = found.input["text"]
    assert canonical(found.input)  # valid Unicode
    assert bool(new.strip()) or not text.strip()
    assert found == changed(name, parts, target, seed, rate)
    if name != "order":
        assert found.target == target
    if name != "identity":
        assert new != text
    if name in ("typos", "casing", "confusables"):
        for start, end in protected(text, target):
            assert text[start:end] in new
    if name == "casing":
        assert new.casefold().split() == text.casefold().split()
    if name == "confusables":
        assert skeleton(new) == skeleton(text)
    if name == "context":
        assert new.startswith(text) or new.endswith(text)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=2, max_size=8),
        min_size=2,
        max_size=8,
        unique=True,
    ),
    st.data(),
    SEEDS,
)
def test_the_right_option_is_the_same_one_after_reordering(options, data, seed):
    at = data.draw(st.integers(0, len(options) - 1))
    letter = chr(65 + at)

    listed = changed("order", {"options": options}, letter, seed, 0.0)
    lines = "\n".join(f"{chr(65 + n)}) {one}" for n, one in enumerate(options))
    written = changed("order", {"text": f"Choose.\n{lines}"}, letter, seed, 0.0)

    for found in (listed, written):
        if found is None:
            continue
        where = ord(found.target) - 65
        if "options" in found.input:
            assert sorted(found.input["options"]) == sorted(options)
            assert found.input["options"][where] == options[at]
        else:
            line = found.input["text"].split("\n")[1 + where]
            assert line == f"{found.target}) {options[at]}"
