"""How much memory a model may take: what the machine, or the container, has left."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_MACHINE = Path("/proc/meminfo")
_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)
_CONTAINERS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_bytes() -> int | None:
    """Return how many bytes can still be taken; None: this system does not say."""
    found = []
    with suppress(OSError):
        match = _AVAILABLE.search(_MACHINE.read_text(encoding="ascii", errors="replace"))
        if match:
            found.append(1024 * int(match[1]))
    for limit, used in _CONTAINERS:
        # "max" is no number, and a container without a limit of its own says so by a huge one.
        with suppress(OSError, ValueError):
            found.append(int(Path(limit).read_text("ascii")) - int(Path(used).read_text("ascii")))
    return min(found, default=None)
