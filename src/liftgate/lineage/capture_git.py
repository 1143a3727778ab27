"""The code that a run ran: commit, what is not committed, what is committed and not pushed."""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from liftgate.canon import digest, sha256
from liftgate.errors import LiftgateError
from liftgate.lineage.redact import cut_diff, redacted
from liftgate.records import Json

Keep = Callable[[Json], str]
_GIT_S = 20
LARGEST_FILE = 4 * 2**20
"""Bytes of a file, or of the difference, above which its content is not kept."""
LARGEST_BUNDLE = 2 * 2**20
"""Bytes of unpushed commits above which they are not kept."""
_UNPUSHED = ("HEAD", "--not", "--remotes")
_PLAIN = (
    *("--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
    *("--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/"),
)
"""Whatever a user's settings make of a difference, this one can be applied."""
_CODE = ("commit", "diff", "untracked_files", "executable", "links", "submodules",
         "altered_submodules")  # fmt: skip


class Unlearnt(LiftgateError):
    """Something cannot be learnt; the text says why."""


def git_state(folder: Path, keep: Keep | None, gaps: dict[str, str]) -> Json:
    """Capture the code in a folder.

    Args:
        folder: where the code under test lies.
        keep: keeps a JSON value among the blobs and returns its digest; None: only digests of what
            is not committed are captured, and of commits that were not pushed only their number.
        gaps: takes up what could not be captured, and why.

    Returns:
        commit, dirty, diff (its digest), untracked, untracked_files (name -> digest; files too that
        git was told not to look at), executable (those among them), links (name -> where to),
        submodules (path -> commit), altered_submodules, folder (from the top), unpushed (how many
        commits no remote branch has), code (one digest of all this: of the code that ran); with
        ``keep`` also kept (name -> digest), kept_diff, kept_bundle, where there is something.
        A virtual environment that git was not told to ignore is no part of it: what is installed
        is captured by name, version and digest.

    Raises:
        Unlearnt: git is missing, or this is no repository.
    """
    top = Path(git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    commit = git(folder, "rev-parse", "HEAD").decode().strip()
    difference = git(top, "diff", "HEAD", *_PLAIN)
    listed = git(top, "ls-files", "--others", "--exclude-standard", "-z")
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    links = {name: str((top / name).readlink()) for name in names if (top / name).is_symlink()}
    names = [name for name in names if name not in links]
    names, links = _without_environments(names, links)
    names += _unwatched(top)
    contents = {
        name: (top / name).read_bytes() for name in names if _is_small(top / name, name, gaps)
    }
    found: dict[str, Json] = {
        "commit": commit,
        "dirty": bool(difference),
        "diff": sha256(difference) if difference else None,
        "untracked": len(names),
        "untracked_files": {name: sha256(data) for name, data in contents.items()},
        "folder": folder.resolve().relative_to(top.resolve()).as_posix(),
        "executable": [name for name in contents if os.access(top / name, os.X_OK)],
        "links": dict(links),
        "submodules": _submodules(top, gaps),
        "unpushed": len(git(top, "rev-list", *_UNPUSHED).split()),
    }
    found["altered_submodules"] = _altered(top, found["submodules"], gaps)
    found["code"] = digest({name: found[name] for name in _CODE})
    if keep is not None:
        kept = {name: data for name, data in contents.items() if _may_keep(name, data, gaps)}
        found["kept"] = {name: keep(packed(data)) for name, data in kept.items()}
        whole = _diff_to_keep(difference, gaps) if difference else None
        if whole is not None:
            found["kept_diff"] = keep(packed(whole))
        bundle = _bundle(top, gaps) if found["unpushed"] else None
        if bundle is not None:
            found["kept_bundle"] = keep(packed(bundle))
    return found


def git(folder: Path, *words: str, data: bytes | None = None) -> bytes:
    """Return what git says.

    Raises:
        Unlearnt: it is not installed, too slow, or refuses.
    """
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(folder), *words],  # noqa: S607 - the user's own git
            capture_output=True,
            timeout=_GIT_S,
            check=False,
            input=data,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError as error:
        raise Unlearnt("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Unlearnt(f"git gave no answer within {_GIT_S} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Unlearnt(said[0] if said else f"git ended with {done.returncode}")
    return done.stdout


def packed(data: bytes) -> Json:
    """Return bytes as a value that the blobs take."""
    return {"base64": b64encode(data).decode("ascii")}


def unpacked(value: Any) -> bytes:
    """Return the bytes of a packed value."""
    return b64decode(value["base64"])


def lacking(captured: Mapping[str, Any]) -> list[str]:
    """Return what of captured code was not kept, so that the tree cannot be brought back whole."""
    found = [f"the content of {name}" for name in captured["untracked_files"]
             if name not in captured.get("kept", {})]  # fmt: skip
    if captured["untracked"] > len(captured["untracked_files"]):
        count = captured["untracked"] - len(captured["untracked_files"])
        found.append(f"{count} new files, too large or no plain files")
    if captured["diff"] and not captured.get("kept_diff"):
        found.append("the changes of tracked files")
    found += [f"the changes in submodule {name}" for name in captured.get("altered_submodules", ())]
    return found


def _diff_to_keep(difference: bytes, gaps: dict[str, str]) -> bytes | None:
    """Return the diff, perhaps with values cut out of it; None: it may not be kept."""
    told: dict[str, str] = {}
    if _may_keep("diff", difference, told):
        return difference
    try:
        cut = cut_diff(difference.decode("utf-8")) if len(difference) <= LARGEST_FILE else None
    except UnicodeDecodeError:
        cut = None
    if cut is None:
        gaps.update(told)
        return None
    gaps["values in diff"] = "what is assigned to names like api_key was cut"
    return cut.encode()


def _bundle(top: Path, gaps: dict[str, str]) -> bytes | None:
    """The commits that no remote branch has, as git packs them; nothing in them is a secret."""
    name = "unpushed commits"
    try:
        size = int(git(top, "rev-list", "--objects", "--disk-usage", *_UNPUSHED))
        if size > LARGEST_BUNDLE:
            raise Unlearnt(f"{size:,} bytes, kept are at most {LARGEST_BUNDLE:,}")
        text = git(top, "log", "-p", "--no-color", "--no-ext-diff", "--format=%B", *_UNPUSHED)
        if len(text) > LARGEST_FILE:
            raise Unlearnt(f"their changes have more than {LARGEST_FILE:,} bytes")
        if _looks_secret(text):
            raise Unlearnt("they hold what looks like a secret")
        return git(top, "-c", "pack.threads=1", "bundle", "create", "-", *_UNPUSHED)
    except Unlearnt as error:
        gaps[name] = str(error)
        return None


def _without_environments(
    names: list[str], links: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Leave out what lies in folders that ``python -m venv`` made, the top itself aside."""
    marked = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] == "pyvenv.cfg"}
    inside = tuple(f"{folder}/" for folder in marked if folder)
    return (
        [name for name in names if not name.startswith(inside)],
        {name: target for name, target in links.items() if not name.startswith(inside)},
    )


def _submodules(top: Path, gaps: dict[str, str]) -> Json:
    """Path of each submodule -> its commit, with git's mark where it is not the recorded one."""
    if not (top / ".gitmodules").is_file():
        return {}
    try:
        lines = git(top, "submodule", "status", "--recursive").decode("utf-8", "replace")
    except Unlearnt as error:
        gaps["submodules"] = str(error)
        return None
    parts = [line[:1].strip() + line[1:] for line in lines.splitlines() if line.strip()]
    return {part.split()[1]: part.split()[0] for part in parts}


def _altered(top: Path, submodules: Json, gaps: dict[str, str]) -> list[Json]:
    """Submodules that hold what is not committed in them: it is not kept."""
    found: list[Json] = []
    for name, state in (submodules if isinstance(submodules, dict) else {}).items():
        if str(state).startswith("-"):
            continue
        status = ("status", "--porcelain", "--ignore-submodules=all", "--untracked-files=all")
        if git(top / name, *status):
            gaps[f"submodule {name}"] = "it holds what is not committed in it"
            found.append(name)
        elif count := len(git(top / name, "rev-list", *_UNPUSHED).split()):
            gaps[f"submodule {name}"] = f"{count} of its commits were not pushed, and are not kept"
    return found


def _unwatched(top: Path) -> list[str]:
    """Tracked files that git was told to take for unchanged: their content is captured as it is."""
    lines = git(top, "ls-files", "-v", "-z").split(b"\0")
    told = [os.fsdecode(line[2:]) for line in lines if line[:1].islower() or line[:1] == b"S"]
    return [name for name in told if (top / name).exists()]


def _is_small(path: Path, name: str, gaps: dict[str, str]) -> bool:
    if path.is_symlink() or not path.is_file():
        gaps[f"untracked {name}"] = "not a plain file"
    elif path.stat().st_size > LARGEST_FILE:
        gaps[f"untracked {name}"] = f"larger than {LARGEST_FILE:,} bytes"
    else:
        return True
    return False


def _may_keep(name: str, data: bytes, gaps: dict[str, str]) -> bool:
    """Whether content may be kept for good: nothing in it looks like a secret."""
    if len(data) > LARGEST_FILE:
        gaps[f"content of {name}"] = f"larger than {LARGEST_FILE:,} bytes"
    elif Path(name).name.startswith(".env") or _looks_secret(data):
        gaps[f"content of {name}"] = "it holds what looks like a secret"
    else:
        return True
    return False


def _looks_secret(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    return redacted([text]) != [text]
