"""The family that adds what has nothing to do with the question."""

from __future__ import annotations

from liftgate.perturbations.protect import OPTION, texts_in
from liftgate.perturbations.subject import Changed, NotApplicable, Subject, with_text

SENTENCES = (
    "The kettle in the small kitchen was replaced last spring.",
    "Most of the visitors came by train that afternoon.",
    "A grey cat sleeps on the wall behind the bakery.",
    "The choir practises in the old gymnasium when it rains.",
    "Somebody left a blue umbrella in the waiting room.",
    "The path along the river is closed while the bridge is painted.",
    "Our neighbours grow beans and sunflowers behind the shed.",
    "The museum keeps its largest paintings in the west wing.",
    "Fresh paint takes longer to dry in the cellar.",
    "The ferry was late because of the fog in the harbour.",
    "Her brother repairs violins in a workshop near the square.",
    "The library moved its newspapers to the upper floor.",
    "A parcel for the dentist was delivered to the florist.",
    "The hikers rested under a chestnut tree before the climb.",
    "In autumn the market sells more honey than cheese.",
    "The lamp above the stairs flickers when the wind is strong.",
)
"""No numbers, no questions, no requests: nothing that could be an answer or an order."""


def irrelevant_context(subject: Subject) -> Changed:
    """Put one sentence about something else before or after the question, as its own paragraph.

    In messages it goes to the last of the user's. It stands before whatever must come last: a list
    of options, or a text that ends with a colon. It holds no word of the target.
    """
    places = list(subject.texts())
    if not places:
        raise NotApplicable("it has no text")
    place, text = places[-1] if len(places[0][0]) > 1 else places[0]
    if not text.strip():
        raise NotApplicable("its text is empty")
    sentences = [one for one in SENTENCES if not _holds(one, subject)]
    if not sentences:
        raise NotApplicable("its target holds a word of every sentence")
    sentence = sentences[subject.lots.below(len(sentences), "sentence")]
    first = subject.lots.unit("before") < 0.5 or _must_end(text)
    new = f"{sentence}\n\n{text}" if first else f"{text}\n\n{sentence}"
    where = "before" if first else "after"
    return Changed(
        with_text(subject.input, place, new), subject.target, f"one sentence {where} the text"
    )


def _must_end(text: str) -> bool:
    return text.rstrip().endswith((":", "`")) or OPTION.search(text) is not None


def _holds(sentence: str, subject: Subject) -> bool:
    words = {word.strip(".,").casefold() for word in sentence.split()}
    return any(
        word.strip(".,;:!?()\"'").casefold() in words
        for text in texts_in(subject.target)
        for word in text.split()
        if len(word) > 3
    )
