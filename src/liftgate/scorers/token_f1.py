"""Token F1: how much of the label's words an answer has, and of its own are the label's.

As in the evaluation of SQuAD: Rajpurkar, Zhang, Lopyrev and Liang 2016, "SQuAD: 100,000+ questions
for machine comprehension of text", EMNLP, section 6.1.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from liftgate.records import Answer, Item, Missing, Scale
from liftgate.scorers.label import GRADED, text_of, texts_of

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def token_f1() -> TokenF1:
    """The harmonic mean of token precision and recall, the best over the label's texts."""
    return TokenF1()


class TokenF1:
    """Compares bags of words after normalising: case, ASCII punctuation, English articles."""

    version = "1"

    def scale(self, items: Sequence[Item]) -> Scale:
        """Graded, 0 to 1."""
        return GRADED

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return the F1; missing without a label."""
        texts = texts_of(item.target)
        if isinstance(texts, Missing):
            return texts
        words = tokens(text_of(answer.output))
        return max(_f1(words, tokens(text)) for text in texts)


def tokens(text: str) -> list[str]:
    """Return the words that count: lower case, no punctuation, no articles."""
    plain = text.lower().translate(_PUNCTUATION)
    return _ARTICLES.sub(" ", plain).split()


def _f1(answer: list[str], target: list[str]) -> float:
    if not answer or not target:
        return float(answer == target)
    common = sum((Counter(answer) & Counter(target)).values())
    return 2 * common / (len(answer) + len(target))
