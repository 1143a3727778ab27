"""The Python API equals the command line: every command calls functions that anybody may call."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from pathlib import Path

import click
import pytest

from liftgate import api
from liftgate.cli.behind import BEHIND, ONLY_PAGES
from tests.unit.cli.test_every_command import COMMANDS

LEAVES = dict(COMMANDS)


def called_by(command: click.Command) -> frozenset[tuple[str, str]]:
    """Return what a command's file imports, and what the files beside it do: module and name."""
    assert command.callback is not None
    own = Path(inspect.getfile(command.callback))
    found = imports_of(own)
    beside = {module for module, _ in found if module.startswith("liftgate.cli.")}
    files = (own.with_name(f"{module.rpartition('.')[2]}.py") for module in beside)
    return found.union(*(imports_of(file) for file in files))


@functools.cache
def imports_of(file: Path) -> frozenset[tuple[str, str]]:
    source = file.read_text(encoding="utf-8")
    return frozenset(
        (node.module or "", alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


def home_of(name: str) -> tuple[str, str]:
    module, _, attribute = api._HOMES[name].partition(":")
    return f"liftgate.{module}", attribute


def test_every_command_has_its_functions_and_no_function_is_of_no_command() -> None:
    assert {*BEHIND, *ONLY_PAGES} == set(LEAVES)
    named = {name for names in BEHIND.values() for name in names.split()}
    assert named <= set(api.__all__)
    functions = {
        name
        for name in api.__all__
        if inspect.isfunction(getattr(api, name)) and name != "open_registry"
    }
    assert functions - named == {"compare_tables", "check_document"}, "these are of no command"


def test_a_command_calls_the_functions_that_are_named_for_it() -> None:
    named = [(path, name) for path, names in BEHIND.items() for name in names.split()]
    wrong = [(path, name) for path, name in named if home_of(name) not in called_by(LEAVES[path])]
    assert wrong == []


def test_a_function_that_a_command_does_not_call_would_be_noticed() -> None:
    assert home_of("erase_items") not in called_by(LEAVES["ledger erase"])


def test_the_api_has_what_it_promises_and_type_checkers_see_the_same() -> None:
    assert dir(api) == api.__all__ == sorted(api.__all__)
    assert set(api._HOMES) == set(api.__all__)
    tree = ast.parse(Path(api.__file__).read_text(encoding="utf-8"))
    (guarded,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    )
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {name: home_of(name) for name in api.__all__}


def test_every_name_of_the_api_can_be_imported_and_says_what_it_is() -> None:
    for name in api.__all__:
        module, attribute = home_of(name)
        value = getattr(api, name)
        assert value is getattr(importlib.import_module(module), attribute)
        assert value.__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lock'"):
        api.lock  # noqa: B018
