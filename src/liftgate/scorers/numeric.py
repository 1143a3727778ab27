"""Numbers: the answer is the label's number, within a tolerance."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Item, Json, Missing, Scale
from liftgate.records.json_value import name_of
from liftgate.scorers.label import BINARY, NO_LABEL, wrong_shape

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+)?(?:(?<=\d)[eE][-+]?\d+)?")


def numeric(
    *,
    tolerance: float = 0.0,
    relative: float = 0.0,
    take: Literal["whole", "first", "last"] = "whole",
) -> Numeric:
    """1 when ``|answer - label| <= max(tolerance, relative * |label|)``, else 0.

    Args:
        tolerance: in the label's units.
        relative: as a fraction of the label's size.
        take: of an answer in words, read the whole text as a number, or its first or last number.

    Raises:
        DataError: a tolerance that is negative or not finite.
    """
    return Numeric(tolerance=tolerance, relative=relative, take=take)


class Numeric:
    """Compares numbers; a text may hold one, with commas between thousands."""

    version = "1"

    def __init__(self, *, tolerance: float, relative: float, take: str) -> None:
        for place, value in (("tolerance", tolerance), ("relative", relative)):
            if not (math.isfinite(value) and value >= 0):
                raise DataError(f"{place}: got {value}, expected a finite number of at least 0")
        if take not in ("whole", "first", "last"):
            raise DataError(f"take: got {take!r}, expected 'whole', 'first' or 'last'")
        self.tolerance = tolerance
        self.relative = relative
        self.take = take

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary."""
        return BINARY

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0; missing without a label."""
        if item.target is None:
            return NO_LABEL
        target = _number(item.target, "whole")
        if target is None:
            raise DataError(f"target: got {name_of(item.target)}, expected a number")
        if not isinstance(answer.output, (str, int, float)) or isinstance(answer.output, bool):
            raise wrong_shape(answer.output, "a number, or text that holds one")
        value = _number(answer.output, self.take)
        if value is None:
            raise SystemFailed("the text holds no number", kind="unparsable")
        allowed = max(self.tolerance, self.relative * abs(target))
        return float(abs(value - target) <= allowed)


def _number(value: Json, take: str) -> float | None:
    """Return the number of a JSON value, or None when it holds none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if not isinstance(value, str):
        return float(value)
    if take == "whole":
        text = value.strip()
        found = [text] if _NUMBER.fullmatch(text) and text.strip("+-") else []
    else:
        found = [text for text in _NUMBER.findall(value) if text.strip("+-")]
    if not found:
        return None
    number = float(found[-1 if take == "last" else 0].replace(",", ""))
    return number if math.isfinite(number) else None
