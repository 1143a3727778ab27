"""One sample of an inspect_ai log: its scores as numbers, its input and prompt as digests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from liftgate.errors import DataError
from liftgate.importers.cells import readable, shown
from liftgate.importers.log import Entry, Fields, content_of, is_number, score_of
from liftgate.protocols import RowTexts

_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_ATTACHMENT = "attachment://"
CANCELLED = "CancelledError("
"""How the error of a sample begins that fell with a neighbour: it says nothing of the system."""


@dataclass
class Samples:
    """All samples of a log, with what was seen of their scores."""

    fields: Fields
    place: str = ""
    """Where the sample that is being read stands, for errors."""
    entries: dict[tuple[str, int], Entry] = field(default_factory=dict)
    """(id, epoch) -> the entry; a later sample takes the place of an earlier one."""
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Metadata key -> item -> its value, for the checks of clustered errors."""
    numeric: dict[str, int] = field(default_factory=dict)
    """Score -> how many values are numbers, letters or NaN."""
    odd: dict[str, dict[str, int]] = field(default_factory=dict)
    """Score -> value that is no number (or its type) -> how often."""
    untold: dict[str, int] = field(default_factory=dict)
    """Score -> how often it is NaN."""
    cancelled: int = 0

    def add(self, sample: Any, place: str) -> None:
        """Take one sample.

        Args:
            sample: as the log has it.
            place: where it stands, for errors.

        Raises:
            DataError: it has no id or epoch, or a score that is infinite.
        """
        if not isinstance(sample, dict) or not isinstance(sample.get("id"), (str, int)):
            raise DataError(f"{place}: got {shown(sample)}, expected a sample with an id")
        epoch = sample.get("epoch", 1)
        if not isinstance(epoch, int):
            raise DataError(f"{place}: epoch: got {shown(epoch)}, expected a number")
        item = str(sample["id"])
        self.place = place
        attached = sample.get("attachments") or {}
        metadata = sample.get("metadata") or {}
        for name, values in self.clusters.items():
            values[item] = metadata.get(name)
        self.entries[item, epoch] = Entry(
            item=item,
            repeat=str(epoch),
            scores=self._scores(sample),
            error=self._error(sample),
            content=content_of(
                *(_told(sample.get(name), attached) for name in ("input", "target", "choices"))
            ),
            prompt=_prompt(sample.get("messages"), attached),
            fields=self.fields.take(metadata),
        )

    def _error(self, sample: Mapping[str, Any]) -> str | None:
        error = sample.get("error")
        if not error:
            return None
        message = error.get("message") if isinstance(error, dict) else error
        told = str(message or "an error without a message")
        if told.startswith(CANCELLED):
            self.cancelled += 1
            return None
        return told

    def _scores(self, sample: Mapping[str, Any]) -> dict[str, float | None]:
        found: dict[str, float | None] = {}
        for name, value in scores_of(sample.get("scores")):
            number = self._number(name, value)
            if number is not None:
                found[name] = number
        return found

    def _number(self, name: str, value: Any) -> float | None:
        number = to_number(value, self.place, name)
        if number is not None:
            self.numeric[name] = self.numeric.get(name, 0) + 1
            return number
        if is_nan(value):
            self.numeric.setdefault(name, 0)
            self.untold[name] = self.untold.get(name, 0) + 1
            return None
        told = value if isinstance(value, str) else type(value).__name__
        seen = self.odd.setdefault(name, {})
        if told in seen or len(seen) < 20:
            seen[told] = seen.get(told, 0) + 1
        return None


def scores_of(scores: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of a sample's scores; a value with keys gives ``scorer.key``."""
    for scorer, score in (scores or {}).items():
        value = score.get("value") if isinstance(score, dict) else score
        if isinstance(value, dict):
            for key, inner in value.items():
                yield f"{scorer}.{key}", inner
        else:
            yield scorer, value


def to_number(value: Any, place: str, name: str) -> float | None:
    """Read a value as inspect_ai's ``value_to_float`` does; None where that would only guess.

    C, P, I and N are 1, 0.5, 0 and 0; yes, true, no and false 1 and 0, in any case; a text of
    digits its number. For anything else the tool warns and counts 0; here it is no number.

    Raises:
        DataError: an infinite value.
    """
    if is_number(value):
        return score_of(value, place, name)
    if not isinstance(value, str):
        return None
    if value in _LETTERS:
        return _LETTERS[value]
    word = value.lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        found = float(word)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def is_nan(value: Any) -> bool:
    """Say whether a value is NaN, which is how the log says that a score could not be told."""
    return isinstance(value, float) and math.isnan(value)


def texts_of(sample: Mapping[str, Any]) -> RowTexts:
    """Return what people read of a sample: input, target, answer, the scorers' explanations."""
    attached = sample.get("attachments") or {}
    said = sample.get("output") or {}
    choices = said.get("choices") or [{}]
    message = (choices[0].get("message") or {}).get("content")
    answer = said.get("completion") or message
    scores = sample.get("scores") or {}
    told = {
        str(name): readable(_told(score.get("explanation"), attached))
        for name, score in scores.items()
        if isinstance(score, dict) and score.get("explanation")
    }
    return RowTexts(
        input=readable(_told(sample.get("input"), attached)),
        target=readable(_told(sample.get("target"), attached)),
        output=readable(_told(answer, attached)),
        reasons=told,
    )


def _prompt(messages: Any, attached: Mapping[str, str]) -> str | None:
    """Return the digest of what was said before the first answer."""
    if not isinstance(messages, list) or not messages:
        return None
    before = []
    for message in messages:
        if not isinstance(message, dict) or message.get("role") == "assistant":
            break
        before.append([message.get("role"), _told(message.get("content"), attached)])
    return content_of(before) if before else None


def _told(value: Any, attached: Mapping[str, str]) -> Any:
    """Return a text, a list of messages or of content parts without what changes in every run."""
    if isinstance(value, str):
        if value.startswith(_ATTACHMENT):
            return attached.get(value.removeprefix(_ATTACHMENT), value)
        return value.replace("\r\n", "\n")
    if isinstance(value, dict):
        kept = ("role", "content") if "role" in value else sorted(value.keys() - {"id", "internal"})
        return {name: _told(value.get(name), attached) for name in kept}
    if isinstance(value, Sequence):
        return [_told(part, attached) for part in value]
    return value
