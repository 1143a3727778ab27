"""The table of attacks in the docs: what a test of an attack must see printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "attacks.md"
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One attack."""

    name: str
    printed: tuple[str, ...]
    """Each is printed by the command line; ``…`` stands for any text."""
    tests: tuple[str, ...]
    """``file::test``, below ``tests``."""


def rows() -> Iterator[Row]:
    """Yield the rows of the table that name tests."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and "::test_" in cells[-1]:
            yield Row(cells[0], tuple(_QUOTED.findall(cells[2])), tuple(_QUOTED.findall(cells[-1])))


@cache
def _by_name() -> dict[str, Row]:
    return {row.name: row for row in rows()}


def assert_told(attack: str, said: str) -> None:
    """Assert that one of the texts that the page shows for an attack was printed."""
    patterns = [".*?".join(map(re.escape, text.split("…"))) for text in _by_name()[attack].printed]
    assert any(re.search(one, said, re.DOTALL) for one in patterns), (patterns, said)
