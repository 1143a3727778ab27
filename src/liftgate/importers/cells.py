"""One cell of a foreign table: a number, a text, a failure, or nothing; never a guess."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

NOTHING = frozenset({"", "na", "n/a", "null", "none"})
"""Texts that mean "no value"; ``nan`` does not, because a sum went wrong there."""

TRUE = frozenset({"true", "yes", "pass", "passed", "correct"})
FALSE = frozenset({"false", "no", "fail", "failed", "incorrect"})

_NO_FAILURE = NOTHING | {"false", "no", "0", "ok"}

_SHOWN = 60
"""Characters of a bad cell that an error shows."""


def shown(value: Any) -> str:
    """Return a cell as text for an error: quoted, cut, control characters escaped."""
    text = value if isinstance(value, str) else _as_text(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def number(value: Any) -> float | None:
    """Read a score: a finite number, a yes-or-no word (1 or 0), or nothing (None).

    Raises:
        ValueError: for anything else, NaN and infinities included.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _number_in_text(value.strip())
    if isinstance(value, (bool, int, float, Decimal)):
        return _finite(float(value))
    raise ValueError(type(value).__name__)


def is_nothing(value: Any) -> bool:
    """Say whether there is no value in a cell."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in NOTHING)


def is_numeric(value: Any) -> bool:
    """Say whether a cell is meant as a score; NaN and infinities are, though they are faults."""
    if isinstance(value, str):
        folded = value.strip().casefold()
        return folded in TRUE or folded in FALSE or _parses(folded)
    return isinstance(value, (bool, int, float, Decimal))


def text(value: Any) -> str | None:
    """Read an id, a label or another text; None when there is nothing in it."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    return _as_text(value)


def failure(value: Any) -> str | None:
    """Read an error cell: None when it says that there was none (empty, null, false, 0, no)."""
    found = text(value)
    return None if found is None or found.casefold() in _NO_FAILURE else found


def content(value: Any) -> str | None:
    """Read an item's input in a form that two exporters agree on: line ends and edges apart."""
    found = text(value)
    return None if found is None else found.replace("\r\n", "\n").replace("\r", "\n")


def _number_in_text(value: str) -> float | None:
    folded = value.casefold()
    if folded in NOTHING:
        return None
    if folded in TRUE:
        return 1.0
    if folded in FALSE:
        return 0.0
    if "_" in value:
        raise ValueError(value)
    return _finite(float(value))


def _parses(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return str(value)


def readable(value: Any) -> str:
    """Return a value as people read it: a text as it is, anything else as JSON; None is empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def listed(value: Any) -> list[Any]:
    """Return the documents of a cell: a list, JSON of one, or one text; none if empty."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    if isinstance(value, (list, tuple)):
        return [*value]
    return [] if value is None or value == "" else [value]
