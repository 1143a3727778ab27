"""The package's names are lazy, complete, and cost nothing until used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from liftgate import stats


def fresh(code):
    """Run code in a new interpreter and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_every_public_name_can_be_had():
    assert sorted(stats.__all__) == stats.__all__ == dir(stats)
    for name in stats.__all__:
        assert getattr(stats, name) is not None


def test_the_names_for_type_checkers_are_the_public_names():
    tree = ast.parse(Path(stats.__file__).read_text())
    block = next(n for n in tree.body if isinstance(n, ast.If))
    typed = {alias.name for node in block.body for alias in node.names}
    assert typed == set(stats.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'boostrap'"):
        stats.boostrap  # noqa: B018


def test_words_and_estimates_import_no_numpy():
    code = (
        "import sys, liftgate.records, liftgate.stats.kinds, liftgate.stats.estimate;"
        "print('numpy' in sys.modules)"
    )
    assert fresh(code) == "False"


def test_using_a_method_imports_of_scipy_only_its_special_functions():
    code = (
        "import sys; from liftgate import stats;"
        "stats.paired_difference; print('scipy' in sys.modules);"
        "stats.paired_difference([1, 0] * 9, [0, 0] * 9, kind='binary', cluster=[*range(9)] * 2);"
        "print('scipy.stats' in sys.modules, 'scipy.optimize' in sys.modules)"
    )
    assert fresh(code).split() == ["False", "False", "False"]
