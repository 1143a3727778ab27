"""What the body of an entry must hold before anything is read from it.

Whoever may append may append anything, under any kind. What a command relies upon is checked here
once, so that a foreign body is named and no command stumbles over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from liftgate.errors import BrokenChain
from liftgate.records import Entry

_ARMS = [{"name": str, "fingerprint": str}]
_LOCK: Mapping[str, Any] = {
    "name": str,
    "study": {"study": str, "claims": dict, "dataset": dict, "decision": dict},
    "study_digest": str,
    "dataset": {"digest": str, "items": int},
    "arms": dict,
    "scorers": dict,
}
_MOVE: Mapping[str, Any] = {
    "registry": str,
    "model": str,
    "steps": [{"alias": str}],
    "ground": dict,
}
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "study.locked": _LOCK,
    "study.amended": {**_LOCK, "reason": str, "seen": str, "changes": list},
    "decision": {
        "study": str,
        "study_digest": str,
        "arms": _ARMS,
        "changes": dict,
        "dataset": {"items": int},
        "rows": {"digest": str, "files": dict},
        "decisions": [{"candidate": str, "word": str}],
    },
    "run.finished": {"id": str, "files": dict},
    "content.erased": {"digest": str},
    "decision.reopened": {"thing": str, "reason": str, "decisions": [{"entry": int}]},
    "registry.begun": _MOVE,
    "registry.moved": {**_MOVE, "begun": int},
    "registry.given_up": {"begun": int},
    "registry.run_imported": {"registry": str, "run": str, "said": dict},
}
"""Kind -> what its body holds at least: a type, a mapping, or a list of such mappings."""


def fault(entry: Entry) -> str:
    """Return where an entry's body is not of the shape that its kind has, or an empty text."""
    shape = _SHAPES.get(entry.kind)
    return "" if shape is None else _fault(entry.body, shape, "body")


LOCKS = ("study.locked", "study.amended")
MOVES = tuple(kind for kind in _SHAPES if kind.startswith("registry."))


def check(entries: Iterable[Entry], kinds: Collection[str] = tuple(_SHAPES)) -> None:
    """Refuse entries with a foreign body.

    Args:
        entries: of the ledger.
        kinds: only these.

    Raises:
        BrokenChain: names the first one.
    """
    for entry in entries:
        found = fault(entry) if entry.kind in kinds else ""
        if found:
            raise BrokenChain(
                f"ledger entry {entry.sequence}: not an entry as liftgate writes it ({found}); "
                "somebody else wrote it",
                hint="restore the ledger from a copy, and see who may write to it",
            )


def _fault(value: Any, shape: Any, path: str) -> str:
    if isinstance(shape, type):
        return "" if isinstance(value, shape) else f"{path}: no {shape.__name__}"
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return f"{path}: no list"
        faults = (_fault(one, shape[0], f"{path}.{at}") for at, one in enumerate(value))
        return next((found for found in faults if found), "")
    if not isinstance(value, Mapping):
        return f"{path}: no mapping"
    faults = (_fault(value.get(key), inner, f"{path}.{key}") for key, inner in shape.items())
    return next((found for found in faults if found), "")
