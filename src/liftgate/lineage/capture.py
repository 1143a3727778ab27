"""What a run ran on: code, machine, packages, command. Best effort, and says what it missed.

Capturing never fails and never stops a run. What could not be learnt is ``None`` in the manifest,
with the reason under ``not_captured``.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from liftgate.canon import sha256
from liftgate.lineage.capture_git import Keep, Unlearnt, git_state
from liftgate.lineage.redact import redacted
from liftgate.records import Json

PACKAGES = ("liftgate", "numpy", "scipy", "duckdb")
_THREADS = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SAFE_INTEGER = 2**53 - 1
_FLAGS = (
    "PYTHONHASHSEED",
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_DYNAMIC",
)
"""Variables that decide whether the same computation gives the same bits."""
_GPU_S = 10


def manifest(
    *,
    packages: Iterable[str] = (),
    seeds: Mapping[str, int] | None = None,
    concurrency: Mapping[str, int] | None = None,
    command: Sequence[str] | None = None,
    folder: Path | None = None,
    keep: Keep | None = None,
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
        JSON values only: git, installed, python, platform, cpu, memory_bytes, gpus, flags, threads,
        packages, seeds, concurrency, command, not_captured.
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
        "git": learn("git", lambda: git_state(folder, keep, gaps)),
        "installed": learn("installed", _installed),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": learn("platform", platform.platform),
        "cpu": {
            "model": learn("cpu.model", _cpu_model),
            "count": learn("cpu.count", os.cpu_count),
            "usable": learn("cpu.usable", _usable_cpus),
        },
        "memory_bytes": learn("memory_bytes", _memory_bytes),
        "gpus": learn("gpus", _gpus),
        "flags": {name: os.environ[name] for name in _FLAGS if name in os.environ} | _torch(),
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
    missing: dict[str, str] = dict(captured.get("not_captured", {}))
    for name, said in (captured.get("endpoints") or {}).items():
        if "not_captured" in said:
            missing[f"what the server of {name} says of itself"] = str(said["not_captured"])
    return [f"not captured: {name} ({reason})" for name, reason in sorted(missing.items())]


def _command() -> list[str]:
    """The words that started this process; where its program lies is nobody's business."""
    return [Path(word).name if place == 0 else word for place, word in enumerate(sys.argv)]


def _installed() -> Json:
    """Every installed distribution, with its version and the digest of its list of files."""
    return {
        one.name: [one.version, sha256((one.read_text("RECORD") or "").encode())]
        for one in distributions()
        if one.name
    }


def _gpus() -> Json:
    """Name, memory, driver and CUDA of every graphics processor that the driver's tool lists."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "-q"],  # noqa: S607 - the user's own
            capture_output=True,
            timeout=_GPU_S,
            check=False,
        )
    except FileNotFoundError:
        return []
    if done.returncode:
        raise Unlearnt(f"nvidia-smi ended with {done.returncode}")
    return gpus_of(done.stdout.decode("utf-8", "replace"))


def gpus_of(report: str) -> Json:
    """Return a line for each graphics processor in the report of ``nvidia-smi -q``."""
    parts = (line.partition(":") for line in report.splitlines())
    pairs = [(name.strip(), value.strip()) for name, _, value in parts]
    whole = dict(reversed([pair for pair in pairs if pair[1]]))
    names = [value for name, value in pairs if name == "Product Name"]
    sizes = iter(re.findall(r"FB Memory Usage\s+Total\s*: (.+)", report))
    machine = [f"driver {whole.get('Driver Version', 'not told')}",
               f"CUDA {whole.get('CUDA Version', 'not told')}"]  # fmt: skip
    return [", ".join([name, next(sizes, "memory not told"), *machine]) for name in names]


def _torch() -> dict[str, Json]:
    """What PyTorch says of determinism, where something has imported it already."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {}
    asked = {
        "torch.version": lambda: str(torch.__version__),
        "torch.version.cuda": lambda: torch.version.cuda,
        "torch.use_deterministic_algorithms": torch.are_deterministic_algorithms_enabled,
        "torch.backends.cudnn.version": torch.backends.cudnn.version,
        "torch.backends.cudnn.deterministic": lambda: torch.backends.cudnn.deterministic,
        "torch.backends.cudnn.benchmark": lambda: torch.backends.cudnn.benchmark,
        "torch.backends.cuda.matmul.allow_tf32": lambda: torch.backends.cuda.matmul.allow_tf32,
    }
    found: dict[str, Json] = {}
    for name, ask in asked.items():
        try:
            found[name] = ask()
        except Exception as error:  # noqa: BLE001 - capturing must never stop a run
            found[name] = f"not told: {type(error).__name__}"
    return found


def _memory_bytes() -> Json:
    if not hasattr(os, "sysconf"):
        raise Unlearnt("the system does not say")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _cpu_model() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return value.strip()
    if platform.processor():
        return platform.processor()
    raise Unlearnt("the system does not name its processor")


def _usable_cpus() -> int:
    if not hasattr(os, "sched_getaffinity"):
        raise Unlearnt("the system does not say which processors this process may use")
    return len(os.sched_getaffinity(0))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise Unlearnt("not installed") from error


def _integer(value: int) -> Json:
    """JSON integers end at 2^53; a larger seed is kept as text rather than rounded."""
    return value if abs(value) <= _SAFE_INTEGER else str(value)
