from __future__ import annotations

import sys

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.plugins.local import load_attribute


@pytest.fixture(autouse=True)
def clean_imports(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_attribute_is_found_in_a_module_of_the_folder(tmp_path) -> None:
    write(tmp_path / "pkg", "inner.py", "class A:\n    b = 7\n")
    module, found = load_attribute("pkg.inner:A.b", root=tmp_path)
    assert found == 7
    assert module.__name__ == "pkg.inner"


def test_two_folders_may_each_have_a_module_of_one_name(tmp_path) -> None:
    write(tmp_path / "one", "helper_x.py", "V = 1\n")
    write(tmp_path / "one", "sut_x.py", "from helper_x import V\n")
    write(tmp_path / "two", "helper_x.py", "V = 2\n")
    write(tmp_path / "two", "sut_x.py", "from helper_x import V\n")
    found = [load_attribute("sut_x:V", root=tmp_path / name)[1] for name in ("one", "two", "one")]
    assert found == [1, 2, 1]


def test_the_search_path_ends_with_the_folder_and_begins_as_before(tmp_path) -> None:
    before = list(sys.path)
    write(tmp_path, "sut_y.py", "def late():\n    import late_y\n    return late_y.V\n")
    write(tmp_path, "late_y.py", "V = 5\n")
    _, late = load_attribute("sut_y:late", root=tmp_path)
    load_attribute("sut_y:late", root=tmp_path)
    assert sys.path == [*before, str(tmp_path.resolve())]
    assert late() == 5


@pytest.mark.parametrize("rest", ["module", "module:", ":x", "a b:c", "a:b-c", "a..b:c"])
def test_another_form_than_module_and_attribute_is_refused(tmp_path, rest) -> None:
    with pytest.raises(DataError, match=r"expected package\.module:attribute"):
        load_attribute(rest, root=tmp_path)


def test_a_near_name_is_offered_for_a_wrong_attribute(tmp_path) -> None:
    write(tmp_path, "sut_z.py", "def dense(): ...\n")
    with pytest.raises(UnknownName, match="did you mean 'dense'") as caught:
        load_attribute("sut_z:dence", root=tmp_path)
    assert "sut_z.py" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import not_installed_q", "needs the module 'not_installed_q'"),
        ("1 / 0", "importing it raised ZeroDivisionError"),
        ("def (", "importing it raised SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(tmp_path, text, expected) -> None:
    write(tmp_path, "broken_q.py", text)
    with pytest.raises(DataError, match=expected):
        load_attribute("broken_q:x", root=tmp_path)


def test_a_module_or_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(DataError, match="no module named 'nowhere_q'"):
        load_attribute("nowhere_q.sub:x", root=tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        load_attribute("nowhere_q:x", root=tmp_path / "none")
