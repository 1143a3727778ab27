"""The code of a run brought back from what was captured: beside the present one, or exported."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from liftgate.canon import plain, sha256
from liftgate.errors import DataError, NotEnoughData
from liftgate.flow.original import original_of
from liftgate.lineage.capture import gaps
from liftgate.lineage.capture_git import Unlearnt, git, git_state, lacking, unpacked
from liftgate.records import Entry, Run
from liftgate.records.notebook import Card
from liftgate.store import RUN_FINISHED, Store, Workspace


@contextmanager
def captured_tree(
    captured: Mapping[str, Any], repository: Path, workspace: Workspace
) -> Iterator[Path]:
    """Have the working tree of a run for a while, as it was captured.

    Args:
        captured: ``git`` of the run's manifest.
        repository: a folder in a clone of the repository.
        workspace: keeps what was not committed, or not pushed.

    Raises:
        DataError: the commit is nowhere to be had, or what was not committed was not kept.
    """
    missing = lacking(captured)
    if missing:
        raise DataError(f"not kept when it ran: {', '.join(missing)}")
    with TemporaryDirectory() as folder, Store.open(workspace.home, read_only=True) as store:
        tree = Path(folder) / "tree"
        try:
            _have(captured, repository, store, Path(folder))
            git(repository, "worktree", "add", "--detach", str(tree), captured["commit"])
        except Unlearnt as error:
            raise DataError(f"git: {error}") from error
        with ExitStack() as made:
            made.callback(_remove, repository, tree)
            _submodules(captured, repository, tree, made)
            _complete(captured, tree, store)
            yield tree


def run_named(name: str, workspace: Workspace) -> Run:
    """Return a run by its id, or the last run of a study by its name.

    Raises:
        UnknownName: no such run or study.
        DataError: the study holds no trials that count.
    """
    with Store.open(workspace.home, read_only=True) as store:
        runs = {run.id: run for run in store.runs()}
    return runs[name] if name in runs else runs[original_of(name, workspace).runs[-1]]


def incomplete(run: Run, workspace: Workspace) -> list[str]:
    """Return what was not captured of a run, or not kept, in sentences; empty: it is whole."""
    with Store.open(workspace.home, read_only=True) as store:
        return _missing(run.manifest, store)


def captures(
    entries: Iterable[Entry], runs: Collection[str], store: Store
) -> dict[str, tuple[str, ...] | None]:
    """Return run -> what was not captured of it, or not kept; None: nobody can tell.

    Args:
        entries: of the ledger: what the first says of a run counts, and nothing else.
        runs: of which it is asked.
        store: holds the code that was kept.
    """
    found: dict[str, tuple[str, ...] | None] = dict.fromkeys(sorted(runs))
    told: set[str] = set()
    for entry in entries:
        run = entry.body.get("id") if entry.kind == RUN_FINISHED else None
        if run in found and run not in told:
            told.add(run)
            found[run] = _captured(entry.body.get("manifest"), store)
    return found


_PARTS = frozenset(
    {"git", "installed", "python", "platform", "cpu", "gpus", "packages", "seeds", "command"}
    | {"not_captured", "dataset"}
)
_CODE = frozenset({"diff", "untracked", "untracked_files"})
"""What a manifest speaks of, and of code; one that does not was written by something else."""


def _captured(manifest: Any, store: Store) -> tuple[str, ...] | None:
    if not isinstance(manifest, Mapping) or not manifest.keys() >= _PARTS:
        return None
    code = manifest["git"]
    if code is not None and not (isinstance(code, Mapping) and code.keys() >= _CODE):
        return None
    kept = code.get("kept_diff") if code else None
    if kept is not None and store.blob_state(kept) != "kept":
        return None  # it was erased since, so that nobody can compare it
    return tuple(_missing(manifest, store))


def _missing(manifest: Mapping[str, Any], store: Store) -> list[str]:
    found = gaps(manifest)
    captured: Any = manifest.get("git")
    if isinstance(captured, Mapping):
        found += [f"not kept: {one}" for one in (*lacking(captured), *_cut_out(captured, store))]
    return found


@dataclass(frozen=True)
class Captured(Card):
    """What was captured of a run."""

    run: str
    manifest: Mapping[str, Any]
    incomplete: tuple[str, ...]
    """What was not captured, or not kept, in sentences; empty: it is whole."""
    code_now: str | None
    """Digest of the code as it is now; None: it is in no repository."""
    answers: Mapping[str, Any]
    """What the answers named as model and fingerprint."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        found: dict[str, Any] = plain(self)
        return found


def captured_run(name: str, workspace: Workspace, *, repository: Path) -> Captured:
    """Say what was captured of a run; nothing is called.

    Args:
        name: the run's id, or a study's name: its last run.
        workspace: where it was run.
        repository: a folder with the code as it is now.

    Raises:
        UnknownName: no such run or study.
        DataError: the study holds no trials that count.
    """
    found = run_named(name, workspace)
    missing = tuple(incomplete(found, workspace))
    answers = answers_said(found, workspace)
    return Captured(found.id, found.manifest, missing, code_now(repository), answers)


def answers_said(run: Run, workspace: Workspace) -> Mapping[str, Any]:
    """Return what the answers of a run, as far as they count, named as model and fingerprint."""
    listed = run.manifest.get("endpoints") or {}
    assert isinstance(listed, Mapping)
    if not listed:
        return {}
    try:
        said = original_of(run.id, workspace).said
    except DataError:
        return {}
    asked = [f"{arm}: {part}" for arm in listed for part in ("model", "system_fingerprint")]
    return {name: said[name] for name in asked if name in said}


def code_now(folder: Path) -> str | None:
    """Return the digest of the code in a folder as it is; None: it is in no repository."""
    try:
        found: Any = git_state(folder, None, {})
    except Unlearnt:
        return None
    return str(found["code"])


def export_tree(name: str, workspace: Workspace, out: Path, *, repository: Path) -> Run:
    """Write the working tree of a run into an empty folder, byte by byte as it was captured.

    Args:
        name: the run's id, or a study's name: its last run.
        workspace: where it was run.
        out: a folder that is not there yet, or is empty.
        repository: a folder in a clone of the repository.

    Raises:
        UnknownName: no such run or study.
        DataError: the folder holds something, or the commit is nowhere to be had.
        NotEnoughData: the capture was incomplete; nothing is written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: expected an empty folder, or none")
    run = run_named(name, workspace)
    captured: Any = run.manifest.get("git")
    if not isinstance(captured, Mapping) or "kept" not in captured:
        raise NotEnoughData(f"run {run.id}: it captured no code")
    with Store.open(workspace.home, read_only=True) as store:
        missing = [*lacking(captured), *_cut_out(captured, store)]
    if missing:
        raise NotEnoughData(f"run {run.id}: not kept when it ran: {', '.join(missing)}")
    with captured_tree(captured, repository, workspace) as tree:
        for path in sorted(tree.rglob("*")):
            target = out / path.relative_to(tree)
            if path.is_dir() and not path.is_symlink():
                target.mkdir(parents=True, exist_ok=True)
            elif path.name != ".git":
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(path, target)
    return run


def _cut_out(captured: Mapping[str, Any], store: Store) -> list[str]:
    """Tell of secrets that were cut out of the kept changes: they are not those that ran."""
    kept = captured.get("kept_diff")
    if kept is None or sha256(unpacked(store.output(kept))) == captured["diff"]:
        return []
    return ["values in the changes of tracked files, which were cut out as secrets"]


def _copy(path: Path, target: Path) -> None:
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    target.write_bytes(path.read_bytes())
    target.chmod(path.stat().st_mode & 0o777)


def _have(captured: Mapping[str, Any], repository: Path, store: Store, folder: Path) -> None:
    """Make sure that the repository has the commit, from the captured bundle if need be."""
    commit = str(captured["commit"])
    try:
        git(repository, "cat-file", "-e", f"{commit}^{{commit}}")
    except Unlearnt:
        kept = captured.get("kept_bundle")
        if kept is None:
            raise Unlearnt(
                f"this clone has no commit {commit}, and the run kept none that was not pushed"
            ) from None
        file = folder / "unpushed.bundle"
        file.write_bytes(unpacked(store.output(kept)))
        git(repository, "bundle", "unbundle", str(file))
        git(repository, "cat-file", "-e", f"{commit}^{{commit}}")


def _complete(captured: Mapping[str, Any], tree: Path, store: Store) -> None:
    """Add what was not committed."""
    try:
        if captured["diff"]:
            whole = unpacked(store.output(captured["kept_diff"]))
            git(tree, "apply", "--binary", "--whitespace=nowarn", data=whole)
    except Unlearnt as error:
        raise DataError(f"git apply: {error}") from error
    for name, blob in captured["kept"].items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(unpacked(store.output(blob)))
        if name in captured.get("executable", ()):
            path.chmod(path.stat().st_mode | 0o111)
    for name, target in captured.get("links", {}).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(target)


def _submodules(captured: Mapping[str, Any], repository: Path, tree: Path, made: ExitStack) -> None:
    """Put the commits of submodules into the tree, from those of the present clone."""
    top = Path(os.fsdecode(git(repository, "rev-parse", "--show-toplevel")).rstrip("\n"))
    for name, state in (captured.get("submodules") or {}).items():
        commit = str(state).lstrip("+U")
        if commit.startswith("-"):
            continue
        inside = top / name
        try:
            if not (inside / ".git").exists():
                raise Unlearnt("it is not checked out here; git submodule update --init")
            git(inside, "worktree", "add", "--force", "--detach", str(tree / name), commit)
        except Unlearnt as error:
            raise DataError(f"submodule {name}, commit {commit}: {error}") from error
        made.callback(_remove, inside, tree / name)


def _remove(repository: Path, tree: Path) -> None:
    """Remove a working tree; one that holds submodules git itself refuses to remove."""
    shutil.rmtree(tree, ignore_errors=True)
    git(repository, "worktree", "prune")
