"""The docs are whole: every command, error and plug-in is there, every link leads somewhere."""

from __future__ import annotations

import re

import pytest

from liftgate import plugins
from tools import blocks, reference

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
