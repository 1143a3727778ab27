from __future__ import annotations

from typing import Any

import pytest

from liftgate.perturbations.families import FAMILIES, family
from liftgate.perturbations.lots import Lots
from liftgate.perturbations.spelling import skeleton
from liftgate.perturbations.subject import Changed, NotApplicable, Subject

TEXT = (
    "Please explain the refund policy of order 4711 and open https://shop.example/a?b=1 or the "
    'file src/app.py, run `rm -rf cache`, call get_total(x), keep "exact words here" and {name}. '
    "The answer is Marguerite, in every language."
)
KEPT = (
    "4711",
    "https://shop.example/a?b=1",
    "src/app.py",
    "`rm -rf cache`",
    "get_total(x)",
    '"exact words here"',
    "{name}",
    "Marguerite",
)
BLOCK = "Which city lies on the Seine?\nA) London\nB) Paris\nC) Rome\nAnswer:"


def change(
    name: str,
    parts: dict[str, Any] | str,
    target: Any = None,
    *,
    seed: int = 1,
    rate: float | None = None,
    only: tuple[str, ...] = (),
) -> Changed:
    one = family(name)
    given = {"text": parts} if isinstance(parts, str) else parts
    subject = Subject(given, target, Lots(seed, "item"), rate or one.rate or 0.0, only)
    return one.change(subject)


def text(changed: Changed, part: str = "text") -> str:
    found = changed.input[part]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("name", ["typos", "casing", "confusables"])
@pytest.mark.parametrize("seed", range(8))
def test_what_would_become_something_else_is_protected(name: str, seed: int) -> None:
    changed = change(name, TEXT, "Marguerite", seed=seed, rate=1.0)

    assert text(changed) != TEXT
    assert [kept for kept in KEPT if kept not in text(changed)] == []
    assert changed.target == "Marguerite"


def test_without_protection_the_planted_spans_would_be_hit(monkeypatch) -> None:
    monkeypatch.setattr("liftgate.perturbations.spelling.protected", lambda *_: [])

    lost = [kept for kept in KEPT if kept not in text(change("typos", TEXT, rate=1.0))]

    assert lost


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0])
def test_the_declared_share_of_words_gets_a_typo_each(rate: float) -> None:
    words = ["window", "garden", "yellow", "travel", "people", "little", "summer", "spring"] * 5
    clean = " ".join(words)

    new = text(change("typos", clean, rate=rate)).split()

    differ = [(a, b) for a, b in zip(words, new, strict=True) if a != b]
    assert len(differ) == round(rate * len(words))
    assert all(a[0] == b[0] and abs(len(a) - len(b)) <= 1 for a, b in differ)


def test_a_typo_never_makes_a_word_that_the_item_holds() -> None:
    clean = "form from form from form from"

    changed = 0
    for seed in range(30):
        try:
            new = text(change("typos", clean, seed=seed, rate=1.0)).split()
        except NotApplicable:
            continue
        changed += 1
        exchanged = zip(clean.split(), new, strict=True)
        assert all(word == old or word not in ("form", "from") for old, word in exchanged)
    assert changed


def test_casing_keeps_letters_lines_and_indentation() -> None:
    clean = "def of a plan:\n    first water the garden\n\tthen rest a while\n"

    new = text(change("casing", clean, rate=1.0))

    assert new != clean
    assert new.casefold().split() == clean.casefold().split()
    assert [len(line) - len(line.lstrip()) for line in new.splitlines()] == [0, 4, 1]


def test_confusables_look_the_same() -> None:
    new = text(change("confusables", "peace on every ocean", rate=1.0))

    assert new != "peace on every ocean"
    assert skeleton(new) == "peace on every ocean"


def test_irrelevant_context_keeps_the_whole_text() -> None:
    sides = {text(change("context", "Where is the key?", seed=s)).find("Where") for s in range(20)}

    assert 0 in sides
    assert len(sides) > 2
    assert all(
        "Where is the key?" in text(change("context", "Where is the key?", seed=s))
        for s in range(20)
    )


def test_irrelevant_context_comes_before_what_must_be_last() -> None:
    for seed in range(20):
        assert text(change("context", BLOCK, "B", seed=seed)).endswith("Answer:")


def test_irrelevant_context_holds_no_word_of_the_target() -> None:
    for seed in range(40):
        assert "ferry" not in text(change("context", "How do I get there?", "by Ferry", seed=seed))


def test_context_goes_to_the_last_message_of_the_user() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "What is a fjord?"},
    ]

    found: Any = change("context", {"messages": messages}).input["messages"]

    assert found[:3] == messages[:3]
    assert "What is a fjord?" in found[3]["content"]
    assert found[3] != messages[3]


@pytest.mark.parametrize("target", ["B", "(B)", "B.", "B)"])
def test_the_target_moves_with_the_lines_of_options(target: str) -> None:
    for seed in range(10):
        changed = change("order", BLOCK, target, seed=seed)
        letter = next(c for c in str(changed.target) if c.isalpha())
        assert f"\n{letter}) Paris" in text(changed)
        assert str(changed.target) == target.replace("B", letter)


def test_the_target_moves_with_listed_options() -> None:
    options = ["red", "green", "blue", "grey"]
    for seed in range(10):
        changed = change("order", {"q": "Which?", "options": options}, ["A", "D"], seed=seed)
        new: Any = changed.input["options"]
        moved: Any = changed.target
        assert new != options
        assert [new[ord(letter) - 65] for letter in moved] == ["red", "grey"]


def test_a_target_that_is_an_options_text_stays() -> None:
    assert change("order", BLOCK, "Paris").target == "Paris"


def test_lines_that_end_in_a_carriage_return_keep_it() -> None:
    clean = "Which?\r\nA) one way\r\nB) another way\r\n"

    new = text(change("order", clean, "A"))

    assert new == "Which?\r\nA) another way\r\nB) one way\r\n"


def test_examples_are_put_in_another_order_and_nothing_else() -> None:
    shots = [{"q": n} for n in range(5)]

    changed = change("order", {"text": "now you", "examples": shots}, "x")

    new: Any = changed.input["examples"]
    assert new != shots
    assert sorted(new, key=lambda one: one["q"]) == shots
    assert changed.target == "x"
    assert changed.input["text"] == "now you"


@pytest.mark.parametrize(
    ("parts", "target", "why"),
    [
        ({"options": ["a cat", "a dog"]}, 1, "neither an option's letter nor its text"),
        ({"options": ["B", "C", "A"]}, "A", "letter or its text"),
        ({"options": ["a cat", "all of the above"]}, "A", "speaks of others"),
        ({"options": ["a cat", "both A and C"]}, "A", "speaks of others"),
        ({"options": ["a cat", "a dog"], "q": "Is option B right?"}, "A", "names an option"),
        ({"options": ["a cat", "a cat"]}, "A", "alike"),
        ({"options": ["a cat"]}, "A", "not two different things"),
        ({"options": ["a cat", 3]}, "A", "not texts"),
        ({"options": ["a cat", "a dog"]}, "C", "neither an option's letter nor its text"),
        ({"options": ["a cat", "a dog"], "text": BLOCK}, "A", "two places"),
        ({"text": f"{BLOCK}\n\n{BLOCK}"}, "A", "two places"),
        ({"text": "Which?"}, "A", "neither options nor examples"),
        ({"examples": [1, 1]}, "A", "not two different things"),
    ],
)
def test_order_is_left_alone_where_its_contract_could_not_be_kept(parts, target, why) -> None:
    with pytest.raises(NotApplicable, match=why):
        change("order", parts, target)


@pytest.mark.parametrize(
    ("name", "clean"),
    [("typos", "an ox is so"), ("typos", "4711"), ("casing", "42 = 42"), ("confusables", "zzz")],
)
def test_a_text_without_anything_to_change_is_left_out(name: str, clean: str) -> None:
    with pytest.raises(NotApplicable, match="may be changed"):
        change(name, clean)


def test_only_the_named_parts_are_changed() -> None:
    parts = {"question": "Where does the river begin?", "passage": "The river begins somewhere."}

    changed = change("typos", parts, only=("passage",))

    assert changed.input["question"] == parts["question"]
    assert changed.input["passage"] != parts["passage"]


def test_every_family_says_what_it_keeps() -> None:
    assert all(one.keeps and one.change.__doc__ for one in FAMILIES.values())
