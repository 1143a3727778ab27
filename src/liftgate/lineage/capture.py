"""What a run ran on: code, machine, packages, command. Best effort, and says what it missed.

Capturing never fails and never stops a run. What could not be learnt is ``None`` in the manifest,
with the reason under ``not_captured``.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from liftgate.canon import sha256
from liftgate.lineage.redact import cut_diff, redacted
from liftgate.records import Json

PACKAGES = ("liftgate", "numpy", "scipy", "duckdb")
_THREADS = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SAFE_INTEGER = 2**53 - 1
_GIT_S = 20
LARGEST_FILE = 4 * 2**20
"""Bytes of a file, or of the difference, above which its content is not kept."""


class _Unknown(Exception):
    """Something cannot be learnt; the text says why."""


def manifest(
    *,
    packages: Iterable[str] = (),
    seeds: Mapping[str, int] | None = None,
    concurrency: Mapping[str, int] | None = None,
    command: Sequence[str] | None = None,
    folder: Path | None = None,
    keep: Callable[[Json], str] | None = None,
) -> dict[str, Json]:
    """Capture what a run runs on.

    Args:
        packages: distributions that the arms declare, beside liftgate's own.
        seeds: every seed of the run, by its use.
        concurrency: arm name -> calls in flight.
        command: the command line; None: this process's. Secrets are cut out.
        folder: where the code under test lies; None: the working directory.
        keep: keeps a JSON value among the blobs and returns its digest; None: only digests of
            code that is not committed are captured, which cannot be brought back.

    Returns:
        JSON values only: git, installed, python, platform, cpu, threads, packages, seeds,
        concurrency, command, not_captured.
    """
    folder = Path.cwd() if folder is None else Path(folder)
    gaps: dict[str, str] = {}

    def learn(name: str, ask: Callable[[], Json]) -> Json:
        try:
            found = ask()
        except Exception as error:  # noqa: BLE001 - capturing must never stop a run
            gaps[name] = str(error) or type(error).__name__
            return None
        if found is None:
            gaps[name] = "the system does not say"
        return found

    found: dict[str, Json] = {
        "git": learn("git", lambda: _git_state(folder, keep, gaps)),
        "installed": learn("installed", _installed),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": learn("platform", platform.platform),
        "cpu": {
            "model": learn("cpu.model", _cpu_model),
            "count": learn("cpu.count", os.cpu_count),
            "usable": learn("cpu.usable", _usable_cpus),
        },
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
        "packages": {
            name: learn(f"packages.{name}", lambda name=name: _version(name))  # type: ignore[misc]
            for name in dict.fromkeys((*PACKAGES, *packages))
        },
        "seeds": {name: _integer(seed) for name, seed in (seeds or {}).items()},
        "concurrency": dict(concurrency or {}),
        "command": redacted(_command() if command is None else command),
    }
    return {**found, "not_captured": gaps}


def gaps(captured: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each thing that a manifest does not know, for a report."""
    missing: Mapping[str, str] = captured.get("not_captured", {})
    return [f"not captured: {name} ({reason})" for name, reason in sorted(missing.items())]


def _command() -> list[str]:
    """The words that started this process; where its program lies is nobody's business."""
    return [Path(word).name if place == 0 else word for place, word in enumerate(sys.argv)]


def _git_state(folder: Path, keep: Callable[[Json], str] | None, gaps: dict[str, str]) -> Json:
    """Commit, the difference of tracked files from it, new files; their content where kept."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    commit = _git(top, "rev-parse", "HEAD").decode().strip()
    difference = _git(top, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff")
    listed = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
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
    }
    if keep is not None:
        kept = {name: data for name, data in contents.items() if _may_keep(name, data, gaps)}
        found["kept"] = {name: keep(_packed(data)) for name, data in kept.items()}
        whole = _diff_to_keep(difference, gaps) if difference else None
        if whole is not None:
            found["kept_diff"] = keep(_packed(whole))
    return found


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
    text = data.decode("utf-8", "replace")
    if len(data) > LARGEST_FILE:
        gaps[f"content of {name}"] = f"larger than {LARGEST_FILE:,} bytes"
    elif Path(name).name.startswith(".env") or redacted([text]) != [text]:
        gaps[f"content of {name}"] = "it holds what looks like a secret"
    else:
        return True
    return False


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


def _packed(data: bytes) -> Json:
    return {"base64": b64encode(data).decode("ascii")}


def _installed() -> Json:
    """Every installed distribution, with its version and the digest of its list of files."""
    return {
        one.name: [one.version, sha256((one.read_text("RECORD") or "").encode())]
        for one in distributions()
        if one.name
    }


def _git(folder: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", "-C", str(folder), *words],  # noqa: S607 - the user's own git
            capture_output=True,
            timeout=_GIT_S,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError as error:
        raise _Unknown("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise _Unknown(f"git gave no answer within {_GIT_S} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _Unknown(said[0] if said else f"git ended with {done.returncode}")
    return done.stdout


def _cpu_model() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return value.strip()
    if platform.processor():
        return platform.processor()
    raise _Unknown("the system does not name its processor")


def _usable_cpus() -> int:
    if not hasattr(os, "sched_getaffinity"):
        raise _Unknown("the system does not say which processors this process may use")
    return len(os.sched_getaffinity(0))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise _Unknown("not installed") from error


def _integer(value: int) -> Json:
    """JSON integers end at 2^53; a larger seed is kept as text rather than rounded."""
    return value if abs(value) <= _SAFE_INTEGER else str(value)
