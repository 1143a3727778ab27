"""The public names: what is promised is there, and what is there is promised."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import liftgate

SOURCE = Path(liftgate.__file__)
PACKAGES = sorted(f"liftgate.{path.parent.name}" for path in SOURCE.parent.glob("*/__init__.py"))


def test_what_is_visible_is_what_is_promised() -> None:
    assert dir(liftgate) == list(liftgate.__all__)
    assert sorted(liftgate.__all__) == list(liftgate.__all__)
    assert set(liftgate.__all__) == {*liftgate._HOMES, "__version__"}


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    guarded = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    )
    seen = {
        alias.asname or alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == liftgate._HOMES


@pytest.mark.parametrize("name", liftgate.__all__)
def test_every_public_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    value = getattr(liftgate, name)
    assert name == "__version__" or (value.__doc__ and value.__name__ == name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Itm'"):
        liftgate.Itm  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_promises_it_has(package: str) -> None:
    module = importlib.import_module(package)
    promised = getattr(module, "__all__", [])
    missing = [name for name in promised if not hasattr(module, name)]
    assert missing == []
    assert len(set(promised)) == len(promised)
