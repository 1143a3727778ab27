"""``reproduce``: the trials of a run again, a verdict, and the cause when they differ."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from liftgate.canon import digest
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.evals.select import select
from liftgate.flow.items import load_items
from liftgate.flow.recorded import dataset_of, plan_of
from liftgate.flow.shadow import key_of, outcome_of
from liftgate.ledger import Ledger
from liftgate.lineage.capture import manifest
from liftgate.records import Run
from liftgate.store import Store, Workspace
from liftgate.study import lock
from liftgate.study.design import Study
from liftgate.study.load import load

BITWISE, SCORES, NOT = "bitwise", "score-identical", "not reproduced"
UNDECIDED = "undecided"
_CODES = {BITWISE: 0, SCORES: 0, NOT: 1, UNDECIDED: 4}
Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Reproduction:
    """What became of a run's trials."""

    run: str
    verdict: str
    trials: int
    differing: int
    """Trials whose answer, failure or score is another one now, or that could not be made."""
    cause: str | None = None
    tried: tuple[str, ...] = ()
    """What was swapped back, and what came of it."""
    not_swapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 reproduced, 1 not, 4 it cannot be said."""
        return _CODES[self.verdict]


def compared(old: Rows, new: Rows) -> tuple[str, int]:
    """Return the verdict over two runs' rows, and how many of the old ones differ."""
    differing = sum(new.get(key) != row for key, row in old.items())
    if not differing:
        return BITWISE, 0
    same = all(
        key in new and all(new[key][part] == row[part] for part in ("failure", "scores"))
        for key, row in old.items()
    )
    return (SCORES if same else NOT), differing


def reproduce(
    name: str,
    workspace: Workspace,
    *,
    study: Path,
    search: bool = True,
    max_cost: float | None = None,
    say: Callable[[str], None],
) -> Reproduction:
    """Run a run's trials again into a store that no study reads, and compare.

    Args:
        name: a run's id, or a study's name: its last run.
        workspace: where it was run; only read.
        study: the study's file as it is now.
        search: whether to look for the cause when it is not reproduced.
        max_cost: how much all of it may spend, in the currency of ``prices.yaml``.
        say: told before each pass how many calls it makes.

    Raises:
        UnknownName: no such run or study.
        DataError: the run holds no trials.
        LiftgateError: a stored row or the ledger was altered.
    """
    again = _Again(name, workspace, study, max_cost, say)
    new = again.shadow("now")
    if again.stopped:
        return again.result(UNDECIDED, len(again.old), notes=(again.stopped,))
    verdict, differing = compared(again.old, new)
    if verdict != NOT or not search:
        return again.result(verdict, differing, notes=again.faults)
    cause, tried, left = again.search(new)
    return again.result(verdict, differing, cause, tried, left, again.faults)


class _Again:
    """One reproduction: what the run was, and what was spent."""

    def __init__(
        self,
        name: str,
        workspace: Workspace,
        file: Path,
        max_cost: float | None,
        say: Callable[[str], None],
    ) -> None:
        self.workspace, self.file = workspace, file
        self.left, self.say = max_cost, say
        self.stopped: str | None = None
        self.faults: tuple[str, ...] = ()
        with Ledger.open(workspace.home, read_only=True) as ledger:
            ledger.verify()
            entries = list(ledger.entries())
        with Store.open(workspace.home, read_only=True) as store:
            digests = {e.body["study_digest"]: e.body for e in entries if e.kind in (lock.LOCKED,)}
            self.run = _found(name, store, digests)
            if self.run.study not in digests:
                raise DataError(f"run {self.run.id}: its study's lock is not in the ledger")
            self.body = digests[self.run.study]
            self.old, self.items, self.arms = self._recorded(store)

    def _recorded(self, store: Store) -> tuple[Rows, list[str], list[str]]:
        model = Study(**self.body["study"])
        arms = [
            {"name": n, "role": a.role, "system": a.system, "params": a.params,
             "fingerprint": self.body["arms"][n]}
            for n, a in model.arms.items()
        ]  # fmt: skip
        named = {**self.body["dataset"], "name": model.study}
        dataset, _ = dataset_of({"dataset": named}, model, store)
        locked = lock.Locked(model.study, 0, self.run.started_at, self.body, self.body)
        rows = select(plan_of({"arms": arms}, locked, model, dataset), store)
        names = {fingerprint: n for n, fingerprint in self.body["arms"].items()}
        own = [row for row in rows if row.trial.run == self.run.id]
        if not own:
            raise DataError(f"run {self.run.id}: it holds no trials that count")
        return (
            {key_of(row, names[row.arm]): outcome_of(row) for row in own},
            sorted({row.item for row in own}),
            sorted({names[row.arm] for row in own}),
        )

    def shadow(self, what: str, **change: Any) -> Rows:
        """Make the trials again with something changed, in a process of their own."""
        if self.stopped:
            return {}
        money = "" if self.left is None else f", at most {self.left:g} to spend"
        self.say(f"Making about {len(self.old):,} calls again ({what}){money}")
        prices = self.workspace.prices
        root = str(self.file.resolve().parent)
        with TemporaryDirectory() as folder:
            job = {
                "home": f"{folder}/home", "out": f"{folder}/out.json", "root": root,
                "data_root": root, "study": str(self.file.resolve()), "model": None,
                "dataset": None, "data_home": str(self.workspace.home.resolve()),
                "digest": self.run.study, "items": self.items, "arms": self.arms,
                "prices": str(prices.resolve()) if prices.is_file() else None,
                "max_cost": self.left, **change,
            }  # fmt: skip
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
            found = json.loads(Path(job["out"]).read_text("utf-8"))
        if self.left is not None:
            self.left = max(0.0, self.left - found["cost"])
        self.stopped = found["stopped"]
        if "error" in found:
            self.faults = (*self.faults, f"{what}: {found['error']}")
        rows: Rows = found["rows"]
        return rows

    def search(self, now: Rows) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
        """Swap back, one by one, what differs; last, ask whether the system repeats itself."""
        captured = self.run.manifest
        current = manifest(folder=self.file.resolve().parent)
        left = _not_swapped(captured, current)
        tried: list[str] = []
        for name, swap in (("parameters", self._parameters), ("dataset", self._dataset),
                           ("code", lambda: self._code(captured, current))):  # fmt: skip
            try:
                rows = swap()
            except (LiftgateError, OSError) as error:
                left.append(f"{name}: {error}")
                continue
            if rows is None or self.stopped:
                continue
            verdict, differing = compared(self.old, rows)
            tried.append(f"{name}: {verdict}, {differing:,} trials differ")
            if verdict != NOT:
                return name, tuple(tried), tuple(left)
        again = self.shadow("the same once more")
        if not self.stopped and compared(now, again)[1]:
            count = compared(now, again)[1]
            tried.append(f"the same once more: {count:,} trials differ from the first time")
            return "noise: the system does not repeat itself", tuple(tried), tuple(left)
        return None, tuple(tried), tuple(left)

    def _parameters(self) -> Rows | None:
        now = load(self.file).model("")
        if digest(now) == digest(Study(**self.body["study"]).model("")):
            return None
        return self.shadow("with the locked study", model=self.body["study"])

    def _dataset(self) -> Rows | None:
        recorded = self.body["dataset"]["digest"]
        root = self.file.resolve().parent
        if load_items(load(self.file).dataset, root=root, name=None).digest == recorded:
            return None
        return self.shadow("with the captured dataset", dataset=recorded)

    def _code(self, captured: Mapping[str, Any], current: Mapping[str, Any]) -> Rows | None:
        git = captured.get("git")
        if not git or "folder" not in git:
            raise DataError("the run captured no commit")
        parts = ("commit", "diff", "untracked_files")
        if current["git"] and all(git[p] == current["git"][p] for p in parts):
            return None
        with self._tree(git) as tree:
            return self.shadow("with the captured code", root=str(tree / git["folder"]))

    @contextmanager
    def _tree(self, git: Mapping[str, Any]) -> Iterator[Path]:
        """The working tree as it was captured, beside the present one."""
        if set(git["untracked_files"]) - set(git["kept"]) or (
            git["diff"] and not git.get("kept_diff")
        ):
            raise DataError("the content of what was not committed was not kept")
        here = str(self.file.resolve().parent)
        with TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            _git(here, "worktree", "add", "--detach", str(tree), git["commit"])
            try:
                with Store.open(self.workspace.home, read_only=True) as store:
                    if git["diff"]:
                        data = _unpacked(store.output(git["kept_diff"]))
                        _git(str(tree), "apply", "--binary", data=data)
                    for name, blob in git["kept"].items():
                        path = tree / name
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(_unpacked(store.output(blob)))
                yield tree
            finally:
                _git(here, "worktree", "remove", "--force", str(tree))

    def result(
        self,
        verdict: str,
        differing: int,
        cause: str | None = None,
        tried: tuple[str, ...] = (),
        left: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Reproduction:
        """Return what was found."""
        return Reproduction(
            self.run.id, verdict, len(self.old), differing, cause, tried, left, notes
        )


def _found(name: str, store: Store, studies: Mapping[str, Mapping[str, Any]]) -> Run:
    runs = store.runs()
    of = {d for d, body in studies.items() if body["name"] == name}
    found = [run for run in runs if run.id == name or run.study in of]
    if not found:
        raise UnknownName("run", name, [run.id for run in runs])
    return found[-1]


def _not_swapped(captured: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What differs and cannot be brought back from here."""
    old, new = captured.get("installed") or {}, current["installed"] or {}
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    found = [
        f"package {name}: {(old.get(name) or ['none'])[0]} then, "
        f"{(new.get(name) or ['none'])[0]} now"
        for name in changed
    ]
    return found + [
        f"{part}: {captured.get(part)} then, {current[part]} now"
        for part in ("python", "platform", "cpu", "threads")
        if captured.get(part) != current[part]
    ]


def _unpacked(value: Any) -> bytes:
    return b64decode(value["base64"])


def _git(folder: str, *words: str, data: bytes | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - fixed words, no shell
        ["git", "-C", folder, *words],  # noqa: S607 - the user's own git
        input=data,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise DataError(f"git {words[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
