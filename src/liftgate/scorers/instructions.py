"""Verifiable instructions, checked by code: lengths, words, form. No judge is needed for these.

The idea, and most kinds, follow Zhou et al. 2023, "Instruction-following evaluation for large
language models" (IFEval). A check is a mapping with one kind:

    {words: {at_least: 50, at_most: 100}}     also characters, sentences, paragraphs, lines, bullets
    {contains: [a, b]}  {lacks: [c]}          texts, without regard to case
    {starts: text}  {ends: text}              of the answer without outer white space
    {matches: pattern}                        a regular expression that occurs
    {case: upper}                             upper or lower: every letter that has a case
    {json: true}                              the whole answer is JSON, in a code fence or not
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from liftgate.errors import DataError
from liftgate.records import Answer, Item, Json, Missing, Scale
from liftgate.records.json_value import name_of
from liftgate.scorers.label import BINARY, GRADED, NO_LABEL, is_number, text_of

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_SENTENCE = re.compile(r"[^.!?\s][^.!?]*(?:[.!?]+|$)")
_BULLET = re.compile(r"(?m)^\s*(?:[-*•+]|\d{1,3}[.)])\s+\S")
_FENCE = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
_LONGEST = 1_000_000
_ENDS = ("at_least", "at_most")

COUNTS: Mapping[str, Callable[[str], int]] = {
    "words": lambda text: len(_WORD.findall(text)),
    "characters": len,
    "sentences": lambda text: len(_SENTENCE.findall(text)),
    "paragraphs": lambda text: len([p for p in re.split(r"\n\s*\n", text) if p.strip()]),
    "lines": lambda text: len([line for line in text.splitlines() if line.strip()]),
    "bullets": lambda text: len(_BULLET.findall(text)),
}
KINDS = (*COUNTS, "contains", "lacks", "starts", "ends", "matches", "case", "json")


def instructions(*, checks: list[dict[str, Any]] | None = None, every: bool = True) -> Instructions:
    """Check an answer against instructions that code can verify.

    Args:
        checks: for every item; None: each item's target is its list of checks.
        every: 1 where all checks hold, else 0; false: the share of checks that hold.

    Raises:
        ValueError: a check is of no known kind or form.
    """
    if checks is not None:
        if not checks:
            raise ValueError("checks: got an empty list, expected at least one check")
        for number, check in enumerate(checks):
            problem = _problem(check)
            if problem:
                raise ValueError(f"checks: check {number}: {problem}")
    return Instructions(checks, every=every)


class Instructions:
    """Counts which checks an answer passes."""

    version = "1"

    def __init__(self, checks: Sequence[Mapping[str, Any]] | None, *, every: bool) -> None:
        self.checks = checks
        self.every = every

    def scale(self, items: Sequence[Item]) -> Scale:
        """Binary, or graded for the share of checks."""
        return BINARY if self.every else GRADED

    def score(self, answer: Answer, item: Item) -> float | Missing:
        """Return 1 or 0, or the share of checks that hold; missing without checks."""
        checks = self._of(item.target) if self.checks is None else self.checks
        if isinstance(checks, Missing):
            return checks
        text = text_of(answer.output)[:_LONGEST]
        held = [holds(check, text) for check in checks]
        return float(all(held)) if self.every else sum(held) / len(held)

    @staticmethod
    def _of(target: Json) -> Sequence[Mapping[str, Any]] | Missing:
        """Return an item's checks. Raises DataError where they are none: a fault of the items."""
        if target is None:
            return NO_LABEL
        if not isinstance(target, (list, tuple)):
            raise DataError(f"target: got {name_of(target)}, expected a list of checks")
        for number, check in enumerate(target):
            problem = _problem(check)
            if problem:
                raise DataError(f"target: check {number}: {problem}")
        return target or NO_LABEL


def holds(check: Mapping[str, Any], text: str) -> bool:
    """Whether an answer passes one check, which has been found to be one."""
    ((kind, wanted),) = check.items()
    if kind in COUNTS:
        count = COUNTS[kind](text)
        return bool(wanted.get("at_least", count) <= count <= wanted.get("at_most", count))
    return bool(_TESTS[kind](text, wanted))


def _contains(text: str, wanted: Sequence[str]) -> bool:
    held = text.casefold()
    return all(one.casefold() in held for one in wanted)


def _lacks(text: str, wanted: Sequence[str]) -> bool:
    held = text.casefold()
    return not any(one.casefold() in held for one in wanted)


def _is_json(text: str, wanted: bool) -> bool:  # noqa: FBT001 - a value of the check
    fenced = _FENCE.fullmatch(text.strip())
    try:
        json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return not wanted
    return wanted


def _case(text: str, wanted: str) -> bool:
    return text == (text.upper() if wanted == "upper" else text.lower())


_TESTS: Mapping[str, Callable[[str, Any], bool]] = {
    "contains": _contains,
    "lacks": _lacks,
    "starts": lambda text, wanted: text.strip().startswith(wanted),
    "ends": lambda text, wanted: text.strip().endswith(wanted),
    "matches": lambda text, wanted: re.search(wanted, text) is not None,
    "case": _case,
    "json": _is_json,
}


def _problem(check: Any) -> str:
    """Return what is wrong with a check, or an empty text."""
    if not isinstance(check, Mapping) or len(check) != 1:
        return "expected a mapping with one kind, e.g. {words: {at_most: 100}}"
    ((kind, wanted),) = check.items()
    if kind not in KINDS:
        return f"unknown kind {kind!r}; known: {', '.join(KINDS)}"
    if kind in COUNTS:
        return _wrong_count(kind, wanted)
    return _wrong_form(kind, wanted)


def _wrong_count(kind: str, wanted: Any) -> str:
    fine = isinstance(wanted, Mapping) and wanted and set(wanted) <= set(_ENDS)
    if not fine or not all(is_number(end) and end >= 0 for end in wanted.values()):
        return f"{kind}: expected at_least, at_most or both, each a number of at least 0"
    if wanted.get("at_least", 0) > wanted.get("at_most", float("inf")):
        return f"{kind}: at_least is above at_most"
    return ""


def _wrong_form(kind: str, wanted: Any) -> str:
    if kind in ("contains", "lacks"):
        texts = isinstance(wanted, (list, tuple)) and all(isinstance(w, str) and w for w in wanted)
        return "" if texts and wanted else f"{kind}: expected a list of texts"
    if kind == "json":
        return "" if isinstance(wanted, bool) else "json: expected true or false"
    if kind == "case":
        return "" if wanted in ("upper", "lower") else "case: expected upper or lower"
    if not isinstance(wanted, str) or not wanted:
        return f"{kind}: expected a text"
    if kind == "matches":
        try:
            re.compile(wanted)
        except re.error as error:
            return f"matches: no regular expression: {error}"
    return ""
