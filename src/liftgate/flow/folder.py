"""The files that people keep below a folder: nothing hidden, nothing of packages, no link."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

MOST_FILES = 50_000
"""Files and folders that are looked at; what lies beyond is not found."""
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})

Stamp = tuple[int, int]
"""Time of the last change and size of a file."""


def files_below(folder: Path, *suffixes: str) -> Iterator[tuple[Path, Stamp]]:
    """Yield the files with one of some suffixes, those of a folder before those of folders in it.

    Args:
        folder: where to begin.
        suffixes: each with its dot.
    """
    waiting: list[str] = [str(folder)]
    count = 0
    while waiting and count < MOST_FILES:
        for entry in _entries(waiting.pop()):
            count += 1
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                    waiting.append(entry.path)
            elif entry.name.endswith(suffixes) and entry.is_file(follow_symlinks=False):
                about = entry.stat(follow_symlinks=False)
                yield Path(entry.path), (about.st_mtime_ns, about.st_size)


def _entries(folder: str) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda one: one.name)
    except OSError:
        return ()
