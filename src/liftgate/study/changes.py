"""What differs between two JSON values: path, old, new."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from liftgate.canon import canonical
from liftgate.study.source import Path, dotted

_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One place at which two JSON values differ; what is not there is None."""

    path: Path
    old: Any
    new: Any

    def as_json(self) -> dict[str, Any]:
        """Return the change as ledger entries hold it."""
        return {"path": dotted(self.path), "old": self.old, "new": self.new}

    def text(self) -> str:
        """Return both values for people."""
        return f"locked {_shown(self.old)}, now {_shown(self.new)}"


def changes(old: Any, new: Any) -> tuple[Change, ...]:
    """Return the smallest places at which two JSON values differ, in the order of their keys.

    ``1`` and ``1.0`` are the same number; ``1`` and ``true`` differ.
    """
    return tuple(_differences(old, new, ()))


def _differences(old: Any, new: Any, path: Path) -> Iterator[Change]:
    if old is _ABSENT or new is _ABSENT:
        yield Change(path, None if old is _ABSENT else old, None if new is _ABSENT else new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        for index in range(max(len(old), len(new))):
            yield from _differences(_entry(old, index), _entry(new, index), (*path, index))
    elif canonical(old) != canonical(new):
        yield Change(path, old, new)


def _entry(values: Any, index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 100 else text[:99] + "…"
