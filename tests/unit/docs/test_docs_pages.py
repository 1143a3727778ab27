"""The docs are whole: every command, error and plug-in is there, every link leads somewhere."""

from __future__ import annotations

import builtins
import re

import pytest

from liftgate import plugins, stats
from liftgate.stats import method_pages
from liftgate.stats.table import METHODS
from tools import blocks, python_page, reference

LINK = re.compile(
    r"(?<!\!)\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)|!\[[^\]]*\]\(([^)]+)\)"
)
PAGES = [*blocks.pages(), blocks.ROOT / "CONTRIBUTING.md"]


def page(name: str) -> str:
    return (reference.PAGES / name).read_text(encoding="utf-8")


def test_every_command_has_its_help_in_the_reference() -> None:
    found = [" ".join(path) for path, _ in reference.commands()]
    assert len(found) > 7
    assert [name for name in found if f"\n## {name}\n" not in page("cli.md")] == []


def test_every_public_name_is_in_the_reference_of_python() -> None:
    text = page("python.md")
    found = [f"{module}.{name}" for module in python_page.PUBLIC for name in python_page.names(module)]
    assert len(found) > 300
    assert "liftgate.errors.BrokenChain" in found
    assert [name for name in found if f"\n### {name}\n" not in text] == []


def test_what_a_public_name_says_that_it_raises_is_an_error_that_there_is() -> None:
    known = {kind.__name__ for kind in reference.error_classes()} | set(vars(builtins))
    text = page("python.md")
    raised = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^Raises: (.+)$", text, re.MULTILINE))))
    assert "DataError" in raised
    assert raised - known == set()


def test_every_error_is_in_the_reference() -> None:
    found = [kind.__name__ for kind in reference.error_classes()]
    assert "BrokenChain" in found
    assert [name for name in found if f"| `{name}` |" not in page("errors.md")] == []


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_every_built_in_plug_in_is_in_the_reference(kind: str) -> None:
    found = [
        one.name for one in plugins.catalogue() if (one.kind, one.package) == (kind, "liftgate")
    ]
    assert found
    assert [name for name in found if f"| `{name}` |" not in page("plugins.md")] == []


def test_the_generated_pages_are_up_to_date() -> None:
    assert "\n".join(reference.differences()) == ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(blocks.ROOT).as_posix())
def test_every_link_within_the_project_leads_to_a_file(path) -> None:
    targets = [one or other for one, other in LINK.findall(path.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_page_of_the_docs_is_linked_from_the_index() -> None:
    index = blocks.ROOT / "docs" / "index.md"
    linked = {(index.parent / a).resolve() for a, _ in LINK.findall(index.read_text("utf-8")) if a}
    pages = {p for p in index.parent.rglob("*.md") if p != index and p.parent.name != "adr"}
    assert [p.name for p in pages - linked] == []


METHOD_PAGES = reference.PAGES / "methods"
WITH_METHOD = [row for row in METHODS if row.test is not None]
PARTS = (
    "Formula",
    "Papers",
    "Valid when",
    "Refused",
    "Measured error",
    "In the code",
)


def test_every_method_of_the_table_is_linked_to_a_page_that_names_it() -> None:
    table = page("methods.md")
    for row in WITH_METHOD:
        where = method_pages.page_of(row)
        assert f"[{row.name}]({where})" in table
        assert f"`{row.name}`" in (reference.PAGES / where).read_text("utf-8"), row.name


def test_no_page_names_a_method_that_there_is_not() -> None:
    known = {row.name for row in WITH_METHOD}
    named = {
        name
        for where, names in method_pages.NAMES.items()
        for name in names
        if where not in method_pages.BESIDE
    }
    assert named == known


def test_every_page_of_a_method_is_reached_from_the_table_and_has_all_its_parts() -> None:
    found = {path.name for path in METHOD_PAGES.glob("*.md")}
    assert found == {*method_pages.NAMES, *method_pages.BESIDE}
    for name in found:
        text = page(f"methods/{name}")
        assert f"methods/{name}" in page("methods.md")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(PARTS), name
        assert "```text" in text, name


@pytest.mark.parametrize("name", sorted({*method_pages.NAMES, *method_pages.BESIDE}))
def test_what_a_page_of_a_method_says_is_in_the_code_is_there(name: str) -> None:
    code = page(f"methods/{name}").split("## In the code", 1)[1]
    modules = re.findall(r"`((?:stats|gates)/\w+\.py)`", code)
    assert modules
    for module in modules:
        assert (blocks.ROOT / "src" / "liftgate" / module).exists(), module
    for function in re.findall(r"`liftgate\.stats\.(\w+)`", code):
        assert hasattr(stats, function), function
