"""The table of promises about evidence names tests, pages and sections that there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import blocks

PAGE = blocks.ROOT / "docs" / "reference" / "evidence-requirements.md"
_LINK = re.compile(r"\[[^]]+\]\(([^)]+)\)(?:, (\d+))?$")
PARTS = ("Capture", "Reproduction", "Trace and impact", "Ledger", "Audit pack", "Gates", "Pipelines")


@dataclass(frozen=True)
class Row:
    promise: str
    tests: tuple[str, ...]
    page: Path
    section: str | None


def rows() -> Iterator[Row]:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and "::test_" in line:
            found = _LINK.fullmatch(cells[2])
            assert found is not None, line
            tests = tuple(re.findall(r"`([^`]+)`", cells[1]))
            yield Row(cells[0], tests, PAGE.parent / found[1], found[2])


def functions(file: str) -> set[str]:
    tree = ast.parse((blocks.ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_part_has_its_promises() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [one for one in PARTS if f"## {one}\n" not in text] == []
    assert len(list(rows())) == text.count("\n| ") - len(PARTS)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.promise[:50])
def test_a_promise_has_its_tests_and_a_page_whose_commands_are_run(row: Row) -> None:
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in functions(file), test
    text = row.page.read_text(encoding="utf-8")
    if row.section is None:
        assert blocks.blocks(row.page) or "::test_" in text, "a page of commands that are run"
        return
    (section,) = re.findall(rf"^## {row.section}\. .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert "\n<!-- run" in section or "make test-services" in section
