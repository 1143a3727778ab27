"""Exact match: the answer is the label, or one of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liftgate.canon import canonical
from liftgate.records import Answer, Item, Json, Missing, Scale
from liftgate.records.json_value import name_of
from liftgate.scorers.label import BINARY, NO_LABEL, is_number, wrong_shape


def exact(*, ignore_case: bool = False, strip: bool = True) -> Exact:
    """1 when the answer equals the label, else 0.

    Args:
        ignore_case: compare texts without regard to case (Unicode case folding).
        strip: leave white space at both ends of texts out.
    """
    return Exact(ignore_case=ignore_case, strip=strip)


class Exact:
    """Compares like with like: a text with texts, a number with numbers, a mapping with one.

    A list as label names alternatives. An answer of another type than every alternative is
    unparsable: not a wrong answer but none of the agreed form.
    """

    version = "1"

    def __init__(self, *, ignore_case: bool, strip: bool) -> None:
        self.ignore_case = ignore_case
        self.strip = strip

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return BINARY

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; missing without a label."""
        target = item.target
        accepted = list(target) if isinstance(target, (list, tuple)) else [target]
        if target is None or not accepted:
            return NO_LABEL
        alike = [one for one in accepted if _shape(one) == _shape(answer.output)]
        if not alike:
            raise wrong_shape(answer.output, f"{name_of(accepted[0])} as in the label")
        return float(any(self._equal(answer.output, one) for one in alike))

    def _equal(self, answer: Json, target: Json) -> bool:
        if isinstance(answer, str) and isinstance(target, str):
            return self._plain(answer) == self._plain(target)
        return canonical(answer) == canonical(target)

    def _plain(self, text: str) -> str:
        text = text.strip() if self.strip else text
        return text.casefold() if self.ignore_case else text


def _shape(value: Json) -> str:
    if type(value) is str:
        return "str"
    if isinstance(value, Mapping):
        return "mapping"
    return "number" if is_number(value) else type(value).__name__
