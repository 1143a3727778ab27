"""Loading a model into this process, by xllamacpp.

One thread, and threads that sleep while they wait: with two spinning OpenMP threads on a busy
machine an answer can take minutes. What was asked before never stays in a slot, so that an answer
does not depend on it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from liftgate.errors import DataError, Unavailable
from liftgate.models.gguf import Header, read_header
from liftgate.models.memory import available_bytes

PACKAGE = "xllamacpp"
BUFFERS = 160 * 2**20
"""What the runtime takes beside weights and cache, in bytes; measured 95 MiB for SmolLM2."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Loading:
    """How a model is loaded."""

    context: int = 2048
    """Tokens of prompt and answer together, at most, for each slot."""
    slots: int = 1
    """Requests at once; more than one makes answers depend on what else is under way."""
    threads: int = 1
    chat_template: str | None = None
    """Jinja; None: the one in the model's file."""


def runtime_version() -> str:
    """Return the version of the runtime.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        raise Unavailable(
            f"local models need the package {PACKAGE}, which is not installed",
            hint="pip install 'liftgate[local]'",
        ) from None


def check_fits(name: str, size: int, header: Header, loading: Loading) -> None:
    """Check that a model can be loaded as it is asked for.

    Args:
        name: for messages.
        size: of its file, in bytes.
        header: of its file.
        loading: how it is to be loaded.

    Raises:
        DataError: the context is longer than the model was trained for, or memory is too short.
    """
    trained = header.trained_context
    if trained is not None and loading.context > trained:
        raise DataError(
            f"local model {name!r}: context: got {loading.context:,} tokens, expected at most "
            f"{trained:,}, for which it was trained"
        )
    needed = size + header.cache_bytes(loading.context * loading.slots) + BUFFERS
    left = available_bytes()
    if left is not None and needed > left:
        raise DataError(
            f"local model {name!r} does not fit: it takes about {_mb(needed)}, and "
            f"{_mb(left)} of memory are available",
            hint="take a smaller form of it, a shorter context or fewer slots",
        )


def load(name: str, path: Path, loading: Loading, *, port: int = 0) -> Any:
    """Load a model and return the runtime's server object.

    Args:
        name: by which it calls itself.
        path: of its weights.
        loading: how.
        port: at which it listens on the loopback address; 0: any that is free.

    Raises:
        Unavailable: the runtime is not installed.
        DataError: it does not fit, or the runtime does not take it.
    """
    runtime_version()
    check_fits(name, path.stat().st_size, read_header(path), loading)
    # Read once, when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {name}
    params.hostnames = [LOOPBACK]
    params.port = port
    params.n_ctx = loading.context * loading.slots
    params.n_parallel = loading.slots
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = loading.threads
    if loading.chat_template is not None:
        params.chat_template = loading.chat_template
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.warmup = False
    params.ui = False
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        taken = f", or port {port} is taken" if port else ""
        raise DataError(
            f"local model {name!r}: the runtime does not load it{taken} ({error})",
            hint=f"is it a model that {PACKAGE} {runtime_version()} knows?",
        ) from error


def system_info() -> str:
    """Return runtime, version and the processor's features that it uses."""
    import xllamacpp

    used = re.findall(r"(\w+) = 1\b", xllamacpp.get_system_info())
    return f"{PACKAGE} {runtime_version()} {' '.join(used)}"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
