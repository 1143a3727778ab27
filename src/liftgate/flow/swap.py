"""Passes over a run's trials with something swapped back, and the search for the cause."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from liftgate.errors import DataError, LiftgateError
from liftgate.flow.captured import captured_tree
from liftgate.flow.causes import MOST_NARROWING, MixedTree, Swap, of_items, of_parameters, smallest
from liftgate.flow.items import load_items
from liftgate.flow.original import Original
from liftgate.flow.rerun import Rows
from liftgate.flow.study import Opened, opened_on
from liftgate.lineage.capture import manifest
from liftgate.lineage.capture_git import Unlearnt
from liftgate.store import Workspace
from liftgate.study.design import Study
from liftgate.study.load import load

Compared = Callable[[Rows, Rows], tuple[str, int]]
NOISE = "noise: the system does not repeat itself"
_NOT = "not reproduced"
_LISTED = 3
_MACHINE = ("python", "platform", "cpu", "gpus", "flags", "threads")


class Passes:
    """Makes trials again, each pass in a process of its own, while there is money."""

    def __init__(
        self,
        original: Original,
        workspace: Workspace,
        file: Path,
        max_cost: float | None,
        say: Callable[[str], None],
    ) -> None:
        self.original, self.workspace, self.file = original, workspace, file
        self.left, self.say = max_cost, say
        self.stopped: str | None = None
        self.faults: tuple[str, ...] = ()
        self.said: Mapping[str, Any] | None = None
        """What the servers said of themselves in the first pass."""
        self.concurrency: Mapping[str, Any] = {}

    def make(self, what: str, **change: Any) -> Rows:
        """Make the trials again with something changed."""
        if self.stopped:
            return {}
        original = self.original
        money = "" if self.left is None else f", at most {self.left:g} to spend"
        self.say(f"Making about {len(original.rows):,} calls again ({what}){money}")
        prices = self.workspace.prices
        root = str(self.file.resolve().parent)
        with TemporaryDirectory() as folder:
            job = {
                "home": f"{folder}/home", "out": f"{folder}/out.json", "root": root,
                "data_root": root, "study": str(self.file.resolve()), "model": None,
                "dataset": None, "data_home": str(self.workspace.home.resolve()),
                "digest": original.body["study_digest"], "items": list(original.items),
                "arms": list(original.arms), "concurrency": original.concurrency,
                "prices": str(prices.resolve()) if prices.is_file() else None,
                "max_cost": self.left, **change,
            }  # fmt: skip
            found = self._in_a_process(job, what)
        if self.left is not None:
            self.left = max(0.0, self.left - found["cost"])
        self.stopped = found["stopped"]
        if "error" in found:
            self.faults = (*self.faults, f"{what}: {found['error']}")
        elif self.said is None:
            self.said, self.concurrency = found["said"], found["concurrency"]
        rows: Rows = found["rows"]
        return rows

    def _in_a_process(self, job: Mapping[str, Any], what: str) -> Mapping[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "liftgate.flow.shadow"],
            input=json.dumps(job),
            text=True,
            check=False,
            capture_output=True,
        )
        for line in done.stderr.splitlines():
            self.say(line)
        if done.returncode:
            raise LiftgateError(f"the shadow run ({what}) ended with {done.returncode}")
        found: Mapping[str, Any] = json.loads(Path(job["out"]).read_text("utf-8"))
        return found


class Search:
    """Swaps back, one by one, what differs; last, asks whether the system repeats itself."""

    def __init__(
        self,
        passes: Passes,
        original: Original,
        workspace: Workspace,
        file: Path,
        *,
        compared: Compared,
        refuse: Callable[[Opened], None],
    ) -> None:
        self._passes, self._original, self._workspace = passes, original, workspace
        self._file, self._compared, self._refuse = file, compared, refuse
        self._root = file.resolve().parent
        self._narrowing = MOST_NARROWING
        self.named: str | None = None
        self.parts: tuple[str, ...] = ()
        """Of the cause: parameters, items or files that bring the scores back together."""
        self.tried: list[str] = []
        self.left: list[str] = []
        """What differs and cannot be brought back from here."""

    @property
    def is_change(self) -> bool:
        """Whether the named cause is a change, and not the system's own noise."""
        return self.named is not None and self.named != NOISE

    def search(self, now: Rows, again: Rows) -> None:
        """Look for the cause.

        Args:
            now: rows of the first pass.
            again: rows of the same once more; empty: not made yet.
        """
        captured = self._original.manifest
        current = manifest(folder=self._root)
        self.left = [*_not_swapped(captured, current), *self._servers(captured)]
        with ExitStack() as kept:
            found: list[Swap] = []
            for name, ask in (
                ("parameters", self._parameters),
                ("dataset", self._dataset),
                ("code", lambda: self._code(captured, current, kept)),
            ):
                try:
                    swap = ask()
                except (LiftgateError, OSError) as error:
                    self.left.append(f"{name}: {error}")
                    continue
                if swap is not None:
                    found.append(swap)
                    if self._is_cause([swap]):
                        return
            if len(found) > 1 and self._is_cause(found):
                return
        again = again or self._passes.make("the same once more")
        count = self._compared(now, again)[1]
        if again and not self._passes.stopped and count:
            self.tried.append(f"the same once more: {count:,} trials differ from the first time")
            self.named = NOISE

    def _is_cause(self, swaps: Sequence[Swap]) -> bool:
        """Swap groups back together; if that brings the scores back, name the parts that do."""
        names = " and ".join(swap.name for swap in swaps)
        if not self._brings_back(names, swaps, [swap.parts for swap in swaps]):
            return False
        self.named = names
        if len(swaps) > 1 or swaps[0].name == "dataset":
            self.parts = tuple(one for swap in swaps for one in swap.say(swap.parts))
            return True
        (swap,) = swaps

        def holds(parts: Sequence[str]) -> bool | None:
            if not self._narrowing:
                return None
            self._narrowing -= 1
            told = f"{names}, {len(parts):,} of {len(swap.parts):,}: {', '.join(parts[:_LISTED])}"
            return self._brings_back(told, swaps, [parts])

        parts, whole = smallest(swap.parts, holds)
        self.parts = swap.say(parts)
        if not whole:
            self.left.append(f"{names}: which of the {len(parts):,} it is was not asked further")
        return True

    def _brings_back(
        self, told: str, swaps: Sequence[Swap], parts: Sequence[Sequence[str]]
    ) -> bool | None:
        """Make the trials with these parts of the groups as then; None: there was no money."""
        change: dict[str, Any] = {}
        for swap, chosen in zip(swaps, parts, strict=True):
            change |= swap.back(chosen)
        rows = self._passes.make(f"as then: {told}", **change)
        if self._passes.stopped:
            return None
        verdict, differing = self._compared(self._original.rows, rows)
        self.tried.append(f"{told}: {verdict}, {differing:,} trials differ")
        return verdict != _NOT

    def _parameters(self) -> Swap | None:
        locked = Study(**self._original.body["study"])
        swap = of_parameters(locked.model(), load(self._file).model())
        if swap is not None:
            # What was locked may call other endpoints than the file, which alone was checked.
            items = load_items(locked.dataset, root=self._root, name=None)
            self._refuse(opened_on(locked, self._root, items))
        return swap

    def _dataset(self) -> Swap | None:
        recorded = self._original.body["dataset"]["digest"]
        now = load_items(load(self._file).dataset, root=self._root, name=None)
        if now.digest == recorded:
            return None
        return of_items(self._original.dataset.items, now.items, {"dataset": recorded})

    def _code(
        self, captured: Mapping[str, Any], current: Mapping[str, Any], kept: ExitStack
    ) -> Swap | None:
        git = captured.get("git")
        if not git or "folder" not in git:
            raise DataError("the run captured no commit")
        parts = ("commit", "diff", "untracked_files", "submodules")
        if current["git"] and all(git[p] == current["git"][p] for p in parts):
            return None
        tree = kept.enter_context(captured_tree(git, self._root, self._workspace))
        source = load(self._file).dataset.source
        try:
            mixed = MixedTree(tree, self._root, but=[self._file, self._root / source])
        except Unlearnt as error:
            raise DataError(f"git: {error}") from error
        if not mixed.differing:
            return None

        def back(files: Sequence[str]) -> Mapping[str, Any]:
            mixed.bring_back(files)
            return {"root": str(tree / git["folder"])}

        return Swap("code", mixed.differing, back)

    def _servers(self, captured: Mapping[str, Any]) -> list[str]:
        """What the servers said of themselves then and now, and how many calls were in flight."""
        old, new = self._original.said, self._passes.said or {}
        found = [
            f"server of {name}: {old.get(name)} then, {new.get(name)} now"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
        then, now = captured.get("concurrency") or {}, self._passes.concurrency
        return found + [
            f"concurrency of {arm}: {then[arm]} then, {now[arm]} now"
            for arm in sorted({*then} & {*now})
            if then[arm] != now[arm]
        ]


def _not_swapped(captured: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What of the machine and the packages differs."""
    old, new = captured.get("installed") or {}, current["installed"] or {}
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    found = [
        f"package {name}: {(old.get(name) or ['none'])[0]} then, "
        f"{(new.get(name) or ['none'])[0]} now"
        for name in changed
    ]
    return found + [
        f"{part}: {captured.get(part)} then, {current[part]} now"
        for part in _MACHINE
        if part in captured and captured[part] != current[part]
    ]
