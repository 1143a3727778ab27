"""What can be swapped back when a run is not reproduced, in parts that can be told apart."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liftgate.lineage.capture_git import git
from liftgate.records import Item
from liftgate.study.changes import Change, changes
from liftgate.study.source import dotted

MOST_NARROWING = 6
"""Passes that may tell the parts of one change apart: enough for one cause among 32 parts."""
_SAYS_NOTHING = frozenset({"study", "hypothesis", "owner", "claims", "decision", "stopping",
                           "pilot", "tier", "exploratory", "reproduction", "ratios"})  # fmt: skip
"""Parts of a study that no trial and no score depends on."""
_LISTED = 5


@dataclass(frozen=True)
class Swap:
    """One group of what differs, and how to bring parts of it back."""

    name: str
    parts: Sequence[str]
    """In the order of their names; empty: the group has no parts that can be told apart."""
    back: Callable[[Sequence[str]], Mapping[str, Any]]
    """Given parts, returns what to change of a pass so that these, and no others, are as then."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Part -> what it was and is."""

    def say(self, parts: Iterable[str]) -> tuple[str, ...]:
        """Return the parts with what they were and are."""
        return tuple(f"{one}: {self.told[one]}" if one in self.told else one for one in parts)


def smallest(
    parts: Sequence[str], holds: Callable[[Sequence[str]], bool | None]
) -> tuple[tuple[str, ...], bool]:
    """Return parts that bring the scores back together, none of which can be left out.

    Halves the parts as long as it takes (QuickXplain: Junker 2004, AAAI-04, p. 167), so one cause
    among n parts takes about log2(n) questions.

    Args:
        parts: that together bring the scores back.
        holds: whether some of them do; None: it cannot be asked any more.

    Returns:
        The parts, and whether none of them can be left out (else the asking ended early).
    """
    needed: list[str] = []
    pool = list(parts)
    while pool:
        if needed:
            enough = holds(needed)
            if enough is None:
                return (*pool, *needed), False
            if enough:
                break
        low, high = 0, len(pool)
        while high - low > 1:
            middle = (low + high) // 2
            found = holds([*pool[:middle], *needed])
            if found is None:
                return (*pool[:high], *needed), False
            low, high = (low, middle) if found else (middle, high)
        needed.insert(0, pool[high - 1])
        pool = pool[: high - 1]
    return tuple(needed), True


def of_parameters(locked: Mapping[str, Any], now: Mapping[str, Any]) -> Swap | None:
    """Return what differs between two studies that a trial or a score may depend on.

    Args:
        locked: ``Study.model()`` as it was locked.
        now: likewise, of the file as it is.
    """
    found = {dotted(one.path): one for one in changes(locked, now)
             if one.path[0] not in _SAYS_NOTHING}  # fmt: skip
    if not found:
        return None

    def back(parts: Sequence[str]) -> Mapping[str, Any]:
        model = copy.deepcopy(dict(locked))
        others = [one for name, one in found.items() if name not in parts]
        gone = [one for one in others if not _is_in(now, one)]
        for change in [one for one in others if one not in gone]:
            _put(model, change, now)
        # From the ends of lists, so that places stay what they are.
        for change in reversed(gone):
            _within(model, change).pop(change.path[-1])
        return {"model": model}

    told = {name: f"{_short(one.old)} then, {_short(one.new)} now" for name, one in found.items()}
    return Swap("parameters", tuple(found), back, told)


def of_items(then: Sequence[Item], now: Sequence[Item], back: Mapping[str, Any]) -> Swap:
    """Return what differs between two datasets; it is swapped as a whole, its items are named."""
    old, new = ({item.id: item for item in items} for items in (then, now))
    lines = []
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            lines.append(f"{name} (is gone)")
        elif name not in old:
            lines.append(f"{name} (is new)")
        elif what := _differs(old[name], new[name]):
            lines.append(f"{name} ({' and '.join(what)})")
    shown = lines[:_LISTED]
    if len(lines) > _LISTED:
        shown.append(f"… {len(lines) - _LISTED:,} more items")
    return Swap("dataset", tuple(shown), lambda _: back)


class MixedTree:
    """The captured tree, in which any of the files that differ can be made as they are now."""

    def __init__(self, tree: Path, repository: Path, *, but: Iterable[Path] = ()) -> None:
        """Compare two trees of one repository.

        Args:
            tree: the captured one; it is written to.
            repository: a folder in the present one.
            but: files of the present one that no code is: the study, its dataset.
        """
        self.tree = tree
        top = Path(os.fsdecode(git(repository, "rev-parse", "--show-toplevel")).rstrip("\n"))
        aside = {path.resolve() for path in but}
        then, now = _files(tree), _files(top)
        self._versions: dict[str, tuple[_File | None, _File | None]] = {}
        for name in sorted({*then, *now}):
            versions = (_read(tree / name), _read(top / name))
            if versions[0] != versions[1] and (top / name).resolve() not in aside:
                self._versions[name] = versions

    @property
    def differing(self) -> tuple[str, ...]:
        """The files that differ, relative to the top."""
        return tuple(self._versions)

    def bring_back(self, parts: Sequence[str]) -> None:
        """Make these files as they were captured, and all others as they are now."""
        for name, (then, now) in self._versions.items():
            _write(self.tree / name, then if name in parts else now)
        # Python takes compiled code for fresh by its source's size and second.
        for folder in list(self.tree.rglob("__pycache__")):
            shutil.rmtree(folder)


@dataclass(frozen=True)
class _File:
    data: bytes
    mode: int
    link: bool = False
    """Its data is where it leads to."""


def _files(folder: Path) -> set[str]:
    listed = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {os.fsdecode(name) for name in listed.split(b"\0") if name}


def _read(path: Path) -> _File | None:
    if path.is_symlink():
        return _File(os.fsencode(path.readlink()), 0, link=True)
    return _File(path.read_bytes(), path.stat().st_mode & 0o777) if path.is_file() else None


def _write(path: Path, file: _File | None) -> None:
    # Never through a link: it may lead out of the copy.
    path.unlink(missing_ok=True)
    if file is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.link:
        path.symlink_to(os.fsdecode(file.data))
        return
    path.write_bytes(file.data)
    path.chmod(file.mode)


def _differs(old: Item, new: Item) -> list[str]:
    found = []
    if old.input_digest != new.input_digest:
        found.append("input")
    if old.target_digest != new.target_digest:
        found.append("target")
    if not found and old.facts_digest != new.facts_digest:
        found.append("facts")
    return found


def _within(model: Any, change: Change) -> Any:
    """Return what a place that changed is in."""
    for key in change.path[:-1]:
        model = model[key]
    return model


def _is_in(model: Any, change: Change) -> bool:
    inside, last = _within(model, change), change.path[-1]
    return last < len(inside) if isinstance(last, int) else last in inside


def _put(model: Any, change: Change, now: Any) -> None:
    """Make one place of a study as it is now."""
    inside, last = _within(model, change), change.path[-1]
    value = copy.deepcopy(_within(now, change)[last])
    if isinstance(last, int) and last >= len(inside):
        inside.append(value)
    else:
        inside[last] = value


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else f"{text[:59]}…"
