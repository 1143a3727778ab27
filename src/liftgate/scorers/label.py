"""What scorers share: a label's readings, and how to say that an answer has the wrong shape."""

from __future__ import annotations

from collections.abc import Sequence

from liftgate.errors import DataError, SystemFailed
from liftgate.records import Json, Missing, Scale, ScoreKind
from liftgate.records.json_value import name_of

NO_LABEL = Missing("no label")
BINARY = Scale(ScoreKind.BINARY, low=0.0, high=1.0)
GRADED = Scale(ScoreKind.GRADED, low=0.0, high=1.0)


def wrong_shape(got: Json, expected: str) -> SystemFailed:
    """Return the outcome of an answer that a scorer cannot read; raise it."""
    return SystemFailed(f"got {name_of(got)}, expected {expected}", kind="unparsable")


def text_of(answer: Json) -> str:
    """Return an answer that must be text.

    Raises:
        SystemFailed: ``unparsable``; it is something else.
    """
    if not isinstance(answer, str):
        raise wrong_shape(answer, "text")
    return answer


def texts_of(target: Json) -> tuple[str, ...] | Missing:
    """Return the texts of a label: one text, or a list of texts of which each is right.

    Raises:
        DataError: the label is something else: a fault of the data set, not of the system.
    """
    if target is None:
        return NO_LABEL
    if isinstance(target, str):
        return (target,)
    if isinstance(target, Sequence):
        texts = tuple(text for text in target if isinstance(text, str))
        if len(texts) == len(target):
            return texts or NO_LABEL
    raise DataError(f"target: got {name_of(target)}, expected text or a list of texts")


def is_number(value: object) -> bool:
    """Whether a JSON value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
