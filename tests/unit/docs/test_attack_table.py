"""The table of attacks names tests that there are, and every attack of the list."""

from __future__ import annotations

import ast

import pytest

from tests.stories.attack_table import ROOT, Row, rows

LIST = ("byte is flipped", "tail is cut", "written anew with a fresh key", "replayed",
        "own study is approved", "forged in a file", "forged in the environment", "revoked key",
        "clock is set back", "weakened policy", "writers race", "disk is full", "sqlite3",
        "hostile strings", "zip slip", "zip bomb")  # fmt: skip


@pytest.mark.parametrize("attack", LIST)
def test_every_attack_of_the_list_has_a_row(attack: str) -> None:
    assert [row.name for row in rows() if attack in row.name]


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.name)
def test_a_row_shows_what_is_printed_and_names_tests_that_there_are(row: Row) -> None:
    assert row.printed
    for test in row.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
