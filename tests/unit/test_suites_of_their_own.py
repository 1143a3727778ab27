"""Suites that run elsewhere take from the tests beside them only what is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
ELSEWHERE = ("interop", "llm", "mlflow", "services", "site")
FILES = sorted(file for name in ELSEWHERE for file in (TESTS / name).rglob("*.py"))


def taken(file: Path) -> list[tuple[str, str]]:
    """Module and name of everything that a file takes from our tests."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests.")
        for alias in node.names
        if alias.name != "*"
    ]


def has(module: str, name: str) -> bool:
    """Whether a module of our tests has a name at its top, or is the package of that module."""
    place = TESTS.parent.joinpath(*module.split("."))
    if (place / f"{name}.py").is_file():
        return True
    file = place.with_suffix(".py")
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            found |= {
                part.id for one in names for part in ast.walk(one) if isinstance(part, ast.Name)
            }
    return name in found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(TESTS).as_posix())
def test_what_is_taken_from_other_tests_is_there(file: Path) -> None:
    assert [one for one in taken(file) if not has(*one)] == []


def test_something_is_taken_and_a_name_that_is_not_there_is_found() -> None:
    assert any(taken(file) for file in FILES)
    assert not has("tests.stories.test_ledger_attacks", "DECISION")
